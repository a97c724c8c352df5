import { expect, test } from 'vitest'
import { shownCells } from '../model/answer.ts'
import type { Piece, Segment, StoredChunk } from '../model/index.ts'
import { cite } from './cite.ts'
import { toQuotable } from './passages.ts'
import { headerOf } from './rows.ts'
import { sourceText } from './sources.ts'

const header = 'Konto Soll Haben Tag'
const rows = [
  { text: header, cells: [0, 6, 11, 17], columns: [1, 2, 3, 4] },
  { text: '2000 13,75 2.1.2024', cells: [0, 5, 11], columns: [1, 3, 4], header, heads: ['Konto', 'Haben', 'Tag'] },
  { text: '3000 14,10 daneben', cells: [0, 5, 11], columns: [1, 2, 6], header, heads: ['Konto', 'Soll', ''] },
]
const segments: Segment[] = [{ number: 1, blocks: rows.map(row => ({ kind: 'table-row', ...row })) }]
const text = rows.map(row => row.text).join('\n')
const pieces: Piece[] = rows.map(({ columns: _, ...row }, block) => ({
  at: text.indexOf(row.text),
  segment: 1,
  block,
  from: 0,
  to: row.text.length,
  kind: 'table-row',
  ...(row.heads && { header: row.header, heads: row.heads, cells: row.cells }),
}))
const chunk: StoredChunk = {
  ...{ id: 1, documentId: 'd', file: 'a/buchungen.csv', paged: false, position: 0, language: 'de' },
  ...{ text, pieces, headings: [], terms: [], contextTerms: [] },
}

test('a model reads each cell with the name of its column', () => {
  expect(sourceText({ chunk, start: 0, end: text.length, number: 1 })).toBe(
    '[1] buchungen.csv\nKonto Soll Haben Tag\nKonto: 2000 · Haben: 13,75 · Tag: 2.1.2024\nKonto: 3000 · Soll: 14,10 · daneben',
  )
  const [, { at }] = pieces
  expect(sourceText({ chunk, start: at + 5, end: at + 10, number: 2 })).toBe('[2] buchungen.csv\nHaben: 13,75')
})

test('a quote stays as it is, and its cells are told beside it', () => {
  const [, { at, to }] = pieces
  const whole = cite(chunk, at, at + to, segments)
  expect(whole?.quote).toBe('2000 13,75 2.1.2024')
  expect(shownCells(whole!)).toBe('Konto: 2000 · Haben: 13,75 · Tag: 2.1.2024')
  expect(cite(chunk, at + 5, at + 10, segments)?.cells).toEqual([{ head: 'Haben', text: '13,75' }])
  expect(cite(chunk, 0, header.length, segments)?.cells).toBeUndefined()
})

test('what is not in a row does not explain it', () => {
  expect(pieces.map(headerOf)).toEqual([undefined, 'Konto Haben Tag', 'Konto Soll'])
  expect(toQuotable({ chunk, score: 1, rank: 1, before: null, after: null }).tableRows).toEqual([
    { start: pieces[1].at, header, explains: 'Konto Haben Tag' },
    { start: pieces[2].at, header, explains: 'Konto Soll' },
  ])
})
