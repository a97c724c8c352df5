import { useQuery } from '@tanstack/react-query'
import type { ApiDocument } from '../../shared/api/index.ts'
import { useApp } from '../app-context.ts'
import { FilesInside } from '../library/files-inside.tsx'
import { read } from '../queries.ts'
import { useWords } from '../words.tsx'

/** Above the text of a mail or an archive: the files in it. */
export function Attachments({ document: { projectId, id } }: { document: ApiDocument }) {
  const words = useWords()
  const { client } = useApp()
  const { data: receipt } = useQuery(read.receipt(client, projectId, id))
  if (!receipt || receipt.fileCount === 0) return null
  return (
    <aside className="mb-8 rounded-lg border border-line px-4 py-3" aria-label={words('receipt.files')}>
      <p className="text-sm font-medium">{words('receipt.files')}</p>
      <FilesInside receipt={receipt} />
    </aside>
  )
}
