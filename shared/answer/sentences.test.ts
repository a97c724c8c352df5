import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { splitSentences } from './sentences.ts'

const split = (text: string, language: 'de' | 'en' = 'de') =>
  splitSentences(text, language).map(({ start, end }) => text.slice(start, end))

describe('German', () => {
  it.each([
    ['Am 3. Oktober endet die Frist. Danach gilt § 5.', ['Am 3. Oktober endet die Frist.', 'Danach gilt § 5.']],
    [
      'Das gilt z. B. für Dr. Müller, d. h. für ihn. Er zahlt.',
      ['Das gilt z. B. für Dr. Müller, d. h. für ihn.', 'Er zahlt.'],
    ],
    ['Nach § 5 Abs. 2 Nr. 3 BGB usw. ist es so. Oder?', ['Nach § 5 Abs. 2 Nr. 3 BGB usw. ist es so.', 'Oder?']],
    ['Er sagte: „Das ist gut.“ Dann ging er.', ['Er sagte: „Das ist gut.“', 'Dann ging er.']],
    [
      'Im 19. Jahrhundert begann es. Im Jahr 1990. Das war es.',
      ['Im 19. Jahrhundert begann es.', 'Im Jahr 1990.', 'Das war es.'],
    ],
    ['J. S. Bach lebte in Leipzig. Er starb 1750.', ['J. S. Bach lebte in Leipzig.', 'Er starb 1750.']],
    ['Es kostet 1.160 Euro (inkl. MwSt.). Mehr nicht!', ['Es kostet 1.160 Euro (inkl. MwSt.).', 'Mehr nicht!']],
  ])('%s', (text, sentences) => expect(split(text)).toEqual(sentences))
})

describe('English', () => {
  it.each([
    ['Mr. Smith paid, e.g. in cash. He left.', ['Mr. Smith paid, e.g. in cash.', 'He left.']],
    ['See No. 5 for the U.S. market. The rest follows.', ['See No. 5 for the U.S. market.', 'The rest follows.']],
    ['It began in 1990. "Was it good?" Yes.', ['It began in 1990.', '"Was it good?"', 'Yes.']],
    ['Take vitamin C. The dose is 2.5 mg.', ['Take vitamin C.', 'The dose is 2.5 mg.']],
  ])('%s', (text, sentences) => expect(split(text, 'en')).toEqual(sentences))
})

it('lines and bullets are sentences', () => {
  expect(split('2.1 Titel\nMit Desktop 1 Gigabyte\n\nEnde')).toEqual(['2.1 Titel', 'Mit Desktop 1 Gigabyte', 'Ende'])
  expect(split('• KDE 4584 5900 • Xfce 2509 3192')).toEqual(['• KDE 4584 5900', '• Xfce 2509 3192'])
})

it('nothing of the text is lost, nothing twice', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom('. ', '? Ja ', 'z. B. ', '3. ', '“ ', '\n', ' • ', 'Dr. A. ', '… ', '. Der '),
  )
  fc.assert(
    fc.property(fc.array(piece), fc.constantFrom('de', 'en', 'other'), (pieces, language) => {
      const text = pieces.join('')
      let last = 0
      for (const { start, end } of splitSentences(text, language)) {
        expect(text.slice(last, start).trim()).toBe('')
        expect(end).toBeGreaterThan(start)
        expect(text.slice(start, end)).toBe(text.slice(start, end).trim())
        expect(text.slice(start, end)).not.toContain('\n')
        last = end
      }
      expect(text.slice(last).trim()).toBe('')
    }),
  )
})

it('stays linear where no sentence ends', () => {
  const before = process.cpuUsage().user
  for (const text of ['1. '.repeat(100_000), 'a. '.repeat(100_000), '! # '.repeat(100_000), '. '.repeat(100_000)])
    splitSentences(text, 'de')
  expect(process.cpuUsage().user - before).toBeLessThan(3_000_000)
})
