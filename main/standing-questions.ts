/** Questions that stand until they are answered, whatever becomes of the window that they lie over. */
import type { Question, Shell } from './shell.ts'

export interface StandingQuestions {
  ask(question: Question): Promise<number>
  /** The window is about to be replaced: they are asked again over the one that comes. */
  again(): void
  /** They go, and none is asked after them. Who waits for one hears what Escape means, which nobody has pressed. */
  over(): void
}

export function createStandingQuestions({ ask }: Pick<Shell, 'ask'>): StandingQuestions {
  const over = new AbortController()
  let window = new AbortController()
  return {
    async ask(question) {
      const ends = question.signal ? AbortSignal.any([over.signal, question.signal]) : over.signal
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
      }
      return question.cancel
    },
    again() {
      const before = window
      window = new AbortController()
      before.abort()
    },
    over: () => over.abort(),
  }
}
