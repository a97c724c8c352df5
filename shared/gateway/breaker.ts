/** One go at a server: how it ended is said once, and what is said later does not count. */
export interface Pass {
  /** Well, and to its end. */
  ended(): void
  /** By the server's own fault. */
  failed(): void
  /** Neither: whoever asked left, or the fault was not the server's. */
  left(): void
}

/**
 * After so many failures in a row a server rests; then one is let through to see, and all others are refused at once, however long that
 * one takes: they have other models to turn to. Its end decides. Time is that of `now`, which must not jump.
 */
export interface Breaker {
  rests(): boolean
  /** Undefined while it rests. */
  enter(): Pass | undefined
}

export function createBreaker({
  threshold,
  rest,
  now = () => performance.now(),
}: {
  /** Failures in a row. */
  threshold: number
  /** Milliseconds. */
  rest: number
  now?: () => number
}): Breaker {
  let failures = 0
  /** Set from the last of the failures until one ends well. */
  let until: number | undefined
  let probe: object | undefined

  const rests = () => until !== undefined && (probe !== undefined || now() < until)

  return {
    rests,
    enter() {
      if (rests()) return undefined
      const own = {}
      if (until !== undefined) probe = own
      let over = false
      const once = (then: (probes: boolean) => void) => () => {
        if (over) return
        over = true
        const probes = probe === own
        if (probes) probe = undefined
        then(probes)
      }
      return {
        ended: once(probes => {
          // What began before the failures says nothing of what came after them.
          if (until !== undefined && !probes) return
          failures = 0
          until = undefined
        }),
        failed: once(probes => {
          failures += 1
          if (probes || (until === undefined && failures >= threshold)) until = now() + rest
        }),
        left: once(() => {}),
      }
    },
  }
}
