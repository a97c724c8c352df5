/** What stands beside the cells of a workbook's sheet: comments, tables, text boxes and charts. */

import { cleanText } from '../clean-text.ts'
import { chartTexts } from '../office/chart.ts'
import type { Package, Relationship } from '../office/package.ts'
import { attributeOf, childOf, childrenOf, descendantsOf, type Element, rawText, unescaped } from '../office/xml.ts'
import { areaOf } from './areas.ts'
import type { KnownHeaders } from './rows.ts'

export interface CellNote {
  row: number
  column: number
  text: string
}

const PHONETIC = new Set(['rPh', 'phoneticPr'])
const SKIPPED = new Set(['Fallback'])

/** Comments by cell, in the order of rows. A thread's place holder for old programs is left out. */
export async function readComments(parts: Package, relationships: readonly Relationship[]): Promise<CellNote[]> {
  const threaded = await notesOf(parts, relationships, 'threadedComment', comment => rawText(childOf(comment, 'text')))
  const inThreads = new Set(threaded.map(({ row, column }) => `${row} ${column}`))
  const plain = await notesOf(parts, relationships, 'comments', comment =>
    descendantsOf(childOf(comment, 'text'), 't', PHONETIC).map(rawText).join(''),
  )
  return [...plain.filter(({ row, column }) => !inThreads.has(`${row} ${column}`)), ...threaded].sort(
    (a, b) => a.row - b.row || a.column - b.column,
  )
}

async function notesOf(
  parts: Package,
  relationships: readonly Relationship[],
  type: string,
  textOf: (comment: Element) => string,
): Promise<CellNote[]> {
  const notes: CellNote[] = []
  for (const { target } of relationships.filter(relationship => relationship.type === type)) {
    const root = await parts.root(target, 'referred')
    for (const comment of descendantsOf(root, type === 'comments' ? 'comment' : type)) {
      const place = areaOf(comment.attributes.ref ?? '')
      const text = cleanText(unescaped(textOf(comment)))
      if (place && text !== '') notes.push({ row: place.row, column: place.columns[0], text })
    }
  }
  return notes
}

/** The tables of a sheet that have a header row. */
export async function readTables(
  parts: Package,
  relationships: readonly Relationship[],
): Promise<KnownHeaders['ranges'][number][]> {
  const ranges: KnownHeaders['ranges'][number][] = []
  for (const { target } of relationships.filter(({ type }) => type === 'table')) {
    const table = await parts.root(target, 'referred')
    const area = areaOf(attributeOf(table, 'ref') ?? '')
    if (area && attributeOf(table, 'headerRowCount') !== '0') ranges.push(area)
  }
  return ranges
}

export interface DrawnText {
  /** The row it is fixed to. */
  row: number
  text: string
}

/** Text boxes, shapes and charts of a sheet, from top to bottom. */
export async function readDrawings(parts: Package, relationships: readonly Relationship[]): Promise<DrawnText[]> {
  const drawn: DrawnText[] = []
  for (const { target } of relationships.filter(({ type }) => type === 'drawing')) {
    const drawing = await parts.root(target, 'referred')
    const inside = await parts.relationships(target)
    for (const anchor of childrenOf(drawing)) {
      const row = Number(rawText(childOf(anchor, 'from', 'row')) || 0) + 1
      for (const paragraph of descendantsOf(anchor, 'p', SKIPPED)) {
        const text = cleanText(descendantsOf(paragraph, 't').map(rawText).join(''))
        if (text !== '') drawn.push({ row, text })
      }
      for (const chart of descendantsOf(anchor, 'chart', SKIPPED)) {
        const part = inside.find(({ id }) => id === attributeOf(chart, 'id'))?.target
        const root = part === undefined ? undefined : await parts.root(part, 'referred')
        for (const text of chartTexts(root).titles) drawn.push({ row, text })
      }
    }
  }
  return drawn.sort((a, b) => a.row - b.row)
}
