import { describe, expect, it } from 'vitest'
import { expectationOf } from './expectation.ts'
import { analyzeQuestion, vocabularyLookups } from './question.ts'
import { stemWord } from './stem.ts'
import { synonymsIn } from './synonyms.ts'

describe('what is asked for', () => {
  it.each([
    ['Wer hat das Handbuch übersetzt?', 'person'],
    ['In welchem Jahr wurde der Verein gegründet?', 'date'],
    ['Seit wann gilt der Vertrag?', 'date'],
    ['Wie viele Partitionen sind möglich?', 'number'],
    ['Wie hoch ist die Kaution?', 'unit'],
    ['Wie lange ist die Kündigungsfrist?', 'duration'],
    ['Wo befindet sich der Zähler?', 'place'],
    ['Warum startet der Rechner nicht?', 'reason'],
    ['Mit welchem Befehl starte ich neu?', 'exact'],
    ['Wie heißt der Vermieter?', 'name'],
    ['Was ist eine Partition?', 'any'],
  ])('%s', (text, expected) => expect(expectationOf(text, 'de')).toBe(expected))
  it.each([
    ['Who wrote the guide?', 'person'],
    ['What is the task of the man who led the army?', 'any'],
    ['When was the contract signed?', 'date'],
    ['When I partition a new disk, which partition table type is the default?', 'any'],
    ['Which way of loading a file does not work when I netboot?', 'any'],
    ['How many partitions can a disk hold?', 'number'],
    ['How long is the notice period?', 'duration'],
    ['Why does it fail - whose signature is missing?', 'reason'],
    ['Which boot parameter starts rescue mode?', 'exact'],
  ])('%s', (text, expected) => expect(expectationOf(text, 'en')).toBe(expected))
})

describe('terms', () => {
  it('the language of the question, and of other texts', () => {
    const question = analyzeQuestion('Welche Installation ist nötig?')
    expect(question.language).toBe('de')
    expect(question.terms[0]).toMatchObject({ term: 'installation', alternatives: ['instal'] })
  })
  it('words of asking are marked and weigh less', () => {
    const { terms } = analyzeQuestion('Wie hoch ist die Kaution?')
    expect(terms.map(({ text, asking }) => [text, asking])).toEqual([
      ['hoch', true],
      ['Kaution', false],
    ])
    expect(terms[0]!.weight).toBeLessThan(terms[1]!.weight)
    expect(analyzeQuestion('Ist der Berg hoch?').terms.every(term => !term.asking)).toBe(true)
  })
  it('inherited words weigh half', () => {
    const text = 'Und unter UEFI? — Taste Startmenü'
    const { terms } = analyzeQuestion(text, { inheritedFrom: text.indexOf('Taste') })
    expect(terms.map(term => [term.text, term.weight])).toEqual([
      ['UEFI', 1],
      ['Taste', 0.5],
      ['Startmenü', 0.5],
    ])
  })
  it('phrases in quotation marks', () => {
    expect(analyzeQuestion('Was bedeutet „frei von Rechten Dritter“?').phrases).toEqual([['frei', 'recht', 'dritt']])
    expect(analyzeQuestion('Was bedeutet "Frist"?').phrases).toEqual([])
  })
  it('English names', () => {
    const { terms } = analyzeQuestion('Where did Martin Luther live?')
    expect(terms.filter(term => term.name).map(term => term.text)).toEqual(['Martin', 'Luther'])
  })
  it('a question without any content', () => expect(analyzeQuestion('Warum?').terms).toEqual([]))
})

describe('look-ups', () => {
  it('halves of compounds, roots, ranges', () => {
    const wanted = vocabularyLookups(analyzeQuestion('Wie lang ist die Kündigungsfrist?'))
    expect(wanted.exact).toEqual(expect.arrayContaining([stemWord('Kündigung', 'de'), 'frist', 'kundigungsfrist']))
    expect(wanted.prefixes).toContain('kundig')
    expect(wanted.suffixes).toContain('kundigungsfrist')
  })
  it('exact tokens are not expanded', () => {
    const wanted = vocabularyLookups(analyzeQuestion('Was bewirkt firmware=never?'))
    expect(wanted.exact).toContain('firmware=never')
    expect(wanted.prefixes.some(prefix => prefix.includes('='))).toBe(false)
  })
})

describe('synonyms', () => {
  it('one word for another', () =>
    expect(synonymsIn([stemWord('Arbeitsspeicher', 'de')], 'de').map(({ term }) => term)).toContain('ram'))
  it('an expression counts as a whole only', () => {
    const graphical = stemWord('grafische', 'de')
    const surface = stemWord('Oberfläche', 'de')
    expect(synonymsIn([graphical, surface], 'de').map(({ term }) => term)).toContain('desktop')
    expect(synonymsIn([surface], 'de')).toEqual([])
  })
})
