import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { analyze } from './analyze.ts'

const terms = (text: string, language: 'de' | 'en' | 'other' = 'de') => analyze(text, language).map(token => token.term)
const meets = (a: string, b: string, language: 'de' | 'en' = 'de') =>
  expect(terms(a, language)).toEqual(terms(b, language))

describe('words', () => {
  it('one spelling for umlauts and ß', () => {
    meets('Plattengroesse', 'Plattengröße')
    meets('Strasse', 'Straße')
    meets('herkoemmliche Pruefsumme', 'herkömmliche Prüfsumme')
    meets('fuer Gruesse', 'für Grüße')
    meets('Häuser', 'Haus')
  })
  it('leaves vowels that are no umlaut', () => {
    expect(terms('neue Bauer Quelle Steuer')).toEqual(terms('neue Bauer Quelle Steuer'.normalize('NFD')))
    expect(terms('neue')).not.toEqual(terms('nüe'))
    expect(terms('Quelle')).not.toEqual(terms('Qülle'))
    meets('Statue', 'Statuen')
    expect(terms('UEFI')).toEqual(['uefi'])
    expect(terms('Israel', 'en')).toEqual(['israel'])
  })
  it('inflections share a term', () => {
    meets('Universität', 'Universitäten')
    meets('Ergebnis', 'Ergebnisse')
    meets('Lehrerin', 'Lehrerinnen')
    meets('partition', 'partitions', 'en')
    meets('running', 'runs', 'en')
  })
  it('drops small words, keeps those that change what is asked', () => {
    expect(terms('Das ist die Frist, und sie wird nicht kürzer')).toEqual(['frist', 'kurz'])
    expect(terms('ohne Desktop')).toEqual(['ohn', 'desktop'])
    expect(terms('It is without a desktop', 'en')).toEqual(['without', 'desktop'])
    expect(terms('made in the US', 'en')).toContain('us')
    expect(terms('give us time', 'en')).not.toContain('us')
  })
  it('hyphenated words are also one word', () => {
    expect(terms('Boot-Parameter')).toEqual([...terms('Bootparameter'), ...terms('Boot'), ...terms('Parameter')])
  })
  it('soft hyphens and decomposed letters do not matter', () => {
    meets('Kün\u00addi\u00adgung', 'Kündigung')
    meets('Kündigung'.normalize('NFD'), 'Kündigung')
  })
  it('possessives', () => expect(terms('the system’s name', 'en')).toEqual(terms('system name', 'en')))
})

describe('exact tokens', () => {
  it.each([
    ['firmware=never', ['firmware=never', 'firmwar']],
    [
      'hw-detect/start_pcmcia=false',
      ['hw-detect/start_pcmcia=false', 'hw-detect/start_pcmcia', 'start_pcmcia', 'pcmcia'],
    ],
    ['--no-wait', ['--no-wait']],
    ['/var/cache/apt/archives', ['/var/cache/apt/archives', 'apt']],
    ['anna.muster@example.org', ['anna.muster@example.org']],
    ['Version 12.4.1', ['12.4.1']],
    ['§ 543 Abs. 2 BGB', ['§543', '§543/2', 'bgb']],
    ['Paragraph 543', ['§543']],
    ['Az. 4 C 123/22', ['4c123/22', '123/22']],
    ['XII ZR 5/20', ['xiizr5/20']],
    ['DE44 5001 0517 5407 3249 31', ['de44500105175407324931']],
    ['am 03.10.1990', ['3.10.1990', '1990']],
  ])('%s', (text, expected) => expect(terms(text)).toEqual(expect.arrayContaining(expected)))
  it('numbers in one notation', () => {
    expect(terms('1.160')).toEqual(terms('1,160', 'en'))
    expect(terms('1160')).toEqual(terms('1.160'))
    expect(terms('2,5')).toEqual(terms('2.5', 'en'))
  })
  it('numbers with their unit, written apart or not', () => {
    for (const text of ['780MB', '780 MB']) expect(terms(text)).toEqual(expect.arrayContaining(['780mb', '780', 'mb']))
  })
  it('a sentence end without its space is no token', () => {
    expect(terms('Das Ende.Anfang')).toEqual(['end', 'anfang'])
  })
})

describe('any text', () => {
  it('offsets lie in the text and in order, terms hold no white space, twice is the same', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom(
        '§ 5',
        'a/b=c',
        'Größe',
        '1.160,5',
        'Häuser-Boot',
        '--x',
        'z.B.',
        '\n',
        ' ',
        "d'Or",
        'DE44 5001 0517',
      ),
    )
    fc.assert(
      fc.property(fc.array(piece), fc.constantFrom('de', 'en', 'other'), (pieces, language) => {
        const text = pieces.join(' ')
        const tokens = analyze(text, language)
        expect(analyze(text, language)).toEqual(tokens)
        let last = 0
        for (const { term, start, end, kind } of tokens) {
          expect(term).not.toBe('')
          expect(term).not.toMatch(/\s/)
          expect(start).toBeGreaterThanOrEqual(last)
          expect(end).toBeGreaterThan(start)
          expect(end).toBeLessThanOrEqual(text.length)
          // Parts follow the token they are of.
          if (kind !== 'part') last = start
        }
      }),
    )
  })
  it('hostile runs stay linear', () => {
    const before = process.cpuUsage().user
    for (const text of [
      'a'.repeat(300_000),
      'a/'.repeat(150_000),
      '1.'.repeat(150_000),
      '-'.repeat(300_000),
      'A1 '.repeat(100_000),
    ])
      analyze(text, 'de')
    expect(process.cpuUsage().user - before).toBeLessThan(3_000_000)
  })
})
