import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toHalfPrecision } from './half-precision.ts'

const half = (number: number) => toHalfPrecision(new Float32Array([number]))[0]

test('rounds to the nearest number of half precision, of two that are as near to the even one', () => {
  expect(half(0.1)).toBe(0.0999755859375)
  expect(half(-0.1)).toBe(-0.0999755859375)
  expect(half(1 + 2 ** -11)).toBe(1)
  expect(half(1 + 3 * 2 ** -11)).toBe(1 + 2 ** -9)
  expect(half(2 - 2 ** -12)).toBe(2)
  expect(half(65_504)).toBe(65_504)
  expect(half(2 ** -14 - 2 ** -25)).toBe(2 ** -14)
  expect(half(2 ** -25)).toBe(0)
  expect(half(3 * 2 ** -25)).toBe(2 ** -23)
  expect([half(0), half(Number.NaN), half(Number.NEGATIVE_INFINITY)]).toEqual([0, Number.NaN, Number.NEGATIVE_INFINITY])
})

test('does not change what it gave, and what it was given', () => {
  const given = new Float32Array([0.3, -1e-6])
  const once = toHalfPrecision(given)
  expect(toHalfPrecision(once)).toEqual(once)
  expect(given).toEqual(new Float32Array([0.3, -1e-6]))
})

// Node 22 has no such function.
const rounded: unknown = Reflect.get(Math, 'f16round')
test.skipIf(typeof rounded !== 'function')('is what the engine says, where it has a word for it', () => {
  const reference = rounded as (number: number) => number
  fc.assert(
    fc.property(fc.float({ min: -65_504, max: 65_504, noNaN: true }), number => {
      // Of zeros it makes no difference whether they are below zero.
      expect(half(number)! + 0).toBe(reference(number) + 0)
    }),
    { numRuns: 5000 },
  )
})
