import { AppError } from '../../errors.ts'
import type { Block } from '../../model/index.ts'
import type { Ending, Note, Reading } from '../formats.ts'
import { segmentsOf } from '../text/segments.ts'

/** What a reader could not read on its way; the same thing is told once. */
export interface Trouble {
  /** Some of it is broken or missing. */
  damaged(detail: string): void
  /** Nested deeper than structure is followed. */
  deep(): void
  /** There was more than is kept. */
  cut(detail: string): void
  readonly isDamaged: boolean
  ending(cut?: boolean): Ending
}

export function createTrouble(note: Note): Trouble {
  const told = new Set<string>()
  let damaged = false
  let deep = false
  let cut = false
  const tell = (detail: string) => {
    if (told.size < 20 && !told.has(detail)) note(detail)
    told.add(detail.slice(0, 200))
  }
  return {
    damaged(detail) {
      damaged = true
      tell(detail)
    },
    deep() {
      deep = true
    },
    cut(detail) {
      cut = true
      tell(detail)
    },
    get isDamaged() {
      return damaged
    },
    ending: (cutToo = false) => ({
      cut: cut || cutToo,
      reasons: [
        ...(damaged ? [{ code: 'partly-damaged' as const }] : []),
        ...(deep ? [{ code: 'too-deep' as const }] : []),
      ],
    }),
  }
}

/** Groups blocks into segments and ends with what was lost. Throws `damaged` where something is broken and nothing came. */
export async function* segmentsWith(
  blocks: AsyncIterable<Block>,
  after: number,
  limit: number,
  trouble: Trouble,
): AsyncGenerator<Reading, Ending> {
  let any = false
  async function* watched() {
    for await (const block of blocks) {
      any = true
      yield block
    }
  }
  const { cut } = yield* segmentsOf(watched(), after, limit)
  if (!any && trouble.isDamaged) throw new AppError('damaged')
  return trouble.ending(cut)
}
