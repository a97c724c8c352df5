import { queryOptions } from '@tanstack/react-query'
import type { Client } from '../../shared/api/client.ts'

/** Who has a part in the project, and who was asked into it; no event tells of it. */
export const membersOf = (client: Client, projectId: string) =>
  queryOptions({
    queryKey: ['members', projectId],
    queryFn: ({ signal }) => client.members.list({ projectId }, { signal }),
    staleTime: 0,
  })
