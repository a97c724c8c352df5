/** Shapes of an OpenDocument page (ODF 1.3, part 3, 10). */
import type { Block } from '../../model/index.ts'
import { cleanText } from '../clean-text.ts'
import type { Package } from '../office/package.ts'
import { attributeOf, childOf, childrenOf, descendantsOf, type Element, rawText } from '../office/xml.ts'
import { commentNote, inReadingOrder, type Shape, tableRows } from './shape.ts'

export interface PageContent {
  shapes: Shape[]
  /** Alternative texts of what is no text. */
  pictures: string[]
  comments: Block[]
}

/** Footers and numbers come from the master; names and descriptions are no text of the page. */
const NO_SHAPE = new Set([
  'notes',
  'forms',
  'animations',
  'par',
  'annotation',
  'glue-point',
  'title',
  'desc',
  'layer-set',
])
const NO_TEXT = new Set(['note', 'annotation', 'ruby-text', 'page-number', 'page-count', 'event-listeners'])

export async function odpShapes(page: Element, parts: Package): Promise<PageContent> {
  const content: PageContent = { shapes: [], pictures: [], comments: [] }
  content.shapes = await shapesOf(page, parts, content)
  for (const comment of descendantsOf(page, 'annotation')) {
    const author = cleanText(rawText(childOf(comment, 'creator')))
    const texts = descendantsOf(comment, 'p').map(textOf)
    const said = texts.filter(text => text !== '')
    content.comments.push(...said.map((text, index) => commentNote(index === 0 ? author : '', text)))
  }
  return content
}

/** What the speaker notes. */
export async function inNotes(page: Element, parts: Package): Promise<string[]> {
  const blocks: Block[] = []
  for (const notes of childrenOf(page, 'notes'))
    blocks.push(...inReadingOrder(await shapesOf(notes, parts, { shapes: [], pictures: [], comments: [] })))
  return blocks.map(block => block.text)
}

async function shapesOf(parent: Element, parts: Package, content: PageContent): Promise<Shape[]> {
  const shapes: Shape[] = []
  for (const element of childrenOf(parent)) {
    if (NO_SHAPE.has(element.name)) continue
    const kind = element.attributes['presentation:class'] ?? ''
    // What invites to click and add a text, and what the master says on each page.
    if (element.attributes['presentation:placeholder'] === 'true') continue
    if (/^(?:page-number|footer|header|date-time|page)$/.test(kind)) continue
    if (element.name === 'g' || element.name === 'a') {
      const inside = await shapesOf(element, parts, content)
      const places = inside.flatMap(({ place }) => (place ? [place] : []))
      if (places.length === 0 || element.name === 'a') shapes.push(...inside)
      else shapes.push({ place: around(places), isTitle: false, blocks: inReadingOrder(inside) })
      continue
    }
    const isTitle = kind === 'title'
    let blocks = await blocksOf(element, parts, content)
    if (isTitle && blocks.length > 0)
      blocks = [{ kind: 'heading', level: 1, text: blocks.map(block => block.text).join(' ') }]
    if (blocks.length > 0) shapes.push({ place: placeOf(element), isTitle, blocks })
  }
  return shapes
}

async function blocksOf(shape: Element, parts: Package, content: PageContent): Promise<Block[]> {
  const table = childOf(shape, 'table')
  if (table) return tableBlocks(table)
  const object = childOf(shape, 'object')
  if (object) {
    const blocks = await objectBlocks(object, parts)
    if (blocks.length > 0) return blocks
  }
  const blocks = textBlocks(shape, false)
  const isPicture = ['image', 'object', 'object-ole', 'plugin'].some(name => childOf(shape, name))
  if (blocks.length === 0 && isPicture) content.pictures.push(cleanText(rawText(childOf(shape, 'desc'))))
  return blocks
}

/** A chart says its titles and the table it draws. */
async function objectBlocks(object: Element, parts: Package): Promise<Block[]> {
  const target = (attributeOf(object, 'href') ?? '').replace(/^\.\//, '')
  const root = target === '' ? undefined : await parts.root(`${target}/content.xml`)
  const chart = descendantsOf(root, 'chart')[0]
  if (!chart) return []
  const titles = ['title', 'subtitle'].flatMap(name => childrenOf(chart, name)).map(textOf)
  const captions: Block[] = titles.filter(text => text !== '').map(text => ({ kind: 'caption', text }))
  return [...captions, ...childrenOf(chart, 'table').flatMap(tableBlocks)]
}

function textBlocks(parent: Element, listed: boolean): Block[] {
  const blocks: Block[] = []
  for (const child of childrenOf(parent)) {
    if (NO_SHAPE.has(child.name) || NO_TEXT.has(child.name)) continue
    if (child.name === 'p' || child.name === 'h') {
      const text = textOf(child)
      if (text !== '') blocks.push({ kind: listed ? 'list-item' : 'paragraph', text })
    } else if (child.name === 'table') blocks.push(...tableBlocks(child))
    else blocks.push(...textBlocks(child, listed || child.name === 'list-item'))
  }
  return blocks
}

function tableBlocks(table: Element): Block[] {
  const hasHeader = attributeOf(table, 'use-first-row-styles') === 'true' || childOf(table, 'table-header-rows')
  const rows = descendantsOf(table, 'table-row').map(row => {
    const cells = row.children.filter(isCell)
    return {
      texts: cells.map(cell =>
        cell.name === 'table-cell' ? descendantsOf(cell, 'p').map(textOf).join(' ').trim() : '',
      ),
      wide: cells.map(cell => Number(attributeOf(cell, 'number-columns-spanned')) || 1),
    }
  })
  return tableRows(rows, Boolean(hasHeader))
}

const isCell = (child: Element | string): child is Element =>
  typeof child !== 'string' && (child.name === 'table-cell' || child.name === 'covered-table-cell')

function textOf(paragraph: Element): string {
  return cleanText(innerText(paragraph))
}

function innerText(element: Element): string {
  let text = ''
  for (const child of element.children) {
    if (typeof child === 'string') text += child
    else if (child.name === 's' || child.name === 'tab' || child.name === 'line-break') text += ' '
    else if (!NO_TEXT.has(child.name)) text += innerText(child)
  }
  return text
}

function placeOf(shape: Element): Shape['place'] {
  const [x, y] = [points(shape.attributes['svg:x']), points(shape.attributes['svg:y'])]
  const [x1, y1] = [points(shape.attributes['svg:x1']), points(shape.attributes['svg:y1'])]
  // A turned shape says where it is in a list of transformations.
  const moved = /translate\s*\(\s*([-\d.]+\w+)[\s,]+([-\d.]+\w+)/.exec(shape.attributes['draw:transform'] ?? '')
  const left = x ?? x1 ?? points(moved?.[1])
  const top = y ?? y1 ?? points(moved?.[2])
  if (left === undefined || top === undefined) return undefined
  const width = points(shape.attributes['svg:width']) ?? 0
  return [left, top, left + width, top + (points(shape.attributes['svg:height']) ?? 0)]
}

function around(places: readonly NonNullable<Shape['place']>[]): NonNullable<Shape['place']> {
  return [
    Math.min(...places.map(place => place[0])),
    Math.min(...places.map(place => place[1])),
    Math.max(...places.map(place => place[2])),
    Math.max(...places.map(place => place[3])),
  ]
}

const UNITS: Record<string, number> = { cm: 72 / 2.54, mm: 72 / 25.4, in: 72, pt: 1, pc: 12, px: 0.75 }

/** A length such as `2.5cm` in points. */
export function points(length: string | undefined): number | undefined {
  const [, figure, unit] = /^(-?[\d.]+)(cm|mm|in|pt|pc|px)$/.exec(length ?? '') ?? []
  const value = Number(figure) * (UNITS[unit ?? ''] ?? Number.NaN)
  return Number.isFinite(value) ? Math.round(value * 100) / 100 : undefined
}
