import { describe, expect, it } from 'vitest'
import { libraryForTests } from './library-for-tests.ts'
import { planSearch } from './plan.ts'
import { analyzeQuestion } from './question.ts'

const best = (texts: string[], question: string) => {
  const library = libraryForTests(texts)
  return library.find(library.plan(analyzeQuestion(question)))[0]?.text
}
const other = [
  'Der Garten hinter dem Haus gehört der Gemeinschaft aller Bewohner.',
  'Die Heizung wird im Oktober geprüft und im Mai abgestellt.',
  'The lift is inspected every year by an engineer.',
]

describe('finds', () => {
  it.each([
    ['a compound by its head', 'Wie groß ist der Speicher?', 'Als Arbeitsspeicher sind acht Gigabyte eingebaut.'],
    ['a head by its compound', 'Wie groß ist der Arbeitsspeicher?', 'Speicher: acht Gigabyte. Arbeit macht er keine.'],
    ['umlauts written out', 'Bis zu welcher Plattengroesse geht das?', 'Die Plattengröße endet bei zwei Terabyte.'],
    ['a strong verb', 'Wann starb der Gründer?', 'Er ist 1904 gestorben.'],
    ['a noun by its verb', 'Wann wurde der Verein gegründet?', 'Die Gründung war 1904.'],
    ['the same meaning', 'Wie ändere ich das Kennwort?', 'Das Passwort steht auf dem Zettel.'],
    ['numbers spelled out', 'Welche 6 Räume sind es?', 'Es sind sechs Räume.'],
    ['an option', 'Was bewirkt firmware=never?', 'Mit firmware=never wird nicht gesucht.'],
    ['a word both languages share, over English text', 'Welche Partition ist voll?', 'The partitions are full.'],
  ])('%s', (_, question, text) => expect(best([...other, text], question)).toBe(text))

  it('nothing where nothing matches', () => expect(best(other, 'Wer wurde Weltmeister im Schach?')).toBeUndefined())
  it('nothing in an empty library', () => expect(best([], 'Wer ist das?')).toBeUndefined())
})

describe('plan', () => {
  it('rare words are worth more than common ones, in a library of two chunks too', () => {
    const library = libraryForTests(['Das ist die Miete und die Kaution.', 'Das ist die Miete.'])
    const [rent, deposit, unknown] = library.plan(analyzeQuestion('Miete, Kaution und Zwiebel?')).terms
    expect(deposit!.worth).toBeGreaterThan(rent!.worth)
    expect(unknown!.unknown).toBe(true)
    // A word that stands in the only chunk is not next to worthless.
    expect(rent!.worth).toBeGreaterThan(unknown!.worth / 2)
  })
  it('relatives go to the second list, and lists keep to a budget', () => {
    const question = analyzeQuestion('Kündigung Frist Miete Vertrag')
    const df = new Map(question.terms.map(({ term }, at) => [term, at === 0 ? 10 : 2000]))
    const plan = planSearch(
      question,
      { df, prefixed: new Map([['kundig', [{ term: 'kundigungsschreib', df: 3 }]]]), suffixed: new Map() },
      { chunks: 100_000, averageLength: 100 },
    )
    expect(plan.primary).toContain('kundig')
    expect(plan.secondary).toEqual(['kundigungsschreib'])
    expect(plan.primary.length).toBeLessThan(4)
  })
})
