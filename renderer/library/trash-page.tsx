import { useQuery } from '@tanstack/react-query'
import { ArrowLeft } from 'lucide-react'
import { useState } from 'react'
import type { ApiDocument } from '../../shared/api/index.ts'
import { useApp, useProject } from '../app-context.ts'
import { Button } from '../parts/button.tsx'
import { Confirm } from '../parts/dialog.tsx'
import { Page } from '../parts/page.tsx'
import { Pager } from '../parts/pager.tsx'
import { Loading, Problem, sentenceAbout } from '../parts/problem.tsx'
import { pageSize, read } from '../queries.ts'
import { useWords } from '../words.tsx'
import { originOf } from './progress.ts'

/** What is asked about, and how many files in it go along. */
interface Purge {
  document: ApiDocument
  count: number
}

export function TrashPage() {
  const words = useWords()
  const { client, queries, router, toasts, session } = useApp()
  const project = useProject()
  const [starts, setStarts] = useState<readonly (string | null)[]>([null])
  const [purging, setPurging] = useState<Purge | null>(null)
  const query = useQuery(read.trash(client, project.id, starts.at(-1) ?? null))
  const { data } = query

  const run = async ({ id, name }: ApiDocument, act: () => Promise<unknown>, said: string) => {
    // What was said of it before, and could be undone, is over.
    toasts.drop(id)
    try {
      await act()
      toasts.show(said, null, id)
    } catch (error) {
      toasts.show(sentenceAbout(name, error, words), null, id)
    }
    void queries.invalidateQueries({ queryKey: ['documents', project.id] })
    void queries.invalidateQueries({ queryKey: ['trash', project.id] })
  }
  const one = ({ id }: ApiDocument) => ({ projectId: project.id, documentId: id })
  const restore = (document: ApiDocument) =>
    run(document, () => client.documents.undo(one(document)), words('library.restored', { name: document.name }))
  const askToPurge = async (document: ApiDocument) => {
    // Only mails and archives take something along.
    const { count } = await client.documents.company(one(document)).catch(() => ({ count: 0 }))
    setPurging({ document, count })
  }
  const purge = ({ document, count }: Purge) =>
    run(
      document,
      () => client.documents.purge(one(document)),
      count > 0
        ? words('library.purgedWith', { name: document.name, count })
        : words('library.purged', { name: document.name }),
    )

  return (
    <Page
      title={words('library.trash')}
      lead={words('library.trashLead', { count: session.keeps.trash })}
      actions={
        <Button onClick={() => router.go('library')}>
          <ArrowLeft aria-hidden className="size-4" />
          {words('library.title')}
        </Button>
      }
    >
      {query.isError && <Problem error={query.error} retry={() => void query.refetch()} />}
      {!data && !query.isError && <Loading />}
      {data?.documents.length === 0 && <p className="py-10 text-soft">{words('library.trashNone')}</p>}
      {data && data.documents.length > 0 && (
        <ul className="mt-8 divide-y divide-line border-y border-line">
          {data.documents.map(document => {
            const origin = originOf(document, words)
            return (
              <li key={document.id} className="flex flex-wrap items-center gap-x-4 gap-y-2 py-3.5">
                <div className="min-w-40 grow basis-0">
                  <p className="font-medium wrap-anywhere">{document.name}</p>
                  <p className="text-xs text-soft wrap-anywhere">
                    {origin && `${origin} · `}
                    {words('library.deletedAt', { date: words.date(document.deletedAt ?? 0) })} ·{' '}
                    {words.size(document.size)}
                  </p>
                </div>
                <span className="flex gap-2">
                  <Button onClick={() => void restore(document)}>{words('library.restore')}</Button>
                  <Button look="quiet" className="text-danger" onClick={() => void askToPurge(document)}>
                    {words('library.purge')}
                  </Button>
                </span>
              </li>
            )
          })}
        </ul>
      )}
      {data && (
        <Pager
          from={(starts.length - 1) * pageSize}
          shown={data.documents.length}
          total={data.total}
          previous={starts.length > 1 ? () => setStarts(starts.slice(0, -1)) : null}
          next={data.next ? () => setStarts([...starts, data.next]) : null}
        />
      )}
      <Confirm
        open={purging !== null}
        title={words('library.purgeAsk', { name: purging?.document.name ?? '' })}
        lead={
          purging && purging.count > 0
            ? words('library.purgeLeadWith', { count: purging.count })
            : words('library.purgeLead')
        }
        action={words('library.purge')}
        close={() => setPurging(null)}
        confirm={() => purging && void purge(purging)}
      />
    </Page>
  )
}
