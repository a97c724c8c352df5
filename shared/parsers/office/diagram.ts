import { cleanText } from '../clean-text.ts'
import { childOf, childrenOf, descendantsOf, type Element, rawText } from './xml.ts'

/** The texts of SmartArt in the order of its tree (ECMA-376 part 1, 21.4): each node before those under it. */
export function diagramTexts(root: Element | undefined): string[] {
  const texts = new Map<string, string>()
  let start: string | undefined
  for (const point of childrenOf(childOf(root, 'ptLst'), 'pt')) {
    const { modelId = '', type = 'node' } = point.attributes
    if (type === 'doc') start = modelId
    // Layout and lines between nodes have points of their own.
    if (type !== 'node' && type !== 'asst') continue
    const paragraphs = childrenOf(childOf(point, 't'), 'p').map(paragraph =>
      cleanText(descendantsOf(paragraph, 't').map(rawText).join('')),
    )
    texts.set(modelId, paragraphs.filter(text => text !== '').join(' '))
  }
  const under = new Map<string, { id: string; order: number }[]>()
  for (const { attributes } of childrenOf(childOf(root, 'cxnLst'), 'cxn')) {
    if ((attributes.type ?? 'parOf') !== 'parOf') continue
    const list = under.get(attributes.srcId ?? '') ?? []
    list.push({ id: attributes.destId ?? '', order: Number(attributes.srcOrd ?? 0) })
    under.set(attributes.srcId ?? '', list)
  }
  const ordered: string[] = []
  const seen = new Set<string>()
  const waiting = start === undefined ? [] : [start]
  while (waiting.length > 0) {
    const id = waiting.pop()!
    if (seen.has(id)) continue
    seen.add(id)
    ordered.push(texts.get(id) ?? '')
    for (const child of (under.get(id) ?? []).sort((a, b) => b.order - a.order)) waiting.push(child.id)
  }
  for (const [id, text] of texts) if (!seen.has(id)) ordered.push(text)
  return ordered.filter(text => text !== '')
}
