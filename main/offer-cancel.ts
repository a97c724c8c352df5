/** Lets a user break off what takes long, for as long as it takes. */
import type { Translate } from '../shared/messages/index.ts'
import type { Question, Shell } from './shell.ts'

/** Milliseconds until somebody who lets it go on is asked again. */
const rest = 5 * 60_000

export interface OfferedCancel {
  /** Fires when it is to be. */
  signal: AbortSignal
  /** It is over: the question goes. */
  over(): void
}

/** Only its button cancels: a key, a box that is closed, or one that goes with its window, must not cost the work of hours. */
export function offerCancel(
  { shell, words }: { shell: Pick<Shell, 'ask'>; words: Translate },
  shown: Pick<Question, 'message' | 'detail'>,
): OfferedCancel {
  const cancel = new AbortController()
  const over = new AbortController()
  const { signal } = over
  const question = {
    ...shown,
    buttons: [words('desktop.dialog.goOn'), words('desktop.dialog.cancel')],
    cancel: 0,
    signal,
  }
  async function ask(): Promise<void> {
    const answer = await shell.ask(question).catch(() => 0)
    if (signal.aborted) return
    if (answer === 1) return cancel.abort()
    const timer = setTimeout(() => void ask(), rest)
    timer.unref()
    signal.addEventListener('abort', () => clearTimeout(timer), { once: true })
  }
  void ask()
  return { signal: cancel.signal, over: () => over.abort() }
}
