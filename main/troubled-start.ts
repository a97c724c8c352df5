/** What is done about a library that does not open, or not in time: it is asked about, and opened with care. */
import { AppError } from '../shared/errors.ts'
import type { Translate } from '../shared/messages/index.ts'
import type { Reason } from '../shared/model/index.ts'
import { decideSafeMode, type SafeReason } from './data/safe-mode.ts'
import type { Library } from './open-library.ts'
import { askInSafeMode } from './safe-start.ts'
import type { Shell } from './shell.ts'
import { askWhenSlow } from './slow-server.ts'
import { createStandingQuestions, type StandingQuestions } from './standing-questions.ts'

export interface TroubledStart {
  /** Why nothing is opened until the user says so. */
  safe(): SafeReason | undefined
  /** Safe mode could not ask, and the server was not started since: the page offers to try again. */
  unasked(): boolean
  /** Starts the server, unless too many starts before this one came to nothing. */
  begin(failed: number): void
  /** The server says that it will not start. */
  giveUp(reason: Reason): void
  /** The page wants to try again. Throws `library-busy` in safe mode, whose question says when. */
  start(): void
  /** The server anew; in safe mode nothing is opened, and the next start has it. */
  restart(): Promise<void>
  /** The server, for whoever held it, or let it go with the windows; in safe mode its question, where it does not stand any more. */
  goOn(): void
  /** The window is about to go, and what stands over it, until there is one again. */
  away(): void
  back(): void
  /** The windows go: no question stands then, and nothing comes of it. */
  leave(): void
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
  const { log, shell } = ports
  const { server } = ports.library
  let safe: SafeReason | undefined
  let unasked = false
  /** One at a time. */
  let standing: StandingQuestions | undefined
  let aboutSlow = createStandingQuestions(shell)

  async function askSafely(why: SafeReason): Promise<void> {
    if (standing) return
    const mine = createStandingQuestions(shell)
    standing = mine
    safe = why
    changed()
    const next = await askInSafeMode({ ...ports, shell: { ...shell, ask: mine.ask }, words: words(), why }).catch(
      error => {
        log.error('safe mode cannot ask', { error })
        return 'unasked' as const
      },
    )
    // The application ends, or came back and has asked anew.
    if (standing !== mine) return
    standing = undefined
    if (next === 'quit') return end()
    safe = undefined
    if (next === 'start') server.start()
    else unasked = true
    changed()
  }

  function start(): void {
    if (safe) throw new AppError('library-busy')
    server.start()
  }

  async function restart(): Promise<void> {
    if (safe) return
    await server.stop()
    // Meanwhile it may have been chosen.
    if (!safe) server.start()
  }

  function goOn(): void {
    if (safe) void askSafely(safe)
    else server.start()
  }

  server.follow(({ name }) => {
    if (name !== 'stopped') unasked = false
  })

  askWhenSlow({
    shell: { ask: question => aboutSlow.ask(question) },
    words,
    server,
    log,
    again: () => void restart(),
    async safely() {
      const why: SafeReason = { why: 'slow' }
      safe = why
      await server.stop()
      if (!isEnding()) await askSafely(why)
    },
    quit,
  })

  return {
    safe: () => safe,
    unasked: () => unasked,
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
    goOn,
    away() {
      standing?.away()
      aboutSlow.away()
    },
    back() {
      standing?.back()
      aboutSlow.back()
    },
    leave() {
      standing?.over()
      standing = undefined
      aboutSlow.over()
      // For what comes after it, where nothing was installed.
      aboutSlow = createStandingQuestions(shell)
    },
  }
}
