import type { Terminal } from './terminal.ts'
import { padEnd, padStart, shorten, widthOf } from './text.ts'

/** Columns under a head; the last one gives way where the terminal is narrow. */
export function table(
  terminal: Terminal,
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { right = [] }: { right?: readonly number[] } = {},
): string[] {
  const widths = head.map((title, column) => Math.max(widthOf(title), ...rows.map(row => widthOf(row[column]))))
  const last = head.length - 1
  const before = widths.slice(0, last).reduce((sum, width) => sum + width + 2, 0)
  if (terminal.columns !== undefined) widths[last] = Math.max(12, Math.min(widths[last], terminal.columns - before))
  const format = (row: readonly string[]) =>
    row
      .map((cell, column) => {
        const text = shorten(cell, widths[column])
        return right.includes(column) ? padStart(text, widths[column]) : padEnd(text, widths[column])
      })
      .join('  ')
      .trimEnd()
  return [terminal.paint('bold', format(head)), ...rows.map(format)]
}
