import type { Block, Rectangle, Segment, Span } from '../../shared/model/index.ts'

/** Characters of a line that hardly stand in two places. */
const longLine = 30

/** A stretch of a block's text, from – to. */
export type Stretch = [from: number, to: number]

/**
 * Where the marked text stands in a block. A quote stands in one block letter for letter; a passage is blocks, one a line,
 * of which a long one may have been cut. Nothing when the block is not part of it: a short line such as “Yes” says so only
 * where it is the whole block.
 */
export function stretchesOf(text: string, marked: string): Stretch[] {
  const at = marked === '' ? -1 : text.indexOf(marked)
  if (at >= 0) return [[at, at + marked.length]]
  return marked.split('\n').flatMap((line): Stretch[] => {
    const found = line === text ? 0 : line.length >= longLine ? text.indexOf(line) : -1
    return found < 0 ? [] : [[found, found + line.length]]
  })
}

/** Whether the block lies in this stretch of the source. */
export function liesIn({ span }: Block, stretch: Span): boolean {
  return span?.unit === stretch.unit && span.first <= stretch.last && span.last >= stretch.first
}

/**
 * Which blocks of a text are marked, and where. The span tells which of several equal sentences is meant; where the words are
 * not found there, the whole blocks are marked.
 */
export function marksOf(
  segments: readonly Segment[],
  { text, span }: { text: string; span: Span | null },
): Map<Block, Stretch[]> {
  const blocks = segments.flatMap(segment => segment.blocks)
  const meant = span ? blocks.filter(block => liesIn(block, span)) : blocks
  const marks = new Map<Block, Stretch[]>()
  for (const block of meant) {
    const stretches = stretchesOf(block.text, text)
    if (stretches.length > 0) marks.set(block, stretches)
  }
  if (marks.size === 0 && span) for (const block of meant) marks.set(block, [[0, block.text.length]])
  return marks
}

/** Where a text stands on a page, line by line: what a citation brings along and a passage does not. */
export function rectanglesOf({ blocks, margins = [] }: Segment, text: string): Rectangle[] {
  return [...blocks, ...margins].flatMap(block =>
    stretchesOf(block.text, text).flatMap(([from, to]) =>
      (block.runs ?? []).filter(({ at, end }) => at < to && end > from).map(({ rect }) => rect),
    ),
  )
}

/** Neighbouring runs of a line as one rectangle: a highlighter does not stop between words. */
export function linesOf(rectangles: readonly Rectangle[]): Rectangle[] {
  const lines: Rectangle[] = []
  for (const rectangle of rectangles) {
    const last = lines.at(-1)
    if (!last) {
      lines.push([...rectangle])
      continue
    }
    const height = Math.min(last[3] - last[1], rectangle[3] - rectangle[1])
    const overlap = Math.min(last[3], rectangle[3]) - Math.max(last[1], rectangle[1])
    const gap = rectangle[0] - last[2]
    if (overlap > height * 0.5 && gap > -height && gap < height * 1.5) {
      last[1] = Math.min(last[1], rectangle[1])
      last[2] = Math.max(last[2], rectangle[2])
      last[3] = Math.max(last[3], rectangle[3])
    } else lines.push([...rectangle])
  }
  return lines
}
