import type { ApiDocument, ApiReceipt } from '../../shared/api/index.ts'
import { useApp } from '../app-context.ts'
import { useWords } from '../words.tsx'

/** Has files inside: only of these the reading page asks for them. */
export function isContainer({ mediaType }: ApiDocument): boolean {
  return containers.has(mediaType)
}

/** Its own text is nothing but the names of its files. */
export function isList({ mediaType }: ApiDocument): boolean {
  return mediaType === 'application/zip' || mediaType === 'application/mbox'
}

const containers: ReadonlySet<string> = new Set([
  'message/rfc822',
  'application/vnd.ms-outlook',
  'application/mbox',
  'application/zip',
])

/** What was found in a mail or an archive: those that are documents can be opened, of the others it is said why they are none. */
export function FilesInside({ receipt: { files, fileCount } }: { receipt: ApiReceipt }) {
  const words = useWords()
  const { router } = useApp()
  const open = (documentId: string) => router.read({ documentId, page: null, part: null, mark: null })
  return (
    <ul className="mt-1 space-y-1 text-sm">
      {files.map(({ number, path, documentId, reason }) => (
        <li key={number} className="wrap-anywhere">
          {documentId === null ? (
            <>
              {path}
              {reason && <span className="text-soft"> – {words.explain(reason)}</span>}
            </>
          ) : (
            <button
              type="button"
              onClick={() => open(documentId)}
              className="rounded text-left underline underline-offset-4"
            >
              {path}
            </button>
          )}
        </li>
      ))}
      {fileCount > files.length && (
        <li className="text-soft">{words('receipt.moreFiles', { count: fileCount - files.length })}</li>
      )}
    </ul>
  )
}
