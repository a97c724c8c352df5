import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readFormat, readOn } from '../../../tests/read-format.ts'
import type { Block, Segment } from '../../model/index.ts'
import { openCode } from './code.ts'
import { openMarkdown } from './markdown.ts'
import { openPlainText } from './plain.ts'
import { openSubtitles } from './subtitles.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cloister-text-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function segments(
  open: typeof openPlainText,
  content: string | Uint8Array,
  after = 0,
  characters = 1e9,
): Promise<{ segments: Segment[]; cut: boolean }> {
  const file = join(folder, Math.random().toString(36).slice(2))
  await writeFile(file, content)
  const source = await open(file, { characters })
  const all: Segment[] = []
  const reader = source.read(after)
  for (;;) {
    const { value, done } = await reader.next()
    if (done) return { segments: all, cut: value.cut }
    if (!value.passed) all.push(value.segment)
  }
}

const blocks = async (open: typeof openPlainText, content: string | Uint8Array): Promise<Block[]> =>
  (await segments(open, content)).segments.flatMap(segment => segment.blocks)
const texts = async (content: string | Uint8Array) => (await blocks(openPlainText, content)).map(block => block.text)

describe('plain text', () => {
  test('hard-wrapped lines become paragraphs that know their lines', async () => {
    const content = [
      'Der Mieter verpflichtet sich, die Wohnung pfleglich zu behan-',
      'deln und Schäden, die über die gewöhnliche Abnutzung hinaus-',
      'gehen, sofort zu melden.',
      '',
      'Der Vermieter sorgt für Heizung und warmes Wasser im Haupt-',
      'und im Nebengebäude.',
    ].join('\n')
    expect(await blocks(openPlainText, content)).toEqual([
      {
        kind: 'paragraph',
        text: 'Der Mieter verpflichtet sich, die Wohnung pfleglich zu behandeln und Schäden, die über die gewöhnliche Abnutzung hinausgehen, sofort zu melden.',
        span: { unit: 'line', first: 1, last: 3 },
      },
      {
        kind: 'paragraph',
        text: 'Der Vermieter sorgt für Heizung und warmes Wasser im Haupt- und im Nebengebäude.',
        span: { unit: 'line', first: 5, last: 6 },
      },
    ])
  })

  test('list items, short lines and drawn tables keep their lines', async () => {
    expect(await texts('- Milch\n- Brot und ein\n  Glas Honig\n1. Eins\n2. Zwei')).toEqual([
      '- Milch',
      '- Brot und ein Glas Honig',
      '1. Eins',
      '2. Zwei',
    ])
    expect(await texts('Anna Beispiel\nHauptstraße 1\n12345 Ort')).toEqual([
      'Anna Beispiel',
      'Hauptstraße 1',
      '12345 Ort',
    ])
    expect(await texts('Pumpe      40 Watt     120 Euro\nKessel     18 kW       3400 Euro')).toHaveLength(2)
  })

  test.each([
    ['UTF-8', Buffer.from('Größe: 5 m²', 'utf8')],
    ['UTF-8 with a mark', Buffer.from('\ufeffGröße: 5 m²', 'utf8')],
    ['UTF-16LE with a mark', Buffer.from('\ufeffGröße: 5 m²', 'utf16le')],
    ['UTF-16BE with a mark', Buffer.from('\ufeffGröße: 5 m²', 'utf16le').swap16()],
    ['UTF-16LE without', Buffer.from('Größe: 5 m²', 'utf16le')],
    ['Latin-1', Buffer.from('Größe: 5 m²', 'latin1')],
  ])('%s', async (_name, bytes) => {
    expect(await texts(bytes)).toEqual(['Größe: 5 m²'])
  })

  test('what Windows-1252 has and Latin-1 has not', async () => {
    expect(await texts(Buffer.from([0x84, 0x6a, 0x61, 0x93, 0x20, 0x96, 0x20, 0x80, 0x35]))).toEqual(['„ja“ – €5'])
  })

  test('an umlaut far from the start decides too, and one cut by a buffer does not', async () => {
    const filler = `${'Zeile ohne Umlaut und ohne Ende '.repeat(7)}\n\n`.repeat(2_000)
    expect((await texts(Buffer.from(`${filler}Müll`, 'latin1'))).at(-1)).toBe('Müll')
    expect((await texts(`${'ä'.repeat(70_001)}`)).join('')).toBe('ä'.repeat(70_001))
  })

  test('every line end ends a line', async () => {
    const result = await blocks(openPlainText, 'Eins.\r\n\r\nZwei.\r\rDrei.\n\nVier.')
    expect(result.map(block => [block.text, block.span])).toEqual([
      ['Eins.', { unit: 'line', first: 1, last: 1 }],
      ['Zwei.', { unit: 'line', first: 3, last: 3 }],
      ['Drei.', { unit: 'line', first: 5, last: 5 }],
      ['Vier.', { unit: 'line', first: 7, last: 7 }],
    ])
  })

  test('a file without line ends comes in blocks of bearable size, and nothing is lost', async () => {
    const words = Array.from({ length: 50_000 }, (_, index) => `wort${index}`).join(' ')
    const result = await texts(words)
    expect(Math.max(...result.map(text => text.length))).toBeLessThanOrEqual(8_000)
    expect(result.join(' ')).toBe(words)
  })

  test('segments of a hundred blocks; a limit cuts and says so', async () => {
    const content = Array.from({ length: 250 }, (_, index) => `Absatz ${index}.`).join('\n\n')
    const all = await segments(openPlainText, content)
    expect(all.segments.map(segment => [segment.number, segment.blocks.length])).toEqual([
      [1, 100],
      [2, 100],
      [3, 50],
    ])
    expect(all.cut).toBe(false)
    const later = await segments(openPlainText, content, 2)
    expect(later.segments).toEqual(all.segments.slice(2))
    const cut = await segments(openPlainText, content, 0, 1_000)
    expect(cut.cut).toBe(true)
    expect(
      cut.segments.flatMap(segment => segment.blocks).reduce((sum, block) => sum + block.text.length, 0),
    ).toBeLessThanOrEqual(1_000)
  })

  test('nothing but blanks is no segment', async () => {
    expect(await segments(openPlainText, ' \n\t\n\n')).toEqual({ segments: [], cut: false })
  })
})

describe('Markdown', () => {
  test('the text as it is read, with its kind and lines', async () => {
    const content = [
      '---',
      'title: Handbuch',
      '---',
      '# Die *Heizung*',
      '',
      'Sie läuft [ab Oktober](https://example.org) und **nie** im `Juli`,',
      'auch nicht bei Regen.',
      '',
      '- erstens',
      '- zweitens',
      '  - darunter',
      '',
      '3. drittens',
      '4. viertens',
      '',
      '| Gerät | Preis |',
      '|---|---:|',
      '| Pumpe | 120 € |',
      '| Uhr | |',
      '',
      '```sh',
      'heat --now',
      '  --all',
      '```',
      '',
      '> Zitat eines Nachbarn.',
      '',
      'Mit Fußnote[^1].',
      '',
      '[^1]: Die Note.',
      '',
      '<div>Roh <b>fett</b></div>',
      '',
      '![Ein Bild vom Kessel](kessel.png)',
    ].join('\n')
    const result = await blocks(openMarkdown, content)
    expect(result).toEqual([
      { kind: 'paragraph', text: 'title: Handbuch', span: { unit: 'line', first: 2, last: 2 } },
      { kind: 'heading', level: 1, text: 'Die Heizung', span: { unit: 'line', first: 4, last: 4 } },
      {
        kind: 'paragraph',
        text: 'Sie läuft ab Oktober und nie im Juli, auch nicht bei Regen.',
        span: { unit: 'line', first: 6, last: 7 },
      },
      { kind: 'list-item', text: 'erstens', span: { unit: 'line', first: 9, last: 9 } },
      { kind: 'list-item', text: 'zweitens', span: { unit: 'line', first: 10, last: 10 } },
      { kind: 'list-item', text: 'darunter', span: { unit: 'line', first: 11, last: 11 } },
      { kind: 'list-item', text: '3. drittens', span: { unit: 'line', first: 13, last: 13 } },
      { kind: 'list-item', text: '4. viertens', span: { unit: 'line', first: 14, last: 14 } },
      { kind: 'table-row', text: 'Gerät Preis', cells: [0, 6], span: { unit: 'line', first: 16, last: 16 } },
      {
        kind: 'table-row',
        text: 'Pumpe 120 €',
        cells: [0, 6],
        header: 'Gerät Preis',
        heads: ['Gerät', 'Preis'],
        span: { unit: 'line', first: 18, last: 18 },
      },
      {
        kind: 'table-row',
        text: 'Uhr',
        cells: [0],
        header: 'Gerät Preis',
        heads: ['Gerät'],
        span: { unit: 'line', first: 19, last: 19 },
      },
      { kind: 'code', text: 'heat --now\n  --all', span: { unit: 'line', first: 21, last: 24 } },
      { kind: 'paragraph', text: 'Zitat eines Nachbarn.', span: { unit: 'line', first: 26, last: 26 } },
      { kind: 'paragraph', text: 'Mit Fußnote.', span: { unit: 'line', first: 28, last: 28 } },
      { kind: 'footnote', text: 'Die Note.', span: { unit: 'line', first: 30, last: 30 } },
      { kind: 'paragraph', text: 'Roh fett', span: { unit: 'line', first: 32, last: 32 } },
      { kind: 'paragraph', text: 'Ein Bild vom Kessel', span: { unit: 'line', first: 34, last: 34 } },
    ])
  })

  test.each([
    [
      'YAML',
      '---\ntitle: Handbuch\n# still\nauthor:\n  - Anna Weiß\n  - Jörg\n---\nText',
      ['title: Handbuch', 'author: Anna Weiß Jörg', 'Text'],
      4,
    ],
    [
      'TOML',
      '+++\ntitle = "Handbuch"\n\n[params]\nauthor = "Anna"\n+++\nText',
      ['title = "Handbuch"', '[params]', 'author = "Anna"', 'Text'],
      4,
    ],
  ])('front matter in %s: a paragraph for each key', async (_name, content, expected, line) => {
    const result = await blocks(openMarkdown, content)
    expect(result.map(block => block.text)).toEqual(expected)
    expect(result[1]?.span?.first).toBe(line)
  })

  test('MDX: what it imports is code, its elements are read without their tags', async () => {
    const content = "import { Box } from './box.js'\n\n# Titel\n\n<Box>\n\nInnen.\n\n</Box>\n"
    expect((await blocks(openMarkdown, content)).map(block => `${block.kind} ${block.text}`)).toEqual([
      "code import { Box } from './box.js'",
      'heading Titel',
      'paragraph Innen.',
    ])
  })

  test('a long file is read in parts without losing its lines; a heading inside a code block is none', async () => {
    const part = (index: number) =>
      `# Kapitel ${index}\n\n${'Ein Satz über nichts. '.repeat(500)}\n\n\`\`\`\n# kein Kapitel\n\n# auch keins\n\`\`\`\n\n`
    const content = Array.from({ length: 60 }, (_, index) => part(index)).join('')
    const result = await blocks(openMarkdown, content)
    const headings = result.filter(block => block.kind === 'heading')
    expect(headings).toHaveLength(60)
    const lines = content.split('\n')
    for (const block of headings) expect(lines[block.span!.first - 1]).toBe(`# ${block.text}`)
    expect(result.filter(block => block.kind === 'code')).toHaveLength(60)
  })

  test('deep nesting and broken markup are read as something', async () => {
    expect((await blocks(openMarkdown, `${'> '.repeat(300)}tief`)).map(block => block.text)).toEqual(['tief'])
    expect(
      (await blocks(openMarkdown, '**offen [kein](ende\n```\nnie zu')).map(block => block.text).join(' '),
    ).toContain('nie zu')
  })
})

describe('source code', () => {
  test('a block is a definition with what stands above it, and knows its lines', async () => {
    const content = [
      '// Rechnet die Miete aus.',
      'function rent(area) {',
      '  const price = 12',
      '',
      '  return area * price',
      '}',
      '',
      '',
      '/** Kaution: drei Mieten. */',
      'const deposit = 3',
      '',
    ].join('\r\n')
    expect(await blocks(openCode, content)).toEqual([
      {
        kind: 'code',
        text: '// Rechnet die Miete aus.\nfunction rent(area) {\n  const price = 12\n\n  return area * price\n}',
        span: { unit: 'line', first: 1, last: 6 },
      },
      {
        kind: 'code',
        text: '/** Kaution: drei Mieten. */\nconst deposit = 3',
        span: { unit: 'line', first: 9, last: 10 },
      },
    ])
  })

  test('a long definition comes in parts, a line without end too, and nothing is lost', async () => {
    const lines = Array.from({ length: 1_000 }, (_, index) => `  call(${index})`)
    const long = await blocks(openCode, ['function all() {', ...lines, '}'].join('\n'))
    expect(long.length).toBeGreaterThan(2)
    expect(
      long
        .map(block => block.text)
        .join('\n')
        .split('\n')
        .slice(1, -1),
    ).toEqual(lines)
    for (const block of long) expect(block.span!.last - block.span!.first + 1).toBe(block.text.split('\n').length)
    const minified = JSON.stringify(
      Array.from({ length: 100_000 }, (_, index) => ({ id: index, name: `Größe ${index}` })),
    )
    const parts = await blocks(openCode, minified)
    expect(
      parts
        .map(block => block.text)
        .join('')
        .replaceAll(' ', ''),
    ).toBe(minified.replaceAll(' ', ''))
    expect(Math.max(...parts.map(block => block.text.length))).toBeLessThanOrEqual(8_000)
    expect(new Set(parts.map(block => block.span?.first))).toEqual(new Set([1]))
  })
})

describe('subtitles', () => {
  test.each([
    [
      'SubRip',
      '1\r\n00:00:01,000 --> 00:00:02,500\r\n<i>Guten</i> Tag,\r\nFrau Weiß.\r\n\r\n2\r\n00:00:03,000 --> 00:00:04,000\r\nIch komme wegen\r\n\r\n3\r\n00:00:04,000 --> 00:00:05,000\r\nder 12 Stühle.\r\n',
    ],
    [
      'WebVTT',
      'WEBVTT Titel\n\nNOTE\nnicht dabei\n\nSTYLE\n::cue { color: red }\n\n00:01.000 --> 00:02.500 align:start\n<i>Guten</i> Tag,\nFrau Weiß.\n\nabc\n00:03.000 --> 00:04.000\nIch komme <00:03.500>wegen\n\n00:04.000 --> 00:05.000\nder 12 Stühle.',
    ],
  ])('%s: what is said, sentence by sentence, without its times', async (_name, content) => {
    expect(await segmentTexts(content)).toEqual(['Guten Tag, Frau Weiß.', 'Ich komme wegen der 12 Stühle.'])
  })

  test('who speaks is said', async () => {
    expect(await segmentTexts('WEBVTT\n\n00:01.000 --> 00:02.000\n<v Anna>Ja.')).toEqual(['Anna: Ja.'])
  })

  const segmentTexts = async (content: string) => (await blocks(openSubtitles, content)).map(block => block.text)
})

// Some 300 to 900 kB each.
const sentence = (index: number) => `Satz ${index} sagt, was über Größe und Maß zu sagen ist, und endet dann.`
const long: [name: string, text: string][] = [
  ['a.txt', Array.from({ length: 9000 }, (_, at) => sentence(at) + (at % 3 === 0 ? '\n\n' : '\n')).join('')],
  ['a.log', Array.from({ length: 9000 }, (_, at) => `2024-03-05\tdebug\t${sentence(at)}\r\n`).join('')],
  ['one-line.txt', Array.from({ length: 9000 }, (_, at) => sentence(at)).join(' ')],
  [
    'a.md',
    Array.from({ length: 4000 }, (_, at) => `${at % 90 === 0 ? `# Teil ${at}\n\n` : ''}${sentence(at)}\n\n`).join(''),
  ],
  ['a.ts', Array.from({ length: 9000 }, (_, at) => `// ${sentence(at)}\nconst a${at} = ${at}\n\n`).join('')],
  ['a.srt', Array.from({ length: 9000 }, (_, at) => `${at}\n00:00:01,0 --> 00:00:02,0\n${sentence(at)}\n\n`).join('')],
]

describe('reading goes on where it was, without what stands before', () => {
  test.each(long)('%s', async (name, text) => {
    expect(await readOn(name, Buffer.from(text), { erased: 60_000, steps: 3 })).toBeGreaterThan(3)
  })

  test.each([
    ['UTF-16 with a mark', Buffer.from(`\ufeff${long[0]?.[1]}`, 'utf16le')],
    ['UTF-16 the other way round', Buffer.from(`${long[0]?.[1]}`, 'utf16le').swap16()],
    ['Windows-1252', Buffer.from(long[0]?.[1] ?? '', 'latin1')],
  ])('%s', async (_name, bytes) => {
    // No mark, no umlaut and no zeros are left of what told the encoding.
    expect(await readOn('a.txt', bytes, { erased: 60_000, steps: 3 })).toBeGreaterThan(3)
  })

  test('a place of another version, or behind what was stored, is left aside', async () => {
    const text = Buffer.from(long[0]?.[1] ?? '')
    const whole = await readFormat('a.txt', text)
    const state = whole.states.at(-1)
    expect(state).toBeDefined()
    for (const one of [state, state?.replace('text 1', 'text 0'), '{', '{"kind":"text 1"}'])
      expect((await readFormat('a.txt', text, { after: 1, state: one })).segments).toEqual(whole.segments.slice(1))
  })
})
