/**
 * Records that lost a part, or hold a part of another: told by how many fields they have. Delimited text has nothing else
 * that could tell, and people write uneven tables too: titles above and sums below, empty cells left out at the end of a
 * record (Excel does so, sixteen records at a time), and delimiters in a text without quotes. None of these is damage.
 */
import type { Record } from './records.ts'
import type { Cell } from './rows.ts'

/** A table has this many widths at most that are looked at. */
const mostWidths = 6
/** So many records of other widths may be damage; more are a habit. */
const mostUneven = 3
/** For each of them, so many of the usual width. */
const usualFor = 3
/** Cells from which a column has a kind, and from which one of them, or this share, may be of another. */
const enoughCells = 4
const manyCells = 8
const others = 0.05

type Kind = Cell['kind']
type Counts = { [kind in Kind]: number }

interface Width {
  fields: number
  count: number
  first: number
  last: number
  /** By column, of all but the first of them, which may be a header. */
  columns: Counts[]
  /** One of them has nothing in its last field: the writer does not leave such out. */
  emptyEnd: boolean
  /** The first few. */
  records: { number: number; cells: readonly Kinded[]; closes: boolean }[]
}

type Kinded = Pick<Cell, 'column' | 'kind'>

/** What was seen so far, for whoever reads on; a cell is its column and kind. */
export interface SeenWidths {
  all: number
  keeps: boolean
  escapes: boolean
  closing?: number | undefined
  widths: {
    own: [fields: number, count: number, first: number, last: number]
    emptyEnd: boolean
    columns: ([text: number, number: number, date: number] | null)[]
    records: { number: number; closes: boolean; cells: number[] }[]
  }[]
}

const kindNames = ['text', 'number', 'date'] as const

export function createWidths(seen?: SeenWidths): {
  look(record: Record, cells: readonly Cell[]): void
  damage(): string | undefined
  readonly seen: SeenWidths
} {
  const widths = new Map<number, Width>(seen?.widths.map(readWidth).map(width => [width.fields, width]))
  let { all, keeps, escapes, closing } = seen ?? { all: 0, keeps: false, escapes: false }
  let open: { fields: number } | undefined

  return {
    look({ number, fields: { length: fields }, isOpen, closes = false, ...own }, cells) {
      // An empty line parts tables, and is none of their records.
      if (cells.length === 0 && fields === 1) return
      all++
      if (own.keeps) keeps = true
      if (own.escapes) escapes = true
      if (closes) closing ??= number
      if (isOpen) open = { fields }
      let width = widths.get(fields)
      if (!width) {
        if (widths.size === mostWidths) return
        width = { fields, count: 0, first: number, last: number, columns: [], emptyEnd: false, records: [] }
        widths.set(fields, width)
      }
      width.count++
      width.last = number
      if (width.records.length <= mostUneven) width.records.push({ number, cells, closes })
      if (width.count === 1) return
      if (cells.at(-1)?.column !== fields) width.emptyEnd = true
      for (const { column, kind } of cells) {
        width.columns[column - 1] ??= { text: 0, number: 0, date: 0 }
        width.columns[column - 1]![kind]++
      }
    },
    damage() {
      const [usual] = [...widths.values()].sort((a, b) => b.count - a.count)
      if (!usual || usual.fields < 2) return undefined
      // Whoever puts quotes around quotes elsewhere does so always.
      if (escapes && closing !== undefined) return `record ${closing} has the end of a field in quotes alone`
      const uneven = all - usual.count
      if (uneven === 0) return undefined
      // Where all others have as many fields, a last one with fewer and no line end was cut off.
      if (uneven === 1 && open && open.fields < usual.fields) return 'the text ends within a record'
      if (uneven > mostUneven || usual.count < usualFor * uneven) return undefined
      const kinds = usual.columns.map(kindOf)
      for (const width of widths.values()) {
        if (width === usual) continue
        for (const { number, cells, closes } of width.records) {
          if (number < usual.first) continue
          const damaged =
            width.fields < usual.fields
              ? number < usual.last && (closes || isShortened(cells, kinds, usual))
              : isGlued(cells, width.fields, kinds, usual, keeps)
          if (damaged) return `record ${number} has ${width.fields} fields, where the others have ${usual.fields}`
        }
      }
      return undefined
    },
    get seen() {
      return { all, keeps, escapes, closing, widths: [...widths.values()].map(writeWidth) }
    },
  }
}

function writeWidth({ fields, count, first, last, emptyEnd, columns, records }: Width): SeenWidths['widths'][number] {
  return {
    own: [fields, count, first, last],
    emptyEnd,
    columns: Array.from(columns, counts => (counts ? [counts.text, counts.number, counts.date] : null)),
    // Of so many none is looked at any more.
    records: (count > mostUneven ? [] : records).map(({ number, closes, cells }) => {
      return { number, closes, cells: cells.flatMap(({ column, kind }) => [column, kindNames.indexOf(kind)]) }
    }),
  }
}

function readWidth({ own, emptyEnd, columns, records }: SeenWidths['widths'][number]): Width {
  const [fields, count, first, last] = own
  const kept: Counts[] = []
  for (const [index, counts] of columns.entries()) {
    if (counts) kept[index] = { text: counts[0], number: counts[1], date: counts[2] }
  }
  return {
    fields,
    count,
    first,
    last,
    emptyEnd,
    columns: kept,
    records: records.map(({ number, closes, cells }) => ({
      number,
      closes,
      cells: Array.from({ length: cells.length / 2 }, (_, index) => {
        return { column: cells[2 * index]!, kind: kindNames[cells[2 * index + 1]!]! }
      }),
    })),
  }
}

function kindOf(counts: Counts | undefined): Kind | undefined {
  if (!counts) return undefined
  const total = counts.text + counts.number + counts.date
  if (total < enoughCells) return undefined
  const most = total < manyCells ? 0 : Math.max(1, others * total)
  return (['number', 'date'] as const).find(kind => total - counts[kind] <= most)
}

/** Not by what is empty at its end, which some leave out: that is always written here, or a cell says something its column does not. */
function isShortened(cells: readonly Kinded[], kinds: readonly (Kind | undefined)[], usual: Width): boolean {
  return usual.emptyEnd || cells.some(({ column, kind }) => !fits(kind, kinds[column - 1]))
}

/** Not by delimiters at its end, nor by some in a text without quotes. */
function isGlued(
  cells: readonly Kinded[],
  fields: number,
  kinds: readonly (Kind | undefined)[],
  usual: Width,
  keeps: boolean,
): boolean {
  if ((cells.at(-1)?.column ?? 0) <= usual.fields) return false
  if (keeps) return true
  const more = fields - usual.fields
  for (let text = 1; text <= usual.fields; text++) {
    if (kinds[text - 1] !== undefined) continue
    // If this column's text is in several fields, those before and behind it are as they should be.
    const explained = cells.every(({ column, kind }) => {
      if (column < text) return fits(kind, kinds[column - 1])
      return column <= text + more || fits(kind, kinds[column - more - 1])
    })
    if (explained) return false
  }
  return true
}

function fits(kind: Kind, expected: Kind | undefined): boolean {
  return expected === undefined || kind === expected
}
