import type { Block } from '../model/index.ts'
import { cutAt } from './text/decode.ts'

// A paragraph longer than this goes on in another block.
const MAX_BLOCK = 8_000

/** Numbers the blocks as paragraphs of the document, and cuts what is too long for one. */
export function createParagraphs(): (block: Block) => Generator<Block> {
  let number = 0
  return function* (block) {
    number++
    const span = { unit: 'paragraph' as const, first: number, last: number }
    if (block.kind === 'table-row' || block.text.length <= MAX_BLOCK) {
      yield { ...block, span }
      return
    }
    const { level: _, ...plain } = block
    // Nobody writes a heading this long; it is text in a heading's style.
    const kind = block.kind === 'heading' ? 'paragraph' : block.kind
    for (let rest = block.text; rest !== ''; ) {
      const cut = rest.length <= MAX_BLOCK ? rest.length : cutAt(rest, MAX_BLOCK)
      yield { ...plain, kind, text: rest.slice(0, cut).trimEnd(), span }
      rest = rest.slice(cut).trimStart()
    }
  }
}
