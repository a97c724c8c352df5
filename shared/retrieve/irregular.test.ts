import { expect, it } from 'vitest'
import { isNumberWord, relatedForms } from './irregular.ts'
import { stemWord } from './stem.ts'

it.each([
  ['starb', 'gestorben', 'de'],
  ['schrieb', 'geschrieben', 'de'],
  ['beschrieb', 'beschreiben', 'de'],
  ['aufgenommen', 'aufnehmen', 'de'],
  ['nahm', 'genommen', 'de'],
  ['angesiedelt', 'ansiedeln', 'de'],
  ['anzuhängen', 'anhängen', 'de'],
  ['einschalten', 'einzuschalten', 'de'],
  ['sechs', '6', 'de'],
  ['12', 'twelve', 'en'],
  ['wrote', 'written', 'en'],
  ['born', 'birth', 'en'],
] as const)('%s and %s are of one word', (one, other, language) => {
  const term = (word: string) => (/^\d/.test(word) ? word : stemWord(word, language))
  expect(relatedForms(term(one), language)).toContain(term(other))
})

it('does not relate what is not related', () => {
  expect(relatedForms(stemWord('Wohnung', 'de'), 'de')).toEqual([])
  expect(relatedForms('kern', 'other')).toEqual([])
})

it('knows number words', () => {
  expect(isNumberWord(stemWord('sieben', 'de'), 'de')).toBe(true)
  expect(isNumberWord(stemWord('lieben', 'de'), 'de')).toBe(false)
})
