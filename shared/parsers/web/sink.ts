/** Where blocks go: into the cell of a table that is open, or out. */
import type { Attributes } from './elements.ts'
import type { Piece } from './flow.ts'
import { spanOf } from './inline.ts'
import { type Cell, createTable, PROBE_ROWS, type Row } from './table.ts'

interface OpenTable {
  table: ReturnType<typeof createTable>
  rows: Row[]
  captions: Piece[]
  row: Row | undefined
  cell: Cell | undefined
  head: boolean
}

export interface Sink {
  emit(piece: Piece): void
  openTable(attributes: Attributes): void
  /** Of a table; whether it is a cell. */
  openPart(name: string, attributes: Attributes): boolean
  closePart(name: string): void
  /** Blocks that are done. */
  take(): Piece[]
}

// Tables in tables: what lies deeper is read as text.
const MAX_TABLES = 30

export function createSink(): Sink {
  let out: Piece[] = []
  const tables: OpenTable[] = []
  let depth = 0

  function emit(piece: Piece) {
    const table = tables.at(-1)
    if (table?.cell) table.cell.pieces.push(piece)
    else if (table && piece.block.kind === 'caption') table.captions.push(piece)
    else emitOutside(piece, tables.length - 2)
  }

  function emitOutside(piece: Piece, at: number) {
    for (let index = at; index >= 0; index--) {
      const cell = tables[index]?.cell
      if (cell) {
        cell.pieces.push(piece)
        return
      }
    }
    out.push(piece)
  }

  function release(open: OpenTable) {
    const outside = tables.length - 2
    const captioned = open.captions.length > 0
    for (const piece of open.captions.splice(0)) emitOutside(piece, outside)
    for (const piece of open.table.rows(open.rows.splice(0), captioned)) emitOutside(piece, outside)
  }

  function closeRow(open: OpenTable) {
    open.cell = undefined
    if (open.row && open.row.cells.length > 0) open.rows.push(open.row)
    open.row = undefined
    if (open.rows.length >= PROBE_ROWS) release(open)
  }

  return {
    emit,
    openTable({ role = '' }) {
      depth++
      if (depth > MAX_TABLES) return
      const table = createTable(/^(?:presentation|none)$/.test(role))
      tables.push({ table, rows: [], captions: [], row: undefined, cell: undefined, head: false })
    },
    openPart(name, attributes) {
      const open = tables.at(-1)
      if (!open || depth > MAX_TABLES) return false
      if (name === 'thead') open.head = true
      else if (name === 'tr') {
        closeRow(open)
        open.row = { cells: [], head: open.head }
      } else if (name === 'td' || name === 'th') {
        open.row ??= { cells: [], head: open.head }
        open.cell = {
          pieces: [],
          marked: name === 'th',
          rows: spanOf(attributes.rowspan),
          columns: spanOf(attributes.colspan),
        }
        open.row.cells.push(open.cell)
        return true
      }
      return false
    },
    closePart(name) {
      const open = tables.at(-1)
      if (!open || (depth > MAX_TABLES && name !== 'table')) return
      if (name === 'thead') open.head = false
      else if (name === 'tr') closeRow(open)
      else if (name === 'td' || name === 'th') open.cell = undefined
      else if (name === 'table') {
        depth--
        // Those that lie too deep have none of their own.
        if (depth >= MAX_TABLES) return
        closeRow(open)
        release(open)
        tables.pop()
      }
    },
    take() {
      const pieces = out
      out = []
      return pieces
    },
  }
}
