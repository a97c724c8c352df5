import type { Block } from '../../shared/model/index.ts'
import { useWords } from '../words.tsx'
import { cellsOf, type Marks, marked, Sideways, stretchesIn } from './marked.tsx'

/** Empty columns between others are shown up to so many; beyond, only those with something in them. */
const mostColumns = 40

/** Rows of a sheet, with the letters and numbers by which its program calls its cells. */
export function Sheet({ rows, marks }: { rows: readonly Block[]; marks: Marks | undefined }) {
  const words = useWords()
  const columns = columnsOf(rows)
  const headers = new Set(rows.flatMap(({ header }) => header ?? []))
  return (
    <Sideways label={words('reading.sheet')} className="my-5 rounded-lg border border-line">
      <table className="w-max min-w-full border-collapse text-sm">
        <thead>
          <tr className="bg-sunken text-xs text-soft">
            <th className="border-r border-line px-2 py-1 font-normal">
              <span className="sr-only">{words('reading.rowNumber')}</span>
            </th>
            {columns.map(column => (
              <th
                key={column}
                scope="col"
                className="border-r border-line px-2 py-1 text-center font-normal last:border-r-0"
              >
                {letters(column)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: blocks of a stored document do not move
            <Row key={at} row={row} columns={columns} marks={marks} headed={headers.has(row.text)} />
          ))}
        </tbody>
      </table>
    </Sideways>
  )
}

function Row({
  row,
  columns,
  marks,
  headed,
}: {
  row: Block
  columns: readonly number[]
  marks: Marks | undefined
  headed: boolean
}) {
  const places = new Map(cellsOf(row).map((cell, at) => [row.columns?.[at] ?? at + 1, cell]))
  // A title in a row of its own runs on over the cells beside it, as it does in its program.
  const lone = places.size === 1 ? [...places.keys()][0] : undefined
  return (
    <tr className={`border-t border-line align-top ${headed ? 'bg-sunken/60 font-semibold' : ''}`}>
      <th
        scope="row"
        className="sticky left-0 border-r border-line bg-sunken px-2 py-1 text-right text-xs font-normal text-soft tabular-nums"
      >
        {row.span?.first}
      </th>
      {columns.slice(0, lone ? columns.indexOf(lone) + 1 : columns.length).map(column => {
        const place = places.get(column)
        const cited = place !== undefined && stretchesIn(row, marks, ...place).length > 0
        // An empty cell heads nothing.
        const Cell = headed && place ? 'th' : 'td'
        const figure = place !== undefined && isFigure(row.text.slice(...place))
        return (
          <Cell
            key={column}
            {...(Cell === 'th' && { scope: 'col' })}
            {...(column === lone && { colSpan: columns.length - columns.indexOf(column) })}
            data-cell={`${letters(column)}${row.span?.first}`}
            className={`max-w-96 min-w-12 border-r border-line px-2 py-1 last:border-r-0 ${figure ? 'text-right whitespace-nowrap tabular-nums' : 'text-left'} ${cited ? 'cited-cell' : ''}`}
          >
            {place && marked(row, marks, ...place)}
          </Cell>
        )
      })}
    </tr>
  )
}

function columnsOf(rows: readonly Block[]): number[] {
  const used = [...new Set(rows.flatMap(row => row.columns ?? cellsOf(row).map((_, at) => at + 1)))].sort(
    (a, b) => a - b,
  )
  const last = used.at(-1) ?? 0
  return last <= mostColumns ? Array.from({ length: last }, (_, at) => at + 1) : used
}

/** `1 → A`, `27 → AA`. */
export function letters(column: number): string {
  const rest = Math.floor((column - 1) / 26)
  return (rest > 0 ? letters(rest) : '') + String.fromCharCode(65 + ((column - 1) % 26))
}

const isFigure = (text: string) => /^\s*[-+(]?[\d.,'\s\u00a0\u202f]*\d[\d.,]*\)?\s*(?:%|€|EUR|\$|USD|£)?\s*$/.test(text)
