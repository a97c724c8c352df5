import type { Block } from '../model/index.ts'

/**
 * Which lines at the pages' edges are running headers, footers and page numbers: those that come back, with their
 * numbers masked, on a page nearby, and those that are nothing but a page number. Everything else is text.
 *
 * `reach` is how many pages away a line may come back: left and right pages alternate, and a chapter may begin between.
 */
export function findFurniture(
  pages: readonly { number: number; margins: readonly Block[] }[],
  reach = 4,
): (block: Block) => boolean {
  const lastSeen = new Map<string, number>()
  const repeated = new Set<string>()
  for (const { number, margins } of pages) {
    for (const signature of new Set(margins.map(signatureOf))) {
      const before = lastSeen.get(signature)
      if (before !== undefined && number - before <= reach) repeated.add(signature)
      lastSeen.set(signature, number)
    }
  }
  return block => isPageNumber(block.text) || repeated.has(signatureOf(block))
}

function signatureOf(block: Block): string {
  return block.text.toLowerCase().replace(/\d+/g, '#').replace(/\s+/g, ' ').trim()
}

const pageNumber =
  /^[\s\-–—|·.[\](]*(?:(?:seite|page|s\.|p\.)\s*)?(?:\d{1,5}|[ivxlc]{1,7})(?:\s*(?:\/|von|of)\s*\d{1,5})?[\s\-–—|·.[\])]*$/i

function isPageNumber(text: string): boolean {
  return pageNumber.test(text)
}
