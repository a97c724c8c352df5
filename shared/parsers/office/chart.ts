import type { Block } from '../../model/index.ts'
import { joinCells } from '../cells.ts'
import { cleanText } from '../clean-text.ts'
import { childOf, childrenOf, descendantsOf, type Element, rawText } from './xml.ts'

export interface ChartTexts {
  /** Of the chart and its axes. */
  titles: string[]
  /** Names of the series, each with its values by category; nothing where a chart has neither. */
  series: { name: string; values: string[] }[]
  categories: string[]
}

const MOST = 200

/** What a chart says in words and figures, from the copy it keeps of its data (ECMA-376 part 1, 21.2). */
export function chartTexts(root: Element | undefined): ChartTexts {
  const titles = descendantsOf(root, 'title')
    .map(title => descendantsOf(title, 'p').map(textOf).join(' ').trim())
    .filter(text => text !== '')
  const all = descendantsOf(root, 'ser')
  const categories = all.map(one => points(childOf(one, 'cat'))).sort((a, b) => b.length - a.length)[0] ?? []
  const series = all.map(one => ({ name: points(childOf(one, 'tx'))[0] ?? '', values: points(childOf(one, 'val')) }))
  return { titles, series, categories }
}

/** Its titles, and a row for each category: with the value alone, or of several series with the name of each. */
export function chartBlocks(root: Element | undefined): Block[] {
  const { titles, series, categories } = chartTexts(root)
  const blocks: Block[] = titles.map(text => ({ kind: 'caption', text }))
  const [only] = series
  if (series.length === 1 && only && only.name !== '' && !titles.includes(only.name))
    blocks.push({ kind: 'caption', text: only.name })
  for (const [index, category] of categories.entries()) {
    const values = series.map(({ name, values }) => {
      const value = values[index] ?? ''
      return value === '' || name === '' || series.length === 1 ? value : `${name}: ${value}`
    })
    const row = joinCells([category, ...values])
    if (row.text !== '') blocks.push({ kind: 'table-row', ...row })
  }
  return blocks
}

function textOf(paragraph: Element): string {
  return cleanText(descendantsOf(paragraph, 't').map(rawText).join(''))
}

/** Kept texts or numbers by their index. */
function points(element: Element | undefined): string[] {
  const found: string[] = []
  for (const point of descendantsOf(element, 'pt')) {
    const index = Number(point.attributes.idx)
    if (index >= 0 && index < MOST) found[index] = cleanText(childrenOf(point, 'v').map(rawText).join(''))
  }
  return Array.from(found, text => text ?? '')
}
