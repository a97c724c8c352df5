import type { Block, Span } from '../../model/index.ts'
import type { Ending, Reading } from '../formats.ts'

/** Blocks in one segment of a format without pages. */
export const BLOCKS = 100
// And characters, whichever comes first: a segment is what is stored and redone at once.
const CHARACTERS = 100_000

export function linesFrom(first: number, last: number): Span {
  return { unit: 'line', first, last }
}

/**
 * Groups blocks into numbered segments, leaving out those up to `after` (the text is read from its start each time, so there
 * is no state to take up). What follows after `limit` characters is left
 * out, and the text is `cut`.
 */
export async function* segmentsOf(
  blocks: AsyncIterable<Block>,
  after: number,
  limit: number,
): AsyncGenerator<Reading, Ending> {
  let number = 1
  let current: Block[] = []
  let size = 0
  let total = 0
  for await (const block of blocks) {
    if (total + block.text.length > limit) {
      if (current.length > 0 && number > after) yield { segment: { number, blocks: current } }
      return { cut: true }
    }
    current.push(block)
    size += block.text.length
    total += block.text.length
    if (current.length < BLOCKS && size < CHARACTERS) continue
    if (number > after) yield { segment: { number, blocks: current } }
    number++
    current = []
    size = 0
  }
  if (current.length > 0 && number > after) yield { segment: { number, blocks: current } }
  return { cut: false }
}
