import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { exampleOdp, writeOdp } from '../../../scripts/fixtures/odp.ts'
import { examplePptx, type FixtureSlide, writePptx } from '../../../scripts/fixtures/pptx.ts'
import { exampleXlsx } from '../../../scripts/fixtures/xlsx.ts'
import { mutate, readFormat } from '../../../tests/read-format.ts'
import { AppError } from '../../errors.ts'

const textsOf = async (slides: FixtureSlide[], order?: number[]) =>
  (await readFormat('a.pptx', writePptx(slides, order))).segments.map(segment =>
    segment.blocks.map(block => block.text),
  )

describe('presentations of PowerPoint', () => {
  test('a segment a slide: title, items, table with its header, notes and comments; the footer at the edge', async () => {
    const { segments, ending } = await readFormat('a.pptx', examplePptx())
    expect(ending).toEqual({ cut: false, reasons: [] })
    expect(segments.map(({ number, width, height }) => [number, width, height])).toEqual([
      [1, 960, 540],
      [2, 960, 540],
      [3, 960, 540],
      [4, 960, 540],
    ])
    const span = { unit: 'slide', first: 2, last: 2 }
    expect(segments[1]!.blocks.slice(0, 3)).toEqual([
      { kind: 'heading', level: 1, text: 'Was beschlossen werden soll', span },
      {
        kind: 'list-item',
        text: 'Das Dach wird im Sommer neu gedeckt; das Angebot der Zimmerei liegt bei 48.300 Euro.',
        span,
      },
      { kind: 'list-item', text: 'Die Rücklage deckt davon zwei Drittel.', span },
    ])
    expect(segments[1]!.blocks.at(-1)).toEqual({
      kind: 'note',
      text: 'Anna Grün: Bitte das Angebot vor der Versammlung noch einmal prüfen.',
      span,
    })
    expect(segments[1]!.margins?.map(block => block.text)).toEqual(['Hausverwaltung Grün'])
    expect(segments[0]!.blocks.filter(block => block.kind === 'note')).toHaveLength(1)
    expect(segments[2]!.blocks[2]).toMatchObject({
      kind: 'table-row',
      text: '2022 6.410,20 € 1.930,00 € 2.104,50 €',
      cells: [0, 5, 16, 27],
      header: 'Jahr Heizung Wasser Versicherung',
      heads: ['Jahr', 'Heizung', 'Wasser', 'Versicherung'],
    })
    expect(segments[3]!.blocks.map(block => block.text)).toEqual([
      'Wie es weitergeht',
      'Beschluss fassen',
      'Auftrag erteilen',
      'Gerüst stellen und decken',
      'Rücklage in tausend Euro',
      'Stand am Jahresende',
      '2021 24',
      '2022 29',
      '2023 33',
      expect.stringContaining('Am Ende nach Fragen fragen.'),
    ])
    expect(JSON.stringify(segments)).not.toContain('Klicken')
  })

  test('slides in the order they are shown, hidden ones too', async () => {
    const slides = ['eins', 'zwei', 'drei'].map(
      (text, index): FixtureSlide => ({ shapes: [{ placeholder: 'title', paragraphs: [text] }], hidden: index === 1 }),
    )
    expect(await textsOf(slides, [3, 1, 2])).toEqual([['drei'], ['eins'], ['zwei', 'Ausgeblendete Folie']])
    const pages = [{ frames: [{ paragraphs: ['eins'] }] }, { frames: [{ paragraphs: ['zwei'] }], hidden: true }]
    const { segments } = await readFormat('a.odp', writeOdp(pages))
    expect(segments.map(({ blocks }) => blocks.map(({ text }) => text))).toEqual([['eins'], ['zwei', 'Hidden slide']])
  })

  test('numbers of items, each level by itself', async () => {
    const item = (text: string, numbers?: string, level = 0, startAt?: number) => ({
      text,
      level,
      ...(numbers && { numbers }),
      ...(startAt && { startAt }),
    })
    const paragraphs = [
      item('eins', 'arabicPeriod'),
      item('a', 'alphaLcParenR', 1),
      item('b', 'alphaLcParenR', 1),
      item('zwei', 'arabicPeriod'),
      item('ohne'),
      item('vier', 'romanUcPeriod', 0, 4),
      item('fünf', 'romanUcPeriod', 0, 4),
      item('a', 'alphaLcParenBoth', 1),
    ]
    expect(await textsOf([{ shapes: [{ paragraphs }] }])).toEqual([
      ['1. eins', 'a) a', 'b) b', '2. zwei', 'ohne', 'IV. vier', 'V. fünf', '(a) a'],
    ])
  })

  test('a chart of one series has no header over its categories', async () => {
    const { blocks } = await readFormat(
      'a.pptx',
      writePptx([{ shapes: [{ chart: { title: 'Umsatz', series: 'Nord', values: { '2022': 3 } } }] }]),
    )
    expect(blocks.map(({ kind, text }) => [kind, text])).toEqual([
      ['caption', 'Umsatz'],
      ['caption', 'Nord'],
      ['table-row', '2022 3'],
    ])
  })

  test('shapes are read from top to bottom, side by side from the left; those of a group together', async () => {
    const [texts] = await textsOf([
      {
        shapes: [
          { at: [500, 300, 300, 100], paragraphs: ['unten rechts'] },
          { at: [40, 305, 300, 100], paragraphs: ['unten links'] },
          {
            at: [40, 430, 800, 80],
            group: [
              { at: [400, 0, 100, 40], paragraphs: ['Gruppe zwei'] },
              { at: [0, 5, 100, 40], paragraphs: ['Gruppe eins'] },
            ],
          },
          { placeholder: 'body', paragraphs: ['wo die Vorlage es hat'] },
          { at: [40, 90, 300, 20], paragraphs: ['oben\nmit Umbruch'] },
          { placeholder: 'title', paragraphs: ['Titel'] },
        ],
      },
    ])
    expect(texts).toEqual([
      'Titel',
      'oben mit Umbruch',
      'wo die Vorlage es hat',
      'unten links',
      'unten rechts',
      'Gruppe eins',
      'Gruppe zwei',
    ])
  })

  test('a slide that is a picture is said to be without text; its description stands for it', async () => {
    const { segments } = await readFormat(
      'a.pptx',
      writePptx([
        { shapes: [{ picture: '' }] },
        { shapes: [{ picture: 'Grundriss der Küche' }] },
        { shapes: [{ picture: 'nur Beiwerk' }, { paragraphs: ['Text'] }] },
        { shapes: [] },
      ]),
    )
    expect(segments.map(segment => [segment.problem, segment.blocks.map(block => block.text)])).toEqual([
      ['without-text', []],
      ['without-text', ['Grundriss der Küche']],
      [undefined, ['Text']],
      [undefined, []],
    ])
  })

  test('a slide that is missing or broken is said, the others are read; another kind of file is refused', async () => {
    const slides = ['eins', 'zwei', 'drei'].map((text): FixtureSlide => ({ shapes: [{ paragraphs: [text] }] }))
    const bytes = Buffer.from(writePptx(slides))
    const name = Buffer.from('ppt/slides/slide2.xml')
    for (let at = bytes.indexOf(name); at !== -1; at = bytes.indexOf(name, at + 1)) bytes[at + 4] = 0x58
    const { segments, ending } = await readFormat('a.pptx', bytes)
    expect(segments.map(segment => segment.problem ?? segment.blocks[0]?.text)).toEqual(['eins', 'unreadable', 'drei'])
    expect(ending.reasons).toEqual([{ code: 'partly-damaged' }])
    await expect(readFormat('a.pptx', exampleXlsx())).rejects.toMatchObject({ code: 'type-mismatch' })
  })

  test('reading goes on behind a slide; shapes nested without end keep their text', async () => {
    const { segments } = await readFormat('a.pptx', examplePptx(), { after: 3 })
    expect(segments.map(segment => segment.number)).toEqual([4])
    let shape: FixtureSlide['shapes'][number] = { paragraphs: ['ganz unten'] }
    for (let depth = 0; depth < 400; depth++) shape = { group: [shape] }
    const deep = await readFormat('a.pptx', writePptx([{ shapes: [shape, { paragraphs: ['oben'] }] }]))
    expect(deep.blocks.map(block => block.text)).toContain('oben')
    expect(deep.ending.reasons).toEqual([{ code: 'too-deep' }])
  })
})

describe('presentations of LibreOffice', () => {
  test('pages with their size, notes and comments; what invites to click is no text', async () => {
    const { segments } = await readFormat(
      'a.odp',
      writeOdp([
        {
          frames: [
            { at: [2, 12, 10, 2], paragraphs: ['unten'] },
            { at: [2, 5, 10, 2], items: ['ein Punkt', 'noch einer'] },
            { kind: 'title', paragraphs: ['Titel'] },
            { kind: 'outline', empty: true, paragraphs: ['Text durch Klicken hinzufügen'] },
            {
              at: [2, 15, 10, 2],
              table: [
                ['Jahr', 'Euro'],
                ['2023', '410'],
              ],
            },
          ],
          notes: ['Für den Vortrag'],
          comment: 'Stimmt das?',
        },
        { frames: [{ picture: '' }] },
      ]),
    )
    expect(segments[0]).toMatchObject({ number: 1, width: 720, height: 540 })
    expect(segments[0]!.blocks.map(block => [block.kind, block.text])).toEqual([
      ['heading', 'Titel'],
      ['list-item', 'ein Punkt'],
      ['list-item', 'noch einer'],
      ['paragraph', 'unten'],
      ['table-row', 'Jahr Euro'],
      ['table-row', '2023 410'],
      ['note', 'Für den Vortrag'],
      ['note', 'Anna: Stimmt das?'],
    ])
    expect(segments[0]!.blocks[5]?.header).toBe('Jahr Euro')
    expect(segments[1]).toMatchObject({ number: 2, problem: 'without-text', blocks: [] })
  })
})

describe('what is broken ends in slides or a clear error', () => {
  test.each([
    ['pptx', examplePptx()],
    ['odp', exampleOdp()],
  ])(
    '%s',
    async (kind, example) => {
      const words = wordsOf((await readFormat(`a.${kind}`, example)).blocks.map(block => block.text))
      expect(words).toBeGreaterThan(150)
      for (let seed = 0; seed < 20; seed++) {
        const read = await readFormat(`a.${kind}`, mutate(example, seed)).catch((error: unknown) => error)
        if (read instanceof Error) {
          expect(read).toBeInstanceOf(AppError)
          continue
        }
        const { blocks, ending } = read as Awaited<ReturnType<typeof readFormat>>
        if (wordsOf(blocks.map(block => block.text)) < 0.95 * words)
          expect([seed, ending.reasons]).toEqual([seed, [{ code: 'partly-damaged' }]])
      }
    },
    60_000,
  )
})

function wordsOf(texts: string[]): number {
  return texts.join(' ').match(/[\p{L}\p{N}]+/gu)?.length ?? 0
}

const odd = process.env.EVAL_DIR && path.join(process.env.EVAL_DIR, 'office-odd')
describe.skipIf(!odd || !existsSync(odd))('real presentations (skipped without EVAL_DIR)', () => {
  test('each is read', async () => {
    const names = (await readdir(odd!)).filter(name => /\.(?:pptx|odp)$/.test(name))
    expect(names.length).toBeGreaterThan(20)
    for (const name of names) {
      const { segments } = await readFormat(name, { file: path.join(odd!, name) })
      expect(segments.length, name).toBeGreaterThan(0)
    }
    const smart = await readFormat('a.pptx', { file: path.join(odd!, 'smartart-simple.pptx') })
    expect(smart.blocks.slice(0, 3).map(block => block.text)).toEqual(['abc', 'def', 'ghi'])
  }, 60_000)
})
