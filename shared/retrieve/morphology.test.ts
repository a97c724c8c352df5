import { expect, it } from 'vitest'
import { foldWord } from './fold.ts'
import { compoundSplits, rootOf } from './morphology.ts'
import { stemWord } from './stem.ts'

it.each([
  ['Gründung', 'gegründet'],
  ['Gründung', 'gründete'],
  ['Kündigung', 'gekündigt'],
  ['verwendet', 'Verwendung'],
  ['verschlüsselt', 'Verschlüsselung'],
])('%s and %s have one root', (a, b) => expect(rootOf(stemWord(a, 'de'))).toBe(rootOf(stemWord(b, 'de'))))

it.each([
  ['Gründung', 'Grundriss'],
  ['Regierung', 'Region'],
])('%s and %s have not', (a, b) => expect(rootOf(stemWord(a, 'de'))).not.toBe(rootOf(stemWord(b, 'de'))))

it.each([
  ['Arbeitsspeicher', 'Arbeit', 'Speicher'],
  ['Kündigungsfrist', 'Kündigung', 'Frist'],
  ['Plattengröße', 'Platte', 'Größe'],
  ['Bootparameter', 'Boot', 'Parameter'],
])('%s can be cut into %s and %s', (word, modifier, head) => {
  const splits = compoundSplits(foldWord(word, true))
  const wanted = { head: stemWord(head, 'de'), modifier: stemWord(modifier, 'de') }
  expect(splits.some(split => split.head === wanted.head && split.modifiers.includes(wanted.modifier))).toBe(true)
})

it('leaves short and overlong words whole', () => {
  expect(compoundSplits('haus')).toEqual([])
  expect(compoundSplits('a'.repeat(60))).toEqual([])
})
