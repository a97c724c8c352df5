/** How fast bytes come, smoothed, so that what is left can be told without jumping. */
export interface Rate {
  add(bytes: number): void
  /** Bytes per second; null until a second has gone by. */
  now(): number | null
  /** Nothing comes for now: a pause is no slowness. */
  stop(): void
}

/** Milliseconds: what came so long ago counts a third (1/e) of what comes now. */
const memory = 8_000
/** Milliseconds between two measurements. */
const step = 500
const first = 1_000

export function createRate(clock: () => number = () => performance.now()): Rate {
  let since: number | undefined
  let last = 0
  let bytes = 0
  let rate: number | null = null

  function look(now: number): void {
    if (since === undefined) return
    const time = now - last
    if (time < (rate === null ? first : step)) return
    const measured = (bytes / time) * 1000
    // The mean of all until there is a memory's worth of them, so that the first half second decides nothing.
    const weight = 1 - Math.exp(-time / Math.min(memory, now - since))
    rate = rate === null ? measured : rate + (measured - rate) * weight
    last = now
    bytes = 0
  }

  return {
    add(count) {
      const now = clock()
      if (since === undefined) {
        since = now
        last = now
      }
      bytes += count
      look(now)
    },
    now() {
      look(clock())
      return rate
    },
    stop() {
      since = undefined
      bytes = 0
      rate = null
    },
  }
}
