import type { Block, Span } from '../../model/index.ts'
import type { Ending, Reading } from '../formats.ts'

/** Blocks in one segment of a format without pages. */
export const BLOCKS = 100
// And characters, whichever comes first: a segment is what is stored and redone at once.
const CHARACTERS = 100_000
/** Letters of a position that are written down; what the host keeps is a little more. */
const LONGEST = 12_000

export function linesFrom(first: number, last: number): Span {
  return { unit: 'line', first, last }
}

/** Where a reader of blocks can go on. */
export interface Marks<Position> {
  /** Where to begin; undefined: at the start. */
  readonly from: Position | undefined
  /** The blocks from now on are what would come from this position (small, JSON). One that is too long is left out. */
  at(position: Position): void
}

/** Of a reading that goes on: the segments before, and where in the source the next one begins. */
export interface Resume<Position> extends Marks<Position> {
  /** Segments, and characters in them, that came before `from` and the `skip` blocks behind it. */
  readonly number: number
  readonly total: number
  readonly skip: number
  /** One more block has come. */
  count(): void
  /** What to hand back behind the segment that ends here; undefined where nothing new is known. */
  write(number: number, total: number): string | undefined
}

/** `kind` names the format and the version of its positions: state of another one is left aside. */
export function createResume<Position>(kind: string, state: string | undefined, after: number): Resume<Position> {
  const known = readState<Position>(kind, state, after)
  let position: string | undefined
  let blocks = 0
  let fresh = false
  return {
    from: known?.position,
    number: known?.number ?? 0,
    total: known?.total ?? 0,
    skip: known?.skip ?? 0,
    at(next) {
      const written = JSON.stringify(next)
      if (written.length > LONGEST) return
      position = written
      blocks = 0
      fresh = true
    },
    count() {
      blocks++
    },
    write(number, total) {
      if (!fresh || position === undefined) return undefined
      fresh = false
      return `{"kind":${JSON.stringify(kind)},"number":${number},"total":${total},"skip":${blocks},"position":${position}}`
    },
  }
}

interface State<Position> {
  kind: string
  number: number
  total: number
  skip: number
  position: Position
}

function readState<Position>(kind: string, text: string | undefined, after: number): State<Position> | undefined {
  if (text === undefined) return undefined
  try {
    const state = JSON.parse(text) as State<Position>
    const counts = [state.number, state.total, state.skip]
    const sound = state.kind === kind && counts.every(count => Number.isSafeInteger(count) && count >= 0)
    return sound && state.number <= after && state.position ? state : undefined
  } catch {
    return undefined
  }
}

/**
 * Groups blocks into numbered segments, leaving out those up to `after`: they are only counted. `resume`: the blocks begin
 * there; without it they are read from the start each time. What follows after `limit` characters is left out, and the text
 * is `cut`. What is among the blocks and is none passes through.
 */
export async function* segmentsOf<Other extends object = never>(
  blocks: AsyncIterable<Block | NoInfer<Other>>,
  after: number,
  limit: number,
  resume: Resume<unknown> = createResume('', undefined, 0),
): AsyncGenerator<Reading | Other, Ending> {
  let { number, total, skip } = resume
  let current: Block[] = []
  let size = 0
  function end(): Reading {
    number++
    const state = resume.write(number, total)
    const blocks = current
    current = []
    size = 0
    if (number <= after) return { segment: { number, blocks: [] }, passed: true }
    return { segment: { number, blocks }, ...(state !== undefined && { state }) }
  }
  for await (const block of blocks) {
    if (!isBlock(block)) {
      yield block
      continue
    }
    if (skip > 0) {
      skip--
      resume.count()
      continue
    }
    if (total + block.text.length > limit) {
      if (current.length > 0) yield end()
      return { cut: true }
    }
    resume.count()
    current.push(block)
    size += block.text.length
    total += block.text.length
    if (current.length === BLOCKS || size >= CHARACTERS) yield end()
  }
  if (current.length > 0) yield end()
  return { cut: false }
}

function isBlock<Other extends object>(item: Block | Other): item is Block {
  return 'kind' in item
}
