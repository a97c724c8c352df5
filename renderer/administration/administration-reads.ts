import { queryOptions } from '@tanstack/react-query'
import type { Client } from '../../shared/api/client.ts'
import type { ApiUserCounts } from '../../shared/api/index.ts'

/** Pages of 200 users that are read for their counters; beyond, people are listed without. */
const mostPages = 10
/** Milliseconds after which people are read again: somebody may just have registered. */
const breath = 30_000

/** What is read for the administration, anew each time one looks: no event tells of it. */
export const administrationReads = {
  users: (client: Client) =>
    queryOptions({
      queryKey: ['administration', 'users'],
      queryFn: async ({ signal }) => (await client.users.list(undefined, { signal })).users,
      staleTime: 0,
      refetchInterval: breath,
    }),
  invitations: (client: Client) =>
    queryOptions({
      queryKey: ['administration', 'invitations'],
      queryFn: async ({ signal }) => (await client.users.invitations(undefined, { signal })).invitations,
      staleTime: 0,
      refetchInterval: breath,
    }),
  /** By user. */
  counters: (client: Client) =>
    queryOptions({
      queryKey: ['administration', 'counters'],
      queryFn: async ({ signal }) => {
        const all = new Map<string, ApiUserCounts>()
        let after: string | null = null
        for (let page = 0; page < mostPages; page++) {
          const found: { users: ApiUserCounts[]; next: string | null } = await client.administration.counters(
            { limit: 200, ...(after !== null && { after }) },
            { signal },
          )
          for (const one of found.users) all.set(one.userId, one)
          after = found.next
          if (after === null) break
        }
        return all
      },
      staleTime: 0,
    }),
  projects: (client: Client, userId: string) =>
    queryOptions({
      queryKey: ['administration', 'projects', userId],
      queryFn: async ({ signal }) => (await client.administration.projects({ userId }, { signal })).projects,
      staleTime: 0,
    }),
  usage: (client: Client) =>
    queryOptions({
      queryKey: ['administration', 'usage'],
      queryFn: async ({ signal }) => (await client.administration.usage({ days: 30 }, { signal })).days,
      staleTime: 0,
    }),
  storage: (client: Client) =>
    queryOptions({
      queryKey: ['administration', 'storage'],
      queryFn: ({ signal }) => client.administration.storage(undefined, { signal }),
      staleTime: 0,
    }),
  jobs: (client: Client) =>
    queryOptions({
      queryKey: ['administration', 'jobs'],
      queryFn: ({ signal }) => client.administration.jobs(undefined, { signal }),
      staleTime: 0,
      refetchInterval: 10_000,
    }),
  quota: (client: Client, userId: string) =>
    queryOptions({
      queryKey: ['administration', 'quota', userId],
      queryFn: ({ signal }) => client.administration.quota({ userId }, { signal }),
      staleTime: 0,
    }),
}
