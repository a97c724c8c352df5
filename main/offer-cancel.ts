/** Lets a user break off what takes long, for as long as it takes. */
import type { Translate } from '../shared/messages/index.ts'
import type { Question, Shell } from './shell.ts'

export interface OfferedCancel {
  /** Fires when it is to be. */
  signal: AbortSignal
  /** It is over: the question goes. */
  over(): void
}

export function offerCancel(
  { shell, words }: { shell: Pick<Shell, 'ask'>; words: Translate },
  shown: Pick<Question, 'message' | 'detail'>,
): OfferedCancel {
  const cancel = new AbortController()
  const over = new AbortController()
  const question = { ...shown, buttons: [words('desktop.dialog.cancel')], cancel: 0, signal: over.signal }
  void shell.ask(question).then(() => over.signal.aborted || cancel.abort())
  return { signal: cancel.signal, over: () => over.abort() }
}
