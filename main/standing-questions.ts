/** Questions that stand until they are answered, whatever becomes of the window that they lie over. */
import type { Question, Shell } from './shell.ts'

export interface StandingQuestions {
  ask(question: Question): Promise<number>
  /** The window is about to go, for good or out of sight, and takes them along. One that is asked after it is not about that. */
  away(): void
  /** A window is there: those that went are asked again. */
  back(): void
  /** They go, and none is asked after them. Who waits for one hears what Escape means, which nobody has pressed. */
  over(): void
}

export function createStandingQuestions({ ask }: Pick<Shell, 'ask'>): StandingQuestions {
  const over = new AbortController()
  let window = new AbortController()
  /** Until a window is there again. */
  let absence: PromiseWithResolvers<void> | undefined
  return {
    async ask(question) {
      const ends = question.signal ? AbortSignal.any([over.signal, question.signal]) : over.signal
      const ended = Promise.withResolvers<void>()
      ends.addEventListener('abort', () => ended.resolve())
      while (!ends.aborted) {
        const gone = AbortSignal.any([window.signal, ends])
        const closed = Promise.withResolvers<undefined>()
        gone.addEventListener('abort', () => closed.resolve(undefined))
        try {
          // Of a dialog that goes with its window one system says that it was cancelled, another nothing at all.
          const answer = await Promise.race([ask({ ...question, signal: gone }), closed.promise])
          if (answer !== undefined && !gone.aborted) return answer
        } catch (error) {
          if (!gone.aborted) throw error
        }
        await Promise.race([absence?.promise, ended.promise])
      }
      return question.cancel
    },
    away() {
      absence ??= Promise.withResolvers()
      const before = window
      window = new AbortController()
      before.abort()
    },
    back() {
      absence?.resolve()
      absence = undefined
    },
    over: () => over.abort(),
  }
}
