import { FilePlus2, FolderPlus } from 'lucide-react'
import { useRef } from 'react'
import { useApp, useProject } from '../app-context.ts'
import { Button } from '../parts/button.tsx'
import { useWords } from '../words.tsx'
import { filesOf } from './dropped-files.ts'

/** The two pickers; with a lead, as the empty place where documents should be. */
export function AddFiles({ lead }: { lead?: string }) {
  const words = useWords()
  const { uploads, session } = useApp()
  const project = useProject()
  const files = useRef<HTMLInputElement>(null)
  const folder = useRef<HTMLInputElement>(null)
  const take = (input: HTMLInputElement) => {
    uploads.add(project.id, filesOf([...(input.files ?? [])]))
    input.value = ''
  }
  const buttons = (
    <>
      <Button look="main" onClick={() => files.current?.click()}>
        <FilePlus2 aria-hidden className="size-4" />
        {words('library.add')}
      </Button>
      <Button onClick={() => folder.current?.click()} className="pointer-coarse:hidden">
        <FolderPlus aria-hidden className="size-4" />
        {words('library.addFolder')}
      </Button>
      <input
        ref={files}
        type="file"
        multiple
        hidden
        data-picker="files"
        accept={session.extensions.map(extension => `.${extension}`).join(',')}
        onChange={event => take(event.target)}
      />
      <input
        ref={folder}
        type="file"
        hidden
        data-picker="folder"
        {...{ webkitdirectory: '' }}
        onChange={event => take(event.target)}
      />
    </>
  )
  if (lead === undefined) return buttons
  return (
    <div className="rounded-3xl border-2 border-dashed border-edge/50 px-6 py-12 text-center sm:px-10 sm:py-16">
      <p className="mx-auto max-w-md text-pretty text-soft">{lead}</p>
      <div className="mt-7 flex flex-wrap justify-center gap-3">{buttons}</div>
      <p className="mt-5 text-sm text-soft pointer-coarse:hidden">{words('library.dropHint')}</p>
    </div>
  )
}
