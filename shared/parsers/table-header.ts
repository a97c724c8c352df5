/** One rule for all tables, in sheets, documents and pages: what of it a file says itself is not asked here. */

export interface HeaderCell {
  /** From 1. */
  column: number
  /** As shown, clean, not empty. */
  text: string
  kind: 'text' | 'number' | 'date'
  bold?: boolean
}

/** Rows under the first that are looked at. */
export const LOOK = 12
const LONGEST_TITLE = 60

/** How sure it is that a row names columns: its looks or the data under it say so, or all is text and it may as well be one more row. */
export type Certainty = 'told' | 'guessed'

/**
 * Whether a row names the columns of those under it; a guess is good enough to find something by, and not to say what a cell
 * is. `usual`: of a table that has such a row more often than not (records, a
 * table in a text). Two columns without figures are pairs of a name and what it is: there the first pair is like the others.
 */
export function headsColumns(
  first: readonly HeaderCell[],
  rows: readonly (readonly HeaderCell[])[],
  { usual = false }: { usual?: boolean } = {},
): Certainty | undefined {
  const below = rows.slice(0, LOOK).filter(row => row.length > 0)
  if (below.length === 0 || !isTitles(first)) return undefined
  if (first.length < 0.6 * Math.max(...below.map(row => row.length))) return undefined
  const bold = first.every(cell => cell.bold) && !below[0]!.every(cell => cell.bold)
  if (bold && first.every(cell => cell.kind === 'text')) return 'told'
  const columns = new Set(below.flatMap(row => row.map(cell => cell.column)))
  for (const cell of first) columns.add(cell.column)
  const under = (column: number) => below.flatMap(row => row.filter(cell => cell.column === column))
  if (columns.size < 3) {
    const isFigures = [...columns].every(column => under(column).every(cell => cell.kind !== 'text'))
    const isNames = isFigures
      ? first.every(cell => cell.kind === 'text')
      : first.some(cell => isNamed(cell, under(cell.column)))
    return isNames ? 'told' : undefined
  }
  // Data of another kind stands under one of the titles.
  const differs = first.some(cell => {
    if (cell.kind === 'text' && /^\d/.test(cell.text) && !isTime(cell)) return false
    const cells = under(cell.column)
    const other = cells.filter(
      one => one.kind !== 'text' && (cell.kind === 'text' || !isTime(one) || one.kind !== cell.kind),
    )
    return other.length > cells.length / 2
  })
  if (differs) return 'told'
  if (!first.every(cell => cell.kind === 'text')) return undefined
  // All is text and looks alike: names of columns fill every column, never recur in it, and hold no figures. The corner above
  // names of rows may be empty.
  const named = new Map(first.map(cell => [cell.column, cell.text]))
  const corner = usual ? Math.min(...columns) : 0
  const full = [...columns].every(column => named.has(column) || column === corner)
  const recurs = below.some(row => row.some(cell => named.get(cell.column) === cell.text))
  const figures = first.some(cell => /\d/.test(cell.text)) || new Set(named.values()).size < first.length
  return full && !recurs && !figures && (usual || below.length > 1) ? 'guessed' : undefined
}

/** A title over figures that are all written alike: prices, days, years, and not a price over a day. */
function isNamed({ kind, text }: HeaderCell, under: readonly HeaderCell[]): boolean {
  if (kind !== 'text' || /^\d/.test(text) || under.length < 2) return false
  const [one] = under
  return one!.kind !== 'text' && under.every(cell => cell.kind === one!.kind && unitOf(cell.text) === unitOf(one!.text))
}

/** What is written beside the figure. */
const unitOf = (text: string) => text.replace(/[\d.,:'’\s+−–-]/g, '')

/** Short texts, most of them different. Years and dates count where a text stands first: they are columns' names too. */
export function isTitles(cells: readonly HeaderCell[]): boolean {
  if (cells.length < 2 || new Set(cells.map(cell => cell.text)).size <= cells.length / 2) return false
  if (cells.some(({ text }) => text.length > LONGEST_TITLE || /[:.!?]$/.test(text.replace(/\b\p{L}{1,5}\.$/u, ''))))
    return false
  if (cells.every(cell => cell.kind === 'text')) return true
  const [first, ...rest] = cells
  if (first!.kind !== 'text') return cells.every(isTime) && cells.length > 2
  return rest.every(cell => cell.kind === 'text' || isTime(cell)) && rest.filter(isTime).length !== 1
}

const isTime = ({ kind, text }: HeaderCell) => kind === 'date' || /^(?:19|20)\d\d$/.test(text)

const FIGURE = /^[(+−–-]?\s*(?:(?:EUR|USD|CHF|GBP)\b|[€$£])?\s*[+−–-]?\d[\d.,:'’\s]*\)?(?:,[–-]+)?\s*[^\s\d]{0,12}$/
const DAY = /^(?:\d{1,2}\.\s?\d{1,2}\.(?:\d{2}|\d{4})?|\d{4}-\d\d-\d\d|\d{1,2}\/\d{1,2}\/\d{2,4})$/

/** A cell of a table whose file knows texts alone. */
export function cellOf(column: number, text: string): HeaderCell {
  return { column, text, kind: DAY.test(text) ? 'date' : FIGURE.test(text) ? 'number' : 'text' }
}
