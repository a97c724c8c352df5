import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useCallback, useState } from 'react'
import type { ApiDocument } from '../../shared/api/index.ts'
import { useApp, useProject } from '../app-context.ts'
import { NameFilter } from '../library/name-filter.tsx'
import { Button } from '../parts/button.tsx'
import { Loading, Problem } from '../parts/problem.tsx'
import { pageSize } from '../queries.ts'
import { useWords } from '../words.tsx'

/** Ids the server takes in one call. */
const idsAtOnce = 100

/** All documents of the project, or some of them: a list to search, with what is chosen at its head. */
export function DocumentChoice({
  chosen,
  choose,
}: {
  chosen: string[] | null
  choose(documents: string[] | null): void
}) {
  const words = useWords()
  const [before, setBefore] = useState<string[]>(chosen ?? [])
  return (
    <fieldset className="mt-5">
      <legend className="mb-1 text-sm font-medium">{words('assistants.documents')}</legend>
      <label className="flex min-h-9 items-center gap-3 text-sm">
        <input
          type="radio"
          name="documents"
          checked={chosen === null}
          onChange={() => {
            setBefore(chosen ?? [])
            choose(null)
          }}
          className="size-4 accent-accent"
        />
        {words('assistants.allDocuments')}
      </label>
      <label className="flex min-h-9 items-center gap-3 text-sm">
        <input
          type="radio"
          name="documents"
          checked={chosen !== null}
          onChange={() => choose(before)}
          className="size-4 accent-accent"
        />
        {words('assistants.someDocuments')}
      </label>
      {chosen !== null && <Some chosen={chosen} choose={choose} />}
    </fieldset>
  )
}

function Some({ chosen, choose }: { chosen: string[]; choose(documents: string[]): void }) {
  const words = useWords()
  const { client } = useApp()
  const { id: projectId } = useProject()
  const [name, setName] = useState('')
  /** At the head of the list; nothing moves while boxes are ticked. */
  const [head, setHead] = useState(chosen)
  const find = useCallback(
    (wanted: string) => {
      setHead(chosen)
      setName(wanted)
    },
    [chosen],
  )
  // Read anew each time: nothing tells this list what happens to the documents in between.
  const anew = { staleTime: 0, gcTime: 0 }
  const headed = useQuery({
    queryKey: ['choice', projectId, 'head', head],
    queryFn: async ({ signal }) => {
      const documents: ApiDocument[] = []
      for (let at = 0; at < head.length; at += idsAtOnce) {
        const ids = head.slice(at, at + idsAtOnce)
        documents.push(
          ...(await client.documents.list({ projectId, ids, limit: idsAtOnce, order: 'path' }, { signal })).documents,
        )
      }
      return documents
    },
    ...anew,
  })
  const found = useInfiniteQuery({
    queryKey: ['choice', projectId, 'found', name],
    queryFn: ({ pageParam: after, signal }) =>
      client.documents.list(
        { projectId, limit: pageSize, order: 'path', ...(name && { name }), ...(after && { after }) },
        { signal },
      ),
    initialPageParam: null as string | null,
    getNextPageParam: page => page.next,
    ...anew,
  })
  const atHead = name === '' ? (headed.data ?? []) : []
  const above = new Set(atHead.map(({ id }) => id))
  const rest = (found.data?.pages ?? []).flatMap(({ documents }) => documents).filter(({ id }) => !above.has(id))
  const shown = [...atHead, ...rest]
  const known = new Set(headed.data?.map(({ id }) => id))
  const gone = headed.data ? head.filter(id => !known.has(id) && chosen.includes(id)) : []
  const error = headed.error ?? found.error
  return (
    <>
      <NameFilter name={name} find={find} inForm />
      {error && (
        <Problem
          error={error}
          retry={() => {
            if (headed.isError) void headed.refetch()
            if (found.isError) void found.refetch()
          }}
        />
      )}
      {(headed.isPending || found.isPending) && !error && <Loading />}
      {headed.data && found.data && (
        <div className="mt-2 max-h-56 overflow-y-auto rounded-lg border border-line px-3 py-1.5">
          {shown.length === 0 && name !== '' && (
            <p className="py-1.5 text-sm wrap-anywhere text-soft">{words('library.noneNamed', { name })}</p>
          )}
          <ul aria-label={words('library.list')}>
            {shown.map(({ id, path }) => (
              <li key={id}>
                <label className="flex min-h-8 items-center gap-3 text-sm">
                  <input
                    type="checkbox"
                    checked={chosen.includes(id)}
                    onChange={event =>
                      choose(event.target.checked ? [...chosen, id] : chosen.filter(other => other !== id))
                    }
                    className="size-4 shrink-0 accent-accent"
                  />
                  <span title={path} className="truncate">
                    {path}
                  </span>
                </label>
              </li>
            ))}
          </ul>
          {found.hasNextPage && (
            <Button look="quiet" disabled={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
              {words('search.more')}
            </Button>
          )}
        </div>
      )}
      {gone.length > 0 && (
        <p className="mt-1.5 flex flex-wrap items-center gap-x-2 text-xs text-soft">
          {words('assistants.gone', { count: gone.length })}
          <Button look="quiet" className="text-xs" onClick={() => choose(chosen.filter(id => !gone.includes(id)))}>
            {words('assistants.leaveOut')}
          </Button>
        </p>
      )}
      <p role="status" className="mt-1.5 text-xs text-soft">
        {chosen.length === 0 ? words('assistants.needsDocument') : words('assistants.chosen', { count: chosen.length })}
      </p>
    </>
  )
}
