import { expect, test } from 'vitest'
import { amountOf, megabyte, typedOf } from './quota-amounts.ts'

test('an amount goes into its field and comes back', () => {
  expect(typedOf(null, 1)).toBe('')
  expect(typedOf(0, 1)).toBe('0')
  expect(typedOf(1_500_000, megabyte)).toBe('1.5')
  expect(amountOf('', 1)).toBeNull()
  expect(amountOf('  ', 1)).toBeNull()
  expect(amountOf('0', 1)).toBe(0)
  expect(amountOf('1.5', megabyte)).toBe(1_500_000)
  expect(amountOf('-4', 1)).toBe(0)
  expect(amountOf('ten', 1)).toBeNull()
})
