import { childOf, childrenOf, cleanText, descendantsOf, type Element, rawText } from './xml.ts'

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
