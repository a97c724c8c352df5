/** A backup on somebody's word, beside the server, into the folder of the daily ones. */
import path from 'node:path'
import { explain, type Translate } from '../shared/messages/index.ts'
import type { Processes } from '../shared/ports.ts'
import { usualBackupFolder } from './data/backups.ts'
import { runServerTask } from './data/server-task.ts'
import type { LibraryUse } from './library-use.ts'
import type { Library } from './open-library.ts'
import type { PreferenceStore } from './preferences.ts'
import type { Shell } from './shell.ts'

export async function backUpNow({
  shell,
  words,
  processes,
  use,
  preferences,
  library: { dataDirectory, settings },
}: {
  shell: Shell
  words: Translate
  processes: Processes
  use: LibraryUse
  preferences: PreferenceStore
  library: Pick<Library, 'dataDirectory' | 'settings'>
}): Promise<void> {
  const folder = preferences.get().backup.folder ?? usualBackupFolder(dataDirectory)
  const task = { type: 'backup' as const, folder, dataDirectory, settings: settings() }
  const end = await use.beside(signal => runServerTask(processes, task, { signal }), 'backing-up')
  if (end.type === 'cancelled') return
  if (end.type !== 'backed-up') {
    const detail = end.type === 'failed' ? explain(words, { code: end.code, values: end.values }) : undefined
    await shell.ask({
      message: words('desktop.backup.failed'),
      ...(detail !== undefined && { detail }),
      buttons: [words('desktop.dialog.ok')],
      cancel: 0,
      warning: true,
    })
    return
  }
  const answer = await shell.ask({
    message: words(end.incomplete ? 'desktop.backup.incomplete' : 'desktop.backup.done'),
    detail: words('desktop.backup.doneDetail', { count: end.documents, file: end.file }),
    buttons: [words('desktop.dialog.ok'), words('desktop.backup.show')],
    cancel: 0,
    warning: end.incomplete,
  })
  if (answer === 1) await shell.showFolder(path.dirname(end.file))
}
