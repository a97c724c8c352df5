/** What failed again and again is left alone for a while: by model, so that one that is broken does not take the others along. */
export interface Rests {
  failed(key: string): void
  succeeded(key: string): void
  /** Milliseconds until it is tried again; 0 for now. */
  left(key: string): number
}

export function createRests({ firstRest, longestRest }: { firstRest: number; longestRest: number }): Rests {
  const failures = new Map<string, { count: number; until: number }>()
  return {
    failed(key) {
      const count = (failures.get(key)?.count ?? 0) + 1
      // The first failure may have been bad luck: it is tried again at once.
      const pause = count === 1 ? 0 : Math.min(longestRest, firstRest * 2 ** (count - 2))
      failures.set(key, { count, until: performance.now() + pause })
    },
    succeeded(key) {
      failures.delete(key)
    },
    left(key) {
      return Math.max(0, (failures.get(key)?.until ?? 0) - performance.now())
    },
  }
}
