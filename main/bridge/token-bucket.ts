/** So many at once, and so many a second. */
export interface Rate {
  burst: number
  perSecond: number
}

export interface TokenBucket {
  /** False when there is none left. */
  take(): boolean
}

/** `now`: milliseconds that only grow. */
export function createTokenBucket({ burst, perSecond }: Rate, now: () => number): TokenBucket {
  let tokens = burst
  let at = now()
  return {
    take() {
      const time = now()
      tokens = Math.min(burst, tokens + ((time - at) / 1000) * perSecond)
      at = time
      if (tokens < 1) return false
      tokens -= 1
      return true
    },
  }
}
