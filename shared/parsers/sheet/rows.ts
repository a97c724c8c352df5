import type { Block, Span } from '../../model/index.ts'

export interface Cell {
  /** From 1. */
  column: number
  /** As shown, clean, not empty. */
  text: string
  kind: 'text' | 'number' | 'date'
  bold?: boolean
}

export interface Row {
  /** As the program numbers it. */
  number: number
  cells: Cell[]
  /** The file says so. */
  isHeader?: boolean
}

/** What is known of headers before the rows come. */
export interface KnownHeaders {
  /** Rows that are said to be headers for those up to `last` under them: of a table, a filter, what is repeated in print or frozen. */
  ranges: readonly { row: number; last: number; columns?: readonly [first: number, last: number] }[]
  /** A file of records, whose first row is a header more often than not. */
  records?: boolean
}

const WHOLE: KnownHeaders['ranges'][number] = { row: 0, last: Number.POSITIVE_INFINITY }

/** Rows looked at before it is decided whether the first is a header. */
const LOOK = 12
const LONGEST_BLOCK = 8_000
const LONGEST_HEADER = 1_000
const LONGEST_TITLE = 60

/** What is known of headers behind a row, for whoever reads on. */
export interface RowsState {
  header: string | null
  /** Null: for all rows. */
  headerLast: number | null
  holds: boolean
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
  const declared = new Map(known.ranges.map(range => [range.row, range]))
  let header = before?.header ?? undefined
  let headerLast = before?.headerLast ?? Number.POSITIVE_INFINITY
  // Of a header that was declared: an empty row does not end it.
  let holds = before?.holds ?? false
  let boldBefore = before?.boldBefore ?? false
  let last = before?.last ?? 0
  let waiting: Row[] = []
  let undecided = before?.undecided ?? true

  function forget() {
    header = undefined
    headerLast = Number.POSITIVE_INFINITY
    holds = false
    boldBefore = false
  }

  function blocksOf(row: Row): Block[] {
    if (row.number > headerLast) forget()
    const said = declared.get(row.number) ?? (row.isHeader ? WHOLE : undefined)
    const bold = row.cells.length > 1 && row.cells.every(cell => cell.bold)
    const anew = bold && !boldBefore && header !== undefined && isTitles(row.cells)
    boldBefore = bold
    if (said || anew) {
      const [first, end] = said?.columns ?? [1, Number.POSITIVE_INFINITY]
      const cells = row.cells.filter(({ column }) => column >= first && column <= end)
      const blocks = toBlocks(row, undefined)
      if (cells.length > (said?.columns ? 0 : 1)) {
        holds = said !== undefined
        header = headerText(cells)
        headerLast = said?.last ?? Number.POSITIVE_INFINITY
      }
      return blocks
    }
    return toBlocks(row, header)
  }

  /** The rows that waited: one of the first may be the header of those under it. */
  function decide(): Block[] {
    const rows = waiting
    waiting = []
    undecided = false
    if (header !== undefined || rows.some(row => row.isHeader || declared.has(row.number)))
      return rows.flatMap(blocksOf)
    // Titles stand above: few cells over many.
    const at = rows.slice(0, 4).findIndex((row, index) => isHeader(row, rows.slice(index + 1), known.records === true))
    return rows.flatMap((row, index) => {
      const blocks = blocksOf(row)
      if (index === at) {
        header = headerText(row.cells)
        boldBefore = row.cells.every(cell => cell.bold)
      }
      return blocks
    })
  }

  return {
    push(row) {
      const blocks: Block[] = []
      if (row.number > last + 1) {
        blocks.push(...decide())
        // One that was guessed ends where a row is empty; records have one for all.
        if (!holds && !known.records) forget()
        undecided = !known.records || last === 0
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
      const until = Number.isFinite(headerLast) ? headerLast : null
      return { header: header ?? null, headerLast: until, holds, boldBefore, last, undecided }
    },
  }
}

/** Short texts, most of them different. Years and dates count where a text stands first: they are columns' names too. */
function isTitles(cells: readonly Cell[]): boolean {
  if (cells.length < 2 || new Set(cells.map(cell => cell.text)).size <= cells.length / 2) return false
  if (cells.some(({ text }) => text.length > LONGEST_TITLE || /[:.!?]$/.test(text.replace(/\b\p{L}{1,5}\.$/u, ''))))
    return false
  if (cells.every(cell => cell.kind === 'text')) return true
  const [first, ...rest] = cells
  if (first.kind !== 'text') return cells.every(isTime) && cells.length > 2
  return rest.every(cell => cell.kind === 'text' || isTime(cell)) && rest.filter(isTime).length !== 1
}

const isTime = ({ kind, text }: Cell) => kind === 'date' || /^(?:19|20)\d\d$/.test(text)

function isHeader(row: Row, below: readonly Row[], records: boolean): boolean {
  const { cells } = row
  if (below.length === 0 || !isTitles(cells)) return false
  const width = Math.max(...below.map(under => under.cells.length))
  if (cells.length < 0.6 * width) return false
  // Data of another kind stands under one of the titles.
  const differs = cells.some(cell => {
    const { column, text, kind } = cell
    if (kind === 'text' && /^\d/.test(text) && !isTime(cell)) return false
    const under = below.flatMap(row => row.cells.filter(one => one.column === column))
    const other = under.filter(one => one.kind !== 'text' && (kind === 'text' || !isTime(one) || one.kind !== kind))
    return other.length > under.length / 2
  })
  if (differs) return true
  if (!cells.every(cell => cell.kind === 'text')) return false
  if (cells.every(cell => cell.bold) && !below[0]!.cells.every(cell => cell.bold)) return true
  // All is text and looks alike: names of columns fill every column, never recur in it, and hold no figures.
  const columns = new Set(below.flatMap(under => under.cells.map(cell => cell.column)))
  const named = new Map(cells.map(cell => [cell.column, cell.text]))
  const full = [...columns].every(column => named.has(column))
  const recurs = below.some(under => under.cells.some(cell => named.get(cell.column) === cell.text))
  const figures = cells.some(cell => /\d/.test(cell.text)) || new Set(named.values()).size < cells.length
  return full && !recurs && !figures && (records ? below.length > 0 : below.length > 1 && cells.length > 2)
}

function headerText(cells: readonly Cell[]): string {
  let text = ''
  for (const cell of cells) {
    if (text.length + cell.text.length + 1 > LONGEST_HEADER) break
    text += text === '' ? cell.text : ` ${cell.text}`
  }
  return text
}

/** A row as a block; one of very long cells as several with the same place. */
function toBlocks(row: Row, header: string | undefined): Block[] {
  const blocks: Block[] = []
  let cells: number[] = []
  let columns: number[] = []
  let text = ''
  const span: Span = { unit: 'row', first: row.number, last: row.number }
  const flush = () => {
    if (text !== '')
      blocks.push({ kind: 'table-row', text, cells, columns, span, ...(header !== undefined && { header }) })
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
