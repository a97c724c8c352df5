/** Filled forms from outside: asked on the command line, in German and in English. */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeEnglishForm, writeGermanForm } from '../scripts/fixtures/form.ts'
import { writePdf } from '../scripts/write-pdf.ts'
import { makePlace, type Place } from './run-cli.ts'

interface AnswerJson {
  citations: { file: string; page: number | null; quote: string; rects: number[][] }[]
  files: { file: string; state: string; reason: { code: string; text: string } | null }[]
}

let place: Place
beforeAll(async () => {
  place = await makePlace()
  await writeFile(path.join(place.folder, 'wohngeld.pdf'), writeGermanForm())
  await writeFile(path.join(place.folder, 'record.pdf'), writeEnglishForm())
  const xfa = { pages: [{ texts: [{ x: 72, y: 100, text: 'Bitte warten' }] }], form: '/XFA [(template) (<template/>)]' }
  await writeFile(path.join(place.folder, 'xfa.pdf'), writePdf(xfa))
})
afterAll(() => place.remove())

const ask = async (file: string, question: string, language: 'de' | 'en') =>
  place.json<AnswerJson>(['ask', file, question], { language })

test.each([
  ['wohngeld.pdf', 'de', 'Wann ist Käthe Grünwald geboren?', /^Geburtsdatum: 12\.03\.1961/],
  ['wohngeld.pdf', 'de', 'Ist die Antragstellerin verheiratet?', /^Familienstand: ☐ ledig ☒ verheiratet ☐ geschieden$/],
  [
    'wohngeld.pdf',
    'de',
    'Wie hoch ist die monatliche Miete?',
    /^Die Miete beträgt monatlich 845,50 Euro und ist am dritten/,
  ],
  ['record.pdf', 'en', 'When was Eleanor Whitcombe born?', /^Date of birth: 4 July 1958$/],
  ['record.pdf', 'en', 'How long is the notice period?', /^The notice period is eight weeks to the end of a month\.$/],
  [
    'record.pdf',
    'en',
    'What allergies does she have?',
    /^Allergies and medical conditions Penicillin causes a severe rash\.$/,
  ],
] as const)('%s, %s: %s', async (file, language, question, quote) => {
  const { citations } = await ask(file, question, language)
  const found = citations.find(each => quote.test(each.quote))
  expect(found, JSON.stringify(citations)).toMatchObject({ file, page: 1 })
  expect(found?.rects.length).toBeGreaterThan(0)
  for (const [left = 0, top = 0, right = 0, bottom = 0] of found?.rects ?? [])
    expect(left > 70 && top > 90 && right < 535 && bottom < 460 && right > left && bottom > top).toBe(true)
})

test('the mark covers the value, not the label alone', async () => {
  const { citations } = await ask('record.pdf', 'When was Eleanor Whitcombe born?', 'en')
  const birth = citations.find(({ quote }) => quote.startsWith('Date of birth'))
  // The label ends at 133; the value begins at 222 and is some 51 wide.
  const [[left = 0, , right = 0] = []] = birth?.rects ?? []
  expect(left).toBeCloseTo(72, 0)
  expect(Math.abs(right - 273)).toBeLessThan(3)
})

test('an XFA form says that its fields were not read, and what to do', async () => {
  const { files } = await ask('xfa.pdf', 'Worauf soll ich warten?', 'de')
  expect(files[0]).toMatchObject({ state: 'ready', reason: { code: 'xfa-form' } })
  expect(files[0]?.reason?.text).toContain('XFA-Formular')
})
