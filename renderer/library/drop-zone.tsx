import { type DragEvent, type ReactNode, useRef, useState } from 'react'
import { useApp, useProject } from '../app-context.ts'
import { useWords } from '../words.tsx'
import { filesOfDrop, holdsFiles } from './dropped-files.ts'

/** The whole page takes files, whatever is shown on it. */
export function DropZone({ children }: { children: ReactNode }) {
  const words = useWords()
  const { uploads } = useApp()
  const project = useProject()
  const reading = project.role === 'reader'
  const [over, setOver] = useState(false)
  // Entering a child comes before leaving its parent: the balance of both tells whether the pointer left the page.
  const depth = useRef(0)

  const enter = (by: 1 | -1) => (event: DragEvent) => {
    if (!holdsFiles(event.dataTransfer)) return
    event.preventDefault()
    depth.current = Math.max(0, depth.current + by)
    setOver(depth.current > 0 && !reading)
  }
  const drop = async (event: DragEvent) => {
    if (!holdsFiles(event.dataTransfer)) return
    event.preventDefault()
    depth.current = 0
    setOver(false)
    if (reading) return
    uploads.add(project.id, await filesOfDrop(event.dataTransfer))
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the same is done by the buttons “Add files” and “Add a folder”
    <div
      onDragEnter={enter(1)}
      onDragLeave={enter(-1)}
      onDragOver={event => holdsFiles(event.dataTransfer) && event.preventDefault()}
      onDrop={event => void drop(event)}
    >
      {children}
      {over && (
        <div className="pointer-events-none fixed inset-0 z-50 grid place-items-center bg-paper/90 p-6">
          <p className="rounded-3xl border-2 border-dashed border-accent px-10 py-16 text-center font-serif text-lg">
            {words('library.dropHere', { project: words.projectName(project.name) })}
          </p>
        </div>
      )}
    </div>
  )
}
