/** Rows of a table whose columns have names. */
import type { Piece, StoredChunk } from '../model/index.ts'

/** What explains a row: the names of the columns in which it has something, and not of all there are. */
export function headerOf({ header, heads }: Piece): string | undefined {
  return heads?.some(head => head !== '') ? heads.filter(head => head !== '').join(' ') : header
}

/** `chunk.text.slice(start, end)` for a model: in rows, each cell behind what its column is called, as empty cells leave no trace. */
export function labelledText({ text, pieces }: StoredChunk, start: number, end: number): string {
  let labelled = ''
  let done = start
  for (const piece of pieces) {
    const from = Math.max(piece.at, start)
    const to = Math.min(piece.at + piece.to - piece.from, end)
    if (!piece.heads || to <= from) continue
    labelled += text.slice(done, from) + cellsOf(text, piece, from, to).join(' · ')
    done = to
  }
  return labelled + text.slice(done, end)
}

function cellsOf(text: string, { at, from: first, cells = [], heads = [] }: Piece, from: number, to: number): string[] {
  const place = (cell: number | undefined) => (cell === undefined ? to : at + cell - first)
  return heads.flatMap((head, index) => {
    const cell = text.slice(Math.max(from, place(cells[index])), Math.min(to, place(cells[index + 1]))).trim()
    return cell === '' ? [] : [head === '' ? cell : `${head}: ${cell}`]
  })
}
