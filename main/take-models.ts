/** Models from a stick or any other folder, into the library: by a process like the server's, beside the one that runs. */
import path from 'node:path'
import type { ModelsTaking } from '../shared/api/desktop.ts'
import { explain, type Translate } from '../shared/messages/index.ts'
import type { Processes } from '../shared/ports.ts'
import { runServerTask, type TaskEnd } from './data/server-task.ts'
import type { LibraryUse } from './library-use.ts'
import type { Library } from './open-library.ts'
import type { Question, Shell } from './shell.ts'

export interface ModelTaking {
  /** What is in work; null: nothing. */
  now(): ModelsTaking
  /** Asks for the folder, and tells what has become of it. Throws `library-busy`. */
  take(): Promise<void>
  stop(): void
}

/** What has become of it, as it is told. */
type Word = Pick<Question, 'message' | 'detail' | 'warning'>

export function createModelTaking({
  shell,
  words,
  processes,
  use,
  library,
  changed,
}: {
  shell: Pick<Shell, 'ask' | 'chooseFolder'>
  words: () => Translate
  processes: Processes
  use: Pick<LibraryUse, 'beside' | 'refuse'>
  library: Pick<Library, 'dataDirectory' | 'settings'>
  changed(now: ModelsTaking): void
}): ModelTaking {
  let now: ModelsTaking = null
  let stopping: AbortController | undefined
  const become = (next: ModelsTaking) => {
    now = next
    changed(now)
  }

  async function take(): Promise<void> {
    use.refuse()
    // The question for the folder included: two of them would lie over each other.
    if (stopping) return tell({ message: words()('desktop.models.busy') })
    const mine = new AbortController()
    stopping = mine
    const word = await takeFrom(mine.signal).finally(() => {
      stopping = undefined
      if (now) become(null)
    })
    // Whoever leaves it unread may begin another one.
    if (word) await tell(word)
  }

  async function takeFrom(stopped: AbortSignal): Promise<Word | undefined> {
    const folder = await shell.chooseFolder(words()('desktop.menu.takeModels'))
    if (folder === undefined || stopped.aborted) return undefined
    become({ file: path.basename(folder), part: 0 })
    const { dataDirectory, settings } = library
    const task = { type: 'unpack' as const, folder, dataDirectory, settings: settings() }
    const end = await use.beside(
      signal =>
        runServerTask(processes, task, {
          signal: AbortSignal.any([signal, stopped]),
          progress: ({ file = '', part }) => become({ file, part }),
        }),
      'taking-models',
    )
    return wordOf(end, words())
  }

  const tell = async (word: Word) => {
    await shell.ask({ ...word, buttons: [words()('desktop.dialog.ok')], cancel: 0 })
  }

  return { now: () => now, take, stop: () => stopping?.abort() }
}

/** Undefined for what the user has ended. */
function wordOf(end: TaskEnd, words: Translate): Word | undefined {
  if (end.type === 'cancelled' || (end.type === 'failed' && end.code === 'cancelled')) return undefined
  if (end.type !== 'unpacked') {
    const detail = end.type === 'failed' ? explain(words, { code: end.code, values: end.values }) : undefined
    return { message: words('desktop.models.failed'), ...(detail !== undefined && { detail }), warning: true }
  }
  const named = (state: 'taken' | 'present') => end.models.flatMap(model => (model.state === state ? [model.name] : []))
  const [taken, present] = [named('taken'), named('present')]
  const names = present.join(', ')
  if (taken.length === 0) return { message: words('desktop.models.present', { count: present.length, names }) }
  return {
    message: words('desktop.models.taken', { count: taken.length, names: taken.join(', ') }),
    ...(present.length > 0 && { detail: words('desktop.models.presentToo', { names }) }),
  }
}
