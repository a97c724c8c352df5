import type { Block, Span } from '../../model/index.ts'
import { headsColumns, isTitles } from '../table-header.ts'
import { combine, createHeads, type Head, type Heads, isGroups, type Named, noHeads } from './heads.ts'

export interface Cell {
  /** From 1. */
  column: number
  /** As shown, clean, not empty. */
  text: string
  kind: 'text' | 'number' | 'date'
  bold?: boolean
  /** Columns and rows it covers, where more than one. */
  wide?: number
  tall?: number
  /** It stands in a row above and reaches down to this one. */
  reaches?: boolean
}

export interface Row {
  /** As the program numbers it. */
  number: number
  cells: Cell[]
  /** The file says so. */
  isHeader?: boolean
}

interface Range {
  row: number
  last: number
  columns?: readonly [first: number, last: number]
}

/** What is known of headers before the rows come. */
export interface KnownHeaders {
  /** Rows that are said to be headers for those up to `last` under them: of a table, a filter, what is repeated in print or frozen. */
  ranges: readonly Range[]
  /** A file of records, whose first row is a header more often than not. */
  records?: boolean
}

const WHOLE: Range = { row: 0, last: Number.POSITIVE_INFINITY }

/** Rows looked at before it is decided which of the first is a header. */
const LOOK = 12
/** Titles and pairs of a name and what it is that may stand above; behind so many, and above records, a header is longer than each. */
const USUALLY_ABOVE = 4
const MOST_ABOVE = 8
const LONGEST_BLOCK = 8_000

/** What is known of headers behind a row, for whoever reads on. */
export interface RowsState {
  heads: Head[]
  boldBefore: boolean
  last: number
  undecided: boolean
}

/** Turns the rows of a sheet, in order, into blocks that know their header; `before`: of a reading that goes on. */
export function createRows(
  known: KnownHeaders,
  before?: RowsState,
): {
  push(row: Row): Block[]
  end(): Block[]
  /** Undefined while rows wait for their blocks. */
  readonly state: RowsState | undefined
} {
  const declared = new Map<number, Range[]>()
  for (const range of known.ranges) declared.set(range.row, [...(declared.get(range.row) ?? []), range])
  let heads = before ? createHeads(before.heads) : noHeads
  let boldBefore = before?.boldBefore ?? false
  let last = before?.last ?? 0
  let above: Row | undefined
  let waiting: Row[] = []
  let undecided = before?.undecided ?? true

  function blocksOf(row: Row): Block[] {
    heads = heads.at(row.number)
    const group = above && above.number === row.number - 1 && isGroups(above, row) ? above : undefined
    const said = declared.get(row.number) ?? (row.isHeader ? [WHOLE] : [])
    const bold = row.cells.length > 1 && row.cells.every(cell => cell.bold)
    const anew = bold && !boldBefore && !heads.isEmpty && isTitles(row.cells)
    boldBefore = bold
    above = row
    if (said.length === 0 && !anew) return toBlocks(row, heads)
    for (const { columns, last: until } of said) {
      const [first, end] = columns ?? [1, Number.POSITIVE_INFINITY]
      const within = ({ column }: Cell) => column >= first && column <= end
      const cells = row.cells.filter(within)
      if (cells.length > (columns ? 0 : 1))
        heads = heads.with(combine(group?.cells.filter(within), cells), { until, holds: true, columns })
    }
    if (said.length === 0) heads = heads.with(combine(group?.cells, row.cells))
    return toBlocks(titlesOf(row), noHeads)
  }

  /** The rows that waited: one of the first may be the header of those under it, or two of them together. */
  function decide(): Block[] {
    const rows = waiting
    waiting = []
    undecided = false
    if (!heads.isEmpty || rows.some(row => row.isHeader || declared.has(row.number))) return rows.flatMap(blocksOf)
    const usual = known.records === true
    const below = (index: number) => rows.slice(index + 1).map(row => row.cells)
    let longest = 0
    let found: { at: number; heads: Named[]; guessed: boolean } | undefined
    for (const [index, row] of rows.slice(0, MOST_ABOVE).entries()) {
      const next = rows[index + 1]
      const isGroup = next?.number === row.number + 1 && isGroups(row, next)
      const together = isGroup ? combine(row.cells, next.cells) : undefined
      const isTwo =
        together !== undefined && headsColumns(asTitles(together), below(index + 1), { usual }) !== undefined
      const isLonger = row.cells.length > longest
      longest = Math.max(longest, row.cells.length)
      if (!isTwo && !(isLonger || (index < USUALLY_ABOVE && !usual))) continue
      // One row over groups of columns is a header by its looks.
      const certainty = isTwo ? 'told' : headsColumns(row.cells, below(index), { usual })
      if (certainty === undefined) continue
      const names = isTwo ? together : combine(undefined, row.cells)
      found = { at: isTwo ? index + 1 : index, heads: names, guessed: certainty === 'guessed' }
      // Of records, a longer one may come: a pair above them looks like a header too.
      if (!usual || rows.every(one => one.cells.length <= row.cells.length)) break
    }
    if (!found) return rows.flatMap(blocksOf)
    const { at } = found
    const blocks = [...rows.slice(0, at).flatMap(blocksOf), ...blocksOf(titlesOf(rows[at]!))]
    heads = heads.with(found.heads, { guessed: found.guessed })
    return [...blocks, ...rows.slice(at + 1).flatMap(blocksOf)]
  }

  return {
    push(row) {
      const blocks: Block[] = []
      if (row.number > last + 1) {
        blocks.push(...decide())
        // One that was guessed ends where a row is empty; records have one for all.
        if (!heads.holds && !known.records) heads = noHeads
        undecided = heads.isEmpty || !known.records
      }
      last = row.number
      if (!undecided) {
        blocks.push(...blocksOf(row))
        return blocks
      }
      waiting.push(row)
      if (waiting.length > LOOK) blocks.push(...decide())
      return blocks
    },
    end: decide,
    get state() {
      if (waiting.length > 0) return undefined
      return { heads: heads.all, boldBefore, last, undecided }
    },
  }
}

/** A row of a header as it is shown: what reaches into it is in the one above. */
const titlesOf = (row: Row): Row => ({ ...row, cells: row.cells.filter(cell => !cell.reaches) })

/** As cells of one row; what groups them behind what they are called, as a year there is no figure. */
function asTitles(heads: readonly Named[]): Cell[] {
  return heads.map(({ column, group, text }) => {
    const own = group === '' ? text : text.slice(group.length + 1)
    return { column, text: group === '' ? own : `${own} ${group}`, kind: 'text' }
  })
}

/** A row as a block; one of very long cells as several with the same place. */
function toBlocks(row: Row, heads: Heads): Block[] {
  const blocks: Block[] = []
  let cells: number[] = []
  let columns: number[] = []
  let text = ''
  const span: Span = { unit: 'row', first: row.number, last: row.number }
  const flush = () => {
    if (text !== '') {
      const own = heads.isEmpty ? [] : columns.map(heads.of)
      const isHeaded = own.some(head => head !== '')
      const header = isHeaded ? { header: heads.text, ...(!heads.isGuess && { heads: own }) } : undefined
      blocks.push({ kind: 'table-row', text, cells, columns, span, ...header })
    }
    cells = []
    columns = []
    text = ''
  }
  for (const cell of row.cells) {
    for (let from = 0; from < cell.text.length; ) {
      const part = partOf(cell.text, from)
      from += part.length
      if (text.length + part.length > LONGEST_BLOCK) flush()
      if (text !== '') text += ' '
      cells.push(text.length)
      columns.push(cell.column)
      text += part.trim()
    }
  }
  flush()
  return blocks
}

function partOf(text: string, from: number): string {
  if (text.length - from <= LONGEST_BLOCK) return from === 0 ? text : text.slice(from)
  const space = text.lastIndexOf(' ', from + LONGEST_BLOCK)
  let to = space > from + LONGEST_BLOCK / 2 ? space + 1 : from + LONGEST_BLOCK
  if (/[\udc00-\udfff]/.test(text[to] ?? '')) to--
  return text.slice(from, to)
}
