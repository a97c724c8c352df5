import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type PdfPage, type PdfText, paragraph, widthOf, writePdf } from '../../../scripts/write-pdf.ts'
import type { Block, Reason, Rectangle, Segment } from '../../model/index.ts'
import { openPdf } from './pdf.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cloister-pdf-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function read(bytes: Uint8Array): Promise<Segment[]> {
  const file = join(folder, `${Math.random().toString(36).slice(2)}.pdf`)
  await writeFile(file, bytes)
  const notes: string[] = []
  const source = await openPdf(file, { pages: 5_000 }, note => notes.push(note))
  const segments: Segment[] = []
  try {
    for await (const { segment } of source.read(0)) segments.push(segment)
  } finally {
    await source.close()
  }
  if (!segments.some(segment => segment.problem === 'unreadable')) expect(notes).toEqual([])
  return segments
}

async function finish(file: string, after: number, known?: string): Promise<{ reasons?: Reason[]; state?: string }> {
  const source = await openPdf(file, { pages: 5_000 }, () => {})
  const items = source.read(after, known)
  let state = known
  try {
    for (;;) {
      const { value, done } = await items.next()
      if (done) return { ...(value.reasons && { reasons: value.reasons }), ...(state !== undefined && { state }) }
      state = value.state ?? state
    }
  } finally {
    await source.close()
  }
}

async function readPage(page: PdfPage): Promise<Segment> {
  return (await read(writePdf({ pages: [page] })))[0]!
}

const texts = (blocks: readonly Block[]) => blocks.map(block => block.text)
const at = (x: number, y: number, text: string, more: Partial<PdfText> = {}): PdfText => ({ x, y, text, ...more })

/** The rectangle of a stretch of text, by the runs that cover it exactly. */
function rectOf(blocks: readonly Block[], words: string): Rectangle {
  for (const block of blocks) {
    for (const run of block.runs ?? []) if (block.text.slice(run.at, run.end) === words) return run.rect
  }
  throw new Error(
    `no run "${words}" in ${JSON.stringify(blocks.map(block => block.runs?.map(run => block.text.slice(run.at, run.end))))}`,
  )
}

function near(rect: Rectangle, expected: Rectangle, tolerance = 1.5) {
  for (const [index, value] of rect.entries())
    expect(Math.abs(value - expected[index]!), `${rect} is not near ${expected}`).toBeLessThanOrEqual(tolerance)
}

const LOREM =
  'Die Hausordnung gilt für alle Bewohner und ihre Gäste. Sie regelt die Nutzung des Treppen\u00adhauses, der Wasch\u00adküche ' +
  'und des Gartens. Wer sie verletzt, wird zuerst freundlich erinnert und danach schrift\u00adlich gemahnt. '
const PLAIN = LOREM.replaceAll('\u00ad', '').trim()

describe('places', () => {
  test('a rectangle is where the words stand, from the upper left', async () => {
    const page = await readPage({ texts: [at(100, 200, 'Erster Satz.', { size: 20 }), at(100, 300, 'Zweiter Satz.')] })
    expect([page.width, page.height]).toEqual([595.28, 841.89])
    const width = widthOf('Erster Satz.', 'Helvetica', 20)
    near(rectOf(page.blocks, 'Erster Satz.'), [100, 200 - 18, 100 + width, 200 + 4.5])
  })

  test('rotation and crop box are applied', async () => {
    // The word stands at (150, 250) from the upper left of the media box, 100 and 200 into the cropped area.
    const page = { texts: [at(150, 250, 'Hier', { size: 10 })], width: 400, height: 500 }
    const cropBox: [number, number, number, number] = [50, 100, 350, 450]
    const width = widthOf('Hier', 'Helvetica', 10)
    const [ascent, descent] = [9.05, 2.1]
    const upright = await readPage({ ...page, cropBox })
    expect([upright.width, upright.height]).toEqual([300, 350])
    near(rectOf(upright.blocks, 'Hier'), [100, 200 - ascent, 100 + width, 200 + descent], 1)
    const quarter = await readPage({ ...page, cropBox, rotate: 90 })
    expect([quarter.width, quarter.height]).toEqual([350, 300])
    near(rectOf(quarter.blocks, 'Hier'), [350 - 200 - descent, 100, 350 - 200 + ascent, 100 + width], 1)
    const half = await readPage({ ...page, cropBox, rotate: 180 })
    near(rectOf(half.blocks, 'Hier'), [300 - 100 - width, 350 - 200 - descent, 300 - 100, 350 - 200 + ascent], 1)
    const back = await readPage({ ...page, cropBox, rotate: 270 })
    near(rectOf(back.blocks, 'Hier'), [200 - ascent, 300 - 100 - width, 200 + descent, 300 - 100], 1)
  })

  test('text outside of the crop box is not on the page', async () => {
    const page = await readPage({
      texts: [at(150, 250, 'drinnen'), at(10, 490, 'draußen')],
      width: 400,
      height: 500,
      cropBox: [50, 100, 350, 450],
    })
    expect(texts(page.blocks)).toEqual(['drinnen'])
  })

  test('text set sideways or at a slant keeps its words and its place', async () => {
    const page = await readPage({
      texts: [
        ...paragraph(PLAIN, { x: 72, y: 100, width: 250 }),
        at(500, 400, 'Am Rand entlang', { angle: 90 }),
        at(100, 600, 'Entwurf', { angle: 45, size: 40 }),
      ],
    })
    expect(texts(page.blocks)).toContain('Am Rand entlang')
    const width = widthOf('Am Rand entlang', 'Helvetica', 10)
    near(rectOf(page.blocks, 'Am Rand entlang'), [491, 400 - width, 502.2, 400], 1.5)
    const [left, top, right, bottom] = rectOf(page.blocks, 'Entwurf')
    expect(left > 50 && right < 270 && top > 450 && bottom < 640 && right - left > 80 && bottom - top > 80).toBe(true)
  })

  test('a sentence that begins in the middle of a justified line is found there', async () => {
    const first = 'Kurz gefasst gilt dies.'
    const second = 'Danach kommt mehr Text.'
    const spacing = 3
    const page = await readPage({
      texts: [at(72, 100, `${first} ${second}`, { wordSpacing: spacing, font: 'Times-Roman' })],
    })
    const end = 72 + widthOf(first, 'Times-Roman', 10) + 3 * spacing
    const start = end + widthOf(' ', 'Times-Roman', 10) + spacing
    const [left, top, right, bottom] = rectOf(page.blocks, second)
    near([right, top, right, bottom], [start + widthOf(second, 'Times-Roman', 10) + 3 * spacing, 91, right, 102.2], 1.6)
    // Into the space before it, but not to the word before that.
    expect(left).toBeGreaterThan(end)
    expect(left).toBeLessThan(start + 0.2)
  })

  test('every character that is not blank stands in exactly one run', async () => {
    const page = await readPage({
      texts: [
        ...paragraph(LOREM.repeat(4), { x: 72, y: 100, width: 220 }),
        at(72, 500, 'a', { font: 'Courier' }),
        at(120, 500, 'b  c', { font: 'Courier' }),
      ],
    })
    for (const block of page.blocks) {
      let end = 0
      for (const run of block.runs!) {
        expect(run.at).toBeGreaterThanOrEqual(end)
        expect(block.text.slice(end, run.at).trim()).toBe('')
        expect(run.rect[2]).toBeGreaterThan(run.rect[0])
        end = run.end
      }
      expect(block.text.slice(end).trim()).toBe('')
    }
  })
})

describe('text', () => {
  test('lines become a paragraph; a word cut at a line end is joined; an indent begins the next paragraph', async () => {
    const one = paragraph(LOREM.repeat(2), { x: 72, y: 100, width: 200, size: 10 })
    const two = paragraph(LOREM, { x: 72, y: 100 + one.length * 12, width: 200, size: 10 })
    two[0] = { ...two[0]!, x: 87 }
    const cut = one.filter(line => line.text.endsWith('-'))
    expect(cut.length).toBeGreaterThan(0)
    const page = await readPage({ texts: [...one, ...two] })
    expect(texts(page.blocks)).toEqual([`${PLAIN} ${PLAIN}`, PLAIN])
  })

  test('hyphens that belong to the word stay', async () => {
    const page = await readPage({
      texts: [
        at(72, 100, 'Senden Sie Ihre Fragen bitte an unsere E-Mail-'),
        at(72, 112, 'Adresse; sie gilt im Haupt- und im Neben-, im Haupt-'),
        at(72, 124, 'und im Nebensatz, am Wochenende und in der Ferien-'),
        at(72, 136, 'zeit, nach DIN-'),
        at(72, 148, '4711.'),
      ],
    })
    expect(texts(page.blocks).join(' ')).toBe(
      'Senden Sie Ihre Fragen bitte an unsere E-Mail-Adresse; sie gilt im Haupt- und im Neben-, im Haupt- und im Nebensatz, am Wochenende und in der Ferienzeit, nach DIN-4711.',
    )
  })

  test('text painted twice is read once, letter-spaced text stays in its words', async () => {
    const page = await readPage({
      texts: [
        at(72, 150, 'Doppelt gemalt'),
        at(72.3, 150, 'Doppelt gemalt'),
        at(72, 200, 'Gesperrt gesetzt', { characterSpacing: 0.8 }),
      ],
    })
    expect(texts(page.blocks)).toEqual(['Doppelt gemalt', 'Gesperrt gesetzt'])
  })

  test('nothing of the characters is changed', async () => {
    const odd = '„Größe“ – ‚so‘ … 5 % · §§ 12, 13 ½ ñ Œuvre €'
    const page = await readPage({ texts: [at(72, 100, odd)] })
    expect(texts(page.blocks)).toEqual([odd])
  })
})

describe('structure', () => {
  test('two columns under a heading that spans them are read one after the other', async () => {
    const heading = at(72, 80, 'Die neue Hausordnung des Vereins', { size: 18, font: 'Helvetica-Bold' })
    const left = paragraph(`Links. ${LOREM.repeat(4)}`, { x: 72, y: 120, width: 215 })
    const right = paragraph(`Rechts. ${LOREM.repeat(4)}`, { x: 310, y: 120, width: 215 })
    // As many programs write them: line by line across both columns.
    const mixed = left.flatMap((line, index) => (right[index] ? [line, right[index]] : [line]))
    const page = await readPage({ texts: [heading, ...mixed, ...right.slice(left.length)] })
    expect(page.blocks.map(block => block.kind)).toEqual(['heading', 'paragraph', 'paragraph'])
    expect(texts(page.blocks)).toEqual([
      'Die neue Hausordnung des Vereins',
      `Links. ${Array(4).fill(PLAIN).join(' ')}`,
      `Rechts. ${Array(4).fill(PLAIN).join(' ')}`,
    ])
    expect(page.blocks[0]!.level).toBe(1)
  })

  test('the rows of a table stay together, with their header; wrapped cells belong to their row', async () => {
    const bold = { font: 'Helvetica-Bold' as const }
    const page = await readPage({
      texts: [
        ...paragraph(LOREM.repeat(2), { x: 72, y: 80, width: 450 }),
        at(80, 200, 'Gerät', bold),
        at(230, 200, 'Leistung', bold),
        at(380, 200, 'Preis', bold),
        at(80, 214, 'Pumpe'),
        at(230, 214, '40 Watt'),
        at(380, 214, '120 Euro'),
        at(80, 228, 'Kessel mit'),
        at(80, 240, 'Brenner'),
        at(230, 228, '18 Kilowatt'),
        at(380, 228, '3400 Euro'),
        at(80, 254, 'Uhr'),
        at(380, 254, '15 Euro'),
        ...paragraph(LOREM.repeat(2), { x: 72, y: 290, width: 450 }),
      ],
    })
    const rows = page.blocks.filter(block => block.kind === 'table-row')
    expect(texts(rows)).toEqual([
      'Gerät Leistung Preis',
      'Pumpe 40 Watt 120 Euro',
      'Kessel mit Brenner 18 Kilowatt 3400 Euro',
      'Uhr 15 Euro',
    ])
    expect(rows.map(row => row.header)).toEqual([undefined, ...Array(3).fill('Gerät Leistung Preis')])
    expect(rows[2]!.cells).toEqual([0, 19, 31])
    expect(page.blocks.filter(block => block.kind === 'paragraph')).toHaveLength(2)
  })

  test('a table of numbers is no text in columns', async () => {
    const texts_: PdfText[] = []
    for (let row = 0; row < 20; row++)
      for (let column = 0; column < 4; column++)
        texts_.push(at(80 + 110 * column, 100 + 14 * row, `${row * 4 + column} 000`))
    const page = await readPage({ texts: texts_ })
    expect(page.blocks).toHaveLength(20)
    expect(page.blocks[7]).toMatchObject({ kind: 'table-row', text: '28 000 29 000 30 000 31 000' })
  })

  test('headings, list items, code, captions and footnotes are told apart', async () => {
    const page = await readPage({
      texts: [
        at(72, 80, '2.1 Die Heizung', { size: 14, font: 'Helvetica-Bold' }),
        ...paragraph(LOREM.repeat(2), { x: 72, y: 110, width: 450 }),
        at(80, 190, '•'),
        at(92, 190, 'Erstens wird gelüftet, bis die Fenster'),
        at(92, 202, 'wieder trocken sind.'),
        at(80, 220, '•'),
        at(92, 220, 'Zweitens wird geheizt.'),
        at(90, 250, 'for (;;) {', { font: 'Courier' }),
        at(102, 262, 'heat()', { font: 'Courier' }),
        at(90, 274, '}', { font: 'Courier' }),
        at(72, 310, 'Abbildung 3: Der Kessel im Keller'),
        at(72, 340, 'Die Pumpe', { font: 'Helvetica-Bold' }),
        ...paragraph(LOREM.repeat(2), { x: 72, y: 358, width: 450 }),
        at(72, 700, '1', { size: 6 }),
        at(75.4, 703, 'Gemessen am Zähler des Hauses.', { size: 8 }),
      ],
    })
    expect(page.blocks.map(block => [block.kind, block.text.slice(0, 30)])).toEqual([
      ['heading', '2.1 Die Heizung'],
      ['paragraph', PLAIN.slice(0, 30)],
      ['list-item', '• Erstens wird gelüftet, bis d'],
      ['list-item', '• Zweitens wird geheizt.'],
      ['code', 'for (;;) {\n  heat()\n}'],
      ['caption', 'Abbildung 3: Der Kessel im Kel'],
      ['heading', 'Die Pumpe'],
      ['paragraph', PLAIN.slice(0, 30)],
      ['footnote', '1Gemessen am Zähler des Hauses'],
    ])
    expect(page.blocks[0]!.level).toBe(2)
    expect(page.blocks[2]!.text).toBe('• Erstens wird gelüftet, bis die Fenster wieder trocken sind.')
  })

  test('lines at the edge are set apart, text is not', async () => {
    const page = await readPage({
      texts: [
        at(72, 40, 'Hausordnung'),
        at(450, 40, 'Kapitel 2'),
        ...paragraph(LOREM.repeat(6), { x: 72, y: 90, width: 450 }),
        at(290, 810, '17'),
      ],
    })
    expect(texts(page.margins!)).toEqual(['Hausordnung Kapitel 2', '17'])
    expect(page.margins![0]!.runs).toHaveLength(2)
    expect(texts(page.blocks)).toEqual([Array(6).fill(PLAIN).join(' ')])
    const full = await readPage({ texts: paragraph(LOREM.repeat(40), { x: 72, y: 30, width: 450 }) })
    expect(full.margins).toBeUndefined()
  })

  test('a paragraph that runs over a page break is marked', async () => {
    const first = paragraph(`${PLAIN} Dieser Satz endet erst auf der`, { x: 72, y: 200, width: 450 })
    const second = paragraph(`nächsten Seite, nicht hier. ${PLAIN}`, { x: 72, y: 80, width: 450 })
    const bytes = writePdf({
      pages: [{ texts: first }, { texts: second }, { texts: paragraph(PLAIN, { x: 72, y: 80, width: 450 }) }],
    })
    const marks = (await read(bytes)).map(segment => segment.blocks[0]!.continues)
    expect(marks).toEqual([undefined, true, undefined])
  })
})

describe('bad files', () => {
  const good = writePdf({ pages: [{ texts: [at(72, 100, 'Gerettet wird, was geht.')] }] })
  const asText = Buffer.from(good).toString('latin1')

  test('a password is asked for', async () => {
    const bytes = writePdf({ pages: [{ texts: [at(72, 100, 'geheim')] }], password: 'Schlüssel' })
    await expect(read(bytes)).rejects.toMatchObject({ code: 'password-protected' })
    // An empty user password opens for everybody.
    const open = writePdf({ pages: [{ texts: [at(72, 100, 'offen')] }], password: '' })
    expect(texts((await read(open))[0]!.blocks)).toEqual(['offen'])
  })

  test('a wrong cross-reference table and a cut tail are repaired', async () => {
    const wrong = Buffer.from(asText.replace(/startxref\n\d+/, 'startxref\n7'), 'latin1')
    expect(texts((await read(wrong))[0]!.blocks)).toEqual(['Gerettet wird, was geht.'])
    const cut = Buffer.from(asText.slice(0, asText.indexOf('startxref')), 'latin1')
    expect(texts((await read(cut))[0]!.blocks)).toEqual(['Gerettet wird, was geht.'])
  })

  test('what is beyond repair is damaged', async () => {
    await expect(read(good.subarray(0, 60))).rejects.toMatchObject({ code: 'damaged' })
    await expect(read(Buffer.from('%PDF-1.4\n'))).rejects.toMatchObject({ code: 'damaged' })
  })

  test('a tree of pages that says it has none is damaged', async () => {
    for (const count of ['-1', '0']) {
      const bytes = Buffer.from(
        Buffer.from(good)
          .toString('latin1')
          .replace(/\/Count \d+/, `/Count ${count}`),
        'latin1',
      )
      await expect(read(bytes)).rejects.toMatchObject({ code: 'damaged' })
    }
  })

  test('a page without text, and one that cannot be read, do not cost the others', async () => {
    const bytes = writePdf({
      pages: [
        { texts: [at(72, 100, 'Eins.')] },
        { texts: [], content: '1 0 0 RG 10 10 m 100 100 l S' },
        { texts: [], content: 'BT /Missing 10 Tf (x) Tj ET BT /Helvetica' },
        { texts: [at(72, 100, 'Vier.')] },
      ],
    })
    const segments = await read(bytes)
    expect(segments.map(segment => segment.number)).toEqual([1, 2, 3, 4])
    expect(segments[1]!.problem).toBe('without-text')
    expect(texts(segments[3]!.blocks)).toEqual(['Vier.'])
    const torn = Buffer.from(
      asText.replace(/\/Kids \[(\d+) 0 R\] \/Count 1/, '/Kids [$1 0 R 99 0 R] /Count 2'),
      'latin1',
    )
    expect((await read(torn)).map(segment => segment.problem)).toEqual([undefined, 'unreadable'])
  })

  test('what pdf.js passes over on a page is said', async () => {
    const line = 'BT /Helvetica 10 Tf 1 0 0 1 72 700 Tm (Die Frist endet am Freitag.) Tj ET'
    const reasonsOf = async (...contents: string[]) => {
      const file = join(folder, 'complaints.pdf')
      await writeFile(file, writePdf({ pages: contents.map(content => ({ texts: [], content })) }))
      const whole = await finish(file, 0)
      // Another process that takes up after the last page knows too.
      expect((await finish(file, contents.length, whole.state)).reasons).toEqual(whole.reasons)
      return whole.reasons
    }
    const before = { ...console }
    expect(await reasonsOf(line, line)).toEqual(undefined)
    for (const torn of [
      line.replace('Tf 1 0 0', 'Tf 1.0tica 0 0'),
      line.replace('(Die', 'Die'),
      line.replace('.) Tj', '. Tj'),
      line.replace('(Die Frist endet am Freitag.)', ''),
    ])
      expect(await reasonsOf(line, torn, line), torn).toEqual([{ code: 'partly-damaged' }])
    expect({ ...console }).toEqual(before)
  })

  test('compressed text that breaks off is said', async () => {
    const words = Array.from(
      { length: 400 },
      (_, at) => `BT /Helvetica 9 Tf 1 0 0 1 72 ${at} Tm (Wort${at * 7919}) Tj ET`,
    )
    const packed = deflateSync(words.join('\n'))
    const write = async (bytes: Buffer) => {
      const file = join(folder, 'packed.pdf')
      const plain = Buffer.from(writePdf({ pages: [{ texts: [], content: bytes.toString('latin1') }] })).toString(
        'latin1',
      )
      await writeFile(file, plain.replace('<< /Length', '<< /Filter /FlateDecode /Length'), 'latin1')
      return (await finish(file, 0)).reasons
    }
    expect(await write(packed)).toEqual(undefined)
    expect(await write(Buffer.from(packed).fill(0xff, packed.length / 2, packed.length / 2 + 40))).toEqual([
      { code: 'partly-damaged' },
    ])
    expect(await write(packed.subarray(0, packed.length / 2))).toEqual([{ code: 'partly-damaged' }])
  })

  test('more pages than allowed are refused before one is read', async () => {
    const bytes = writePdf({ pages: [{ texts: [at(72, 100, 'x')] }], repeat: 5_001 })
    await expect(read(bytes)).rejects.toMatchObject({ code: 'too-many-pages', values: { pages: 5_001, limit: 5_000 } })
  })

  test('a page of a hundred thousand scattered words is read in time', async () => {
    const content: string[] = []
    for (let index = 0; index < 100_000; index++)
      content.push(`BT /Helvetica 4 Tf 1 0 0 1 ${(index * 37) % 580} ${(index * 91) % 830} Tm (w${index % 977}) Tj ET`)
    const started = performance.now()
    const page = await readPage({ texts: [], content: content.join('\n') })
    expect(page.blocks.length).toBeGreaterThan(0)
    expect(performance.now() - started).toBeLessThan(30_000)
  })
})
