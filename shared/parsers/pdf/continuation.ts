import type { Block, Segment } from '../../model/index.ts'

const ENDED = /[.!?:;…]["”“’')\]»]*$/
const RUNS_ON = /^[\p{Ll}(\p{N}]/u

/** Marks the first block of a page when it goes on with the last paragraph of the page before. */
export function markContinuation(before: Segment | undefined, segment: Segment) {
  const first = segment.blocks.find(block => block.kind !== 'footnote')
  const last = before && lastText(before.blocks)
  if (!first || !last) return
  if (first.kind === 'code' && last.kind === 'code') return
  if (first.kind !== 'paragraph' || (last.kind !== 'paragraph' && last.kind !== 'list-item')) return
  const text = last.text.trimEnd()
  if (ENDED.test(text)) return
  // A word cut in two, or a sentence without its end: what follows is small, or the line before asks for more.
  if (RUNS_ON.test(first.text) || /[\p{L}-]-$|[,\p{Ll}]$/u.test(text)) first.continues = true
}

function lastText(blocks: readonly Block[]): Block | undefined {
  for (let index = blocks.length - 1; index >= 0; index--) {
    const block = blocks[index]!
    if (block.kind !== 'footnote') return block
  }
  return undefined
}
