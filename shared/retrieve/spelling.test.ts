import { expect, test } from 'vitest'
import { mayBeSlip } from './spelling.ts'

test.each([
  ['ghandi', 'gandhi'],
  ['mietvertag', 'mietvertrag'],
  ['kundigung', 'kündigung'],
  ['kuendigungg', 'kuendigung'],
  ['kaution', 'kautoin'],
  ['satelite', 'satellite'],
])('%s may be a slip for %s', (unknown, known) => {
  expect(mayBeSlip(unknown, known)).toBe(true)
})

test.each([
  ['haus', 'maus'],
  ['vermieter', 'mieter'],
  ['kaution', 'aktion'],
  ['strasse', 'strafen'],
  ['kaution', 'kaution'],
  ['verkauf', 'verkehr'],
])('%s is no slip for %s', (unknown, known) => {
  expect(mayBeSlip(unknown, known)).toBe(false)
})
