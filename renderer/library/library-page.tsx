import { useQuery } from '@tanstack/react-query'
import { FolderSync, Trash2 } from 'lucide-react'
import { lazy, Suspense, useCallback, useState } from 'react'
import type { ApiDocument } from '../../shared/api/index.ts'
import { useApp, useProject } from '../app-context.ts'
import { Boundary } from '../parts/boundary.tsx'
import { Button } from '../parts/button.tsx'
import { Select } from '../parts/field.tsx'
import { Link } from '../parts/link.tsx'
import { Page } from '../parts/page.tsx'
import { Pager } from '../parts/pager.tsx'
import { Loading, Problem, sentenceOf } from '../parts/problem.tsx'
import { type DocumentsView, pageSize, read, type ShownState } from '../queries.ts'
import { useWords } from '../words.tsx'
import { AddFiles } from './add-files.tsx'
import { DocumentRow } from './document-row.tsx'
import { NameFilter } from './name-filter.tsx'
import { UploadsPanel } from './uploads-panel.tsx'

const Receipt = lazy(async () => ({ default: (await import('./receipt.tsx')).ReceiptDialog }))

const states: readonly ShownState[] = [
  'ready',
  'queued',
  'parsing',
  'indexing',
  'recognizing',
  'paused',
  'failed',
  'cancelled',
]

export function LibraryPage() {
  const words = useWords()
  const { client, options } = useApp()
  const project = useProject()
  const server = options.mode === 'server'
  const [order, setOrder] = useState<DocumentsView['order']>('newest')
  const [state, setState] = useState<ShownState | null>(null)
  const [name, setName] = useState('')
  /** Where each page so far began: the list is told by what comes after an id. */
  const [starts, setStarts] = useState<readonly (string | null)[]>([null])
  const [receiptOf, setReceiptOf] = useState<ApiDocument | null>(null)
  const find = useCallback((wanted: string) => {
    setStarts([null])
    setName(wanted)
  }, [])
  const after = starts.at(-1) ?? null
  const query = useQuery(read.documents(client, project.id, { order, state, name, after }))
  const { data } = query
  const ofThatName = Object.values(data?.states ?? {}).reduce((sum, count) => sum + count, 0)
  const counts = data && countsOf(data)
  const empty = data !== undefined && ofThatName === 0 && name === '' && !query.isPlaceholderData
  const from = (starts.length - 1) * pageSize

  return (
    <Page
      title={words('library.title')}
      lead={words(server ? 'library.leadServer' : 'library.lead')}
      {...(!empty && { actions: <AddFiles /> })}
    >
      <UploadsPanel />
      {query.isError && <Problem error={query.error} retry={() => void query.refetch()} />}
      {!data && !query.isError && <Loading />}
      {empty && (
        <div className="mt-8">
          <h2 className="sr-only">{words('library.none')}</h2>
          <AddFiles lead={words(server ? 'ask.emptyLeadServer' : 'ask.emptyLead')} />
        </div>
      )}
      {data && !empty && <NameFilter name={name} find={find} />}
      <div className="mt-3 flex flex-wrap items-center gap-x-3 gap-y-2">
        {data && !empty && (
          <>
            <p role="status" className="grow text-sm text-soft max-sm:w-full">
              {words('library.count', { count: ofThatName })}
            </p>
            {(Object.keys(counts ?? {}).length > 1 || state) && (
              <Select
                label={words('library.filter')}
                hideLabel
                value={state ?? ''}
                options={[
                  { value: '', label: words('library.all') },
                  ...states
                    .filter(one => counts?.[one] || one === state)
                    .map(one => ({
                      value: one,
                      label: `${filterName(one, words)} (${words.number(counts?.[one] ?? 0)})`,
                    })),
                ]}
                choose={value => {
                  setStarts([null])
                  setState(value === '' ? null : (value as ShownState))
                }}
              />
            )}
            <Select
              label={words('library.order')}
              hideLabel
              value={order}
              options={(['newest', 'oldest', 'path'] as const).map(value => ({
                value,
                label: words(`library.${value}`),
              }))}
              choose={value => {
                setStarts([null])
                setOrder(value as DocumentsView['order'])
              }}
            />
          </>
        )}
        <WorkOnAll counts={counts} />
        {!server && (
          <Link
            view="folders"
            className="inline-flex min-h-10 items-center gap-1.5 rounded-lg px-2 text-sm text-soft hover:bg-sunken hover:text-ink max-sm:-ml-2"
          >
            <FolderSync aria-hidden className="size-4" />
            {words('folders.title')}
          </Link>
        )}
        <Link
          view="trash"
          className="inline-flex min-h-10 items-center gap-1.5 rounded-lg px-2 text-sm text-soft hover:bg-sunken hover:text-ink max-sm:-ml-2"
        >
          <Trash2 aria-hidden className="size-4" />
          {words('library.trash')}
        </Link>
      </div>
      {data && !empty && data.documents.length === 0 && (
        <p className="py-10 wrap-anywhere text-soft">
          {ofThatName === 0 && name !== '' ? words('library.noneNamed', { name }) : words('library.noneState')}
        </p>
      )}
      {data && data.documents.length > 0 && (
        <ul
          aria-label={words('library.list')}
          className={`mt-2 divide-y divide-line border-y border-line ${query.isPlaceholderData ? 'opacity-60' : ''}`}
        >
          {data.documents.map(document => (
            <DocumentRow key={document.id} document={document} showReceipt={setReceiptOf} />
          ))}
        </ul>
      )}
      {data && (
        <Pager
          from={from}
          shown={data.documents.length}
          total={data.total}
          previous={starts.length > 1 ? () => setStarts(starts.slice(0, -1)) : null}
          next={data.next ? () => setStarts([...starts, data.next]) : null}
        />
      )}
      {receiptOf && (
        <Boundary key={receiptOf.id}>
          <Suspense>
            <Receipt document={receiptOf} close={() => setReceiptOf(null)} />
          </Suspense>
        </Boundary>
      )}
    </Page>
  )
}

/** Holds everything that is being read, or goes on with it. */
function WorkOnAll({ counts = {} }: { counts?: Counts | undefined }) {
  const words = useWords()
  const { client, queries, toasts } = useApp()
  const { id: projectId } = useProject()
  const { queued = 0, parsing = 0, indexing = 0, recognizing = 0, paused = 0 } = counts
  const busy = queued + parsing + indexing + recognizing
  const act = async (verb: 'pauseAll' | 'resumeAll') => {
    try {
      const { count } = await client.documents[verb]({ projectId })
      toasts.show(words(verb === 'pauseAll' ? 'library.pausedAll' : 'library.resumedAll', { count }))
    } catch (error) {
      toasts.show(sentenceOf(error, words))
    }
    void queries.invalidateQueries({ queryKey: ['documents', projectId] })
  }
  return (
    <>
      {busy > 0 && (
        <Button look="quiet" onClick={() => void act('pauseAll')}>
          {words('library.pauseAll')}
        </Button>
      )}
      {paused > 0 && (
        <Button look="quiet" onClick={() => void act('resumeAll')}>
          {words('library.resumeAll')}
        </Button>
      )}
    </>
  )
}

type Counts = Partial<Record<ShownState, number>>

/** How many are in which state, as people see it. */
function countsOf({ states, recognizing }: { states: Counts; recognizing: number }): Counts {
  const { ready = 0, ...others } = states
  return {
    ...others,
    ...(ready > recognizing && { ready: ready - recognizing }),
    ...(recognizing > 0 && { recognizing }),
  }
}

/** The two stages of reading have one name for people; a list of choices needs two. */
function filterName(state: ShownState, words: ReturnType<typeof useWords>): string {
  return state === 'indexing' ? words('progress.indexing') : words(`state.${state}`)
}
