import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Block, Segment } from '../model/index.ts'
import { createChunker, type Draft, estimateTokens } from './chunker.ts'

const sentences = (text: string) =>
  [...text.matchAll(/[^.]+\.?\s*/g)].map(match => ({
    start: match.index,
    end: match.index + match[0].trimEnd().length,
  }))

function chunksOf(segments: Segment[], isFurniture: (block: Block) => boolean = () => false): Draft[] {
  const chunker = createChunker({ splitSentences: sentences, isFurniture })
  return [...segments.flatMap(segment => chunker.push(segment)), ...chunker.end()]
}

const heading = (text: string, level: number): Block => ({ kind: 'heading', text, level })
const paragraph = (text: string): Block => ({ kind: 'paragraph', text })
const words = (count: number, word = 'Wort') => `${Array(count).fill(word).join(' ')}.`

describe('structure', () => {
  test('a heading begins a chunk and stands in the path of those below it', () => {
    const chunks = chunksOf([
      {
        number: 1,
        blocks: [
          heading('A', 1),
          paragraph(words(60)),
          heading('A.1', 2),
          paragraph(words(60)),
          heading('B', 1),
          paragraph(words(60)),
        ],
      },
    ])
    expect(chunks.map(chunk => chunk.text.split('\n')[0])).toEqual(['A', 'A.1', 'B'])
    expect(chunks.map(chunk => chunk.headings.map(({ text }) => text))).toEqual([[], ['A'], []])
  })

  test('small sections share a chunk', () => {
    const chunks = chunksOf([
      { number: 1, blocks: [heading('A', 1), paragraph('Kurz.'), heading('B', 1), paragraph('Auch kurz.')] },
    ])
    expect(chunks.map(chunk => chunk.text)).toEqual(['A\nKurz.\nB\nAuch kurz.'])
  })

  test('a table row is never cut from its neighbours by less than the size, and knows its header', () => {
    const row = (text: string): Block => ({ kind: 'table-row', text, header: 'Art Betrag' })
    const [chunk] = chunksOf([{ number: 1, blocks: [row('Art Betrag'), row('Miete 500'), row('Strom 80')] }])
    expect(chunk.text).toBe('Art Betrag\nMiete 500\nStrom 80')
    expect(chunk.pieces.map(piece => piece.header)).toEqual(Array(3).fill('Art Betrag'))
  })

  test('a table that fits is not cut, and takes its caption along', () => {
    const rows = Array.from(
      { length: 6 },
      (_, index): Block => ({ kind: 'table-row', text: `Zeile ${index} ${words(10)}` }),
    )
    const blocks = [paragraph(words(180)), { kind: 'caption' as const, text: 'Tabelle 1' }, ...rows]
    expect(chunksOf([{ number: 1, blocks }]).map(chunk => chunk.text.split('\n').length)).toEqual([1, 7])
  })

  test('a chunk ends with its page, unless a paragraph runs on', () => {
    const page = (number: number, ...blocks: Block[]): Segment => ({ number, width: 595, height: 842, blocks })
    const pagesOf = (draft: Draft) => draft.pieces.map(piece => piece.segment)
    const long = paragraph(words(60))
    expect(chunksOf([page(1, long), page(2, long)]).map(pagesOf)).toEqual([[1], [2]])
    expect(chunksOf([page(1, long), page(2, { ...long, continues: true })]).map(pagesOf)).toEqual([[1, 2]])
    expect(chunksOf([page(1, paragraph('Kurz.')), page(2, long)]).map(pagesOf)).toEqual([[1, 2]])
    expect(chunksOf([page(1, heading('A', 1)), page(2, long)]).map(pagesOf)).toEqual([[1, 2]])
  })

  test('furniture stays out, other lines at the edge stay in, in their place', () => {
    const at = (text: string, top: number): Block => ({
      ...paragraph(text),
      runs: [{ at: 0, end: text.length, rect: [0, top, 9, top + 9] }],
    })
    const segment = {
      number: 1,
      blocks: [at('Mitte', 100)],
      margins: [at('Kopf', 10), at('Titel', 20), at('Fuß', 800)],
    }
    const [chunk] = chunksOf([segment], block => block.text === 'Kopf')
    expect(chunk.text).toBe('Titel\nMitte\nFuß')
    expect(chunk.pieces.map(piece => piece.block)).toEqual([-2, 0, -3])
  })
})

test('a paragraph that is too long is cut between sentences, and each part knows where it stands', () => {
  const all = Array.from(
    { length: 40 },
    (_, index) => `Dies ist Satz ${index} von vierzig, und er sagt etwas über die Miete.`,
  )
  const text = all.join(' ')
  const chunks = chunksOf([{ number: 1, blocks: [paragraph('Vorweg.'), paragraph(text)] }])
  const parts = chunks.flatMap(chunk =>
    chunk.pieces.filter(piece => piece.block === 1).map(({ at, from, to }) => ({ at, from, to, text: chunk.text })),
  )
  expect(parts.length).toBeGreaterThan(2)
  expect(parts[0]!.from).toBe(0)
  expect(parts.at(-1)!.to).toBe(text.length)
  for (const [index, { at, from, to, text: chunk }] of parts.entries()) {
    expect(chunk.slice(at, at + to - from)).toBe(text.slice(from, to))
    expect(text.slice(from, to)).toMatch(/^Dies ist Satz .*Miete\.$/)
    if (index > 0) expect(from).toBe(parts[index - 1]!.to + 1)
  }
})

describe('properties', () => {
  // Without a size, arrays have ten entries at most: nothing would ever be cut. Long ones are rare enough to be quick.
  const text = (maxLength: number) =>
    fc
      .array(fc.constantFrom('Mieter', 'zahlt.', 'und', 'äöü', '😀😀.', 'Kündigungsfrist', 'x'), {
        maxLength,
        size: 'max',
      })
      .map(list => list.join(' '))
  const block = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constantFrom('paragraph' as const, 'table-row' as const), text: text(40) }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('paragraph' as const), text: text(1500) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('heading' as const),
        text: text(10),
        level: fc.integer({ min: 1, max: 4 }),
      }),
    },
    // A word without end.
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('paragraph' as const), text: fc.nat(4000).map(n => '😀ä'.repeat(n)) }),
    },
  )
  const document = fc
    .array(fc.array(block, { maxLength: 5 }), { maxLength: 5 })
    .map(list => list.map((blocks, index): Segment => ({ number: index + 1, blocks })))

  test('every piece is letter for letter its block, and no word is lost', () => {
    let cut = false
    fc.assert(
      fc.property(document, segments => {
        const chunks = chunksOf(segments)
        const seen: string[] = []
        chunks.forEach((chunk, position) => {
          expect(chunk.position).toBe(position)
          cut ||= chunk.pieces.some(piece => piece.from > 0)
          for (const piece of chunk.pieces) {
            const source = segments[piece.segment - 1].blocks[piece.block]
            const text = chunk.text.slice(piece.at, piece.at + piece.to - piece.from)
            expect(text).toBe(source.text.slice(piece.from, piece.to))
            expect(text.isWellFormed()).toBe(true)
            seen.push(...text.split(' '))
          }
        })
        const all = segments.flatMap(({ blocks }) => blocks).flatMap(({ text }) => text.split(' '))
        // A word without end is cut.
        expect(seen.join('')).toEqual(all.join(''))
      }),
    )
    expect(cut).toBe(true)
  })

  test('without headings a chunk never exceeds its size', () => {
    let longest = 0
    fc.assert(
      fc.property(document, segments => {
        const plain = segments.map(segment => ({
          ...segment,
          blocks: segment.blocks.map(({ text }) => paragraph(text)),
        }))
        for (const chunk of chunksOf(plain)) {
          longest = Math.max(longest, estimateTokens(chunk.text))
          expect(estimateTokens(chunk.text)).toBeLessThanOrEqual(350)
        }
      }),
    )
    // And comes near it.
    expect(longest).toBeGreaterThan(240)
  })
})
