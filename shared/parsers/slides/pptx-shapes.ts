/** Shapes of a slide (ECMA-376 part 1, 19.3 and 20.1). */
import type { Block } from '../../model/index.ts'
import { cleanText } from '../clean-text.ts'
import { formatNumber } from '../numerals.ts'
import { chartBlocks } from '../office/chart.ts'
import { diagramTexts } from '../office/diagram.ts'
import type { Package, Relationship } from '../office/package.ts'
import {
  attributeOf,
  childOf,
  childrenOf,
  descendantsOf,
  type Element,
  rawText,
  relationOf,
  unescaped,
} from '../office/xml.ts'
import { inReadingOrder, type Shape, tableRows } from './shape.ts'

/** English metric units in a point. */
export const EMU = 12_700

export interface SlideContext {
  parts: Package
  relationships: readonly Relationship[]
  /** Where the layout and the master put a placeholder. */
  inherited(placeholder: Element): Shape['place']
}

/** What was found besides text. */
export interface Found {
  /** Lines at the edge that stand on every slide. */
  margins: Block[]
  /** Pictures and other things that are no text, with their alternative texts. */
  pictures: string[]
}

type Box = NonNullable<Shape['place']>
type Transform = (box: Box) => Box

/** The blocks of all shapes inside, as they are read. */
export async function readShapes(
  tree: Element | undefined,
  context: SlideContext,
  found: Found,
  transform: Transform = box => box,
): Promise<Block[]> {
  const shapes: Shape[] = []
  for (const element of childrenOf(tree)) {
    const shape = await readShape(element, context, found, transform)
    if (shape) shapes.push(shape)
  }
  return inReadingOrder(shapes)
}

async function readShape(
  element: Element,
  context: SlideContext,
  found: Found,
  transform: Transform,
): Promise<Shape | undefined> {
  switch (element.name) {
    case 'sp':
    case 'cxnSp':
      return textShape(element, context, found, transform)
    case 'grpSp': {
      const own = childOf(element, 'grpSpPr', 'xfrm')
      const blocks = await readShapes(element, context, found, inGroup(own, transform))
      return { place: boxOf(own, transform), isTitle: false, blocks }
    }
    case 'graphicFrame': {
      const blocks = await readGraphic(childOf(element, 'graphic', 'graphicData'), context, found)
      return { place: boxOf(childOf(element, 'xfrm'), transform), isTitle: false, blocks }
    }
    case 'pic':
      found.pictures.push(cleanText(descendantsOf(element, 'cNvPr')[0]?.attributes.descr ?? ''))
      return undefined
    // What newer programs show; the other way for older ones says the same.
    case 'AlternateContent': {
      const chosen = childOf(element, 'Choice') ?? childOf(element, 'Fallback')
      return { place: undefined, isTitle: false, blocks: await readShapes(chosen, context, found, transform) }
    }
    default:
      return undefined
  }
}

function textShape(element: Element, context: SlideContext, found: Found, transform: Transform): Shape | undefined {
  const placeholder = childOf(
    childrenOf(element).find(({ name }) => name.startsWith('nv')),
    'nvPr',
    'ph',
  )
  const type = placeholder?.attributes.type ?? (placeholder ? 'obj' : '')
  // The number of a slide is no text of it.
  if (type === 'sldNum') return undefined
  const isTitle = type === 'title' || type === 'ctrTitle'
  const body = childOf(element, 'txBody')
  if (descendantsOf(childOf(element, 'spPr'), 'blip').length > 0) found.pictures.push('')
  const paragraphs = paragraphsOf(body)
  if (isTitle) {
    const text = paragraphs.map(paragraph => paragraph.text).join(' ')
    return text === '' ? undefined : { place: undefined, isTitle, blocks: [{ kind: 'heading', level: 1, text }] }
  }
  const blocks = paragraphs.map(({ text, isItem }): Block => {
    const listed = isItem ?? (type === 'body' || type === 'obj')
    return { kind: listed ? 'list-item' : 'paragraph', text }
  })
  if (type === 'ftr' || type === 'dt' || type === 'hdr') {
    found.margins.push(...blocks)
    return undefined
  }
  const own = boxOf(childOf(element, 'spPr', 'xfrm'), transform)
  return { place: own ?? (placeholder && context.inherited(placeholder)), isTitle, blocks }
}

/** The paragraphs with text, numbers of items first; whether one is an item is undefined where only the layout says so. */
export function paragraphsOf(body: Element | undefined): { text: string; isItem: boolean | undefined }[] {
  const numberOf = createNumbers(childOf(body, 'lstStyle'))
  return childrenOf(body, 'p').flatMap(paragraph => {
    const text = paragraphText(paragraph)
    if (text === '') return []
    const properties = childOf(paragraph, 'pPr')
    const number = numberOf(properties)
    const marked = number !== undefined || childOf(properties, 'buChar') || childOf(properties, 'buBlip')
    const isItem = childOf(properties, 'buNone')
      ? false
      : marked || Number(properties?.attributes.lvl ?? 0) > 0 || undefined
    return [{ text: number ? `${number} ${text}` : text, isItem: isItem === undefined ? undefined : Boolean(isItem) }]
  })
}

const FORMATS: Readonly<Record<string, string>> = {
  alphaLc: 'lowerLetter',
  alphaUc: 'upperLetter',
  romanLc: 'lowerRoman',
  romanUc: 'upperRoman',
}

/** Numbers paragraphs that ask for it, each level by itself; one of the same level that does not ends its list. */
function createNumbers(styles: Element | undefined): (properties: Element | undefined) => string | undefined {
  const counts: ({ type: string; count: number } | undefined)[] = []
  return properties => {
    const level = Math.min(Math.max(Number(properties?.attributes.lvl ?? 0) || 0, 0), 8)
    counts.length = level + 1
    const own = ['buAutoNum', 'buNone', 'buChar', 'buBlip'].map(name => childOf(properties, name)).find(Boolean)
    const asked = own ?? childOf(styles, `lvl${level + 1}pPr`, 'buAutoNum')
    if (asked?.name !== 'buAutoNum') {
      counts[level] = undefined
      return undefined
    }
    const { type = 'arabicPeriod', startAt } = asked.attributes
    const before = counts[level]
    const count = before?.type === type ? before.count + 1 : Number(startAt ?? 1) || 1
    counts[level] = { type, count }
    const [, name = '', sign = ''] = /^([a-zA-Z]+?)(Period|ParenR|ParenBoth|Plain|Minus)$/.exec(type) ?? []
    const number = formatNumber(count, FORMATS[name] ?? 'decimal')
    return sign === 'ParenBoth'
      ? `(${number})`
      : sign === 'ParenR'
        ? `${number})`
        : sign === 'Period'
          ? `${number}.`
          : number
  }
}

function paragraphText(paragraph: Element): string {
  let text = ''
  for (const child of childrenOf(paragraph)) {
    if (child.name === 'r') text += rawText(childOf(child, 't'))
    else if (child.name === 'br') text += ' '
    else if (child.name === 'fld') {
      if (child.attributes.type !== 'slidenum') text += rawText(childOf(child, 't'))
    } else if (child.name === 'AlternateContent')
      text += descendantsOf(childOf(child, 'Choice') ?? childOf(child, 'Fallback'), 't')
        .map(rawText)
        .join('')
    else if (child.name === 'm') text += descendantsOf(child, 't').map(rawText).join('')
  }
  return cleanText(unescaped(text))
}

async function readGraphic(data: Element | undefined, context: SlideContext, found: Found): Promise<Block[]> {
  const table = childOf(data, 'tbl')
  if (table) return tableBlocks(table)
  const part = (id: string | undefined) => context.relationships.find(relationship => relationship.id === id)?.target
  const diagram = childOf(data, 'relIds')
  if (diagram) {
    const target = part(relationOf(diagram, 'dm'))
    const texts = diagramTexts(target === undefined ? undefined : await context.parts.root(target, 'referred'))
    return texts.map(text => ({ kind: 'list-item', text }))
  }
  const chart = childOf(data, 'chart')
  if (chart) {
    const target = part(attributeOf(chart, 'id'))
    return chartBlocks(target === undefined ? undefined : await context.parts.root(target, 'referred'))
  }
  found.pictures.push('')
  return []
}

function tableBlocks(table: Element): Block[] {
  const hasHeader = /^(?:1|true)$/.test(childOf(table, 'tblPr')?.attributes.firstRow ?? '')
  const rows = childrenOf(table, 'tr').map(row => {
    const cells = childrenOf(row, 'tc')
    return {
      texts: cells.map(cell =>
        cell.attributes.hMerge || cell.attributes.vMerge
          ? ''
          : paragraphsOf(childOf(cell, 'txBody'))
              .map(paragraph => paragraph.text)
              .join(' '),
      ),
      wide: cells.map(cell => Number(cell.attributes.gridSpan) || 1),
    }
  })
  return tableRows(rows, hasHeader)
}

/** In points, on the slide. */
export function boxOf(transform: Element | undefined, outer: Transform = box => box): Shape['place'] {
  const offset = childOf(transform, 'off')?.attributes
  const size = childOf(transform, 'ext')?.attributes
  if (!offset) return undefined
  const [left, top] = [Number(offset.x) / EMU, Number(offset.y) / EMU]
  if (!Number.isFinite(left) || !Number.isFinite(top)) return undefined
  const [width, height] = [Number(size?.cx ?? 0) / EMU || 0, Number(size?.cy ?? 0) / EMU || 0]
  return outer([left, top, left + width, top + height])
}

/** Shapes of a group are placed in a space of its own. */
function inGroup(group: Element | undefined, outer: Transform): Transform {
  const box = boxOf(group)
  const offset = childOf(group, 'chOff')?.attributes
  const size = childOf(group, 'chExt')?.attributes
  if (!box || !offset || !size) return outer
  const [x, y] = [Number(offset.x) / EMU || 0, Number(offset.y) / EMU || 0]
  const across = (box[2] - box[0]) / (Number(size.cx) / EMU) || 1
  const down = (box[3] - box[1]) / (Number(size.cy) / EMU) || 1
  return ([left, top, right, bottom]) =>
    outer([
      box[0] + (left - x) * across,
      box[1] + (top - y) * down,
      box[0] + (right - x) * across,
      box[1] + (bottom - y) * down,
    ])
}
