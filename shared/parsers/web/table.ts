/** Tables of a page: rows of data with their header, or the layout of an old page or a mail, which is prose. */
import type { Block } from '../../model/index.ts'
import { createColumnHeads, type PlacedCell } from '../column-heads.ts'
import { cellOf, headsColumns, LOOK } from '../table-header.ts'
import type { Piece } from './flow.ts'

export interface Cell {
  pieces: Piece[]
  /** `th`. */
  marked: boolean
  /** How many it covers. */
  rows: number
  columns: number
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
const MAX_COLUMNS = 256
/** What kind of table it is, is told by so many rows. */
export const PROBE_ROWS = 200

/** Turns rows into blocks, in order; what it learned of the header stays for the rows that come later. */
export function createTable(presentation: boolean) {
  let layout: boolean | undefined = presentation ? true : undefined
  let header = ''
  let inHeader = true
  let first = true
  // Cells that reach down: how many rows they still cover.
  const heads = createColumnHeads()
  let covered: number[] = []
  let spanning: { text: string; rows: number }[] = []

  /** What the cells that reach down say to this row; and those of this row are noted. */
  function above(row: Row): string {
    let text = ''
    if (spanning.length > 0) {
      text = spanning.map(cell => cell.text).join(' ')
      spanning = spanning.filter(cell => --cell.rows > 0)
    }
    for (const cell of row.cells)
      if (cell.rows > 1 && spanning.length < 20) {
        const own = textOf(cell)
        if (own !== '' && own.length < 200) spanning.push({ text: own, rows: cell.rows - 1 })
      }
    return text
  }

  /** The columns its cells stand in, beside those that reach down. */
  function placesOf(row: Row): PlacedCell[] {
    const before = covered
    covered = before.map(rows => Math.max(0, rows - 1))
    let column = 1
    return row.cells.map(cell => {
      while ((before[column] ?? 0) > 0) column++
      const placed = { text: textOf(cell), column, wide: cell.columns }
      for (const end = column + cell.columns; column < end; column++)
        if (cell.rows > 1 && column <= MAX_COLUMNS) covered[column] = cell.rows - 1
      return placed
    })
  }

  function emitRow(row: Row, below: readonly Row[], out: Piece[]) {
    const reaching = above(row)
    const placed = placesOf(row)
    const starts: number[] = []
    let text = ''
    let links = 0
    let zone = 0
    let part = 0
    for (const cell of row.cells) {
      const said = textOf(cell)
      for (const piece of cell.pieces) {
        links += piece.links
        zone = piece.zone
        part = piece.part
      }
      if (said === '') continue
      if (text !== '') text += ' '
      starts.push(text.length)
      text += said
    }
    if (text.length > MAX_ROW) {
      for (const cell of row.cells) out.push(...cell.pieces)
      return
    }
    const certainty = !inHeader
      ? undefined
      : row.head || isMarked(row)
        ? 'told'
        : first
          ? headsColumns(cellsOf(row), below.map(cellsOf), { usual: true })
          : undefined
    const isHeader = certainty !== undefined
    if (text !== '') {
      const context = isHeader ? '' : reaching === '' || header === '' ? header + reaching : `${header} ${reaching}`
      const block: Block = { kind: 'table-row', text, cells: starts }
      if (context !== '') block.header = context
      // A row's names stand in for all of its context, and what reaches down has none.
      if (context !== '' && reaching === '') Object.assign(block, heads.of(placed))
      out.push({ block, zone, part, links })
      first = false
      if (!isHeader) inHeader = false
    }
    if (isHeader && text.length + header.length < MAX_HEADER) {
      header = header === '' ? text : `${header} ${text}`
      if (certainty === 'told') heads.add(placed)
    }
    // What is no part of a cell's text: the rows of a table inside it.
    for (const cell of row.cells) for (const piece of cell.pieces) if (!INSIDE.has(piece.block.kind)) out.push(piece)
  }

  return {
    /** The blocks of these rows, which come one call after the other. */
    rows(rows: readonly Row[], captioned: boolean): Piece[] {
      layout ??= isLayout(rows, captioned)
      const out: Piece[] = []
      for (const [index, row] of rows.entries()) {
        if (layout) for (const cell of row.cells) out.push(...cell.pieces)
        else emitRow(row, rows.slice(index + 1, index + 1 + LOOK), out)
      }
      return out
    },
  }
}

const INSIDE: ReadonlySet<Block['kind']> = new Set(['heading', 'paragraph', 'list-item', 'code', 'caption', 'note'])

function isMarked(row: Row): boolean {
  return row.cells.length > 0 && row.cells.every(cell => cell.marked)
}

function cellsOf(row: Row) {
  return row.cells.map(textOf).flatMap((text, at) => (text === '' ? [] : [cellOf(at + 1, text)]))
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

function textOf({ pieces }: Cell): string {
  const [only] = pieces
  if (pieces.length === 1 && only) return INSIDE.has(only.block.kind) ? only.block.text : ''
  return pieces
    .filter(({ block }) => INSIDE.has(block.kind))
    .map(({ block }) => block.text)
    .join(' ')
}
