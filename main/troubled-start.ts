/** What is done about a library that does not open, or not in time: it is asked about, and opened with care. */
import { AppError } from '../shared/errors.ts'
import type { Translate } from '../shared/messages/index.ts'
import type { Reason } from '../shared/model/index.ts'
import { decideSafeMode, type SafeReason } from './data/safe-mode.ts'
import type { Library } from './open-library.ts'
import { askInSafeMode } from './safe-start.ts'
import type { Shell } from './shell.ts'
import { askWhenSlow } from './slow-server.ts'

export interface TroubledStart {
  /** Why nothing is opened until the user says so. */
  safe(): SafeReason | undefined
  /** Starts the server, unless too many starts before this one came to nothing. */
  begin(failed: number): void
  /** The server says that it will not start. */
  giveUp(reason: Reason): void
  /** The page wants to try again. Throws `library-busy` in safe mode, whose question says when. */
  start(): void
  /** The server anew; in safe mode nothing is opened, and the next start has it. */
  restart(): Promise<void>
}

export function createTroubledStart({
  words,
  isEnding,
  changed,
  show,
  end,
  quit,
  ...ports
}: Omit<Parameters<typeof askInSafeMode>[0], 'words' | 'why' | 'shell' | 'library'> & {
  shell: Shell
  library: Pick<Library, 'dataDirectory' | 'settings' | 'server'>
  words: () => Translate
  isEnding(): boolean
  /** Safe mode has begun, or ended. */
  changed(): void
  /** The window, which says what is wrong and offers to try again. */
  show(): void
  /** Without a question. */
  end(): Promise<void>
  quit(): void
}): TroubledStart {
  const { server } = ports.library
  let safe: SafeReason | undefined

  async function askSafely(why: SafeReason): Promise<void> {
    // One question at a time.
    if (safe) return
    safe = why
    changed()
    const next = await askInSafeMode({ ...ports, words: words(), why })
    if (next === 'quit') return end()
    safe = undefined
    server.start()
  }

  function start(): void {
    if (safe) throw new AppError('library-busy')
    server.start()
  }

  async function restart(): Promise<void> {
    if (safe) return
    await server.stop()
    server.start()
  }

  askWhenSlow({
    shell: ports.shell,
    words,
    server,
    again: () => void restart(),
    async safely() {
      await server.stop()
      if (!isEnding()) await askSafely({ why: 'slow' })
    },
    quit,
  })

  return {
    safe: () => safe,
    begin(failed) {
      const why = decideSafeMode({ failed })
      if (why) void askSafely(why)
      else server.start()
    },
    giveUp(reason) {
      if (isEnding()) return
      const why = decideSafeMode({ reason })
      if (why) void askSafely(why)
      else show()
    },
    start,
    restart,
  }
}
