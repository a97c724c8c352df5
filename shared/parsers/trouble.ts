import { AppError } from '../errors.ts'
import type { Block } from '../model/index.ts'
import type { Ending, Note, Reading } from './formats.ts'
import { type Resume, segmentsOf } from './text/segments.ts'

/** What was lost so far, for whoever reads on. */
export interface Losses {
  damaged: boolean
  deep: boolean
  cut: boolean
}

/** What a reader could not read on its way; the same thing is told once. */
export interface Trouble {
  /** Some of it is broken or missing. */
  damaged(detail: string): void
  /** Nested deeper than structure is followed. */
  deep(): void
  /** There was more than is kept. */
  cut(detail: string): void
  readonly isDamaged: boolean
  readonly losses: Losses
  ending(cut?: boolean): Ending
}

/** `before`: of a reading that goes on. */
export function createTrouble(note: Note, before?: Losses): Trouble {
  const told = new Set<string>()
  let { damaged, deep, cut } = before ?? { damaged: false, deep: false, cut: false }
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
    get losses() {
      return { damaged, deep, cut }
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
  resume?: Resume<unknown>,
): AsyncGenerator<Reading, Ending> {
  let any = (resume?.number ?? 0) > 0
  async function* watched() {
    for await (const block of blocks) {
      any = true
      yield block
    }
  }
  const { cut } = yield* segmentsOf(watched(), after, limit, resume)
  if (!any && trouble.isDamaged) throw new AppError('damaged')
  return trouble.ending(cut)
}
