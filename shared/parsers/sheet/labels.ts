import type { Cell, Row } from './rows.ts'

/** What is longer is no label of rows. */
const LONGEST = 80
const MOST = 200

/**
 * A cell that covers several rows says something of each of them: `fill` gives it to the rows under its first too. Rows must come
 * in order; one without cells of its own gets nothing. `reachPast`: whether one of them reaches down behind a row.
 */
export function createLabels(): { fill(row: Row): Row; reachPast(row: number): boolean } {
  let open: { cell: Cell; last: number }[] = []
  return {
    fill(row) {
      if (open.length > 0) open = open.filter(({ last }) => last >= row.number)
      const reaching = open.filter(({ cell }) => !row.cells.some(({ column }) => column === cell.column))
      for (const cell of row.cells) {
        const last = row.number + (cell.tall ?? 1) - 1
        if (last > row.number && cell.text.length <= LONGEST && open.length < MOST)
          open.push({ cell: { ...cell, reaches: true }, last })
      }
      if (reaching.length === 0 || row.cells.length === 0) return row
      const cells = [...reaching.map(({ cell }) => cell), ...row.cells].sort((a, b) => a.column - b.column)
      return { ...row, cells }
    },
    reachPast: row => open.some(({ last }) => last > row),
  }
}
