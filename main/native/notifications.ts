/**
 * What the system tells a user who looks elsewhere. Notes lie about on locked screens and in other programs' lists: they name a document at
 * most, and say nothing of what is in it, of a question or of an answer.
 */
import { explain, type Translate } from '../../shared/messages/index.ts'
import type { Reason } from '../../shared/model/index.ts'
import type { DoneWork } from './progress.ts'

export type Happening =
  | { kind: 'read'; work: DoneWork }
  | { kind: 'downloaded'; name: string; took: number }
  | { kind: 'download-failed'; name: string }
  | { kind: 'backup-failed'; reason: Reason }
  /** A followed folder that is not there any more: its documents stay. `name`: the folder's alone. */
  | { kind: 'folder-vanished'; name: string }
  /** So many of its files are missing that their documents wait for a word. */
  | { kind: 'files-missing'; name: string }
  | { kind: 'trouble'; reason: Reason }
  | { kind: 'shortcut-taken'; keys: string }

export interface Note {
  title: string
  body: string
}

/** Milliseconds: whoever began something shorter still waits for it. */
export const longWork = 30_000
/** Milliseconds in which the same trouble is told once. */
const again = 24 * 60 * 60_000
/** Characters; systems cut at some 200, and a name is all that may be long. */
const longestName = 80

/** Undefined for what is not worth a note. */
export function noteOf(happening: Happening, words: Translate): Note | undefined {
  switch (happening.kind) {
    case 'read': {
      const { took, read, failed, name } = happening.work
      if (took < longWork) return undefined
      const one = name !== undefined && read + failed === 1
      if (failed === 0)
        return {
          title: words('desktop.note.read', { count: read }),
          body: one ? short(name) : words('desktop.note.readBody'),
        }
      return {
        title: words('desktop.note.readPartly', { count: failed, total: read + failed }),
        body: one ? short(name) : words('desktop.note.readPartlyBody'),
      }
    }
    case 'downloaded':
      if (happening.took < longWork) return undefined
      return { title: words('desktop.note.downloaded'), body: short(happening.name) }
    case 'download-failed':
      return { title: words('desktop.note.downloadFailed'), body: short(happening.name) }
    case 'backup-failed':
      return { title: words('desktop.note.backupFailed'), body: explain(words, happening.reason) }
    case 'folder-vanished':
      return {
        title: words('desktop.note.folderVanished', { name: short(happening.name) }),
        body: words('desktop.note.folderVanishedBody'),
      }
    case 'files-missing':
      return {
        title: words('desktop.note.filesMissing', { name: short(happening.name) }),
        body: words('desktop.note.filesMissingBody'),
      }
    case 'trouble':
      return { title: words('desktop.note.trouble'), body: explain(words, happening.reason) }
    case 'shortcut-taken':
      return {
        title: words('desktop.note.shortcutTaken', { keys: happening.keys }),
        body: words('desktop.note.shortcutTakenBody'),
      }
  }
}

export interface NotifierPorts {
  words: () => Translate
  /** As the user has it. */
  enabled: () => boolean
  /** The window is in front: what happens is seen there. */
  inFront: () => boolean
  notify: (note: Note) => void
  clock: () => number
}

/** Tells what happens, unless it is seen anyway, is not to be told, or was told today. */
export function createNotifier({
  words,
  enabled,
  inFront,
  notify,
  clock,
}: NotifierPorts): (happening: Happening) => void {
  const told = new Map<string, number>()
  return happening => {
    if (!enabled() || inFront()) return
    const note = noteOf(happening, words())
    if (!note) return
    const now = clock()
    if (happening.kind !== 'read' && happening.kind !== 'downloaded') {
      const name = `${happening.kind} ${note.title}`
      if (now - (told.get(name) ?? Number.NEGATIVE_INFINITY) < again) return
      told.set(name, now)
    }
    notify(note)
  }
}

/** On one line: a file may be named as anything. */
function short(name: string): string {
  const line = [...name.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').trim()]
  return line.length <= longestName
    ? line.join('')
    : `${line.slice(0, longestName / 2 - 1).join('')}…${line.slice(-longestName / 2).join('')}`
}
