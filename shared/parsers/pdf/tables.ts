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
// “• text”, “1. text”, “a) text”, “3.4 Title”: a label and its text are no table.
const LABEL = /^(?:[•◦▪‣·*–—-]|\(?\p{L}\)|\(?[\p{N}]{1,3}[.)]|(?:[A-Z\p{N}]{1,3}\.)+[\p{N}]{0,3}\.?)$/u
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
  let first = start
  // A wrapped cell may begin above the first line that shows a gap (cells centred on each other).
  while (first < lines.length && first - start < 3 && lines[first]!.fragments.length < 2) {
    const next = lines[first + 1]
    if (!next || next.y - lines[first]!.y > 0.9 * next.size) return undefined
    first++
  }
  const opening = lines[first]
  if (!opening || !opensTable(opening)) return undefined
  let columns = columnsOf(opening.fragments)
  for (let index = start; index < first; index++) {
    const merged = merge(columns, lines[index]!, opening.size)
    if (!merged || merged.length < 2) return undefined
    columns = merged
  }
  let end = first + 1
  let lastFull = end
  while (end < lines.length) {
    const line = lines[end]!
    if (line.y - lines[end - 1]!.y > MAX_ROW_DISTANCE * Math.max(line.size, lines[end - 1]!.size)) break
    if (Math.abs(line.size - opening.size) > 0.25 * opening.size) break
    if (line.fragments.length > 1 && !opensTable(line)) break
    const merged = merge(columns, line, opening.size)
    if (!merged || merged.length < Math.max(2, columns.length - 1)) break
    columns = merged
    end++
    if (line.fragments.length > 1) lastFull = end
  }
  // Single cells at the end belong to it only as wrapped lines right below the last full one.
  while (end > lastFull && !wraps(lines, end - 1, columns)) end--
  const full = lines.slice(start, end).filter(line => line.fragments.length > 1).length
  return full >= MIN_ROWS ? { columns, end } : undefined
}

function opensTable(line: Line): boolean {
  const { fragments } = line
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
  if (!above || line.y - above.y > 1.45 * line.size) return false
  const column = columns.findIndex(each => line.x0 < each.right && line.x1 > each.left)
  // In the first column a single line below the table is more likely the text after it.
  return column > 0 || line.y - above.y < 0.9 * line.size
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
 * Which lines make one row. No rules are seen (only text is read), so the cheapest partition is searched: a row's cells
 * are aligned at the top, the middle or the bottom; an empty cell, a line more, and a cell cut in the middle of a sentence
 * each have a cost. The costs were weighed on the tables of two real manuals and a reference card.
 */
function rowsOf(lines: readonly Line[], columns: readonly Column[]): Table | undefined {
  const cells = lines.map(line => cellsOf(line, columns))
  const count = lines.length
  const gaps = lines.slice(1).map((line, index) => line.y - lines[index]!.y)
  const wide = [...gaps].sort((a, b) => a - b)[Math.floor(gaps.length * 0.8)] ?? 0
  const best = new Float64Array(count + 1).fill(Number.POSITIVE_INFINITY)
  const from = new Int32Array(count + 1)
  best[0] = 0
  for (let end = 1; end <= count; end++) {
    for (let begin = end - 1; begin >= Math.max(0, end - 12); begin--) {
      const inner = rowCost(lines, cells, columns, begin, end, wide)
      if (inner === undefined) continue
      const cost = best[begin]! + inner + boundaryCost(lines, cells, columns, begin)
      if (cost < best[end]! - 1e-9) {
        best[end] = cost
        from[end] = begin
      }
    }
  }
  if (!Number.isFinite(best[count]!)) return undefined
  const rows: Line[][][] = []
  for (let end = count; end > 0; end = from[end]!) {
    const begin = from[end]!
    rows.push(columns.map((_, column) => cells.slice(begin, end).flatMap(row => row[column] ?? [])))
  }
  rows.reverse()
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

function rowCost(
  lines: readonly Line[],
  cells: readonly (Line | undefined)[][],
  columns: readonly Column[],
  begin: number,
  end: number,
  wide: number,
): number | undefined {
  let cost = 0
  for (let index = begin + 1; index < end; index++) {
    const gap = lines[index]!.y - lines[index - 1]!.y
    if (gap > 1.7 * lines[index]!.size) return undefined
    cost += gap < 0.78 * wide ? 0.25 : 0.6
  }
  let missing = 0
  let firstMissing = false
  let tops = true
  let middles = true
  let bottoms = true
  let top: number | undefined
  let bottom: number | undefined
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
      missing++
      if (column === 0) firstMissing = true
      continue
    }
    if (top === undefined || bottom === undefined) {
      top = upper
      bottom = lower
      continue
    }
    if (Math.abs(upper - top) > tolerance) tops = false
    if (Math.abs(lower - bottom) > tolerance) bottoms = false
    if (Math.abs(upper + lower - top - bottom) > 2 * tolerance) middles = false
  }
  if (end - begin > 1) {
    if (!tops && !middles && !bottoms) return undefined
    // Lines of a single cell are a row only together with a neighbour.
    if (missing === columns.length - 1) cost += 0.5
  }
  return cost + ((firstMissing ? 2 : 1) * missing) / columns.length
}

/** A row does not begin where a sentence goes on. */
function boundaryCost(
  lines: readonly Line[],
  cells: readonly (Line | undefined)[][],
  columns: readonly Column[],
  at: number,
): number {
  if (at === 0 || at >= lines.length) return 0
  let cost = 0
  for (let column = 0; column < columns.length; column++) {
    const below = cells[at]![column]
    if (!below) continue
    let above: Line | undefined
    for (let index = at - 1; index >= Math.max(0, at - 2) && !above; index--) above = cells[index]![column]
    if (!above || below.y - above.y > 1.7 * below.size) continue
    const last = textOf(above.fragments[above.fragments.length - 1]!)
    const next = textOf(below.fragments[0]!)
    const width = columns[column]!.right - columns[column]!.left
    if (/\p{L}-$/u.test(last)) cost += 1.2
    else if (
      /[,(\p{L}\p{N}]$/u.test(last) &&
      /^[\p{Ll}(]/u.test(next) &&
      above.x1 - above.x0 > 0.7 * width &&
      last.includes(' ')
    )
      cost += 0.8
  }
  return cost
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
