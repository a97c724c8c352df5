export interface Watch {
  on(wanted: boolean): void
}

/**
 * Looks several times within the shortest limit. A look that comes late counts as two at most: the machine slept, or
 * this process stood still, and the other one is not to blame.
 */
export function createWatch(shortest: number, look: (elapsed: number) => void): Watch {
  const pause = Math.min(1_000, Math.max(10, shortest / 4))
  let timer: NodeJS.Timeout | undefined
  return {
    on(wanted) {
      if (wanted === (timer !== undefined)) return
      clearInterval(timer)
      timer = undefined
      if (!wanted) return
      let last = performance.now()
      timer = setInterval(() => {
        const now = performance.now()
        look(Math.min(now - last, 2 * pause))
        last = now
      }, pause)
      timer.unref()
    },
  }
}
