import { FilePlus2, FolderPlus } from 'lucide-react'
import { useApp, useProject } from '../app-context.ts'
import { FileButton } from '../parts/file-button.tsx'
import { sentenceOf } from '../parts/problem.tsx'
import { useWords } from '../words.tsx'
import { filesOf } from './dropped-files.ts'

/** What can be tried before one has chosen files of one's own. */
const samples = {
  de: {
    url: new URL('../../samples/mietvertrag.md', import.meta.url),
    name: 'Mietvertrag (Beispiel).md',
    question: 'Wie hoch ist die Kaution?',
  },
  en: {
    url: new URL('../../samples/consulting-agreement.md', import.meta.url),
    name: 'Consulting agreement (sample).md',
    question: 'When are invoices payable?',
  },
} as const

/**
 * The two pickers; with a lead, as the empty place where documents should be. There a sample can be tried as well:
 * `tried` is told a question that it answers.
 */
export function AddFiles({ lead, tried }: { lead?: string; tried?: (question: string) => void }) {
  const words = useWords()
  const { uploads, session, toasts } = useApp()
  const project = useProject()
  const trySample = async () => {
    const { url, name, question } = samples[words.language]
    try {
      const response = await fetch(url)
      take([new File([await response.blob()], name)])
      tried?.(question)
    } catch (error) {
      toasts.show(sentenceOf(error, words))
    }
  }
  const take = (files: File[]) => uploads.add(project.id, filesOf(files))
  const buttons = (
    <>
      <FileButton
        name="files"
        look="main"
        multiple
        accept={session.extensions.map(extension => `.${extension}`).join(',')}
        take={take}
      >
        <FilePlus2 aria-hidden className="size-4" />
        {words('library.add')}
      </FileButton>
      <FileButton name="folder" folder take={take} className="pointer-coarse:hidden">
        <FolderPlus aria-hidden className="size-4" />
        {words('library.addFolder')}
      </FileButton>
    </>
  )
  if (project.role === 'reader')
    return lead === undefined ? null : (
      <p className="mx-auto max-w-md text-center text-pretty text-soft">{words('members.readOnly')}</p>
    )
  if (lead === undefined) return buttons
  return (
    <div className="rounded-3xl border-2 border-dashed border-edge/50 px-6 py-12 text-center sm:px-10 sm:py-16">
      <p className="mx-auto max-w-md text-pretty text-soft">{lead}</p>
      <div className="mt-7 flex flex-wrap justify-center gap-3">{buttons}</div>
      <p className="mt-5 text-sm text-soft pointer-coarse:hidden">{words('library.dropHint')}</p>
      {tried && (
        <p className="mt-2 text-sm text-soft">
          {words('library.sampleLead')}{' '}
          <button
            type="button"
            onClick={() => void trySample()}
            className="min-h-8 text-accent underline underline-offset-4"
          >
            {words('library.sample')}
          </button>
        </p>
      )}
    </div>
  )
}
