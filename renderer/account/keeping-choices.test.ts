import { expect, test } from 'vitest'
import { keepingChoices } from './keeping-choices.ts'

const shown = (...asked: Parameters<typeof keepingChoices>) =>
  keepingChoices(...asked).map(({ value, days }) => [value, days])

test('nothing is longer than the installation allows, which comes last', () => {
  expect(shown([30, 90, 365], null, null)).toEqual([
    [30, 30],
    [90, 90],
    [365, 365],
    [null, null],
  ])
  expect(shown([1, 7, 30, 90], 30, 7)).toEqual([
    [1, 1],
    [7, 7],
    [null, 30],
  ])
})

test('what was chosen elsewhere is shown, and by what holds where it is longer', () => {
  expect(shown([30, 90], null, 45).map(([value]) => value)).toEqual([30, 45, 90, null])
  expect(shown([30, 90], 60, 400)).toEqual([
    [30, 30],
    [400, 60],
  ])
})
