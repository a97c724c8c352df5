import type { Block, Rectangle, Segment } from '../../model/index.ts'
import { blocksOf } from './blocks.ts'
import { isBrokenText } from './broken-text.ts'
import { columnsOf } from './columns.ts'
import type { Filled } from './filled.ts'
import { joinLabels } from './labels.ts'
import { fragmentsOf } from './line.ts'
import { marginsOf } from './margins.ts'
import { framesOf, type PageGeometry, type TextItem, type TextStyle } from './piece.ts'
import type { Typography } from './typography.ts'

export interface PageText {
  items: readonly TextItem[]
  styles: Record<string, TextStyle>
  /** What was put onto the page. */
  filled?: readonly Filled[]
}

/** The fonts of a page in the order they come: the same in every process, other than their names. */
export function fontsOf(text: PageText): string[] {
  const names = new Set<string>()
  // Marked-content items have no font.
  for (const item of text.items) if (item.fontName !== undefined) names.add(item.fontName)
  return [...names]
}

/** As the file has it: what layout leaves out tells whether the rest can be trusted. */
function rawText({ items }: PageText): string {
  return items.map(item => (item.str === undefined ? '' : `${item.str}${item.hasEOL ? '\n' : ' '}`)).join('')
}

/**
 * Lays out one page: text items to blocks in reading order, with lines that may be running headers or footers apart.
 * `typography` learns what body text looks like as pages pass.
 */
export function layoutPage(number: number, text: PageText, geometry: PageGeometry, typography: Typography): Segment {
  const frames = framesOf(text.items, text.styles, geometry, text.filled)
  const blocks: Block[] = []
  const margins: Block[] = []
  for (const [index, frame] of frames.entries()) {
    joinLabels(frame)
    const fragments = fragmentsOf(frame)
    if (index === 0) typography.learn(fragments, number, fontsOf(text))
    const extent: Rectangle = frame.extent
    // Only the main direction has running headers; a stamp along the edge is a block like any other.
    const { inside, edges } = index === 0 ? marginsOf(fragments, extent, typography) : { inside: fragments, edges: [] }
    for (const line of edges) margins.push(...blocksOf([line.fragments], frame.degrees, extent, typography, true))
    blocks.push(...blocksOf(columnsOf(inside), frame.degrees, extent, typography, false))
  }
  const segment: Segment = { number, width: geometry.width, height: geometry.height, blocks }
  if (margins.length > 0) segment.margins = margins
  // Where only fields have text, the form itself is a picture.
  if (!frames.some(frame => frame.pieces.some(piece => !piece.filled))) segment.problem = 'without-text'
  else if (isBrokenText(rawText(text))) segment.problem = 'broken-text'
  return segment
}
