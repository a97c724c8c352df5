import fc from 'fast-check'
import { expect, it } from 'vitest'
import { clipSentence, longestQuote, MAX_QUOTE } from './clip.ts'

const clip = (text: string, wanted: string) => {
  const { start, end } = clipSentence(text, { start: 0, end: text.length }, clauses =>
    clauses.includes(wanted) ? 1 : 0,
  )
  return text.slice(start, end)
}

it('leaves a sentence that fits', () =>
  expect(clip('Die Kaution beträgt 1.920 Euro.', 'nichts')).toBe('Die Kaution beträgt 1.920 Euro.'))
it('keeps the clauses that are worth most, with as much around them as fits', () => {
  const filler = 'die Bewohner tragen die Kosten anteilig, '.repeat(20)
  const quote = clip(`Es gilt: ${filler}die Kaution beträgt 1.920 Euro, ${filler}und so fort.`, '1.920')
  expect(quote).toContain('die Kaution beträgt 1.920 Euro,')
  expect(quote.length).toBeGreaterThan(MAX_QUOTE - 60)
  expect(quote.length).toBeLessThanOrEqual(MAX_QUOTE)
})
it('cuts between words where no clause fits', () => {
  const quote = clip('wort '.repeat(300).trim(), 'wort')
  expect(quote).toBe('wort '.repeat(120).trim())
})
it('never halves a character, never exceeds the limit', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('a', '😀', ', ', ' ', 'Wort ', 'x'.repeat(601), '; ', ' nicht ', ', außer '), {
        maxLength: 300,
      }),
      parts => {
        const text = parts.join('').trim()
        if (text === '') return
        const quote = clip(text, 'Wort')
        expect(quote.length).toBeGreaterThan(0)
        expect(quote.length).toBeLessThanOrEqual(longestQuote)
        expect(quote).toBe(quote.trim())
        expect(quote.isWellFormed()).toBe(true)
        expect(text).toContain(quote)
      },
    ),
  )
})

const parties = 'durch den Verkäufer, seine gesetzlichen Vertreter, seine Mitarbeiter sowie seine Erfüllungsgehilfen, '
it('a sentence of some hundred characters stays whole', () => {
  const sentence = `Der Verkäufer haftet für Schäden, die durch vorsätzliches oder grob fahrlässiges Verhalten seiner selbst, seiner gesetzlichen Vertreter und Erfüllungsgehilfen entstehen, und zwar ${parties}${parties}nicht aber für Ansprüche aus entgangenem Gewinn.`
  expect(sentence.length).toBeGreaterThan(300)
  expect(clip(sentence, 'haftet')).toBe(sentence)
})
it.each([
  ['an exception behind it', 7, 'nicht aber für Ansprüche aus entgangenem Gewinn.'],
  ['the verb that turns it', 7, 'und die Annahme von Paketen sind ausgeschlossen.'],
  ['an exception in English', 7, 'except for claims arising from delay.'],
])('is not cut before %s', (_, times, tail) => {
  const sentence = `Der Verkäufer haftet für Schäden, die ${parties.repeat(times)}${tail}`
  expect(sentence.length).toBeGreaterThan(MAX_QUOTE)
  expect(sentence.length).toBeLessThanOrEqual(longestQuote)
  expect(clip(sentence, 'haftet')).toBe(sentence)
})
it('of an endless one, what limits it is taken along, as far as a quote may go', () => {
  const endless = `${parties.repeat(6)}Der Verkäufer haftet, ${parties.repeat(5)}es sei denn, er hat gewarnt, ${parties.repeat(9)}`
  const quote = clip(endless.trim(), 'haftet')
  expect(quote).toContain('Der Verkäufer haftet,')
  expect(quote).toContain('es sei denn,')
  expect(quote.length).toBeLessThanOrEqual(longestQuote)
})
it('one that nothing limits is cut to what is asked for', () => {
  const quote = clip(`Er haftet, ${parties.repeat(8)}und so fort.`, 'haftet')
  expect(quote.length).toBeLessThanOrEqual(MAX_QUOTE)
})
