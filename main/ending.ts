/** How the application ends: by its user's word, by the system's, or for an update; and how it comes back where that was not installed. */
import { setTimeout as pause, setImmediate } from 'node:timers/promises'
import type { Translate } from '../shared/messages/index.ts'
import type { Log } from '../shared/ports.ts'
import type { StartMark } from './data/safe-mode.ts'
import type { LibraryUse } from './library-use.ts'
import type { ServerProcess } from './processes/server-process.ts'
import { askToQuit } from './questions.ts'
import type { Shell } from './shell.ts'

export interface Ending {
  /** It ends, or nothing but the process is left. */
  now(): boolean
  /** Asks where something would be lost. */
  quit(): Promise<void>
  /** Without a question; then `Shell.exit`. */
  end(): Promise<void>
  /** Nothing but the process is left when it resolves. */
  close(): Promise<void>
  /** As it was before `close`. */
  resume(): Promise<void>
}

/** Milliseconds for what is half done to be taken back; a later start does that as well. */
const patience = 2000

export function createEnding({
  shell,
  words,
  server,
  use,
  mark,
  uploading,
  leave,
  back,
  over,
  log,
}: {
  shell: Pick<Shell, 'ask' | 'exit' | 'reclaimInstance'>
  words: () => Translate
  server: Pick<ServerProcess, 'hold' | 'stop'>
  use: Pick<LibraryUse, 'besides' | 'stop'>
  mark: Pick<StartMark, 'left'>
  /** Files on their way. */
  uploading(): number
  /** Windows and clocks go. */
  leave(): void
  /** And are there again, and the server with them. */
  back(): void
  /** It does not come back. */
  over(): void
  log: Log
}): Ending {
  let ending = false
  let agreed = false
  let question: AbortController | undefined
  let letStart = () => {}

  async function quit(): Promise<void> {
    if (ending || agreed) return
    const lost = { uploads: uploading(), besides: use.besides() }
    if ((lost.uploads > 0 || lost.besides.length > 0) && !(await ask(lost))) return
    if (ending || agreed) return
    agreed = true
    try {
      server.hold()
      await Promise.race([use.stop(), pause(patience)])
      await end()
    } finally {
      agreed = false
    }
  }

  /** A dialog may go without an answer, together with its window: whoever wants to quit once more is asked once more. */
  async function ask(lost: Parameters<typeof askToQuit>[1]): Promise<boolean> {
    question?.abort()
    question = new AbortController()
    try {
      return await askToQuit({ shell, words: words() }, lost, question.signal)
    } catch (error) {
      log.error('nobody can be asked whether it may end', { error })
      return true
    }
  }

  async function close(): Promise<void> {
    ending = true
    letStart = server.hold()
    // Windows may end the process as soon as its windows have heard of it: before anything that takes time.
    mark.left()
    try {
      leave()
    } finally {
      await server.stop()
    }
  }

  async function end(): Promise<void> {
    try {
      over()
      await close()
    } catch (error) {
      // What stayed would show nothing, and keep every later start away.
      log.error('it does not end in order', { error })
    } finally {
      shell.exit(0)
    }
  }

  async function resume(): Promise<void> {
    if (!shell.reclaimInstance()) return shell.exit(0)
    // What failed to install one has asked for the end in this turn, and is not heard.
    await setImmediate()
    ending = false
    letStart()
    back()
  }

  return { now: () => ending, quit, end, close, resume }
}
