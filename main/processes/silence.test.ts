import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { watchSilence } from './silence.ts'

let clock = 0
beforeEach(() => {
  clock = 0
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
})
afterEach(() => void vi.useRealTimers())

/** One look, after so many milliseconds by the clock. */
function look(passed: number): void {
  clock += passed
  vi.advanceTimersByTime(1000)
}

test('silence lasts as long as there was time to speak: neither sleep nor a set clock counts', () => {
  const seen: number[] = []
  const silence = watchSilence(({ lasts }) => seen.push(lasts()), { now: () => clock })
  look(1000)
  look(1100)
  // A night with the lid closed, and a clock that is put back.
  look(8 * 3_600_000)
  look(-3_600_000)
  look(1000)
  expect(seen).toEqual([1000, 2100, 4100, 4100, 5100])
  silence.heard()
  look(1000)
  expect(seen.at(-1)).toBe(1000)
  silence.end()
  look(1000)
  expect(seen).toHaveLength(6)
})
