import type { Block } from '../../model/index.ts'

/** What is left of the number of a page: `Seite von`. */
const NUMBER_ONLY = /^(?:[^\p{L}\p{N}]|\b(?:Seite|Blatt|Page|page|S|P|p|von|aus|of)\b)*$/u

/**
 * Headers and footers hold what stands nowhere else: file numbers, addresses, accounts. Each of their texts is given once, as
 * a note beside the text, whatever it was made of; the numbers of pages and the descriptions of logos are not.
 */
export function createMargins(): (blocks: Iterable<Block>) => Generator<Block> {
  const seen = new Set<string>()
  return function* (blocks) {
    for (const { kind, text } of blocks) {
      if (kind === 'caption' || NUMBER_ONLY.test(text) || seen.has(text)) continue
      // A document has a handful; of one that has more, the same may come again.
      if (seen.size < 1_000) seen.add(text)
      yield { kind: 'note', text }
    }
  }
}
