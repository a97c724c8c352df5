import fc from 'fast-check'
import { expect, it } from 'vitest'
import { libraryForTests } from './library-for-tests.ts'
import { analyzeQuestion } from './question.ts'
import { scoreChunk } from './rank.ts'

const library = libraryForTests(['Kündigung der Wohnung', 'Frist der Kündigung', 'Miete', 'Garten', 'Heizung'])
const plan = library.plan(analyzeQuestion('Welche Frist hat die Kündigung?'))
const score = (terms: string[], contextTerms: string[] = []) =>
  scoreChunk(plan, { terms, contextTerms, length: terms.length })

it('no match, no score', () => expect(score(['gart'])).toBe(0))
it('both words beat one, however often it stands there', () => {
  expect(score(['frist', 'kundig', 'x'])).toBeGreaterThan(score(['kundig', 'kundig', 'kundig']))
})
it('near each other beats far apart', () => {
  const filler = Array.from({ length: 20 }, (_, at) => `w${at}`)
  expect(score(['frist', 'kundig', ...filler])).toBeGreaterThan(score(['frist', ...filler, 'kundig']))
})
it('headings count, but less than the text', () => {
  expect(score(['x'], ['frist'])).toBeGreaterThan(0)
  expect(score(['x'], ['frist'])).toBeLessThan(score(['frist']))
})
it('a phrase in quotation marks comes first', () => {
  const quoted = library.plan(analyzeQuestion('Was heißt „Frist der Kündigung“?'))
  const of = (terms: string[]) => scoreChunk(quoted, { terms, contextTerms: [], length: terms.length })
  expect(of(['frist', 'kundig', 'x', 'y', 'z'])).toBeGreaterThan(1.5 * of(['kundig', 'x', 'y', 'z', 'frist']))
})
it('more evidence never lowers the score of a chunk of the same length', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('frist', 'kundig', 'x', 'y'), { minLength: 1 }), fc.nat(), (terms, at) => {
      const filler = terms.indexOf('x')
      if (filler < 0) return
      const better = terms.with(filler, at % 2 === 0 ? 'frist' : 'kundig')
      expect(score(better)).toBeGreaterThanOrEqual(score(terms) - 1e-9)
    }),
  )
})
