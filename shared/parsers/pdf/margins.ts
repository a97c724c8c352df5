import type { Rectangle } from '../../model/index.ts'
import { type Fragment, type Line, linesOf } from './line.ts'
import type { Typography } from './typography.ts'

// Share of the page's height where running headers and footers stand, and the distance of baselines that sets them apart,
// in font sizes (lines of text stand 1.2 apart, paragraphs up to 1.8).
const EDGE = 0.12
const GAP = 1.9
const NUMBER_GAP = 1.4
const MAX_LINES = 3
// Footnotes stand there too, and are text.
const NOTE = /^[¹²³⁰⁴-⁹†‡*]/
const PAGE_NUMBER =
  /^[-–—|. ]*(?:(?:seite|page|s\.|p\.)\s*)?(?:\d{1,5}|[ivxlc]{1,8})(?:\s*(?:\/|von|of)\s*\d{1,5})?[-–—|. ]*$/i

/**
 * Lines at the upper and lower edge, set apart from the text: candidates for running headers, footers and page numbers.
 * Whether they are shows only when the other pages are known.
 */
export function marginsOf(
  fragments: Fragment[],
  extent: Rectangle,
  typography: Typography,
): { inside: Fragment[]; edges: Line[] } {
  const lines = linesOf(fragments)
  const height = extent[3] - extent[1]
  const limitTop = extent[1] + EDGE * height
  const limitBottom = extent[3] - EDGE * height
  const largest = typography.bodySize() * 1.25
  // One group from the edge inwards: it must end in a gap, or be a page number.
  let top: Line[] = []
  for (let index = 0; index < Math.min(MAX_LINES, lines.length - 1); index++) {
    const line = lines[index]!
    if (line.y > limitTop || line.size > largest) break
    if (lines[index + 1]!.y - line.y > gapOf(line, lines[index + 1]!)) {
      top = lines.slice(0, index + 1)
      break
    }
  }
  let bottom: Line[] = []
  for (let index = lines.length - 1; index >= Math.max(top.length, lines.length - MAX_LINES); index--) {
    const line = lines[index]!
    if (line.y < limitBottom || line.size > largest) break
    const above = lines[index - 1]
    if (!above || line.y - above.y > gapOf(line, above)) {
      bottom = lines.slice(index)
      break
    }
  }
  if (bottom.length > 0 && NOTE.test(textOf(bottom[0]!))) bottom = []
  if (top.length === 0 && bottom.length === 0) return { inside: fragments, edges: [] }
  const edges = [...top, ...bottom]
  const away = new Set(edges.flatMap(line => line.fragments))
  return { inside: fragments.filter(fragment => !away.has(fragment)), edges }
}

function gapOf(line: Line, other: Line): number {
  return (PAGE_NUMBER.test(textOf(line)) ? NUMBER_GAP : GAP) * Math.max(line.size, other.size)
}

function textOf(line: Line): string {
  return line.fragments.map(each => each.pieces.map(piece => piece.text).join('')).join(' ')
}
