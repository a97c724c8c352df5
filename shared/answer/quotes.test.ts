import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { libraryForTests } from '../retrieve/library-for-tests.ts'
import { analyzeQuestion } from '../retrieve/question.ts'
import { longestQuote, MAX_QUOTE } from './clip.ts'
import { evidenceOf } from './evidence.ts'
import { type QuotablePassage, selectQuotes } from './quotes.ts'

function answer(texts: string[], text: string, more: Partial<QuotablePassage> = {}) {
  const library = libraryForTests(texts)
  const question = analyzeQuestion(text)
  const plan = library.plan(question)
  const passages = library.find(plan).map(passage => ({ ...passage, ...more }))
  const quotes = selectQuotes(question, plan, passages, { limit: 3 })
  return {
    quotes: quotes.map(quote => passages[quote.passage]!.text.slice(quote.start, quote.end)),
    ...evidenceOf(question, plan, passages, quotes),
  }
}

const lease = [
  'Die Miete beträgt 640 Euro im Monat. Sie ist am dritten Werktag fällig.',
  'Die Kaution beträgt 1.920 Euro. Sie wird nach dem Auszug abgerechnet.',
  'Die Kündigungsfrist beträgt drei Monate. Die Kündigung muss schriftlich erklärt werden.',
  'Haustiere dürfen mit Zustimmung des Vermieters gehalten werden. Der Balkon ist frei zu halten.',
]

describe('a library of one to four chunks', () => {
  it.each([
    ['Wie hoch ist die Kaution?', 'Die Kaution beträgt 1.920 Euro.'],
    ['Wie lange ist die Kündigungsfrist?', 'Die Kündigungsfrist beträgt drei Monate.'],
    ['Darf ich Haustiere halten?', 'Haustiere dürfen mit Zustimmung des Vermieters gehalten werden.'],
  ])('%s', (question, quote) => {
    const all = answer(lease, question)
    expect(all.quotes[0]).toBe(quote)
    expect(all.answered).toBe(true)
    const one = answer(
      lease.filter(text => text.includes(quote)),
      question,
    )
    expect(one.quotes[0]).toBe(quote)
    expect(one.answered).toBe(true)
  })
  it.each(['Wer wurde 1998 Weltmeister im Schach?', 'Which river flows through Vienna?', 'Warum?'])(
    'declines: %s',
    question => {
      expect(answer(lease, question).answered).toBe(false)
      expect(answer(lease.slice(0, 1), question).answered).toBe(false)
    },
  )
  it('nothing in an empty library', () => expect(answer([], 'Wie hoch ist die Kaution?').answered).toBe(false))
})

describe('the best sentence', () => {
  it('holds what is asked for', () => {
    const text = 'Der Verein wurde von Bürgern gegründet. Gegründet wurde der Verein im Jahr 1904.'
    expect(answer([text], 'Wann wurde der Verein gegründet?').quotes[0]).toContain('1904')
  })
  it('may point back at the one before', () => {
    const text = 'Ada Lovelace war Mathematikerin. Sie starb 1852 in London. Der Garten ist 1852 angelegt worden.'
    expect(answer([text, 'Der Hof.'], 'Wann starb Ada Lovelace?').quotes[0]).toBe('Sie starb 1852 in London.')
  })
  it('speaks of the noun itself, not of one with its stem', () => {
    const texts = ['Der Mieter zahlt jeden Monat.', 'Die Miete zahlt man jeden Monat.']
    expect(answer(texts, 'Wann zahlt man die Miete?').quotes[0]).toBe('Die Miete zahlt man jeden Monat.')
    expect(answer(texts, 'Wann zahlt der Mieter?').quotes[0]).toBe('Der Mieter zahlt jeden Monat.')
  })
  it('is not said twice', () => {
    const twice = [
      'Die Kaution beträgt 1.920 Euro.',
      'Die Kaution beträgt 1.920 Euro!',
      'Kaution: nach dem Auszug fällig.',
    ]
    expect(answer(twice, 'Wie hoch ist die Kaution?').quotes).toHaveLength(2)
  })
})

describe('tables and headings', () => {
  const text =
    '3.4 Arbeitsspeicher\nArt Arbeitsspeicher Festplatte\nOhne Desktop 256 Megabyte 4 Gigabyte\nMit Desktop 1 Gigabyte 10 Gigabyte'
  const header = 'Art Arbeitsspeicher Festplatte'
  const rows = ['Ohne', 'Mit'].map(word => ({ start: text.indexOf(`${word} Desktop`), header }))
  it('a row answers with its header as context; neither header nor heading is quoted', () => {
    const { quotes } = answer([text], 'Wie viel Arbeitsspeicher brauche ich mit Desktop?', {
      tableRows: rows,
      titles: [0],
    })
    expect(quotes[0]).toBe('Mit Desktop 1 Gigabyte 10 Gigabyte')
    expect(quotes).not.toContain(header)
    expect(quotes).not.toContain('3.4 Arbeitsspeicher')
  })
})

describe('long sentences', () => {
  it('are cut to the clauses that answer', () => {
    const filler = 'die Bewohner tragen die Betriebskosten anteilig nach Fläche, '
    const text = `Ferner gilt: ${filler.repeat(12)}die Kaution beträgt 1.920 Euro, ${filler.repeat(12)}und so fort.`
    const [quote] = answer([text], 'Wie hoch ist die Kaution?').quotes
    expect(quote).toContain('die Kaution beträgt 1.920 Euro')
    expect(quote!.length).toBeLessThanOrEqual(MAX_QUOTE)
  })
  it('quotes are always verbatim, inside the text and never too long', () => {
    const word = fc.oneof(
      fc.constantFrom(
        'Kaution',
        '1.920 Euro',
        'die',
        ', ',
        '. Der ',
        '; ',
        '\n',
        '😀'.repeat(40),
        'x'.repeat(1100),
        ' und ',
      ),
      fc.string({ unit: 'grapheme', maxLength: 8 }),
    )
    fc.assert(
      fc.property(fc.array(word, { maxLength: 60 }), words => {
        const text = words.join(' ')
        const library = libraryForTests([text, 'Die Kaution.'])
        const question = analyzeQuestion('Wie hoch ist die Kaution?')
        const plan = library.plan(question)
        const passages = library.find(plan)
        for (const { passage, start, end } of selectQuotes(question, plan, passages, { limit: 3 })) {
          const quote = passages[passage]!.text.slice(start, end)
          expect(quote.length).toBeGreaterThan(0)
          expect(quote.length).toBeLessThanOrEqual(longestQuote)
          expect(quote).toBe(quote.trim())
          expect(quote.isWellFormed()).toBe(true)
          expect(quote).not.toContain('\n')
        }
      }),
    )
  })
})
