import type { Block } from '../../model/index.ts'
import type { Ending, Reading, Source } from '../formats.ts'
import { decodeFrom, type Place } from './decode.ts'
import { createResume, segmentsOf } from './segments.ts'

/** Of a reader of text: characters of the pieces so far, and what it has to know there. */
export interface TextMarks<Known> {
  readonly from: Known | undefined
  at(characters: number, known: Known): void
}

export const NO_MARKS: TextMarks<never> = { from: undefined, at() {} }

interface Position<Known> {
  place: Place
  flawed: boolean
  known: Known
}

/** Characters between two marks. */
const EVERY = 64 * 1024

/**
 * A text file whose decoded pieces `blocksOf` makes blocks of; cut after `limit` characters. Text has no checksums: that it is
 * damaged is told by what no text holds. `kind` names the format and the version of what its reader knows at its marks.
 */
export function openText<Known>(
  file: string,
  kind: string,
  blocksOf: (pieces: AsyncIterable<string>, marks: TextMarks<Known>) => AsyncIterable<Block>,
  limit: number,
): Source<Reading> {
  return {
    segments: null,
    async *read(after, state) {
      const resume = createResume<Position<Known>>(kind, state, after)
      const from = resume.from
      let flawed = from?.flawed ?? false
      const text = decodeFrom(file, from?.place, () => {
        flawed = true
      })
      let last = 0
      const marks: TextMarks<Known> = {
        from: from?.known,
        at(characters, known) {
          if (characters - last < EVERY) return
          last = characters
          resume.at({ place: text.placeAt(characters), flawed, known })
        },
      }
      const { cut }: Ending = yield* segmentsOf(blocksOf(text.pieces, marks), after, limit, resume)
      return { cut, ...(flawed && { reasons: [{ code: 'partly-damaged' as const }] }) }
    },
    close: async () => {},
  }
}
