import { expect, test } from 'vitest'
import { arrivals, sendAt } from './load-arrivals.ts'

test('as many come as are wanted, one after the other, by chance and the same each time', () => {
  const times = arrivals({ perSecond: 40, seconds: 60, seed: 1 })
  // Four times the standard deviation, which is the root of 2,400.
  expect(Math.abs(times.length - 2400)).toBeLessThan(200)
  const gaps = times.map((time, at) => time - (times[at - 1] ?? 0))
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(0)
  expect(times.at(-1)).toBeLessThan(60_000)
  // Of gaps by chance, one in e is longer than the mean.
  expect(gaps.filter(gap => gap > 25).length / gaps.length).toBeCloseTo(Math.exp(-1), 1)
  expect(arrivals({ perSecond: 40, seconds: 60, seed: 1 })).toEqual(times)
  expect(arrivals({ perSecond: 40, seconds: 60, seed: 2 })).not.toEqual(times)
})

test('a slow answer holds no other up, and one that is sent late has waited from when it was due', async () => {
  const begun: number[] = []
  let release = () => {}
  const slow = new Promise<void>(resolve => {
    release = resolve
  })
  const answered = await sendAt([0, 10, 20, 30], async at => {
    begun.push(at)
    if (at === 0) await slow
    if (at === 1) {
      // Nothing is sent meanwhile.
      for (const end = performance.now() + 100; performance.now() < end; );
    }
    if (at === 2) throw new Error('refused')
    if (at === 3) release()
    return at
  })
  expect(begun).toEqual([0, 1, 2, 3])
  expect(answered.map(({ answer }) => answer)).toEqual([0, 1, undefined, 3])
  expect(answered[2]?.error).toEqual(new Error('refused'))
  expect(answered[0]?.time).toBeGreaterThan(100)
  expect(answered[2]?.late).toBeGreaterThan(80)
  expect(answered[3]?.time).toBeGreaterThan(70)
})
