import { describe, expect, test } from 'vitest'
import { nearnessOf } from './nearness.ts'

/** Normal numbers (Box and Muller) from a fixed seed. */
function normal(count: number, middle: number, spread: number, seed = 7): number[] {
  let state = seed
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return (state + 1) / 2 ** 32
  }
  return Array.from(
    { length: count },
    () => middle + spread * Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random()),
  )
}

describe('nearness', () => {
  test('is high for what stands out and low for the nearest of many alike, on any scale', () => {
    for (const [middle, spread] of [
      [0.2, 0.02],
      [0.9, 0.08],
    ]) {
      const background = normal(128, middle, spread)
      const at = (deviations: number) => nearnessOf(middle - deviations * spread, background, 1000)!
      expect(at(6)).toBeGreaterThan(0.9)
      expect(at(2)).toBeLessThan(0.01)
      expect(at(-1)).toBeLessThan(0.01)
      expect(at(4)).toBeGreaterThan(at(3.5))
    }
  })

  test('is about what chance gives: the nearest of 1,000 unrelated ones is not near', () => {
    const nearest = Array.from({ length: 40 }, (_, seed) => Math.min(...normal(1000, 0.5, 0.1, seed * 1000 + 1)))
    const background = normal(128, 0.5, 0.1, 99)
    const values = nearest.map(best => nearnessOf(best, background, 1000)!)
    expect(values.filter(value => value > 0.97).length).toBeLessThan(8)
    expect(values.reduce((sum, value) => sum + value, 0) / values.length).toBeGreaterThan(0.2)
  })

  test('a larger library needs more', () => {
    const background = normal(128, 0.5, 0.1)
    expect(nearnessOf(0.1, background, 100)!).toBeGreaterThan(nearnessOf(0.1, background, 100_000)!)
  })

  test('cannot be told from few, or from what does not differ', () => {
    expect(nearnessOf(0.1, normal(10, 0.5, 0.1), 10)).toBeUndefined()
    expect(nearnessOf(0.1, new Array(128).fill(0.5), 128)).toBeUndefined()
    expect(nearnessOf(0, [...new Array(100).fill(0.5), ...new Array(28).fill(0.4)], 128)).toBeUndefined()
  })
})
