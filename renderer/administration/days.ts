import type { ApiUsageDay } from '../../shared/api/index.ts'

const day = 24 * 60 * 60 * 1000
export type Measure = 'questions' | 'users' | 'files' | 'bytes' | 'tokens'

/** So many days up to today, the earliest first; those of which nothing is known had nothing. Days are those of UTC. */
export function figuresOf(
  days: readonly ApiUsageDay[],
  measure: Measure,
  { now, count }: { now: number; count: number },
): { at: number; value: number }[] {
  const known = new Map(days.map(one => [Math.floor(one.at / day), one[measure]]))
  const today = Math.floor(now / day)
  return Array.from({ length: count }, (_, place) => {
    const one = today - count + 1 + place
    return { at: one * day, value: known.get(one) ?? 0 }
  })
}
