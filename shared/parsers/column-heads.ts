/** What the cells of a table in a text are called: by the column they stand in, as a header tells. */

/** A cell by its text, empty or not. */
export interface PlacedCell {
  text: string
  /** From 1. */
  column: number
  /** Columns it stands over. */
  wide: number
}

/** Of one title, and of all: what is longer is no name, and each row would carry it. */
const LONGEST_HEAD = 120
const WIDEST = 256

export interface ColumnHeads {
  /** A row of the header: what stands under another title is called after both, `2023 Plan`. */
  add(row: readonly PlacedCell[]): void
  /** Parallel to the cells that are not empty; nothing where none of them has a name. */
  of(row: readonly PlacedCell[]): { heads?: string[] }
}

export function createColumnHeads(): ColumnHeads {
  const names: string[] = []
  return {
    add(row) {
      for (const { text, column, wide } of row) {
        if (text === '') continue
        for (let at = column; at < column + wide && at <= WIDEST; at++) {
          const above = names[at] ?? ''
          names[at] = (above === '' || above === text ? text : `${above} ${text}`).slice(0, LONGEST_HEAD)
        }
      }
    },
    of(row) {
      const heads = row.flatMap(({ text, column }) => (text === '' ? [] : [names[column] ?? '']))
      return heads.some(head => head !== '') ? { heads } : {}
    },
  }
}

/** Cells that stand one after the other; `wide`: how many columns each covers. */
export function placed(texts: readonly string[], wide: readonly number[] = []): PlacedCell[] {
  let column = 1
  return texts.map((text, at) => {
    const cell = { text, column, wide: wide[at] ?? 1 }
    column += cell.wide
    return cell
  })
}
