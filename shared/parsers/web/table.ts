/** Tables of a page: rows of data with their header, or the layout of an old page or a mail, which is prose. */
import type { Block } from '../../model/index.ts'
import type { Piece } from './flow.ts'

export interface Cell {
  pieces: Piece[]
  /** `th`. */
  marked: boolean
  /** How many it covers. */
  rows: number
}

export interface Row {
  cells: Cell[]
  /** In `thead`. */
  head: boolean
}

/** A row longer than this, or a cell of more than so many blocks, holds the layout of a page. */
const MAX_ROW = 3_000
const MAX_CELL_BLOCKS = 12
const MAX_HEADER = 500
/** What kind of table it is, is told by so many rows. */
export const PROBE_ROWS = 200

/** Turns rows into blocks, in order; what it learned of the header stays for the rows that come later. */
export function createTable(presentation: boolean) {
  let layout: boolean | undefined = presentation ? true : undefined
  let header = ''
  let inHeader = true
  let first = true
  // Cells that reach down: how many rows they still cover.
  let spanning: { text: string; rows: number }[] = []

  function* rowOf(row: Row, next: Row | undefined, zoned: Piece[]): Generator<Piece> {
    const filled = row.cells.filter(cell => cell.pieces.length > 0)
    const inside = (cell: Cell) => cell.pieces.filter(({ block }) => INSIDE.has(block.kind))
    const texts = filled
      .map(cell =>
        inside(cell)
          .map(({ block }) => block.text)
          .join(' '),
      )
      .filter(text => text !== '')
    const length = texts.reduce((sum, text) => sum + text.length + 1, 0)
    const above = spanning.map(({ text }) => text).join(' ')
    spanning = spanning.filter(cell => --cell.rows > 0)
    for (const cell of row.cells)
      if (cell.rows > 1 && spanning.length < 20) {
        const text = inside(cell)
          .map(({ block }) => block.text)
          .join(' ')
        if (text !== '' && text.length < 200) spanning.push({ text, rows: Math.min(cell.rows - 1, 1_000) })
      }
    if (length > MAX_ROW) {
      yield* zoned
      return
    }
    const isHeader =
      inHeader && (row.head || isMarked(row) || (first && next !== undefined && looksLikeHeader(row, next)))
    const { text, cells } = join(texts)
    if (text !== '') {
      const context = isHeader ? '' : [header, above].filter(part => part !== '').join(' ')
      const block: Block = { kind: 'table-row', text, cells, ...(context !== '' && { header: context }) }
      const links = zoned.reduce((sum, piece) => sum + piece.links, 0)
      yield { block, zone: zoned[0]?.zone ?? 0, links }
      first = false
    }
    if (isHeader && text.length + header.length < MAX_HEADER) header = header === '' ? text : `${header} ${text}`
    if (!isHeader && text !== '') inHeader = false
    // What is no part of a cell's text: the rows of a table inside it.
    for (const cell of filled) for (const piece of cell.pieces) if (!INSIDE.has(piece.block.kind)) yield piece
  }

  return {
    *rows(rows: readonly Row[], captioned: boolean): Generator<Piece> {
      layout ??= isLayout(rows, captioned)
      for (const [index, row] of rows.entries()) {
        const pieces = row.cells.flatMap(cell => cell.pieces)
        if (layout) yield* pieces
        else yield* rowOf(row, rows[index + 1], pieces)
      }
    },
  }
}

const INSIDE: ReadonlySet<Block['kind']> = new Set(['heading', 'paragraph', 'list-item', 'code', 'caption', 'note'])

function isMarked(row: Row): boolean {
  return row.cells.length > 0 && row.cells.every(cell => cell.marked)
}

/** Nothing says so, but all of it is short and without figures, and figures stand below. */
function looksLikeHeader(row: Row, next: Row): boolean {
  const texts = row.cells.map(cell => cell.pieces[0]?.block.text ?? '')
  if (texts.length < 2 || texts.some(text => text === '' || text.length > 60 || /\d|[.!?]$/.test(text))) return false
  const below = next.cells.map(cell => cell.pieces[0]?.block.text ?? '')
  return below.length >= texts.length && below.some(text => /\d/.test(text))
}

function isLayout(rows: readonly Row[], captioned: boolean): boolean {
  const cells = rows.flatMap(row => row.cells)
  if (captioned || cells.some(cell => cell.marked) || rows.some(row => row.head)) return false
  // One column, or never two cells with text beside each other.
  if (!rows.some(row => row.cells.filter(cell => cell.pieces.length > 0).length > 1)) return true
  return cells.some(
    ({ pieces }) =>
      pieces.length > MAX_CELL_BLOCKS ||
      pieces.some(({ block }) => block.kind === 'heading' || block.kind === 'table-row' || block.text.length > 1_000),
  )
}

function join(texts: readonly string[]): { text: string; cells: number[] } {
  let text = ''
  const cells: number[] = []
  for (const part of texts) {
    if (text !== '') text += ' '
    cells.push(text.length)
    text += part
  }
  return { text, cells }
}
