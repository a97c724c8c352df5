/**
 * What a user is asked while the server takes long to start, or answers no more. Nothing is ended that they do not want ended: a large
 * library may well take that long.
 */
import type { Translate } from '../shared/messages/index.ts'
import type { Log } from '../shared/ports.ts'
import type { ServerProcess, ServerState } from './processes/server-process.ts'
import type { Shell } from './shell.ts'

/** Milliseconds until somebody who wants to wait is asked again. */
const rest = 5 * 60_000

type Slow = 'waiting' | 'opening' | 'migrating' | 'beginning' | 'silent'

export function askWhenSlow({
  shell,
  words,
  server,
  log,
  again,
  safely,
  quit,
}: {
  shell: Pick<Shell, 'ask'>
  words: () => Translate
  server: Pick<ServerProcess, 'follow'>
  log: Log
  /** Starts it anew. */
  again(): void
  /** In safe mode. */
  safely(): Promise<void>
  quit(): void
}): void {
  let now: Slow | undefined
  /** Closes the question, or keeps it from being asked again. */
  let over = new AbortController()

  async function ask(slow: Slow, { signal }: AbortController): Promise<void> {
    const choices = {
      wait: words()('desktop.slow.wait'),
      again: words()(slow === 'silent' ? 'desktop.slow.anew' : 'desktop.dialog.retry'),
      ...(slow !== 'silent' && { safely: words()('desktop.slow.safely') }),
      quit: words()('desktop.dialog.quit'),
    }
    const question = {
      message: words()(`desktop.slow.${slow}`),
      detail: words()(`desktop.slow.${slow}Detail`),
      buttons: Object.values(choices),
      cancel: 0,
      signal,
    }
    const answer = await shell.ask(question).catch(error => {
      log.error('nobody can be asked about a server that takes long', { error })
      return question.cancel
    })
    if (signal.aborted) return
    const choice = Object.keys(choices)[answer]
    if (choice === 'again') again()
    else if (choice === 'safely') await safely()
    else if (choice === 'quit') quit()
    else {
      const timer = setTimeout(() => void ask(slow, over), rest)
      timer.unref()
      signal.addEventListener('abort', () => clearTimeout(timer))
    }
  }

  server.follow(state => {
    const next = slowOf(state)
    if (next === now) return
    now = next
    over.abort()
    over = new AbortController()
    if (next) void ask(next, over)
  })
}

function slowOf(state: ServerState): Slow | undefined {
  if (state.name === 'silent') return 'silent'
  return state.name === 'starting' && state.late && state.doing !== 'keychain' ? state.doing : undefined
}
