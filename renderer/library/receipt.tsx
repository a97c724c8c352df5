import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { ApiDocument, ApiReceipt } from '../../shared/api/index.ts'
import { useApp, useProject } from '../app-context.ts'
import { Dialog } from '../parts/dialog.tsx'
import { Loading, Problem } from '../parts/problem.tsx'
import { read } from '../queries.ts'
import { useWords, type Words } from '../words.tsx'
import { FilesInside, isContainer } from './files-inside.tsx'

/** What became of a document: nothing is dropped silently. */
export function ReceiptDialog({ document, close }: { document: ApiDocument; close(): void }) {
  const words = useWords()
  const { client } = useApp()
  const project = useProject()
  const { data: receipt, error, isPending } = useQuery(read.receipt(client, project.id, document.id))
  return (
    <Dialog title={words('receipt.title', { name: document.name })} open close={close}>
      {isPending && <Loading />}
      {error && <Problem error={error} />}
      {receipt === null && <p className="py-4 text-soft">{words('receipt.waiting')}</p>}
      {receipt && (
        <>
          <dl className="mt-2 grid grid-cols-[auto_1fr] gap-x-8 gap-y-2 text-sm">
            <Fact name={words('receipt.size')}>{words.size(document.size)}</Fact>
            <Fact name={words(receipt.pages === null ? 'receipt.parts' : 'receipt.pages')}>
              {words.number(receipt.pages ?? receipt.segments)}
            </Fact>
            <Fact name={words('receipt.characters')}>{words.number(receipt.characters)}</Fact>
            <Fact name={words('receipt.chunks')}>{words.number(receipt.chunks)}</Fact>
            {receipt.tableRows > 0 && <Fact name={words('receipt.tableRows')}>{words.number(receipt.tableRows)}</Fact>}
            {receipt.language && receipt.chunks > 0 && !isContainer(document) && (
              <Fact name={words('receipt.language')}>{words(`language.${receipt.language}`)}</Fact>
            )}
            {receipt.pages !== null && (
              <>
                <Fact name={words('receipt.withoutText')}>{rangesOf(receipt.pagesWithoutText, words)}</Fact>
                {receipt.recognition && (
                  <Fact name={words('receipt.recognition')}>{recognizedOf(receipt.recognition, words)}</Fact>
                )}
                <Fact name={words('receipt.unreadable')}>{rangesOf(receipt.pagesUnreadable, words)}</Fact>
                <Fact name={words('receipt.furniture')}>
                  {words('receipt.furnitureLines', { count: receipt.furnitureLines })}
                </Fact>
              </>
            )}
            <Fact name={words('receipt.time')}>
              {words('receipt.seconds', { seconds: Math.round((document.parseTime + document.indexTime) / 100) / 10 })}
            </Fact>
          </dl>
          {receipt.fileCount > 0 && (
            <>
              <h3 className="mt-6 text-sm font-medium">{words('receipt.files')}</h3>
              <FilesInside receipt={receipt} />
            </>
          )}
          <h3 className="mt-6 text-sm font-medium">{words('receipt.notes')}</h3>
          {receipt.reasons.length === 0 ? (
            <p className="mt-1 text-sm text-soft">
              {words(receipt.recognition?.waiting ? 'receipt.recognizing' : 'receipt.complete')}
            </p>
          ) : (
            <ul className="mt-1 list-disc space-y-1 pl-5 text-sm">
              {receipt.reasons.map(reason => (
                <li key={`${reason.code} ${JSON.stringify(reason.values)}`}>{words.explain(reason)}</li>
              ))}
            </ul>
          )}
        </>
      )}
    </Dialog>
  )
}

function recognizedOf(
  { pages, confidence, waiting, failed }: NonNullable<ApiReceipt['recognition']>,
  words: Words,
): string {
  const parts = [
    ...(pages > 0 ? [words('receipt.recognized', { count: pages, confidence: Math.round(100 * confidence) })] : []),
    ...(waiting > 0 ? [words('receipt.recognitionWaiting', { count: waiting })] : []),
    ...(failed.length > 0 ? [words('receipt.recognitionFailed', { count: failed.length })] : []),
  ]
  return parts.join('; ')
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-soft">{name}</dt>
      <dd>{children}</dd>
    </>
  )
}

/** 3, 4, 5, 9 as “3–5, 9”. */
export function rangesOf(pages: readonly number[], words: Words): string {
  if (pages.length === 0) return words('receipt.none')
  const ranges: [number, number][] = []
  for (const page of pages) {
    const last = ranges.at(-1)
    if (last && page === last[1] + 1) last[1] = page
    else ranges.push([page, page])
  }
  return ranges.map(([from, to]) => (from === to ? from : `${from}–${to}`)).join(', ')
}
