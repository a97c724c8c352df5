import type { Block } from '../../model/index.ts'
import type { Ending, Reading, Source } from '../formats.ts'
import { decodeFile } from './decode.ts'
import { segmentsOf } from './segments.ts'

/**
 * A text file whose decoded pieces `blocksOf` makes blocks of; cut after `limit` characters. Text has no checksums: that it is
 * damaged is told by what no text holds.
 */
export function openText(
  file: string,
  blocksOf: (pieces: AsyncIterable<string>) => AsyncIterable<Block>,
  limit: number,
): Source<Reading> {
  return {
    segments: null,
    async *read(after) {
      const flaws = { found: false }
      const pieces = decodeFile(file, undefined, () => {
        flaws.found = true
      })
      const { cut }: Ending = yield* segmentsOf(blocksOf(pieces), after, limit)
      return { cut, ...(flaws.found && { reasons: [{ code: 'partly-damaged' as const }] }) }
    },
    close: async () => {},
  }
}
