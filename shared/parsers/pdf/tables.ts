import type { Fragment, Line } from './line.ts'
import { lineOf } from './line.ts'

/** A table: its rows top to bottom, each with its cells left to right (an empty cell has no lines). */
export interface Table {
  rows: Line[][][]
  /** How many rows at the top are the header. */
  header: number
}

interface Column {
  left: number
  right: number
}

// In font sizes.
const MIN_GAP = 0.75
const MAX_ROW_DISTANCE = 3.2
const MIN_ROWS = 2
// Lines of one cell stand at most this far apart; nearer than `TIGHT` they are in different cells.
const WRAPPED = 1.45
const TIGHT = 0.85
const MAX_ABOVE = 8
const MAX_ROW_LINES = 12
// “• text”, “1. text”, “a) text”, “3.4 Title”: a label and its text are no table.
const LABEL = /^(?:[•◦▪‣·*–—-]|\(?\p{L}\)|\(?[\p{N}]{1,3}[.)]|(?:[A-Z\p{N}]{1,3}\.)+[\p{N}]{0,3}\.?)$/u
const SENTENCE_END = /[.!?]$/
const LEADER = /(?:\. ?){4,}|…{2,}/

/**
 * Finds the table that begins at `lines[start]`, if one does: lines in two or more cells whose gaps meet in common
 * strips, and the wrapped lines of their cells.
 */
export function tableAt(lines: readonly Line[], start: number): { table: Table; end: number } | undefined {
  const extent = extentOf(lines, start)
  if (!extent) return undefined
  const { columns, end } = extent
  const table = rowsOf(lines.slice(start, end), columns)
  return table && { table, end }
}

function extentOf(lines: readonly Line[], start: number): { columns: Column[]; end: number } | undefined {
  const first = firstFull(lines, start)
  const opening = first === undefined ? undefined : lines[first]
  if (first === undefined || !opening || !opensTable(besides(lines, first))) return undefined
  let columns = columnsOf(besides(lines, first))
  let end = first + 1
  let lastFull = end
  while (end < lines.length) {
    const line = lines[end]!
    if (line.y - lines[end - 1]!.y > MAX_ROW_DISTANCE * Math.max(line.size, lines[end - 1]!.size)) break
    if (Math.abs(line.size - opening.size) > 0.25 * opening.size) break
    if (line.fragments.length > 1 && !opensTable(line.fragments)) break
    const merged = merge(columns, line, opening.size)
    if (!merged || merged.length < Math.max(2, columns.length - 1)) break
    columns = merged
    end++
    if (line.fragments.length > 1 || besides(lines, end - 1).length > 1) lastFull = end
  }
  // Single cells at the end belong to it only as wrapped lines right below the last full one.
  while (end > lastFull && !wraps(lines, end - 1, columns)) end--
  let full = 0
  for (let index = first; index < end; index++) if (besides(lines, index).length > 1) full++
  if (full < MIN_ROWS) return undefined
  if (first > start) {
    const fonts = new Set(lines.slice(first, end).map(line => line.font))
    for (let index = start; index < first; index++) {
      const line = lines[index]!
      const merged = merge(columns, line, opening.size)
      if (!merged || merged.length < columns.length || !beginsAbove(lines, index, columns, fonts)) return undefined
      columns = merged
    }
  }
  return { columns, end }
}

/** A wrapped cell may begin above the first line that shows a gap (cells centred on each other). */
function firstFull(lines: readonly Line[], start: number): number | undefined {
  for (let index = start; index < Math.min(lines.length, start + MAX_ABOVE); index++) {
    const line = lines[index]!
    if (besides(lines, index).length > 1) return index
    const next = lines[index + 1]
    if (!next || next.y - line.y > WRAPPED * line.size || Math.abs(next.size - line.size) > 0.1 * line.size)
      return undefined
  }
  return undefined
}

/**
 * A line above the first full one belongs to the table when it stands closer than lines of text do, or where another than
 * the first column begins; in the first column it is rather the text before.
 */
function beginsAbove(
  lines: readonly Line[],
  index: number,
  columns: readonly Column[],
  fonts: ReadonlySet<string>,
): boolean {
  const line = lines[index]!
  const near = (other: Line | undefined) => other !== undefined && Math.abs(other.y - line.y) < TIGHT * line.size
  if (near(lines[index + 1]) || near(lines[index - 1])) return true
  // A heading above stands in a font of its own.
  if (!fonts.has(line.font)) return false
  return columns.some((column, at) => at > 0 && Math.abs(column.left - line.x0) < 0.4 * line.size)
}

/** The fragments of a line, and of the next where that stands beside it rather than below: nearer than a line of text. */
function besides(lines: readonly Line[], index: number): readonly Fragment[] {
  const line = lines[index]!
  const next = lines[index + 1]
  if (line.fragments.length > 1 || !next || next.y - line.y > TIGHT * line.size) return line.fragments
  const gap = MIN_GAP * line.size
  return next.x0 > line.x1 + gap || next.x1 < line.x0 - gap ? [...line.fragments, ...next.fragments] : line.fragments
}

function opensTable(fragments: readonly Fragment[]): boolean {
  if (fragments.length < 2) return false
  if (fragments.some(fragment => LEADER.test(textOf(fragment)))) return false
  return !(fragments.length === 2 && LABEL.test(textOf(fragments[0]!)))
}

function textOf(fragment: Fragment): string {
  return fragment.pieces.length === 1 ? fragment.pieces[0]!.text : fragment.pieces.map(piece => piece.text).join(' ')
}

function wraps(lines: readonly Line[], index: number, columns: readonly Column[]): boolean {
  const line = lines[index]!
  const above = lines[index - 1]
  if (!above || line.y - above.y > WRAPPED * line.size) return false
  const column = columns.findIndex(each => line.x0 < each.right && line.x1 > each.left)
  // In the first column a single line below the table is more likely the text after it.
  return column > 0 || line.y - above.y < TIGHT * line.size
}

function columnsOf(fragments: readonly Fragment[]): Column[] {
  return fragments.map(fragment => ({ left: fragment.x0, right: fragment.x1 })).sort((a, b) => a.left - b.left)
}

/** The columns with this line's cells added; overlapping ones become one. Undefined when the line leaves the table. */
function merge(columns: readonly Column[], line: Line, size: number): Column[] | undefined {
  const all = [...columns.map(column => ({ ...column })), ...columnsOf(line.fragments)].sort((a, b) => a.left - b.left)
  const merged: Column[] = []
  for (const column of all) {
    const last = merged[merged.length - 1]
    if (last && column.left < last.right + 0.3 * MIN_GAP * size) last.right = Math.max(last.right, column.right)
    else merged.push(column)
  }
  return merged.length >= 2 ? merged : undefined
}

/**
 * Which lines make one row. No rules are seen (only text is read), so the cheapest partition is searched: an empty cell, a
 * line more, and a cell cut in the middle of a sentence each have a cost, and a table aligns the cells of its rows in one
 * way, at the top, the middle or the bottom. The costs were weighed on the tables of two manuals and a reference card.
 */
function rowsOf(lines: readonly Line[], columns: readonly Column[]): Table | undefined {
  const cells = lines.map(line => cellsOf(line, columns))
  const count = lines.length
  const gaps = lines.slice(1).map((line, index) => line.y - lines[index]!.y)
  const wide = gaps.toSorted((a, b) => a - b)[Math.floor(gaps.length * 0.8)] ?? 0
  const prose = columns.map((_, column) => isProse(cells, column))
  const boundaries = lines.map((_, index) => boundaryCost(lines, cells, columns, prose, index))
  let cheapest = Number.POSITIVE_INFINITY
  let starts: number[] = []
  const candidates: (RowCost & { begin: number })[][] = []
  for (let end = 1; end <= count; end++) {
    const rows: (RowCost & { begin: number })[] = []
    for (let begin = end - 1; begin >= Math.max(0, end - MAX_ROW_LINES); begin--) {
      const row = rowCost(lines, cells, columns, begin, end, wide)
      if (row === 'broken') break
      if (row) rows.push({ ...row, begin })
    }
    candidates.push(rows)
  }
  for (const alignment of ['tops', 'middles', 'bottoms'] as const) {
    const best = new Float64Array(count + 1).fill(Number.POSITIVE_INFINITY)
    const from = new Int32Array(count + 1)
    best[0] = 0
    for (let end = 1; end <= count; end++) {
      for (const row of candidates[end - 1]!) {
        const cost = best[row.begin]! + row.cost + (row[alignment] ? 0 : 0.7) + boundaries[row.begin]!
        if (cost >= best[end]! - 1e-9) continue
        best[end] = cost
        from[end] = row.begin
      }
    }
    if (best[count]! >= cheapest - 1e-9) continue
    cheapest = best[count]!
    starts = []
    for (let end = count; end > 0; end = from[end]!) starts.unshift(from[end]!)
  }
  const rows = starts.map((begin, index) =>
    columns.map((_, column) => cells.slice(begin, starts[index + 1] ?? count).flatMap(row => row[column] ?? [])),
  )
  const full = rows.filter(row => row.filter(cell => cell.length > 0).length > 1).length
  if (full < MIN_ROWS) return undefined
  return { rows, header: headerRows(rows) }
}

function cellsOf(line: Line, columns: readonly Column[]): (Line | undefined)[] {
  const groups: (Fragment[] | undefined)[] = columns.map(() => undefined)
  for (const fragment of line.fragments) {
    let index = columns.findIndex(column => fragment.x0 < column.right && fragment.x1 > column.left)
    if (index === -1) index = 0
    groups[index] = [...(groups[index] ?? []), fragment]
  }
  return groups.map(group => (group ? lineOf(group) : undefined))
}

interface RowCost {
  cost: number
  tops: boolean
  middles: boolean
  bottoms: boolean
}

/** Undefined: these lines are no row. `broken`: nor are they with more lines above. */
function rowCost(
  lines: readonly Line[],
  cells: readonly (Line | undefined)[][],
  columns: readonly Column[],
  begin: number,
  end: number,
  wide: number,
): RowCost | 'broken' | undefined {
  if (end - begin > 1) {
    const gap = lines[begin + 1]!.y - lines[begin]!.y
    if (gap > 1.7 * lines[begin + 1]!.size) return 'broken'
  }
  let cost = 0
  for (let index = begin + 1; index < end; index++) {
    const gap = lines[index]!.y - lines[index - 1]!.y
    cost += gap < TIGHT * lines[index]!.size ? 0.1 : gap < 0.78 * wide ? 0.25 : 0.6
  }
  let missing = 0
  let tops = true
  let middles = true
  let bottoms = true
  let top: number | undefined
  let bottom = 0
  const tolerance = 0.3 * lines[begin]!.size
  for (let column = 0; column < columns.length; column++) {
    let upper: number | undefined
    let lower = 0
    for (let index = begin; index < end; index++) {
      const cell = cells[index]![column]
      if (!cell) continue
      if (upper === undefined) upper = cell.y
      else if (cell.y - lower > 1.7 * cell.size) return undefined
      lower = cell.y
    }
    if (upper === undefined) {
      // A row without its first cell is the odder one.
      missing += column === 0 ? 2 : 1
      continue
    }
    if (top === undefined) {
      top = upper
      bottom = lower
      continue
    }
    if (Math.abs(upper - top) > tolerance) tops = false
    if (Math.abs(lower - bottom) > tolerance) bottoms = false
    if (Math.abs(upper + lower - top - bottom) > 2 * tolerance) middles = false
  }
  if (end - begin > 1 && !tops && !middles && !bottoms) return undefined
  return { cost: cost + missing / columns.length, tops, middles, bottoms }
}

/** Does a column hold sentences? */
function isProse(cells: readonly (Line | undefined)[][], column: number): boolean {
  let ended = 0
  let lines = 0
  for (const row of cells) {
    const cell = row[column]
    if (!cell) continue
    lines++
    if (SENTENCE_END.test(lastOf(cell))) ended++
  }
  return lines >= 3 && ended >= 0.2 * lines
}

/** A row does not begin where a word or a sentence goes on. */
function boundaryCost(
  lines: readonly Line[],
  cells: readonly (Line | undefined)[][],
  columns: readonly Column[],
  prose: readonly boolean[],
  at: number,
): number {
  // Lines nearer than lines of text stand in neighbouring cells of one row.
  let cost = at > 0 && lines[at]!.y - lines[at - 1]!.y < TIGHT * lines[at]!.size ? 0.6 : 0
  for (let column = 0; column < columns.length; column++) {
    const below = cells[at]![column]
    if (!below) continue
    let above: Line | undefined
    for (let index = at - 1; index >= Math.max(0, at - 2) && !above; index--) above = cells[index]![column]
    if (!above || below.y - above.y > 1.7 * below.size) continue
    const last = lastOf(above)
    const width = columns[column]!.right - columns[column]!.left
    const filled = above.x1 - above.x0 > 0.6 * width
    if (/\p{L}-$/u.test(last)) cost += 1.2
    else if (
      filled &&
      last.includes(' ') &&
      /[,(\p{L}\p{N}]$/u.test(last) &&
      /^[\p{Ll}(]/u.test(textOf(below.fragments[0]!))
    )
      cost += 0.8
    else if (filled && prose[column] && !SENTENCE_END.test(last)) cost += 0.65
  }
  return cost
}

function lastOf(line: Line): string {
  return textOf(line.fragments[line.fragments.length - 1]!)
}

/** The first row is a header when it is set in a font of its own. */
function headerRows(rows: readonly Line[][][]): number {
  const first = rows[0]
  const second = rows[1]
  if (!first || !second) return 0
  const fonts = (row: Line[][]) => new Set(row.flat().map(line => line.font))
  const body = new Set(rows.slice(1).flatMap(row => [...fonts(row)]))
  const head = fonts(first)
  return [...head].every(font => !body.has(font)) ? 1 : 0
}
