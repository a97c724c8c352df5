import { useQuery } from '@tanstack/react-query'
import { ArrowLeft, X } from 'lucide-react'
import { lazy, Suspense, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import type { ApiDocument } from '../../shared/api/index.ts'
import { toAppError } from '../../shared/errors.ts'
import { useApp, useProject } from '../app-context.ts'
import { IconButton } from '../parts/button.tsx'
import { Loading, Problem } from '../parts/problem.tsx'
import { sameAgain } from '../parts/same-again.ts'
import { read } from '../queries.ts'
import type { Reading } from '../route.ts'
import { useWords } from '../words.tsx'
import { isPicture, PictureView } from './picture-view.tsx'
import { TextView } from './text-view.tsx'

const PdfView = lazy(async () => ({ default: (await import('./pdf-view.tsx')).PdfView }))

/** A document beside the chat, opened at a place, with what is meant marked. On a narrow screen it is all there is. */
export function ReadingPane({ reading }: { reading: Reading }) {
  const words = useWords()
  const { client, router } = useApp()
  const project = useProject()
  const { documentId } = reading
  const query = useQuery(read.document(client, project.id, documentId))
  // A sheet of paper cannot be read on a phone; its text can.
  const [asText, setAsText] = useState(() => matchMedia('(max-width: 30rem)').matches)
  const document = query.data
  const pane = useFocus(documentId)
  const alone = useMatches('(max-width: 61.99rem)')
  const Pane = alone ? 'main' : 'section'
  const Heading = alone ? 'h1' : 'h2'
  const isPdf = document?.mediaType === 'application/pdf'
  const isShown = isPdf || (document !== undefined && isPicture(document))

  return (
    <Pane
      ref={pane}
      tabIndex={-1}
      aria-label={document ? `${words('reading.title')}: ${document.name}` : words('reading.title')}
      className="flex min-h-0 min-w-0 grow basis-0 flex-col border-line bg-sunken outline-none lg:border-l 2xl:grow-[1.15]"
    >
      <header className="flex shrink-0 items-center gap-2 border-b border-line bg-paper py-1 pr-1.5 pl-1.5 lg:pl-4">
        <IconButton label={words('reading.back')} onClick={router.close} className="lg:hidden">
          <ArrowLeft aria-hidden />
        </IconButton>
        <div className="min-w-0 grow">
          {document && <Origin document={document} />}
          <Heading className="truncate text-sm font-medium" title={document?.path}>
            {document?.name ?? words('reading.title')}
          </Heading>
        </div>
        {isShown && (
          <button
            type="button"
            onClick={() => setAsText(!asText)}
            className="min-h-10 shrink-0 rounded-lg px-3 text-sm text-soft hover:bg-sunken hover:text-ink"
          >
            {words(asText ? 'reading.asPage' : 'reading.asText')}
          </button>
        )}
        <IconButton label={words('reading.close')} onClick={router.close} className="max-lg:hidden">
          <X aria-hidden />
        </IconButton>
      </header>
      {query.isError && (
        <div className="p-4">
          {toAppError(query.error).code === 'document-not-found' ? (
            <p>{words('reading.gone')}</p>
          ) : (
            <Problem error={query.error} retry={() => void query.refetch()} />
          )}
        </div>
      )}
      {query.isPending && (
        <div className="p-4">
          <Loading />
        </div>
      )}
      {document && document.deletedAt !== null && (
        <p className="border-b border-line bg-danger-soft px-4 py-2 text-sm">{words('reading.trashed')}</p>
      )}
      {document &&
        (isPdf && !asText ? (
          <Suspense fallback={<div className="grow" />}>
            <PdfView key={document.id} document={document} reading={reading} />
          </Suspense>
        ) : isShown && !asText ? (
          <PictureView key={document.id} document={document} reading={reading} />
        ) : (
          <TextView
            key={`${document.id} ${reading.page} ${reading.part?.segment} ${reading.part?.span?.first}`}
            document={document}
            reading={reading}
          />
        ))}
    </Pane>
  )
}

/** The mail or archive it lies in, and the way back there; of a file by itself, its folder. */
function Origin({ document }: { document: ApiDocument }) {
  const words = useWords()
  const { router } = useApp()
  const { name, path, parentId } = document
  const folders = path.slice(0, -name.length).split('/').filter(Boolean)
  const last = folders.at(-1)
  if (last === undefined) return null
  const above = folders.slice(0, -1).map(folder => `${folder} ›`)
  const line = (
    <span className="flex min-w-0">
      {above.length > 0 && <span className="min-w-0 shrink-[9999] truncate">{above.join(' ')}</span>}
      <span className="ml-1 min-w-0 truncate whitespace-pre first:ml-0">{last} ›</span>
    </span>
  )
  if (parentId === null) return <p className="text-xs text-soft">{line}</p>
  return (
    <button
      type="button"
      aria-label={words('reading.container', { path: folders.join(' › ') })}
      title={folders.join(' › ')}
      onClick={() => router.read({ documentId: parentId, page: null, part: null, mark: null })}
      className="block max-w-full rounded text-left text-xs text-accent underline-offset-4 hover:underline"
    >
      {line}
    </button>
  )
}

function useMatches(query: string): boolean {
  const list = useMemo(() => matchMedia(query), [query])
  return useSyncExternalStore(
    listener => {
      list.addEventListener('change', listener)
      return () => list.removeEventListener('change', listener)
    },
    () => list.matches,
  )
}

/** The keyboard goes along into a document that is opened, and back to where it was when the document is closed. */
function useFocus(documentId: string) {
  const pane = useRef<HTMLElement>(null)
  const before = useRef<Element | null>(null)
  useEffect(() => {
    before.current = document.activeElement
    return () => {
      const back = before.current
      if (back instanceof HTMLElement && back !== document.body) requestAnimationFrame(() => sameAgain(back)?.focus())
    }
  }, [])
  // biome-ignore lint/correctness/useExhaustiveDependencies: for every document anew
  useEffect(() => {
    pane.current?.focus({ preventScroll: true })
  }, [documentId])
  return pane
}
