import { describe, expect, it } from 'vitest'
import { de } from './messages/de.ts'
import { en } from './messages/en.ts'
import { createWords, languageOf, loadWords } from './words.tsx'

function flatten(value: object, prefix = ''): [string, string][] {
  return Object.entries(value).flatMap(([key, inner]) =>
    typeof inner === 'string' ? [[prefix + key, inner] as [string, string]] : flatten(inner, `${prefix}${key}.`),
  )
}
const placeholders = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(match => match[1]).sort()

describe('the words of the screen', () => {
  const english = new Map(flatten(en))
  const german = new Map(flatten(de))

  it('are the same keys with the same values in both languages', () => {
    expect([...german.keys()].sort()).toEqual([...english.keys()].sort())
    for (const [key, text] of english) {
      // The one of something may do without its number.
      if (key.endsWith('_one')) continue
      expect([key, placeholders(german.get(key) ?? '')]).toEqual([key, placeholders(text)])
    }
  })

  it('are said in German, formally', () => {
    for (const [key, text] of german) {
      if (key.startsWith('error.')) continue
      expect([key, text]).not.toEqual([key, expect.stringMatching(/\b(du|dein|dir|dich)\b/i)])
      expect([key, text]).not.toEqual([key, expect.stringMatching(/"/)])
    }
  })

  const deWords = createWords('de', de)
  const enWords = createWords('en', en)

  it('write figures as the language does', () => {
    expect(deWords('library.count', { count: 1 })).toBe('1 Dokument')
    expect(deWords('library.count', { count: 12_345 })).toBe('12.345 Dokumente')
    expect(enWords('library.count', { count: 12_345 })).toBe('12,345 documents')
    expect(deWords('app.range', { from: 1, to: 50, total: 2500 })).toBe('1–50 von 2.500')
    expect(deWords.size(777_000)).toMatch(/^777\skB$/)
    expect(deWords.size(2_147_483_648)).toMatch(/^2,1\sGB$/)
    expect(enWords.size(0)).toBe('0 bytes')
    expect(enWords.size(631)).toBe('631 bytes')
    expect(enWords.size(1)).toBe('1 byte')
    expect(deWords.size(631)).toBe('631 Byte')
  })

  it('say where something stands', () => {
    expect(deWords.place({ page: 7, where: null })).toBe('Seite 7')
    expect(
      enWords.place({
        page: null,
        where: { segment: 1, cells: null, headings: ['A', 'B'], span: { unit: 'line', first: 1, last: 2 } },
      }),
    ).toBe('B')
    expect(
      enWords.place({
        page: null,
        where: { segment: 1, cells: null, headings: [], span: { unit: 'line', first: 3, last: 9 } },
      }),
    ).toBe('lines 3–9')
    expect(
      enWords.place({
        page: null,
        where: { segment: 1, cells: null, headings: [], span: { unit: 'line', first: 3, last: 3 } },
      }),
    ).toBe('line 3')
    const where = { headings: ['Rent'], segment: 2, span: { unit: 'row' as const, first: 7, last: 7 } }
    expect(enWords.place({ page: null, where: { ...where, cells: 'B7:D7' } })).toBe('Rent, B7:D7')
    const slide = { headings: ['Ziele'], segment: 3, span: { unit: 'slide' as const, first: 3, last: 3 }, cells: null }
    expect(deWords.place({ page: null, where: slide })).toBe('Folie 3')
    expect(enWords.place({ page: null, where: null })).toBe('beginning')
  })

  it('explain reasons, and call the first project by one name', () => {
    expect(deWords.explain({ code: 'too-large', values: { limit: 5 } })).toMatch(
      /^Die Datei ist größer als die Grenze von 5 MB\./,
    )
    expect(deWords.projectName('Meine Dokumente / My documents')).toBe('Meine Dokumente')
    expect(enWords.projectName('Meine Dokumente / My documents')).toBe('My documents')
    expect(enWords.projectName('Haus')).toBe('Haus')
  })

  it('take the first language of the browser that we speak', () => {
    expect(languageOf(['fr-FR', 'de-AT', 'en'])).toBe('de')
    expect(languageOf(['en-GB', 'de'])).toBe('en')
    expect(languageOf(['fr'])).toBe('en')
    expect(languageOf([])).toBe('en')
  })

  it('call some things otherwise in the window of the desktop', async () => {
    for (const language of ['de', 'en'] as const) {
      const [browser, desktop] = [await loadWords(language), await loadWords(language, true)]
      const said = (words: typeof browser) => [
        words.explain({ code: 'server-unreachable' }),
        words.explain({ code: 'unauthorized' }),
        words('app.partFailed'),
        words('settings.browser'),
      ]
      for (const text of said(desktop)) expect(text).not.toMatch(/browser|serve|läuft|running/i)
      expect(said(desktop)).not.toEqual(said(browser))
      expect(desktop('app.close')).toBe(browser('app.close'))
    }
  })
})
