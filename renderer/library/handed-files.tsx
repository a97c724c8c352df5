import { useEffect } from 'react'
import { useApp, useProject } from '../app-context.ts'
import type { Desktop } from '../desktop.ts'
import { useStore } from '../store.ts'
import { useWords } from '../words.tsx'

/** What the system hands over is added to the project that is looked at, as if it had been dropped on the page. */
export function HandedFiles({ desktop }: { desktop: Desktop }) {
  const words = useWords()
  const { uploads, toasts } = useApp()
  const project = useProject()
  const files = useStore(desktop.handed)
  useEffect(() => {
    if (files.length === 0) return
    desktop.handed.change(all => all.filter(file => !files.includes(file)))
    if (project.role === 'reader')
      return toasts.show(words('desktop.notRead', { project: words.projectName(project.name) }))
    uploads.add(
      project.id,
      files.map(({ id, name, size }) => ({ file: { handed: id, size }, name })),
    )
  }, [files, desktop, project, uploads, toasts, words])
  return null
}
