import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type PdfPage, type PdfText, paragraph, writePdf } from '../../../scripts/write-pdf.ts'
import type { Reading } from '../formats.ts'
import type { Fragment } from './line.ts'
import { openPdf } from './pdf.ts'
import { readState, writeState } from './state.ts'
import { createTypography } from './typography.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cloister-resume-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function write(pages: PdfPage[]): Promise<string> {
  const file = join(folder, `${Math.random().toString(36).slice(2)}.pdf`)
  await writeFile(file, writePdf({ pages }))
  return file
}

/** Each time a document opened anew: nothing is known but the state. */
async function read(file: string, after = 0, state?: string, notes: string[] = []): Promise<Reading[]> {
  const source = await openPdf(file, { pages: 5_000 }, note => notes.push(note))
  const readings: Reading[] = []
  try {
    for await (const reading of source.read(after, state)) readings.push(reading)
  } finally {
    await source.close()
  }
  return readings
}

const SENTENCE = 'Die Hausordnung gilt für alle Bewohner und ihre Gäste, auch im Garten und in der Waschküche. '
const line = (y: number, text: string, more: Partial<PdfText> = {}): PdfText => ({ x: 72, y, text, ...more })
const times = { font: 'Times-Roman' } as const

/** Body text in Times of 10 points, with a heading in its size and a paragraph that runs over the page's end. */
const body = (repeat: number): PdfPage => ({
  texts: [
    line(110, 'Die Heizung', { font: 'Times-Bold' }),
    ...paragraph(`${SENTENCE.repeat(repeat)}Hier hört der`, { x: 72, y: 140, width: 450, ...times }),
  ],
})

/** Other fonts come first and have the most text, so that this page alone teaches something else. */
const other = (number: number): PdfPage => ({
  texts: [
    line(90, `make page-${number}`, { font: 'Courier' }),
    ...paragraph(`satz nicht auf. ${SENTENCE.repeat(6)}`, { x: 72, y: 120, width: 450, size: 8 }),
    line(300, 'Die Pumpe', { font: 'Times-Bold' }),
    line(330, 'Ein Absatz für sich', times),
    line(360, 'Der Keller', { font: 'Helvetica-Bold', size: 14 }),
    ...paragraph(SENTENCE, { x: 72, y: 390, width: 450, ...times }),
  ],
})

const kindOf = (reading: Reading | undefined, text: string) => {
  const block = reading?.segment.blocks.find(each => each.text === text)
  return block?.level ? `${block.kind} ${block.level}` : block?.kind
}

/** At every page, and then with all that follows. */
async function expectEqualFromAnywhere(file: string, whole: Reading[]) {
  for (let after = 0; after <= whole.length; after++) {
    expect(await read(file, after, whole[after - 1]?.state), `after page ${after}`).toEqual(whole.slice(after))
  }
}

describe('reading on in another process', () => {
  test('gives what an undisturbed reading gives, after every page', async () => {
    const broken: PdfPage = { texts: [], content: 'BT /Missing 10 Tf (x) Tj ET BT /Helvetica' }
    const blank: PdfPage = { texts: [], content: '' }
    const file = await write([
      blank,
      body(20),
      body(20),
      body(2),
      other(5),
      other(6),
      broken,
      other(8),
      body(1),
      other(10),
    ])
    const whole = await read(file)
    // That the pages are read right in the first place.
    for (const page of [5, 6, 8, 10]) {
      expect(kindOf(whole[page - 1], 'Die Pumpe')).toBe('heading 4')
      expect(kindOf(whole[page - 1], 'Ein Absatz für sich')).toBe('paragraph')
      expect(kindOf(whole[page - 1], 'Der Keller')).toBe('heading 2')
    }
    const marked = whole.filter(({ segment }) => segment.blocks.some(block => block.continues))
    expect(marked.map(({ segment }) => segment.number)).toEqual([5, 10])
    await expectEqualFromAnywhere(file, whole)
    // And that it takes the state: without it, running text becomes a heading.
    const forgetful = await read(file, 5)
    expect(kindOf(forgetful[0], 'Ein Absatz für sich')).toBe('heading 3')
    expect(kindOf(forgetful[0], 'Der Keller')).toBe('heading 1')
  })

  test('also past the text that is learned from', async () => {
    const file = await write([
      ...Array.from({ length: 18 }, () => body(80)),
      ...Array.from({ length: 4 }, (_, index) => other(19 + index)),
    ])
    const whole = await read(file)
    const { learned } = readState(whole.at(-1)!.state)!
    expect(learned.characters).toBeGreaterThan(100_000)
    expect(learned).toMatchObject({ sizes: [[10, expect.any(Number)]], fonts: [[17, 1, expect.any(Number)]] })
    expect(kindOf(whole[19], 'Ein Absatz für sich')).toBe('paragraph')
    for (const after of [10, 16, 17, 18, 20])
      expect(await read(file, after, whole[after - 1]!.state)).toEqual(whole.slice(after))
  })

  test('a paragraph that runs over the page is still marked', async () => {
    const first = paragraph(`${SENTENCE.repeat(3)}Dieser Satz endet erst auf der`, { x: 72, y: 200, width: 450 })
    const second = paragraph(`nächsten Seite, nicht hier. ${SENTENCE}`, { x: 72, y: 80, width: 450 })
    const file = await write([{ texts: first }, { texts: second }, { texts: second }])
    const whole = await read(file)
    const marks = (readings: Reading[]) => readings.map(({ segment }) => segment.blocks[0]!.continues)
    expect(marks(whole)).toEqual([undefined, true, undefined])
    expect(marks(await read(file, 1, whole[0]!.state))).toEqual([true, undefined])
    // The page between was given up: its end is unknown.
    expect(marks(await read(file, 2, whole[0]!.state))).toEqual([undefined])
  })

  test('the page that reading stopped at is not looked at again, where no known font stands on it', async () => {
    const blank: PdfPage = { texts: [], content: '' }
    const file = await write([body(8), blank, other(3)])
    const whole = await read(file)
    // A state of the first page, with the second given up: were it touched, its note would say so.
    const torn = await write([body(8), { texts: [], content: 'BT /Missing 10 Tf (x) Tj ET BT /Helvetica' }, other(3)])
    const notes: string[] = []
    const on = await read(torn, 2, whole[0]!.state, notes)
    expect(on.map(({ segment }) => segment)).toEqual(whole.slice(2).map(({ segment }) => segment))
    expect(notes).toEqual([])
  })
})

describe('state', () => {
  const state = { page: 3, ending: 'open' as const, learned: { characters: 9, sizes: [[10, 9]], fonts: [[3, 0, 9]] } }

  test('what another version or a stranger wrote is left aside', async () => {
    const file = await write([body(20), other(2)])
    const plain = await read(file, 1)
    const known = JSON.parse((await read(file))[0]!.state!)
    const strange: unknown[] = [
      null,
      7,
      [],
      {},
      { ...known, version: 0 },
      { ...known, page: 2 },
      { ...known, page: -1 },
      { ...known, ending: 'else' },
      { ...known, learned: null },
      { ...known, learned: { ...known.learned, sizes: [null] } },
      { ...known, learned: { ...known.learned, sizes: [['10', 9]] } },
      { ...known, learned: { ...known.learned, sizes: Array(1_000).fill([10, 9]) } },
      { ...known, learned: { ...known.learned, fonts: [[9, 0, 9]] } },
      { ...known, learned: { ...known.learned, fonts: [[1.5, 0, 9]] } },
      { ...known, learned: { ...known.learned, fonts: 'abc' } },
    ]
    for (const text of ['', '{', 'x'.repeat(100_000), ...strange.map(each => JSON.stringify(each))])
      expect(await read(file, 1, text), text.slice(0, 200)).toEqual(plain)
    // A font that is nowhere is forgotten, the rest counts.
    const lost = { ...known, learned: { ...known.learned, fonts: [[1, 999, 9]] } }
    expect(kindOf((await read(file, 1, JSON.stringify(lost)))[0], 'Der Keller')).toBe('heading 2')
  })

  test('is short, whatever the document', () => {
    const typography = createTypography()
    for (let page = 1; page <= 200; page++) {
      const pieces = Array.from({ length: 40 }, (_, index) => ({
        text: 'abc',
        size: page + index / 4,
        font: `g_d0_f${page * 40 + index}`,
        mono: false,
      }))
      const names = pieces.map(piece => piece.font)
      typography.learn([{ pieces } as unknown as Fragment], page, names)
      const text = writeState({ page, ending: 'closed', learned: typography.learned() })
      expect(text.length).toBeLessThan(2_000)
      expect(readState(text)?.page).toBe(page)
    }
    expect(readState(writeState(state as never))).toEqual(state)
  })
})
