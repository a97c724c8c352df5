import fc from 'fast-check'
import { expect, it } from 'vitest'
import { clipSentence, MAX_QUOTE } from './clip.ts'

const clip = (text: string, wanted: string) => {
  const { start, end } = clipSentence(text, { start: 0, end: text.length }, clauses =>
    clauses.includes(wanted) ? 1 : 0,
  )
  return text.slice(start, end)
}

it('leaves a sentence that fits', () =>
  expect(clip('Die Kaution beträgt 1.920 Euro.', 'nichts')).toBe('Die Kaution beträgt 1.920 Euro.'))
it('keeps the clauses that are worth most, with as much around them as fits', () => {
  const filler = 'die Bewohner tragen die Kosten anteilig, '.repeat(10)
  const quote = clip(`Es gilt: ${filler}die Kaution beträgt 1.920 Euro, ${filler}und so fort.`, '1.920')
  expect(quote).toContain('die Kaution beträgt 1.920 Euro,')
  expect(quote.length).toBeGreaterThan(MAX_QUOTE - 60)
  expect(quote.length).toBeLessThanOrEqual(MAX_QUOTE)
})
it('cuts between words where no clause fits', () => {
  const quote = clip('wort '.repeat(100).trim(), 'wort')
  expect(quote).toBe('wort '.repeat(60).trim())
})
it('never halves a character, never exceeds the limit', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('a', '😀', ', ', ' ', 'Wort ', 'x'.repeat(301), '; '), { maxLength: 300 }),
      parts => {
        const text = parts.join('').trim()
        if (text === '') return
        const quote = clip(text, 'Wort')
        expect(quote.length).toBeGreaterThan(0)
        expect(quote.length).toBeLessThanOrEqual(MAX_QUOTE)
        expect(quote).toBe(quote.trim())
        expect(quote.isWellFormed()).toBe(true)
        expect(text).toContain(quote)
      },
    ),
  )
})
