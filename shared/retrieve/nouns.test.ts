import { describe, expect, it } from 'vitest'
import { analyze } from './analyze.ts'
import { differentNouns, mayBeMistaken, otherNounTerm, withOtherNouns } from './nouns.ts'

const termsOf = (text: string) => analyze(text, 'de').map(token => token.term)

describe('nouns with one stem', () => {
  it.each([
    ['Miete', 'Mieter', true],
    ['Mieten', 'Mieterin', true],
    ['Mieter', 'Mietern', false],
    ['Miete', 'Mieten', false],
    ['Miete', 'Grundmiete', false],
  ])('%s, %s', (a, b, different) => {
    expect(differentNouns(a, b)).toBe(different)
    expect(differentNouns(b, a)).toBe(different)
  })
  it('are looked for only where a noun ends so', () => {
    expect(['Miete', 'Mieter', 'Mietern', 'Kaution', 'mieten', '2-Yard'].map(mayBeMistaken)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ])
  })
})

describe('terms by their text', () => {
  const asked = [{ term: 'miet', text: 'Miete' }]
  it('are marked where they come from another noun', () => {
    const text = 'Der Mieter zahlt die Miete, die Grundmiete und was Mieter mieten.'
    const other = otherNounTerm('miet')
    expect(withOtherNouns(termsOf(text), text, asked)).toEqual([other, 'zahlt', 'miet', 'grundmiet', other, 'miet'])
  })
  it('stay as they are without one, or where text and terms do not fit', () => {
    const text = 'Die Miete des Mieters.'
    const terms = ['miet']
    expect(withOtherNouns(terms, text, asked)).toBe(terms)
    const plain = termsOf('Die Miete ist hoch.')
    expect(withOtherNouns(plain, 'Die Miete ist hoch.', asked)).toBe(plain)
  })
})
