/** What the columns of a sheet are called. */
import type { Cell, Row } from './rows.ts'

export interface Named {
  column: number
  /** The last it stands over. */
  end: number
  /** With what groups it: `2023 Plan`. */
  text: string
  /** What stands above it over several columns; empty where nothing does. */
  group: string
}

export interface Head extends Named {
  /** The last row it stands over; null: all. */
  until: number | null
  /** The file says that it is one: an empty row does not end it. */
  holds: boolean
  /** Nothing says that it is one: something to find rows by, and not what their cells are called. */
  guessed?: boolean
}

export interface Heads {
  readonly isEmpty: boolean
  readonly holds: boolean
  readonly isGuess: boolean
  readonly all: Head[]
  /** The header's row or rows as text. */
  readonly text: string
  /** What a column is called; empty where it has no name. */
  of(column: number): string
  /** Those that still stand over a row. */
  at(row: number): Heads
  /** With others instead, in some of the columns or in all. */
  with(
    heads: readonly Named[],
    rule?: {
      until?: number
      holds?: boolean
      guessed?: boolean
      columns?: readonly [first: number, last: number] | undefined
    },
  ): Heads
}

const LONGEST_HEADER = 1_000
const LONGEST_HEAD = 120
/** Columns one title stands over. */
const WIDEST = 256

export function createHeads(all: Head[]): Heads {
  const names: string[] = []
  let end = Number.POSITIVE_INFINITY
  for (const { column, end: last, text, until } of all) {
    for (let at = column; at <= Math.min(last, column + WIDEST); at++) names[at] = text
    end = Math.min(end, until ?? end)
  }
  return {
    isEmpty: all.length === 0,
    holds: all.some(({ holds }) => holds),
    isGuess: all.some(({ guessed }) => guessed),
    all,
    text: textOf(all),
    of: column => names[column] ?? '',
    at(row) {
      return row <= end ? this : createHeads(all.filter(({ until }) => until === null || until >= row))
    },
    with(heads, { until = Number.POSITIVE_INFINITY, holds = false, guessed = false, columns } = {}) {
      const [first, last] = columns ?? [0, Number.POSITIVE_INFINITY]
      const kept = columns ? all.filter(head => head.column < first || head.column > last) : []
      const fresh = heads.map(head => ({ ...head, until: Number.isFinite(until) ? until : null, holds, guessed }))
      return createHeads([...kept, ...fresh].sort((a, b) => a.column - b.column))
    },
  }
}

export const noHeads = createHeads([])

/** As the rows read: what groups titles stands once, before the first of them. */
function textOf(heads: readonly Head[]): string {
  const above: string[] = []
  const below: string[] = []
  let last = ''
  for (const { group, text } of heads) {
    if (group === '') above.push(text)
    else {
      if (group !== last) above.push(group)
      below.push(text.slice(group.length + 1))
    }
    last = group
  }
  return [...above, ...below].join(' ')
}

/** A row under whose wide cells the columns of the next one are grouped: not a title over all of it. */
export function isGroups({ cells }: Row, next: Row): boolean {
  const first = next.cells[0]?.column ?? 0
  const last = next.cells.at(-1)?.column ?? 0
  return cells.some(({ column, wide = 1 }) => wide > 1 && (column > first || column + wide - 1 < last))
}

/** The columns' names from the row that names them and the one that groups them. What is too long, and what is behind it, is left out. */
export function combine(groups: readonly Cell[] | undefined, cells: readonly Cell[]): Named[] {
  const over = (column: number) =>
    groups?.find(group => group.column <= column && column < group.column + (group.wide ?? 1))
  const heads = cells.map(({ column, wide = 1, text }) => {
    const group = over(column)?.text.slice(0, LONGEST_HEAD) ?? ''
    const own = text.slice(0, LONGEST_HEAD)
    const isNew = group !== '' && group !== own
    return { column, end: column + wide - 1, text: isNew ? `${group} ${own}` : own, group: isNew ? group : '' }
  })
  const isBare = ({ column, wide = 1 }: Cell) =>
    !cells.some(cell => cell.column >= column && cell.column < column + wide)
  for (const { column, wide = 1, text } of groups?.filter(isBare) ?? [])
    heads.push({ column, end: column + wide - 1, text: text.slice(0, LONGEST_HEAD), group: '' })
  let length = 0
  return heads
    .sort((a, b) => a.column - b.column)
    .filter(({ text }) => {
      length += text.length + 1
      return length <= LONGEST_HEADER
    })
}
