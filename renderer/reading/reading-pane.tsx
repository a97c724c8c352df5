import { useQuery } from '@tanstack/react-query'
import { ArrowLeft, X } from 'lucide-react'
import { lazy, Suspense, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import { toAppError } from '../../shared/errors.ts'
import { useApp, useProject } from '../app-context.ts'
import { IconButton } from '../parts/button.tsx'
import { Loading, Problem } from '../parts/problem.tsx'
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
        <Heading className="min-w-0 grow truncate text-sm font-medium" title={document?.path}>
          {document?.name ?? words('reading.title')}
        </Heading>
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
      if (back instanceof HTMLElement && back.isConnected) requestAnimationFrame(() => back.focus())
    }
  }, [])
  // biome-ignore lint/correctness/useExhaustiveDependencies: for every document anew
  useEffect(() => {
    pane.current?.focus({ preventScroll: true })
  }, [documentId])
  return pane
}
