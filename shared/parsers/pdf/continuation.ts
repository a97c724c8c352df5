import type { Block, Segment } from '../../model/index.ts'

const ENDED = /[.!?:;…]["”“’')\]»]*$/
const RUNS_ON = /^[\p{Ll}(\p{N}]/u

/** How the text of a page ends: with a sentence (or nothing to go on with), without its end, or asking for more. */
export type Ending = 'closed' | 'open' | 'asking'

export function endingOf(segment: Segment): Ending {
  const last = lastText(segment.blocks)
  if (last?.kind !== 'paragraph' && last?.kind !== 'list-item') return 'closed'
  const text = last.text.trimEnd()
  if (ENDED.test(text)) return 'closed'
  return /[\p{L}-]-$|[,\p{Ll}]$/u.test(text) ? 'asking' : 'open'
}

/** Marks the first block of a page when it goes on with the last paragraph of the page before, which ended so. */
export function markContinuation(before: Ending, segment: Segment) {
  const first = segment.blocks.find(block => block.kind !== 'footnote')
  if (before === 'closed' || first?.kind !== 'paragraph') return
  // A word cut in two, or a sentence without its end: what follows is small, or the line before asks for more.
  if (before === 'asking' || RUNS_ON.test(first.text)) first.continues = true
}

function lastText(blocks: readonly Block[]): Block | undefined {
  for (let index = blocks.length - 1; index >= 0; index--) {
    const block = blocks[index]!
    if (block.kind !== 'footnote') return block
  }
  return undefined
}
