/** Which label a value is read with. At the wrong one it says the opposite; at none, it stands in its own line. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PdfField } from '../../../scripts/pdf-fields.ts'
import { randomNumbers } from '../../../scripts/tiny-models-encoder.ts'
import { type PdfPage, type PdfText, writePdf } from '../../../scripts/write-pdf.ts'
import { openPdf } from './pdf.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cloister-labels-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const read = async (page: PdfPage): Promise<string[]> => (await readAll([page])).flat()

async function readAll(pages: PdfPage[]): Promise<string[][]> {
  const file = join(folder, `${Math.random().toString(36).slice(2)}.pdf`)
  await writeFile(file, writePdf({ pages }))
  const source = await openPdf(file, { pages: 1_000 }, note => expect.fail(note))
  const texts: string[][] = []
  try {
    for await (const { segment } of source.read(0))
      texts.push([...(segment.margins ?? []), ...segment.blocks].map(({ text }) => text))
  } finally {
    await source.close()
  }
  return texts
}

const at = (x: number, y: number, text: string, more: Partial<PdfText> = {}): PdfText => ({ x, y, text, ...more })
const small = (x: number, y: number, text: string) => at(x, y, text, { size: 7 })

const bold = { font: 'Helvetica-Bold' } as const

let count = 0
/** `y` is the baseline of the line it stands in. */
function field(x: number, y: number, width: number, value: string, height = 16): PdfField {
  return { kind: 'text', name: `f${count++}`, x, y: y - 11, width, height, value }
}

const box = (x: number, y: number, on: boolean): PdfField => ({
  kind: 'check',
  name: `c${count++}`,
  ...{ x, y: y - 8, width: 10, height: 10 },
  on,
})

const column = (x: number, text: string, lines = 12) =>
  Array.from({ length: lines }, (_, index) =>
    at(x, 140 + 14 * index, `${text} ${index} mit einem langen Hinweis zum Feld`),
  )

describe('a value that also occurs in its label', () => {
  test.each([
    ['Steuerklasse (1 bis 6)', '6'],
    ['12 Anzahl der Kinder', '2'],
    ['Jahr der Eheschließung (z. B. 1998)', '1998'],
    ['Ja oder Nein', 'Nein'],
    ['Land', 'An'],
  ])('%s: %s', async (label, value) => {
    const inEdge = { texts: [small(72, 150, label)], fields: [field(72, 154, 150, value, 30)] }
    expect(await read(inEdge)).toEqual([`${label} ${value}`])
    const overEnd = { texts: [at(72, 150, label)], fields: [field(110, 150, 150, value)] }
    expect(await read(overEnd)).toEqual([`${label} ${value}`])
  })

  test('printed is what the page says at the very place, in one piece or several', async () => {
    const fields = [field(150, 150, 150, '6 Zimmer')]
    const label = at(72, 150, 'Wohnung:')
    for (const printed of [[at(152, 150.5, '6 Zimmer')], [at(152, 150.5, '6'), at(161, 150.5, 'Zimmer')]])
      expect(await read({ texts: [label, ...printed], fields })).toEqual(['Wohnung: 6 Zimmer'])
    // The same words elsewhere in the field, and the beginning of a longer word, are something else.
    for (const [x, text] of [
      [230, '6 Zimmer'],
      [152, '6 Zimmerleute'],
    ] as const)
      expect((await read({ texts: [label, at(x, 150.5, text)], fields })).join(' ').match(/Zimmer/g)).toHaveLength(2)
    // Nor is a part of what several pieces make.
    const six = [field(150, 150, 150, '6')]
    for (const printed of [
      [at(155, 150.5, '6'), at(160.6, 150.5, '1', bold)],
      [at(149.5, 150.5, '1', bold), at(155, 150.5, '6')],
    ])
      expect((await read({ texts: [label, ...printed], fields: six })).join(' ').match(/6/g)).toHaveLength(2)
  })
})

describe('next to other fields and other text', () => {
  test('an empty field keeps its label', async () => {
    const page = {
      texts: [at(72, 150, 'Telefon:'), small(320, 136, 'E-Mail')],
      fields: [field(140, 150, 120, ''), field(320, 150, 180, 'k@example.org')],
    }
    expect(await read(page)).toEqual(['E-Mail k@example.org', 'Telefon:'])
    // Nothing says what it is: it is not joined to the label of the other.
    const unlabelled = {
      ...page,
      texts: [at(72, 150, 'Telefon:')],
      fields: [page.fields[0]!, field(320, 146, 180, 'x')],
    }
    expect(await read(unlabelled)).toEqual(['x', 'Telefon:'])
  })

  test('a caption right over the field wins over what stands far left of it', async () => {
    expect(
      await read({
        texts: [at(72, 150, 'Mieter'), small(330, 136, 'Vermieter')],
        fields: [field(330, 150, 150, 'Bauverein eG')],
      }),
    ).toEqual(['Vermieter Bauverein eG', 'Mieter'])
    expect(
      await read({
        texts: [at(72, 150, 'Nur vom Amt auszufüllen: abgelehnt'), small(330, 136, 'Beantragter Betrag')],
        fields: [field(330, 150, 150, '845,50')],
      }),
    ).toEqual(['Beantragter Betrag 845,50', 'Nur vom Amt auszufüllen: abgelehnt'])
  })

  test('not over the label right beside it; a hint over the field is none', async () => {
    const fields = [field(200, 150, 150, '12.3.1961')]
    const far = [at(72, 150, 'Tag der Geburt:'), at(200, 136, 'Angaben')]
    expect(await read({ texts: far, fields })).toEqual(['Angaben Tag der Geburt: 12.3.1961'])
    const hint = [at(72, 150, 'Geburt:'), small(200, 136, '(TT.MM.JJJJ)')]
    expect(await read({ texts: hint, fields })).toEqual(['(TT.MM.JJJJ)', 'Geburt: 12.3.1961'])
  })

  test('captions over their fields in numbered lines, some empty, with a unit behind', async () => {
    const page = {
      texts: [at(50, 150, '4'), small(72, 136, 'Bruttolohn'), small(300, 136, 'Lohnsteuer'), at(180, 150, 'EUR')],
      fields: [field(72, 150, 100, '52.000'), field(300, 150, 100, '')],
    }
    expect(await read(page)).toEqual(['Bruttolohn 52.000 EUR Lohnsteuer', '4'])
  })

  test('what is behind a field is its unit only where it is short and no label of the next', async () => {
    const caption = small(72, 136, 'PLZ')
    const fields = [field(72, 150, 60, '20099')]
    expect(await read({ texts: [caption, at(140, 150, 'bitte vollständig')], fields })).toEqual([
      'PLZ 20099',
      'bitte vollständig',
    ])
    const next = [...fields, field(165, 150, 100, 'Ulm')]
    expect(await read({ texts: [caption, at(140, 150, 'Ort')], fields: next })).toEqual(['PLZ 20099', 'Ort Ulm'])
  })

  test('two fields behind one label, drawn lower than it', async () => {
    const fields = [field(160, 154, 100, 'Grünwald'), field(270, 154, 100, 'Käthe')]
    expect(await read({ texts: [at(72, 150, 'Name, Vorname:')], fields })).toEqual(['Name, Vorname: Grünwald Käthe'])
  })

  test('a label that has its field beside it is not that of another below; one may stand in its field', async () => {
    for (const x of [72, 60]) {
      const fields = [field(110, 150, 100, 'Groß'), field(x, 168, 35, 'Ulm')]
      expect(await read({ texts: [at(72, 150, 'Name:')], fields })).toEqual(['Name: Groß', 'Ulm'])
    }
    expect(
      await read({
        texts: [at(72, 150, 'Anzahl der Personen im Haushalt'), at(72, 172, 'Zone A, B oder C')],
        fields: [field(72, 150, 400, '1'), field(60, 171, 200, 'B')],
      }),
    ).toEqual(['Anzahl der Personen im Haushalt 1', 'B Zone A, B oder C'])
  })

  test('long labels below each other are no column of text where each has its field', async () => {
    const labels = ['Einkünfte aus nichtselbständiger Arbeit', 'Einkünfte aus Vermietung und Verpachtung']
    const texts = labels.map((label, index) => at(72, 150 + 17 * index, label))
    const fields = ['52.000', '9.100'].map((value, index) => field(400, 154 + 17 * index, 100, value, 14))
    expect(await read({ texts, fields })).toEqual([`${labels[0]} 52.000`, `${labels[1]} 9.100`])
  })

  test('two columns of text stay two, with a value or a box in the right one', async () => {
    const [left, right] = [column(60, 'Links'), column(320, 'Rechts')]
    const without = right.filter((_, index) => index !== 5)
    for (const [texts, fields, said] of [
      [[...left, ...right], [box(306, 196, true)], '☒ Rechts 4'],
      [[...left, ...without], [field(320, 210, 150, 'Bauverein eG')], 'Bauverein eG'],
      [[...left, ...without, at(320, 210, 'Name:')], [field(360, 210, 110, 'Groß')], 'Name: Groß'],
    ] as const) {
      const blocks = await read({ texts: [...texts], fields: [...fields] })
      const all = blocks.join('\n')
      expect(all).toContain(said)
      expect(all.indexOf('Links 11')).toBeLessThan(all.indexOf('Rechts 0'))
      expect(all).toMatch(/Links 4 mit einem langen Hinweis zum Feld Links 5/)
    }
  })
})

describe('tables with empty cells', () => {
  const table = (xs: readonly number[], from: number, rows: readonly (readonly string[])[]) =>
    rows.flatMap((row, index) => row.map((value, at) => field(xs[at]!, from + 22 * index, 100, value)))

  test('a head is no label, whatever is filled in below it', async () => {
    const xs = [72, 200, 330]
    const heads = ['Name', 'Geburtsdatum', 'Verwandtschaft']
    const rows = [
      ['Max', '1.1.2010', 'Sohn'],
      ['Eva', '', 'Tochter'],
      ['', '3.3.2015', 'Neffe'],
    ]
    expect(
      await read({ texts: heads.map((head, index) => at(xs[index]!, 132, head)), fields: table(xs, 150, rows) }),
    ).toEqual(['Name Geburtsdatum Verwandtschaft', 'Max 1.1.2010 Sohn', 'Eva Tochter', '3.3.2015 Neffe'])
  })

  test('heads at two sides', async () => {
    const rows = [
      ['', '52.000'],
      ['9.000', ''],
    ]
    const page = {
      texts: [at(200, 132, 'Antragsteller'), at(380, 132, 'Ehegatte'), at(72, 150, 'Bruttolohn'), at(72, 172, 'Rente')],
      fields: table([200, 380], 154, rows),
    }
    expect(await read(page)).toEqual(['Antragsteller Ehegatte', 'Bruttolohn 52.000', 'Rente 9.000'])
  })

  test('boxes to tick under heads, drawn lower than their rows', async () => {
    const page = {
      texts: [at(300, 130, 'gut'), at(350, 130, 'schlecht'), at(72, 150, 'Service'), at(72, 170, 'Preis')],
      fields: [box(304, 154, true), box(360, 154, false), box(304, 174, false), box(360, 174, true)],
    }
    expect(await read(page)).toEqual(['gut schlecht', 'Service ☒ ☐', 'Preis ☐ ☒'])
  })
})

describe('one printed line with several gaps', () => {
  test.each(['_', '.'])('each value stands behind its own: %s', async sign => {
    const gap = sign.repeat(sign === '_' ? 22 : 44)
    const fields = [field(104, 150, 118, 'Grünwald'), field(275, 150, 118, 'Käthe'), field(440, 150, 60, '12.3.61')]
    const texts = [at(72, 150, `Name: ${gap} Vorname: ${gap} geb. am: ${sign.repeat(sign === '_' ? 10 : 20)}`)]
    expect(await read({ texts, fields })).toEqual([
      `Name: ${gap} Grünwald Vorname: ${gap} Käthe geb. am: ${sign.repeat(sign === '_' ? 10 : 20)} 12.3.61`,
    ])
    const one = [field(104, 150, 118, ''), field(275, 150, 118, 'Käthe')]
    expect(await read({ texts: [at(72, 150, `Mieter: ${gap}, Bürge: ${gap}, beide hier`)], fields: one })).toEqual([
      `Mieter: ${gap}, Bürge: ${gap} Käthe, beide hier`,
    ])
  })

  test('dots that lead somewhere stay as they are where no field lies on them', async () => {
    const texts = [at(72, 150, 'Wages, box 1 . . . . . . . . . . . . . 1a')]
    expect(await read({ texts, fields: [field(300, 150, 80, '52,000')] })).toEqual([`${texts[0]!.text} 52,000`])
  })
})

describe('nothing that was filled in is lost', () => {
  test('a short label right of one field and over another is no unit', async () => {
    const staggered = {
      texts: [small(50, 136, 'Betrag'), at(160, 150, 'Datum')],
      fields: [field(50, 150, 100, '12,50'), field(160, 168, 100, '01.02.')],
    }
    expect(await read(staggered)).toEqual(['Betrag 12,50', 'Datum 01.02.'])
    // The lower one first, and with a field that reaches far to the left of the label it stands under.
    for (const x of [150, 160]) {
      const said = (await read({ ...staggered, fields: [field(x, 168, 100, '01.02.'), staggered.fields[0]!] })).join(
        ' ',
      )
      for (const value of ['Betrag 12,50', '01.02.']) expect(said.split(value)).toHaveLength(2)
    }
  })

  test('one unit between two fields is said once', async () => {
    const said = await read({
      texts: [small(50, 136, 'Betrag'), small(50, 141, 'Summe'), at(160, 150, 'EUR')],
      fields: [field(50, 150, 100, '12,50'), field(50, 155, 100, '13,50')],
    })
    for (const value of ['12,50', '13,50', 'EUR']) expect(said.join(' ').split(value)).toHaveLength(2)
  })

  test('each value and each label occurs once, wherever they stand', async () => {
    const random = randomNumbers(7)
    const of = (count: number) => Math.floor(random() * count)
    const off = () => of(7) - 3
    const pages = Array.from({ length: 500 }, (): PdfPage & { said: string[] } => {
      const texts: PdfText[] = []
      const fields: PdfField[] = []
      // Rows and columns, some empty and all a little off: labels stand beside, over and inside fields.
      const [columns, width, pitch] = [2 + of(3), 60 + of(60), 11 + of(8)]
      for (let index = 0; index < columns * 8; index++) {
        const [x, y] = [60 + width * (index % columns) + off(), 120 + pitch * Math.floor(index / columns) + off()]
        const kind = of(5)
        if (kind < 2)
          texts.push(at(x, y, `L${10 + index}${['', '', ':', ' Angaben'][of(4)]}`, { size: of(2) ? 10 : 7 }))
        else if (kind < 4) fields.push(field(x, y, width - of(20), `V${10 + index}`, 12 + of(6)))
      }
      const values = fields.map(each => ('value' in each ? each.value : ''))
      return { texts, fields, said: [...texts.map(({ text }) => text.slice(0, 3)), ...values] }
    })
    const texts = await readAll(pages)
    for (const [index, { said }] of pages.entries()) {
      const whole = texts[index]!.join('\n')
      for (const word of said) expect(whole.split(word), `page ${index + 1}, ${word}:\n${whole}`).toHaveLength(2)
    }
  })
})
