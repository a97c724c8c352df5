import { useInfiniteQuery } from '@tanstack/react-query'
import type { ApiAuditEntry } from '../../shared/api/index.ts'
import { useApp } from '../app-context.ts'
import { Button } from '../parts/button.tsx'
import { Loading, Problem } from '../parts/problem.tsx'
import { useStore } from '../store.ts'
import { useWords } from '../words.tsx'

interface AuditPage {
  entries: ApiAuditEntry[]
  next: string | null
}

/** Entries of the audit log, the latest first. `names`: of those who are known by one, by id. */
export function AuditList({
  label,
  name,
  read,
  names,
}: {
  label: string
  /** Under which they are remembered. */
  name: string
  read(after: string | undefined, signal: AbortSignal): Promise<AuditPage>
  names: ReadonlyMap<string, string>
}) {
  const words = useWords()
  const me = useStore(useApp().account).id
  const query = useInfiniteQuery({
    queryKey: ['audit', name],
    queryFn: ({ pageParam, signal }) => read(pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page: AuditPage) => page.next ?? undefined,
    staleTime: 0,
  })
  const who = (id: string, name?: string | null) =>
    id === me ? words('audit.you') : (name ?? names.get(id) ?? words('audit.somebody', { id: id.slice(-8) }))
  /** An id of something, or of a project and a user. */
  const what = (objectId: string) =>
    objectId
      .split(' ')
      .map(id => (id === me ? words('audit.you') : (names.get(id) ?? `…${id.slice(-8)}`)))
      .join(', ')
  const entries = query.data?.pages.flatMap(page => page.entries) ?? []
  return (
    <>
      {query.isError && <Problem error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && <Loading />}
      {query.data && entries.length === 0 && <p className="mt-3 text-sm text-soft">{words('audit.none')}</p>}
      {entries.length > 0 && (
        <ul aria-label={label} className="mt-4 divide-y divide-line border-y border-line text-sm">
          {entries.map(({ id, at, actorId, actorName, ownerId, action, objectId, reason, address }) => (
            <li key={id} data-audit={action} className="flex flex-wrap justify-between gap-x-6 gap-y-1 py-2.5">
              <span className="min-w-0 grow basis-72 wrap-anywhere">
                <span className="font-medium">{words(`audit.actions.${action}`)}</span>
                {reason && <span className="block">{words('audit.reason', { reason })}</span>}
                <span className="block text-soft">
                  {[
                    who(actorId, actorName),
                    ...(ownerId !== null && ownerId !== actorId ? [words('audit.of', { name: who(ownerId) })] : []),
                    ...(objectId !== null && objectId !== ownerId
                      ? [words('audit.concerning', { what: what(objectId) })]
                      : []),
                    ...(address ? [words('audit.from', { address })] : []),
                  ].join(' · ')}
                </span>
              </span>
              <span className="text-soft tabular-nums">{words.instant(at)}</span>
            </li>
          ))}
        </ul>
      )}
      {query.hasNextPage && (
        <Button className="mt-3" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {words('audit.more')}
        </Button>
      )}
    </>
  )
}
