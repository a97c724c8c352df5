import type { AppError } from '../errors.ts'
import type { Clock } from '../ports.ts'

/** How the embedding models fare in this process, by their fingerprint. */
export interface ModelHealth {
  /** It is left alone for a while, ever longer. */
  failed(fingerprint: string, error: AppError): void
  succeeded(fingerprint: string): void
  /** Until when it is left alone; undefined when it may be asked. */
  restsUntil(fingerprint: string): number | undefined
  /** It failed so often in a row that it counts as gone where another one is there. */
  isGone(fingerprint: string): boolean
  /** What it failed with last. */
  trouble(fingerprint: string): AppError | undefined
}

const longestPause = 60_000
/** Each of them is a batch that failed together, text by text, and with a text of one letter. */
const failuresOfGone = 3

export function createModelHealth({ clock, pause }: { clock: Clock; pause: number }): ModelHealth {
  const failing = new Map<string, { failures: number; until: number; error: AppError }>()

  function restsUntil(fingerprint: string): number | undefined {
    const until = failing.get(fingerprint)?.until ?? 0
    return until > clock.now() ? until : undefined
  }

  return {
    failed(fingerprint, error) {
      // Two documents at once: one failure.
      if (restsUntil(fingerprint) !== undefined) return
      const failures = (failing.get(fingerprint)?.failures ?? 0) + 1
      const until = clock.now() + Math.min(longestPause, pause * 2 ** (failures - 1))
      failing.set(fingerprint, { failures, until, error })
    },
    succeeded(fingerprint) {
      failing.delete(fingerprint)
    },
    restsUntil,
    isGone: fingerprint => (failing.get(fingerprint)?.failures ?? 0) >= failuresOfGone,
    trouble: fingerprint => failing.get(fingerprint)?.error,
  }
}
