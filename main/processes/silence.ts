/**
 * Time in which this process could have heard something. A machine that sleeps, a clock that is set and a debugger that holds this process
 * add next to nothing: each look counts twice its pace at most, whatever time has passed by the clock. So does a machine that is too busy to
 * let us look.
 */
export interface Silence {
  /** Milliseconds since somebody was heard. */
  lasts(): number
  heard(): void
  /** Looks no more. */
  end(): void
}

export function watchSilence(
  looked: (silence: Silence) => void,
  { pace = 1000, now = () => performance.now() }: { pace?: number; now?: () => number } = {},
): Silence {
  let waited = 0
  let last = now()
  const timer = setInterval(() => {
    const passed = now() - last
    last += passed
    waited += Math.min(Math.max(passed, 0), 2 * pace)
    looked(silence)
  }, pace)
  timer.unref()
  const silence: Silence = {
    lasts: () => waited,
    heard() {
      waited = 0
    },
    end: () => clearInterval(timer),
  }
  return silence
}
