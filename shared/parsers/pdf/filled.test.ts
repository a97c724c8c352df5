/** What was filled into a page: its text in the line of its label, its place, and what is left out. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { englishForm, germanForm } from '../../../scripts/fixtures/form.ts'
import type { PdfField } from '../../../scripts/pdf-fields.ts'
import { type PdfPage, type PdfText, widthOf, writePdf } from '../../../scripts/write-pdf.ts'
import type { Block, Care, Rectangle, Segment } from '../../model/index.ts'
import type { Ending, Reading } from '../formats.ts'
import { openPdf } from './pdf.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cloister-filled-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

interface Read {
  readings: Reading[]
  ending: Ending
  notes: string[]
}

async function read(
  bytes: Uint8Array | string,
  { after = 0, state, careful }: { after?: number; state?: string | undefined; careful?: Care } = {},
): Promise<Read> {
  const file = join(folder, `${Math.random().toString(36).slice(2)}.pdf`)
  await writeFile(file, typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  const notes: string[] = []
  const source = await openPdf(file, { pages: 5_000 }, note => notes.push(note), undefined, careful)
  const readings: Reading[] = []
  try {
    const items = source.read(after, state)
    for (;;) {
      const { value, done } = await items.next()
      if (done) return { readings, ending: value, notes }
      readings.push(value)
    }
  } finally {
    await source.close()
  }
}

async function readPage(page: PdfPage, form?: string): Promise<Segment> {
  const { readings, notes } = await read(writePdf({ pages: [page], ...(form !== undefined && { form }) }))
  expect(notes).toEqual([])
  return readings[0]!.segment
}

const texts = ({ margins = [], blocks }: Segment) => [...margins, ...blocks].map(({ text }) => text)
const at = (x: number, y: number, text: string, more: Partial<PdfText> = {}): PdfText => ({ x, y, text, ...more })

const field = (value: string, more: Partial<Extract<PdfField, { kind: 'text' }>> = {}): PdfField => ({
  kind: 'text',
  name: value.slice(0, 20),
  ...{ x: 150, y: 189, width: 200, height: 16 },
  value,
  ...more,
})

/** A label at the left with a field behind it. */
const labelled = (...fields: PdfField[]): PdfPage => ({ texts: [at(72, 200, 'Aktenzeichen:')], fields })

function rectOf(blocks: readonly Block[], words: string): Rectangle {
  for (const { text, runs = [] } of blocks)
    for (const { at, end, rect } of runs) if (text.slice(at, end) === words) return rect
  throw new Error(`no run "${words}" in ${JSON.stringify(blocks)}`)
}

function near(rect: Rectangle, expected: Rectangle, tolerance = 1.5) {
  for (const [index, value] of rect.entries())
    expect(Math.abs(value - expected[index]!), `${rect} is not near ${expected}`).toBeLessThanOrEqual(tolerance)
}

describe('in the line of its label', () => {
  test('a German form', async () => {
    const { blocks } = await readPage(germanForm())
    expect(blocks.map(({ text }) => text)).toEqual([
      'Antrag auf Wohngeld',
      'Bitte füllen Sie das Formular vollständig aus und senden Sie es unterschrieben an das Amt zurück.',
      'Name: Grünwald Vorname: Käthe Anna',
      'Geburtsdatum: 12.03.1961 Steuernummer: 31512345678',
      'Familienstand: ☐ ledig ☒ verheiratet ☐ geschieden',
      'Ich beantrage Wohngeld als Mietzuschuss',
      'Straße und Hausnummer Lange Reihe 17 Postleitzahl 20099 Ort Hamburg',
      'Begründung: Mein Einkommen ist gesunken, weil mein Arbeitgeber seit dem 1. Mai Kurzarbeit angemeldet hat.',
      'Die Miete beträgt monatlich 845,50 Euro und ist am dritten Werktag fällig.',
      'Krankenversichert: Ja ☒ Nein ☐',
    ])
    expect(blocks.map(({ kind }) => kind).filter(kind => kind === 'heading')).toHaveLength(1)
  })

  test('an English form', async () => {
    expect(texts(await readPage(englishForm()))).toEqual([
      'Employee record',
      'Full name: ______________________________ Eleanor Whitcombe',
      'Date of birth: 4 July 1958',
      'Emergency contact Harold Whitcombe, 020 7946 0018',
      'The notice period is eight weeks to the end of a month.',
      '☒ Member of the pension scheme',
      'Allergies and medical conditions Penicillin causes a severe rash.',
    ])
  })

  test('what was filled in changes nothing of how the text of the page is read, nor of what is learned from it', async () => {
    const loud = germanForm().fields!.map(each => (each.kind === 'text' && !each.comb ? { ...each, size: 14 } : each))
    const page = { ...germanForm(), fields: loud }
    const filled = await read(writePdf({ pages: [page] }))
    const plain = await read(writePdf({ pages: [{ texts: page.texts }] }))
    const learned = ({ readings }: Read) => JSON.parse(readings[0]!.state!).learned
    expect(learned(filled)).toEqual(learned(plain))
    expect(filled.readings[0]!.segment.blocks.slice(0, 2)).toEqual(plain.readings[0]!.segment.blocks.slice(0, 2))
  })

  test('fields below each other under a head are a table, whose head is no label', async () => {
    const rows = ['Januar', 'Februar', 'März'].flatMap((month, row): PdfField[] => [
      field(month, { name: `a${row}`, x: 72, y: 210 + 20 * row, width: 100, height: 16 }),
      field(`${row + 1}00,00`, { name: `b${row}`, x: 200, y: 210 + 20 * row, width: 100, height: 16 }),
    ])
    const page = await readPage({ texts: [at(72, 205, 'Monat'), at(200, 205, 'Betrag')], fields: rows })
    expect(texts(page)).toEqual(['Monat Betrag', 'Januar 100,00', 'Februar 200,00', 'März 300,00'])
  })

  test('punctuation behind a field stays with it; a list says its chosen options as they are shown', async () => {
    const page = await readPage({
      texts: [at(72, 200, 'Ich, wohnhaft in'), at(310, 200, ', beantrage hiermit:')],
      fields: [
        field('Würzburg', { x: 155, width: 150 }),
        {
          kind: 'list',
          name: 'wahl',
          ...{ x: 410, y: 150, width: 120, height: 60 },
          options: [
            ['a', 'Wohngeld'],
            ['b', 'Kindergeld'],
            ['c', 'Elterngeld'],
          ],
          chosen: ['a', 'c'],
        },
      ],
    })
    expect(texts(page)).toEqual(['Ich, wohnhaft in Würzburg, beantrage hiermit: Wohngeld Elterngeld'])
  })
})

describe('places', () => {
  test('each is where it is seen, and no character stands in two', async () => {
    const { blocks } = await readPage(germanForm())
    const width = widthOf('12.03.1961', 'Helvetica', 10)
    // Its baseline stands in the middle of the field, 0.35 font sizes below; the field begins at 150, 162.
    near(rectOf(blocks, '12.03.1961'), [152, 164.5, 152 + width, 175.7])
    near(rectOf(blocks, '☒'), [256, 191, 266, 201], 0.1)
    // The comb's characters reach over all of it.
    near(rectOf(blocks, '31512345678'), [402, 166, 527.5, 178], 2)
    // A value without a picture lies in its field all the same.
    const [left, top, right, bottom] = rectOf(blocks, '845,50')
    expect(left >= 205 && right <= 265 && top >= 387 && bottom <= 405).toBe(true)
    // The second line of the reasons.
    near(rectOf(blocks, 'Kurzarbeit angemeldet hat.'), [152, 305, 274, 316], 2)
    for (const { text, runs = [] } of blocks) {
      let end = 0
      for (const run of runs) {
        expect(run.at).toBeGreaterThanOrEqual(end)
        expect(text.slice(end, run.at).trim()).toBe('')
        end = run.end
      }
      expect(text.slice(end).trim()).toBe('')
    }
  })

  test('rotation and crop box are applied, also where the page lies on its side and the form stands upright', async () => {
    const size = { width: 400, height: 500, cropBox: [50, 100, 350, 450] as [number, number, number, number] }
    const boxes: PdfField[] = [
      field('4711', { x: 150, y: 240, width: 100, height: 14 }),
      { kind: 'check', name: 'eilt', x: 92, y: 280, width: 10, height: 10, on: true },
    ]
    const label = [at(90, 250, 'Nummer:'), at(110, 289, 'eilt')]
    const upright = await readPage({ ...size, texts: label, fields: boxes })
    const width = widthOf('4711', 'Helvetica', 10)
    expect(texts(upright)).toEqual(['Nummer: 4711', '☒ eilt'])
    near(rectOf(upright.blocks, '4711'), [102, 191.5, 102 + width, 202.5])
    near(rectOf(upright.blocks, '☒'), [42, 230, 52, 240], 0.1)
    const half = await readPage({ ...size, rotate: 180, texts: label, fields: boxes })
    expect(texts(half).sort()).toEqual(['Nummer: 4711', '☒ eilt'])
    near(rectOf(half.blocks, '4711'), [300 - 102 - width, 350 - 202.5, 300 - 102, 350 - 191.5])
    // Shown turned by 90 degrees clockwise, written turned back: upright for whoever reads it. 60 from the left, 100 down.
    const turned = await readPage({
      width: 400,
      height: 500,
      rotate: 90,
      texts: [at(100, 440, 'Nummer:', { angle: 90 }), at(150, 440, 'eilt', { angle: 90 })],
      fields: [
        field('4711', { x: 90, y: 290, width: 14, height: 100, rotate: 90, picture: null }),
        { kind: 'check', name: 'eilt', x: 141, y: 445, width: 10, height: 10, on: false },
      ],
    })
    expect([turned.width, turned.height]).toEqual([500, 400])
    expect(texts(turned).sort()).toEqual(['Nummer: 4711', '☐ eilt'].sort())
    const [left, top, right, bottom] = rectOf(turned.blocks, '4711')
    expect(left >= 109 && right <= 211 && top >= 88 && bottom <= 107, String([left, top, right, bottom])).toBe(true)
    near(rectOf(turned.blocks, '☐'), [45, 141, 55, 151], 0.1)
  })

  test('what runs over the edge of its field is marked inside', async () => {
    const long = 'Sehr ausführliche Angaben, die in kein Feld dieser Breite passen'
    const { blocks } = await readPage(labelled(field(long, { width: 100 })))
    const rects = blocks.flatMap(({ runs = [] }) => runs.map(({ rect }) => rect)).slice(1)
    expect(blocks[0]!.text).toBe(`Aktenzeichen: ${long}`)
    for (const [left, , right] of rects) expect(left >= 150 && right <= 250.1).toBe(true)
  })
})

describe('what is seen wins', () => {
  test('the picture of the file, over the value; none at all, and viewers draw the value', async () => {
    expect(texts(await readPage(labelled(field('B', { picture: ['A 12/24'] }))))).toEqual(['Aktenzeichen: A 12/24'])
    expect(texts(await readPage(labelled(field('B', { picture: [] }))))).toEqual(['Aktenzeichen:'])
    expect(texts(await readPage(labelled(field('B 7', { picture: null }))))).toEqual(['Aktenzeichen: B 7'])
  })

  test('where the form asks viewers to draw anew, the value', async () => {
    const draws = '/NeedAppearances true'
    expect(texts(await readPage(labelled(field('B 7', { picture: ['A 12/24'] })), draws))).toEqual([
      'Aktenzeichen: B 7',
    ])
    const choice: PdfField = {
      kind: 'combo',
      name: 'c',
      ...{ x: 150, y: 189, width: 200, height: 16 },
      options: [['x1', 'Vorgang zwölf']],
      chosen: ['x1'],
      picture: null,
    }
    expect(texts(await readPage(labelled(choice), draws))).toEqual(['Aktenzeichen: Vorgang zwölf'])
    expect(texts(await readPage(labelled(choice)))).toEqual(['Aktenzeichen: Vorgang zwölf'])
    // What the form's font cannot write.
    for (const form of [draws, undefined])
      expect(texts(await readPage(labelled(field('Łódź Żółć', { picture: null })), form))).toEqual([
        'Aktenzeichen: Łódź Żółć',
      ])
  })

  test('typed onto the page, stamped, signed', async () => {
    const page = await readPage({
      texts: [at(72, 200, 'Eingang:')],
      fields: [
        { kind: 'free-text', x: 150, y: 189, width: 200, height: 16, text: '5. Juni 2024' },
        { kind: 'free-text', x: 72, y: 230, width: 200, height: 40, text: 'Rückfrage bei\nFrau Abt', picture: null },
        { kind: 'stamp', x: 72, y: 300, width: 120, height: 30, text: 'GENEHMIGT' },
        {
          kind: 'signature',
          name: 'sig',
          ...{ x: 72, y: 350, width: 250, height: 40 },
          picture: ['Digital unterschrieben von Käthe Grünwald', 'Datum: 02.06.2024'],
        },
        { kind: 'signature', name: 'leer', x: 72, y: 400, width: 250, height: 40, picture: [] },
      ],
    })
    expect(texts(page)).toEqual([
      'Eingang: 5. Juni 2024',
      'Rückfrage bei Frau Abt',
      'GENEHMIGT',
      'Digital unterschrieben von Käthe Grünwald Datum: 02.06.2024',
    ])
    expect(page.blocks.every(({ kind }) => kind !== 'heading')).toBe(true)
  })

  test('not what is hidden, passwords, buttons, comments, and what lies beside the page', async () => {
    const page = await readPage(
      labelled(
        field('versteckt', { flags: 2 }),
        field('nur gedruckt', { flags: 32 }),
        field('geheim', { password: true }),
        field('daneben', { x: 700 }),
        field('flach', { height: 0 }),
        { kind: 'push', name: 'senden', x: 150, y: 240, width: 80, height: 16, caption: 'Absenden' },
        { kind: 'comment', x: 150, y: 270, width: 20, height: 20, text: 'Bitte noch einmal prüfen' },
      ),
    )
    expect(texts(page)).toEqual(['Aktenzeichen:'])
  })

  test('a form that was flattened and kept its fields says everything once', async () => {
    const { texts: labels, fields } = labelled(field('A 12/24'), {
      kind: 'check',
      name: 'eilt',
      ...{ x: 72, y: 230, width: 10, height: 10 },
      on: true,
    })
    const printed = [at(152, 200.5, 'A'), at(161, 200.5, '12/24'), at(74, 239, 'X', { size: 9 }), at(88, 239, 'eilt')]
    const page = await readPage({ texts: [...labels, ...printed], fields: fields! })
    expect(texts(page)).toEqual(['Aktenzeichen: A 12/24', 'X eilt'])
  })

  test('on the picture of a form, the fields are found, and the picture is still to be read', async () => {
    const page = await readPage({ texts: [], fields: [field('A 12/24')] })
    expect([page.problem, texts(page)]).toEqual(['without-text', ['A 12/24']])
  })

  test('an XFA form without fields is said to be one', async () => {
    const xfa = '/XFA [(template) (<template xmlns="http://www.xfa.org/schema/xfa-template/3.3/"/>)]'
    const reasons = async (page: PdfPage) => (await read(writePdf({ pages: [page], form: xfa }))).ending.reasons
    expect(await reasons({ texts: [at(72, 100, 'Please wait...')] })).toEqual([{ code: 'xfa-form' }])
    expect(await reasons(labelled(field('A 12/24')))).toEqual(undefined)
    // Known from before a break, and nothing is asked of pages that were read: one of them may have done harm.
    const bytes = writePdf({ pages: [labelled(field('A 12/24')), { texts: [at(72, 100, 'Seite 2')] }], form: xfa })
    const { readings } = await read(bytes)
    const again = await read(bytes, { after: 1, state: readings[0]!.state, careful: 'alone' })
    expect([again.ending.reasons, again.readings]).toEqual([undefined, readings.slice(1)])
    const unknown = await read(bytes, { after: 1, careful: 'alone' })
    expect(unknown.ending.reasons).toEqual([{ code: 'xfa-form' }])
  })
})

describe('bad files', () => {
  test('a break between two pages changes nothing', async () => {
    const bytes = writePdf({ pages: [germanForm(), englishForm(), germanForm()] })
    const whole = (await read(bytes)).readings
    for (const after of [1, 2])
      expect((await read(bytes, { after, state: whole[after - 1]!.state })).readings).toEqual(whole.slice(after))
  })

  test('after two deaths the first page is its own text alone, and that is said; after one nothing is lost', async () => {
    const bytes = writePdf({ pages: [labelled(field('eins')), labelled(field('zwei')), labelled(field('drei'))] })
    const [first] = (await read(bytes)).readings
    const again = { after: 1, state: first!.state }
    const alone = await read(bytes, { ...again, careful: 'alone' })
    expect(alone.readings.flatMap(({ segment }) => texts(segment))).toEqual([
      'Aktenzeichen: zwei',
      'Aktenzeichen: drei',
    ])
    expect(alone.ending.reasons).toBe(undefined)
    const { readings, ending } = await read(bytes, { ...again, careful: 'bare' })
    expect(readings.flatMap(({ segment }) => texts(segment))).toEqual(['Aktenzeichen:', 'Aktenzeichen: drei'])
    expect(ending.reasons).toEqual([{ code: 'partly-damaged' }])
  })

  test('fields that are their own parents, places that are none, scripts', async () => {
    const ran = Reflect.get(globalThis, 'ran')
    const script = field('mit Skript', { script: 'globalThis.ran = 1; event.value = "anders"' })
    const plain = Buffer.from(writePdf({ pages: [labelled(script)] })).toString('latin1')
    expect(texts((await read(plain)).readings[0]!.segment)).toEqual(['Aktenzeichen: mit Skript'])
    expect(Reflect.get(globalThis, 'ran')).toBe(ran)
    const number = /(\d+) 0 obj\n<< \/Type \/Annot/.exec(plain)?.[1]
    for (const [from, to] of [
      ['/FT /Tx', `/FT /Tx /Parent ${number} 0 R /Kids [${number} 0 R]`],
      ['/FT /Tx', `/Parent ${number} 0 R`],
      [/\/Rect \[[^\]]*\]/, '/Rect [0 0]'],
      [/\/Rect \[[^\]]*\]/, '/Rect [nan (x) null 7]'],
      [/\/Rect \[[^\]]*\]/, '/Rect [-1e30 -1e30 1e30 1e30]'],
      [/\/AP << \/N \d+ 0 R >>/, '/AP << /N 1 0 R >>'],
      [/\/BBox \[[^\]]*\]/, '/BBox [0 0 0 0]'],
      [/\/AcroForm << /, '/AcroForm << /Fields 7 /DA 9 '],
      [/\/Annots \[[^\]]*\]/, '/Annots [1 0 R 2 0 R null 7 (x) 999 0 R]'],
    ] as const) {
      const { readings } = await read(plain.replace(from, to))
      expect(texts(readings[0]!.segment).join(' '), to).toMatch(/^Aktenzeichen:/)
    }
  })

  test('a value of a million characters is cut, and that is said', async () => {
    const { readings, ending } = await read(
      writePdf({ pages: [labelled(field('Wort '.repeat(200_000), { picture: null, multiline: true }))] }),
    )
    const all = texts(readings[0]!.segment).join(' ')
    expect(all.startsWith('Aktenzeichen: Wort Wort')).toBe(true)
    expect(all.length).toBeLessThan(101_000)
    expect(ending.reasons).toEqual([{ code: 'partly-damaged' }])
  })

  test('of thirty thousand fields on a page, the first ten thousand are read, in time', async () => {
    const fields = Array.from({ length: 30_000 }, (_, index) =>
      field(`W${index}`, {
        name: `f${index}`,
        ...{ x: (index * 37) % 540, y: (index * 13) % 800, width: 50, height: 12 },
        picture: null,
      }),
    )
    const bytes = writePdf({ pages: [{ texts: [at(72, 100, 'Hallo Welt')], fields }] })
    const started = performance.now()
    const { readings, ending } = await read(bytes)
    const all = texts(readings[0]!.segment).join(' ')
    expect(all).toContain('Hallo Welt')
    expect(all).toMatch(/\bW9999\b/)
    expect(all).not.toMatch(/\bW10000\b/)
    expect(ending.reasons).toEqual([{ code: 'partly-damaged' }])
    expect(performance.now() - started).toBeLessThan(40_000)
  })
})
