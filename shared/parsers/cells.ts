/** A row's text and where its cells start in it; empty cells leave no trace. */
export function joinCells(texts: readonly string[]): { text: string; cells: number[] } {
  let text = ''
  const cells: number[] = []
  for (const cell of texts) {
    if (cell === '') continue
    if (text !== '') text += ' '
    cells.push(text.length)
    text += cell
  }
  return { text, cells }
}
