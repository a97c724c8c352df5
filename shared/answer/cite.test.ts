import { describe, expect, test } from 'vitest'
import type { Block, Piece, Segment, StoredChunk } from '../model/index.ts'
import { cite, placeOf, placeOfChunk, rectanglesOf } from './cite.ts'

const text = 'Die Frist beträgt drei Monate. Sie beginnt am Ersten.'
const block: Block = {
  kind: 'paragraph',
  text,
  runs: [
    { at: 0, end: 20, rect: [100, 200, 300, 212] },
    { at: 21, end: 53, rect: [100, 214, 420, 226] },
  ],
}
const segment: Segment = { number: 7, width: 595, height: 842, blocks: [{ kind: 'heading', text: 'Titel' }, block] }

function chunkOf(pieces: Piece[], texts: string[], overrides: Partial<StoredChunk> = {}): StoredChunk {
  return {
    id: 1,
    documentId: 'd',
    file: 'a.pdf',
    paged: true,
    position: 0,
    text: texts.join('\n'),
    headings: [],
    pieces,
    language: 'de',
    terms: [],
    contextTerms: [],
    ...overrides,
  }
}

const chunk = chunkOf(
  [
    { at: 0, segment: 6, block: 0, from: 0, to: 4, kind: 'paragraph' },
    { at: 5, segment: 7, block: 1, from: 0, to: text.length, kind: 'paragraph' },
  ],
  ['Vorn', text],
)

describe('cite', () => {
  test('gives page and rectangles of the very words, a line each', () => {
    expect(cite(chunk, 5, 35, [segment])).toEqual({
      documentId: 'd',
      chunkId: 1,
      file: 'a.pdf',
      quote: 'Die Frist beträgt drei Monate.',
      page: 7,
      where: null,
      rects: [
        [100, 200, 300, 212],
        [100, 214, 190, 226],
      ],
    })
  })

  test('refuses what its source does not hold letter by letter', () => {
    const other = { ...segment, blocks: [segment.blocks[0], { ...block, text: text.replace('drei', 'zwei') }] }
    expect(cite(chunk, 5, 35, [other])).toBeUndefined()
    expect(cite(chunk, 5, 35, [])).toBeUndefined()
  })

  test('refuses what runs over the end of its block, and what is too long', () => {
    expect(cite(chunk, 0, 10, [segment, { number: 6, blocks: [{ kind: 'paragraph', text: 'Vorn' }] }])).toBeUndefined()
    const long = 'x'.repeat(1001)
    const longChunk = chunkOf([{ at: 0, segment: 1, block: 0, from: 0, to: 1001, kind: 'paragraph' }], [long])
    const source = { number: 1, blocks: [{ kind: 'paragraph' as const, text: long }] }
    expect(cite(longChunk, 0, 1001, [source])).toBeUndefined()
    expect(cite(longChunk, 0, 1000, [source])?.quote).toHaveLength(1000)
  })

  test('knows lines at the edge of a page, and pieces that begin inside a block', () => {
    const source: Segment = { number: 1, blocks: [], margins: [{ kind: 'paragraph', text: 'Oben am Rand' }] }
    const edge = chunkOf([{ at: 0, segment: 1, block: -1, from: 5, to: 12, kind: 'paragraph' }], ['am Rand'])
    expect(cite(edge, 3, 7, [source])?.quote).toBe('Rand')
  })
})

test('tells the line of a quote in code, with and without the fences around it', () => {
  const code = 'const rent = 600\nconst heat = 90\nreturn rent + heat'
  const lineOf = (first: number, last: number) => {
    const span = { unit: 'line' as const, first, last }
    const source: Segment = { number: 1, blocks: [{ kind: 'code', text: code, span }] }
    const file = chunkOf([{ at: 0, segment: 1, block: 0, from: 0, to: code.length, kind: 'code', span }], [code], {
      paged: false,
    })
    const at = code.indexOf('const heat')
    return cite(file, at, at + 15, [source])?.where?.span
  }
  expect(lineOf(11, 13)).toEqual({ unit: 'line', first: 12, last: 12 })
  expect(lineOf(11, 15)).toEqual({ unit: 'line', first: 13, last: 13 })
  // Five lines were left out, nobody knows where.
  expect(lineOf(11, 18)).toEqual({ unit: 'line', first: 11, last: 18 })
})

test('says where the sentence goes on outside the quote', () => {
  const long = 'Es regnet. Die Miete steigt, wenn es schneit, und fällt im Mai. Dann ist Ruhe.'
  const source: Segment = { number: 1, blocks: [{ kind: 'paragraph', text: long }] }
  const whole = chunkOf([{ at: 0, segment: 1, block: 0, from: 0, to: long.length, kind: 'paragraph' }], [long])
  const cutOf = (quote: string) => {
    const at = long.indexOf(quote)
    const citation = cite(whole, at, at + quote.length, [source])
    expect(citation?.quote).toBe(quote)
    return citation?.cut
  }
  expect(cutOf('Die Miete steigt, wenn es schneit, und fällt im Mai.')).toBeUndefined()
  expect(cutOf('Es regnet.')).toBeUndefined()
  expect(cutOf('Die Miete steigt, wenn es schneit,')).toBe('end')
  expect(cutOf('und fällt im Mai.')).toBe('start')
  expect(cutOf('wenn es schneit,')).toBe('both')
  // A chunk that begins inside the sentence does not hide it.
  const from = long.indexOf('wenn')
  const tail = long.slice(from)
  const later = chunkOf([{ at: 0, segment: 1, block: 0, from, to: long.length, kind: 'paragraph' }], [tail])
  expect(cite(later, 0, tail.indexOf(' Dann'), [source])).toMatchObject({ cut: 'start' })
})

test('where there are no pages, the headings above and the lines tell the place', () => {
  const pieces: Piece[] = [
    { at: 0, segment: 1, block: 0, from: 0, to: 1, kind: 'paragraph', span: { unit: 'line', first: 4, last: 4 } },
    {
      at: 2,
      segment: 1,
      block: 1,
      from: 0,
      to: 1,
      kind: 'heading',
      level: 2,
      span: { unit: 'line', first: 6, last: 6 },
    },
    { at: 4, segment: 1, block: 2, from: 0, to: 1, kind: 'paragraph', span: { unit: 'line', first: 8, last: 9 } },
  ]
  const headings = [
    { level: 1, text: 'Eins' },
    { level: 2, text: 'Zwei' },
  ]
  const chunk = chunkOf(pieces, ['a', 'B', 'c'], { paged: false, headings })
  expect(placeOfChunk(chunk)).toEqual({
    page: null,
    where: { cells: null, segment: 1, headings: ['Eins', 'Zwei'], span: { unit: 'line', first: 4, last: 9 } },
  })
  expect(placeOf(chunk, pieces[0])).toEqual({
    page: null,
    where: { cells: null, segment: 1, headings: ['Eins', 'Zwei'], span: { unit: 'line', first: 4, last: 4 } },
  })
  expect(placeOf(chunk, pieces[2])).toEqual({
    page: null,
    where: { cells: null, segment: 1, headings: ['Eins', 'B'], span: { unit: 'line', first: 8, last: 9 } },
  })
})

test('a quote on a sheet knows its cells, and a chunk stops counting where a sheet begins', () => {
  const row = (number: number, text: string): Block => ({
    kind: 'table-row',
    text,
    cells: [0, 6],
    columns: [2, 28],
    span: { unit: 'row', first: number, last: number },
  })
  const blocks = [row(7, 'Miete 500'), row(8, 'Strom 80'), row(1, 'Pacht 20')]
  const pieces = blocks.map((block, index): Piece => {
    const at = blocks.slice(0, index).reduce((sum, { text }) => sum + text.length + 1, 0)
    return { at, segment: 4, block: index, from: 0, to: block.text.length, kind: 'table-row', span: block.span! }
  })
  const chunk = chunkOf(
    pieces,
    blocks.map(block => block.text),
    { paged: false, headings: [{ level: 1, text: 'Kosten' }] },
  )
  const segments: Segment[] = [{ number: 4, blocks }]
  expect(cite(chunk, 0, 9, segments)?.where).toEqual({
    headings: ['Kosten'],
    segment: 4,
    span: { unit: 'row', first: 7, last: 7 },
    cells: 'B7:AB7',
  })
  expect(cite(chunk, 6, 9, segments)?.where?.cells).toBe('AB7')
  expect(placeOfChunk(chunk).where).toMatchObject({ span: { unit: 'row', first: 7, last: 8 }, cells: null })
})

test('a cell that wraps gives a rectangle per line, not one over its neighbours', () => {
  const row: Block = {
    kind: 'table-row',
    text: 'ab cd ef',
    runs: [
      { at: 0, end: 2, rect: [0, 0, 20, 10] },
      { at: 3, end: 5, rect: [0, 12, 20, 22] },
      { at: 6, end: 8, rect: [100, 0, 120, 10] },
    ],
  }
  expect(rectanglesOf(row, 0, 8)).toEqual([
    [0, 0, 20, 10],
    [0, 12, 20, 22],
    [100, 0, 120, 10],
  ])
})
