import type { Block, Rectangle } from '../../model/index.ts'
import { compose, composeCells, composeCode } from './compose.ts'
import { type Fragment, type Line, linesOf } from './line.ts'
import { type Table, tableAt } from './tables.ts'
import type { Typography } from './typography.ts'

// In font sizes.
const HEADING_SIZE = 1.12
const INDENT = 0.8
const BULLET = /^[•◦▪■□●○‣∙·➢✓–—*-]$/
const BULLET_TEXT = /^[•◦▪■●○‣∙➢✓]\s*\S|^[–—-]\s+\S/
const ORDERED = /^(?:\(?\p{N}{1,3}[.)]|\(?[a-z]\)|[ivx]{1,4}\))(?:\s|$)/u
const NUMBERED_HEADING = /^(?:[A-Z]|\p{N}{1,2})(?:\.\p{N}{1,3})*\.?$/u
const CAPTION =
  /^(?:Tabelle|Table|Tab\.|Abbildung|Abb\.|Figure|Fig\.|Bild|Schaubild|Diagramm|Listing|Beispiel|Example)\s+[A-Z]?[\p{N}.]+/u
const LEADER = /(?:\. ?){5,}|…{2,}/
const CUT_WORD = /\p{L}-$/u
const SENTENCE_END = /[.!?:;…]["”“’)\]»]*$/
const STARTS = /^[\p{Lu}\p{N}☐☒]/u

/** The blocks of some regions in reading order. `margin`: lines at the edge, one block a line. */
export function blocksOf(
  regions: Fragment[][],
  degrees: number,
  extent: Rectangle,
  typography: Typography,
  margin: boolean,
): Block[] {
  const blocks: Block[] = []
  for (const region of regions) {
    const lines = linesOf(region)
    if (margin) {
      for (const line of lines) push(blocks, { kind: 'paragraph', ...compose([line], degrees) })
      continue
    }
    readRegion(lines, degrees, extent, typography, blocks)
  }
  return blocks
}

function push(blocks: Block[], block: Block) {
  if (block.text.trim() !== '') blocks.push(block)
}

function readRegion(lines: Line[], degrees: number, extent: Rectangle, typography: Typography, blocks: Block[]) {
  let index = 0
  while (index < lines.length) {
    const found = tableAt(lines, index)
    if (found) {
      pushTable(blocks, found.table, degrees)
      index = found.end
      continue
    }
    // Up to the next table, the lines are running text.
    let end = index + 1
    while (end < lines.length && !tableAt(lines, end)) end++
    readText(lines.slice(index, end), degrees, extent, typography, blocks)
    index = end
  }
}

function pushTable(blocks: Block[], table: Table, degrees: number) {
  let header = ''
  for (const [index, row] of table.rows.entries()) {
    const cells = row.filter(cell => cell.length > 0)
    const composed = composeCells(cells, degrees)
    if (index < table.header) {
      header = header === '' ? composed.text : `${header} ${composed.text}`
      push(blocks, { kind: 'table-row', ...composed })
      continue
    }
    push(blocks, header === '' ? { kind: 'table-row', ...composed } : { kind: 'table-row', ...composed, header })
  }
}

type Kind = 'heading' | 'paragraph' | 'list-item' | 'code' | 'caption' | 'footnote'

function readText(lines: Line[], degrees: number, extent: Rectangle, typography: Typography, blocks: Block[]) {
  const left = edge(lines.map(line => line.x0))
  const right = Math.max(...lines.map(line => line.x1))
  const pitch = pitchOf(lines)
  let kind: Kind = 'paragraph'
  let current: Line[] = []
  const flush = () => {
    if (current.length > 0) push(blocks, blockFrom(kind, current, degrees, typography))
    current = []
  }
  for (const [index, line] of lines.entries()) {
    const above = current[current.length - 1]
    const own = kindOf(line, lines[index - 1], lines[index + 1], extent, typography)
    if (above && continues(kind, own, current, above, line, left, right, pitch)) {
      current.push(line)
      continue
    }
    flush()
    kind = own
    current = [line]
  }
  flush()
}

function kindOf(
  line: Line,
  above: Line | undefined,
  below: Line | undefined,
  extent: Rectangle,
  typography: Typography,
): Kind {
  const text = startOf(line)
  const body = typography.bodySize()
  // What was filled in is often larger, and in another font.
  if (line.filled) return isListItem(line, text) ? 'list-item' : 'paragraph'
  if (line.mono) return 'code'
  if (CAPTION.test(text)) return 'caption'
  if (line.size >= HEADING_SIZE * body) return 'heading'
  if (isFootnote(line, above, extent, body)) return 'footnote'
  if (isListItem(line, text)) return 'list-item'
  if (LEADER.test(text)) return 'list-item'
  if (isPlainHeading(line, above, below, text, typography)) return 'heading'
  return 'paragraph'
}

function startOf(line: Line): string {
  let text = ''
  for (const fragment of line.fragments)
    for (const piece of fragment.pieces) {
      text += text === '' ? piece.text : ` ${piece.text}`
      if (text.length > 200) return text
    }
  return text
}

function isListItem(line: Line, text: string): boolean {
  const first = line.fragments[0]!.pieces[0]!
  if (BULLET.test(first.text)) return text.length > first.text.length
  return BULLET_TEXT.test(text) || ORDERED.test(text)
}

/** Small print in the lower half that begins with a raised number or sign. */
function isFootnote(line: Line, above: Line | undefined, extent: Rectangle, body: number): boolean {
  if (line.size > 0.93 * body || line.y < (extent[1] + extent[3]) / 2) return false
  if (above && line.y - above.y < 0.5 * line.size) return false
  const first = line.fragments[0]!.pieces[0]!
  return (
    /^[¹²³⁰⁴-⁹†‡*]/.test(first.text) ||
    (/^[\p{N}*†‡]{1,3}$/u.test(first.text) && first.size < 0.85 * line.size) ||
    /^(?:\[\p{N}{1,3}\]|\p{N}{1,2}\)?)\s+\p{Lu}/u.test(first.text)
  )
}

/** A heading of body size: a short line in another font, with space around it, that ends no sentence. */
function isPlainHeading(
  line: Line,
  above: Line | undefined,
  below: Line | undefined,
  text: string,
  typography: Typography,
): boolean {
  if (line.size < 0.97 * typography.bodySize() || text.length > 120 || line.characters < 3) return false
  if (line.fragments.some(fragment => fragment.pieces.some(piece => piece.font === typography.bodyFont()))) return false
  if (!/\p{L}/u.test(text) || /[.,;]$/.test(text)) return false
  const gapAbove = above ? line.y - above.y : Number.POSITIVE_INFINITY
  const gapBelow = below ? below.y - line.y : Number.POSITIVE_INFINITY
  if (below && below.font === line.font && gapBelow < 1.4 * line.size) return false
  return gapAbove > 1.35 * line.size || gapBelow > 1.35 * line.size
}

/** Does this line go on with the block above? */
function continues(
  kind: Kind,
  own: Kind,
  current: readonly Line[],
  above: Line,
  line: Line,
  left: number,
  right: number,
  pitch: number,
): boolean {
  const gap = line.y - above.y
  const size = Math.max(line.size, above.size)
  // The lines of a form are no running text, except where a sentence has gaps that were filled.
  if ((above.filled === 'end' || (line.filled && above.x1 < right - 3 * size)) && STARTS.test(startOf(line)))
    return false
  if (gap > 1.3 * Math.max(pitch, 1.15 * size) || gap < -0.5 * size)
    return kind === 'code' && own === 'code' && gap < 3 * size && gap > 0
  if (kind === 'code' || own === 'code') {
    if (kind === own) return true
    // A line of running text that happens to be all monospaced (a long path) is no listing.
    return (
      kind !== 'heading' &&
      !SENTENCE_END.test(textOf(above)) &&
      above.x1 > right - 3 * size &&
      line.x0 <= above.x0 + INDENT * size &&
      kind !== 'code'
    )
  }
  if (kind === 'heading')
    return own === 'heading' && Math.abs(line.size - above.size) < 0.05 * size && line.font === above.font
  if (own === 'heading' || own === 'caption' || own === 'footnote' || own === 'list-item') {
    return own === 'list-item' && kind !== 'list-item' && looksLikeText(above, line, right)
  }
  if (Math.abs(line.size - above.size) > 0.12 * size) return false
  const start = current[0]!
  if (CUT_WORD.test(textOf(above)) && line.x0 < above.x1) return true
  if (kind === 'list-item' || kind === 'footnote' || kind === 'caption')
    return line.x0 >= start.x0 - 0.5 * size || kind === 'footnote'
  // An indented line begins a paragraph, except where the whole block hangs (its second line is the indented one).
  const indent = line.x0 - above.x0
  if (indent > INDENT * size && line.x0 > left + INDENT * size && current.length >= 1 && above.x0 <= left + 0.3 * size)
    return false
  if (indent > INDENT * size && current.length > 1) return false
  // A line that ends well before the right edge, after a full stop, ends its paragraph.
  const room = right - above.x1
  if (room > 0.25 * (right - left) && SENTENCE_END.test(textOf(above))) return false
  return !(room > 0.4 * (right - left) && /^[\p{Lu}\p{N}]/u.test(textOf(line)))
}

/** “… drücken Sie\n- oder + …”: a line that only looks like an item because a sentence was broken there. */
function looksLikeText(above: Line, line: Line, right: number): boolean {
  return (
    above.x1 > right - 2 * above.size &&
    Math.abs(line.x0 - above.x0) < 0.3 * line.size &&
    !SENTENCE_END.test(textOf(above))
  )
}

function textOf(line: Line): string {
  const pieces = line.fragments[line.fragments.length - 1]!.pieces
  return pieces[pieces.length - 1]!.text
}

function blockFrom(kind: Kind, lines: Line[], degrees: number, typography: Typography): Block {
  if (kind === 'code') return { kind, ...composeCode(lines, degrees) }
  const composed = compose(lines, degrees)
  if (kind !== 'heading') return { kind, ...composed }
  return { kind, ...composed, level: levelOf(composed.text, lines[0]!.size / Math.max(1, typography.bodySize())) }
}

/** By its number (“3.4.1” is the third level), else by its size. */
function levelOf(text: string, ratio: number): number {
  const label = text.split(' ', 1)[0]!
  if (NUMBERED_HEADING.test(label) && label.includes('.'))
    return Math.min(6, label.replace(/\.$/, '').split('.').length)
  if (ratio >= 1.6) return 1
  if (ratio >= 1.3) return 2
  return ratio >= HEADING_SIZE ? 3 : 4
}

/** The edge that most lines keep: the tenth part may stand out. */
function edge(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length * 0.1)]!
}

function pitchOf(lines: readonly Line[]): number {
  const gaps: number[] = []
  for (let index = 1; index < lines.length; index++) {
    const gap = lines[index]!.y - lines[index - 1]!.y
    if (gap > 0.8 * lines[index]!.size && gap < 2.2 * lines[index]!.size) gaps.push(gap)
  }
  if (gaps.length === 0) return 0
  gaps.sort((a, b) => a - b)
  return gaps[Math.floor(gaps.length * 0.3)]!
}
