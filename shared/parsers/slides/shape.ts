import type { Block } from '../../model/index.ts'
import { joinCells } from '../cells.ts'
import { createColumnHeads } from '../column-heads.ts'

/** Something on a slide with its place in points, and what it says. */
export interface Shape {
  /** Left, top, right, bottom; undefined where the file does not say. */
  place: readonly [left: number, top: number, right: number, bottom: number] | undefined
  /** Stands first, wherever it is. */
  isTitle: boolean
  blocks: Block[]
}

/**
 * The blocks of shapes as they are read: the title, then from top to bottom, side by side from left to right. Those without a
 * place stay behind the one before them.
 */
export function inReadingOrder(shapes: readonly Shape[]): Block[] {
  const titles = shapes.filter(shape => shape.isTitle)
  const groups: Shape[][] = []
  for (const shape of shapes) {
    if (shape.isTitle || shape.blocks.length === 0) continue
    if (shape.place || groups.length === 0) groups.push([shape])
    else groups[groups.length - 1]!.push(shape)
  }
  const top = ([first]: Shape[]) => first!.place?.[1] ?? Number.NEGATIVE_INFINITY
  const left = ([first]: Shape[]) => first!.place?.[0] ?? Number.NEGATIVE_INFINITY
  groups.sort((a, b) => top(a) - top(b))
  // What begins within the upper half of the first of a row stands beside it.
  const rows: Shape[][][] = []
  let until = Number.NEGATIVE_INFINITY
  for (const group of groups) {
    const place = group[0]!.place
    if (place && place[1] < until) rows[rows.length - 1]!.push(group)
    else {
      rows.push([group])
      until = place ? place[1] + Math.min((place[3] - place[1]) / 2, BAND) : Number.NEGATIVE_INFINITY
    }
  }
  const others = rows.flatMap(row => row.sort((a, b) => left(a) - left(b))).flat()
  return [...titles, ...others].flatMap(shape => shape.blocks)
}

/** Points: taller things begin a row with no more than this. */
const BAND = 60

/** The rows of a table on a slide; of its cells, the merged ones are there and say nothing. `wide`: columns each stands over. */
export function tableRows(
  rows: readonly { texts: readonly string[]; wide: readonly number[] }[],
  hasHeader: boolean,
): Block[] {
  const heads = createColumnHeads()
  let header: string | undefined
  let columns = 0
  return rows.flatMap(({ texts, wide }) => {
    const { text, cells } = joinCells(texts)
    if (text === '') return []
    const row = texts.map((own, at) => ({ text: own, column: at + 1, wide: wide[at] ?? 1 }))
    const isHeaded = header !== undefined && header !== text
    const block: Block = {
      kind: 'table-row',
      text,
      cells,
      ...(isHeaded && { header, ...(row.length === columns && heads.of(row)) }),
    }
    if (hasHeader && header === undefined) {
      header = text
      columns = row.length
      heads.add(row)
    }
    return [block]
  })
}

/** Who pages through the presentation does not see it: said in the language of the slide. */
export function hiddenNote(language: string | undefined): Block {
  return { kind: 'note', text: /^de\b/i.test(language ?? '') ? 'Ausgeblendete Folie' : 'Hidden slide' }
}

/** A comment with who wrote it. */
export function commentNote(author: string, text: string): Block {
  return { kind: 'note', text: author === '' ? text : `${author}: ${text}` }
}

/** Every block stands on this slide. */
export function onSlide(blocks: readonly Block[], number: number): Block[] {
  return blocks.map(block => ({ ...block, span: { unit: 'slide', first: number, last: number } }))
}
