import { expect, it } from 'vitest'
import { libraryForTests } from '../retrieve/library-for-tests.ts'
import { analyzeQuestion } from '../retrieve/question.ts'
import { evidenceOf } from './evidence.ts'
import { selectQuotes } from './quotes.ts'

const text =
  'The KDE desktop task needs 5900 megabytes of disk space. The Xfce desktop task needs 3192 megabytes of disk space.'
function confidence(asked: string) {
  const library = libraryForTests([text, 'The garden is open in summer.', 'The lift is inspected every year.'])
  const question = analyzeQuestion(asked)
  const plan = library.plan(question)
  const passages = library.find(plan)
  return evidenceOf(question, plan, passages, selectQuotes(question, plan, passages)).confidence
}

it('is between 0 and 1, and grows with what is found', () => {
  const all = confidence('How much disk space does the KDE desktop task need?')
  const some = confidence('How much disk space does the garden need in winter under snow?')
  expect(all).toBeLessThanOrEqual(1)
  expect(some).toBeGreaterThan(0)
  expect(all).toBeGreaterThan(some)
})
it('a name the library does not know weighs heavily', () => {
  const known = confidence('How much disk space does the Xfce desktop task need?')
  expect(confidence('How much disk space does the LXQt desktop task need?')).toBeLessThan(known * 0.9)
})
it('words of asking do not', () => {
  expect(confidence('How long is the garden open?')).toBeCloseTo(confidence('When is the garden open?'), 1)
})
it('so does a German noun that nothing in the library is akin to', () => {
  const texts = [
    'Die Wohnung hat drei Zimmer und einen Balkon.',
    'Kleintiere sind ohne Zustimmung erlaubt.',
    'Der Hof.',
  ]
  const library = libraryForTests(texts)
  const sure = (asked: string) => {
    const question = analyzeQuestion(asked)
    const plan = library.plan(question)
    const passages = library.find(plan)
    return evidenceOf(question, plan, passages, selectQuotes(question, plan, passages))
  }
  expect(sure('Ist Rauchen in der Wohnung erlaubt?').answered).toBe(false)
  expect(sure('Sind Kleintiere erlaubt?').answered).toBe(true)
})
