import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { ApiDocument } from '../../shared/api/index.ts'
import type { Rectangle } from '../../shared/model/index.ts'
import { useApp } from '../app-context.ts'
import type { Reading } from '../route.ts'
import { rectanglesOf } from './mark.ts'

const noRectangles: Rectangle[] = []

/** Those of the citation, or, for a passage, where its text stands on the page. */
export function useRectangles(document: ApiDocument, page: number, mark: Reading['mark']): Rectangle[] {
  const { client } = useApp()
  const given = mark?.rects ?? noRectangles
  const { projectId, id: documentId } = document
  const wanted = mark !== null && given.length === 0
  const { data: segment } = useQuery({
    queryKey: ['segment', projectId, documentId, page],
    queryFn: ({ signal }) => client.documents.segment({ projectId, documentId, number: page }, { signal }),
    enabled: wanted,
  })
  return useMemo(
    () => (wanted ? (segment ? rectanglesOf(segment, mark.quote) : noRectangles) : given),
    [wanted, segment, mark, given],
  )
}
