import { type InfiniteData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useEffect, useLayoutEffect, useMemo, useRef } from 'react'
import type { ApiDocument } from '../../shared/api/index.ts'
import type { Segment } from '../../shared/model/index.ts'
import { useApp } from '../app-context.ts'
import { isContainer, isList } from '../library/files-inside.tsx'
import { isRecognizing } from '../library/progress.ts'
import { Button } from '../parts/button.tsx'
import { Loading, Problem } from '../parts/problem.tsx'
import { read } from '../queries.ts'
import type { Reading } from '../route.ts'
import { useWords } from '../words.tsx'
import { Attachments } from './attachments.tsx'
import { Blocks } from './blocks.tsx'
import { marksOf } from './mark.ts'

/** Segments fetched at a time. */
const step = 10

interface Part {
  from: number
  segments: Segment[]
  total: number | null
}

/** A document as it was read: headings, paragraphs, tables, with what is meant marked and scrolled to. */
export function TextView({ document, reading }: { document: ApiDocument; reading: Reading }) {
  const words = useWords()
  const { client } = useApp()
  const { projectId, id: documentId } = document
  const { page, part, mark } = reading
  const begin = Math.max(1, (page ?? part?.segment ?? 1) - 1)
  const query = useInfiniteQuery({
    queryKey: ['segments', projectId, documentId, begin],
    initialPageParam: { from: begin, limit: step },
    queryFn: async ({ pageParam: { from, limit }, signal }): Promise<Part> => ({
      from,
      ...(await client.documents.segments({ projectId, documentId, from, limit }, { signal })),
    }),
    getNextPageParam: ({ from, segments, total }: Part) => {
      const next = (segments.at(-1)?.number ?? from) + 1
      return segments.length > 0 && (total === null || next <= total) ? { from: next, limit: step } : undefined
    },
    getPreviousPageParam: ({ from }: Part) =>
      from > 1 ? { from: Math.max(1, from - step), limit: Math.min(step, from - 1) } : undefined,
  })
  const { refetch } = query
  const { recognized } = document
  const seen = useRef(recognized)
  // What was recognised meanwhile is to be read.
  useEffect(() => {
    if (seen.current !== recognized) void refetch()
    seen.current = recognized
  }, [recognized, refetch])
  const segments = useMemo(() => partsOf(query.data), [query.data])
  const marks = useMemo(
    () =>
      mark
        ? marksOf(
            segments.filter(segment => isMeant(segment, reading)),
            {
              text: mark.quote,
              span: part?.span ?? null,
            },
          )
        : undefined,
    [segments, mark, part, reading],
  )
  // An archive's text is the list of its files, which stands above it already, with links.
  const { data: receipt } = useQuery({ ...read.receipt(client, projectId, documentId), enabled: isList(document) })
  const listed =
    isList(document) && !mark && receipt != null && receipt.fileCount > 0 && receipt.fileCount <= receipt.files.length
  const scroller = useScroll(segments, reading)

  return (
    <section
      ref={scroller}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and the keyboard must be able to
      tabIndex={0}
      aria-label={document.name}
      className="relative min-h-0 grow overflow-y-auto bg-surface"
    >
      <div
        className={`mx-auto px-5 py-8 sm:px-8 ${isSheet(segments) ? 'max-w-6xl' : 'max-w-read'} ${mark?.kind === 'passage' ? 'soft-marks' : ''}`}
      >
        {isContainer(document) && <Attachments document={document} />}
        {query.isPending && <Loading />}
        {query.isError && <Problem error={query.error} retry={() => void query.refetch()} />}
        {query.hasPreviousPage && (
          <Button look="quiet" onClick={() => void query.fetchPreviousPage()}>
            {words('reading.earlier')}
          </Button>
        )}
        {query.isSuccess && segments.every(({ blocks }) => blocks.length === 0) && !document.paged && (
          <p className="text-soft">{words('reading.empty')}</p>
        )}
        {segments.map(segment => (
          <div key={segment.number} data-segment={segment.number} className="scroll-mt-4">
            {document.paged && (
              <p className="mt-8 mb-4 border-b border-line pb-1 text-xs text-soft">
                {words('chat.page', { page: segment.number })}
              </p>
            )}
            {segment.blocks.length === 0 && document.paged && (
              <p className="text-sm text-soft">
                {words(
                  segment.problem === 'unreadable'
                    ? 'reading.unreadable'
                    : segment.recognition === undefined && isRecognizing(document)
                      ? 'reading.waits'
                      : 'reading.noText',
                )}
              </p>
            )}
            <Blocks
              blocks={listed ? segment.blocks.filter(({ kind }) => kind !== 'list-item') : segment.blocks}
              marks={marks}
            />
          </div>
        ))}
        {query.hasNextPage && (
          <Button look="quiet" className="mt-4" onClick={() => void query.fetchNextPage()}>
            {words('reading.later')}
          </Button>
        )}
      </div>
    </section>
  )
}

/** A table wants all the width there is, a text does not. */
function isSheet(segments: readonly Segment[]): boolean {
  return segments.some(({ blocks }) => blocks.some(({ span }) => span?.unit === 'row'))
}

function partsOf(data: InfiniteData<Part, unknown> | undefined): Segment[] {
  return data?.pages.flatMap(({ segments }) => segments) ?? []
}

/**
 * Puts the marked words, or the page that was asked for, before the reader once; what is fetched above afterwards does not
 * push away what is being read.
 */
function useScroll(segments: readonly Segment[], { page }: Reading) {
  const scroller = useRef<HTMLElement>(null)
  const before = useRef<{ first: number; height: number } | null>(null)
  useLayoutEffect(() => {
    const box = scroller.current
    const first = segments[0]?.number
    if (!box || first === undefined) return
    if (before.current === null) {
      const mark = box.querySelector('mark')
      if (mark) mark.scrollIntoView({ block: 'center' })
      else if (page !== null) box.querySelector(`[data-segment="${page}"]`)?.scrollIntoView({ block: 'start' })
    } else if (first < before.current.first) box.scrollTop += box.scrollHeight - before.current.height
    before.current = { first, height: box.scrollHeight }
  }, [segments, page])
  return scroller
}

/** A passage may run over into the next segment; rows are counted anew on each sheet, so others are left out. */
function isMeant({ number }: Segment, { page, part }: Reading): boolean {
  if (page !== null) return number === page
  return part === null || number === part.segment || number === part.segment + 1
}
