import type { Scope } from '../model/index.ts'
import type { Log } from '../ports.ts'
import type { Store, VectorIndex } from '../store/index.ts'

/** Milliseconds for which the index that is searched is known: of 40 searches a second, one or two ask for it. */
const freshness = 500

/** The question as a vector of the model with this fingerprint; undefined when it cannot be had in time. */
export type EmbedQuestion = (
  fingerprint: string,
  question: string,
  signal?: AbortSignal,
  scope?: Scope,
) => Promise<Float32Array | undefined>

export interface Near {
  /** Nearest first. */
  found: { id: number; distance: number }[]
  /** Distances of a sample of the project's chunks. */
  background: number[]
  /** The share of the project's chunks that have been seen to in this index, 0 to 1. */
  coverage: number
}

/** Runs when it is its turn: of searches that come all at once, a few at a time go to the database. Throws what the signal says. */
export type InTurn = <T>(scope: Scope, run: () => Promise<T>, signal?: AbortSignal) => Promise<T>

/**
 * The leg of vectors; undefined without an index, without its model, or where it fails: the words go on alone. Throws
 * what the signal says alone.
 */
export function createNear({
  store,
  embedQuestion,
  inTurn,
  log,
}: {
  store: Store
  embedQuestion: EmbedQuestion | undefined
  inTurn: InTurn
  log: Log | undefined
}) {
  const { vectors } = store
  let known: { index: VectorIndex; since: number } | undefined

  /** `anew`: what was known has just failed. */
  async function active(scope: Scope, anew: boolean): Promise<VectorIndex | undefined> {
    if (known && !anew && performance.now() - known.since < freshness) return known.index
    const since = performance.now()
    const index = await vectors.active(scope)
    known = index && { index, since }
    return index
  }

  async function look(
    scope: Scope,
    index: VectorIndex,
    question: string,
    options: { documents?: readonly string[]; limit: number; signal?: AbortSignal },
  ): Promise<Near | undefined> {
    const vector = await embedQuestion?.(index.fingerprint, question, options.signal, scope)
    if (vector?.length !== index.dimensions || !vector.every(Number.isFinite) || !vector.some(Boolean)) return undefined
    const { documents, limit, signal } = options
    const compare = () =>
      Promise.all([
        vectors.nearest(scope, { index, vector, limit, ...(documents && { documents }) }),
        vectors.background(scope, { index, vector }),
        vectors.coverage(scope, index),
      ])
    const [found, background, coverage] = await inTurn(scope, compare, signal)
    // Nothing is embedded yet where nothing is near.
    return found.length === 0 ? undefined : { found, background, coverage }
  }

  return async function near(
    scope: Scope,
    question: string,
    options: { documents?: readonly string[]; limit: number; signal?: AbortSignal },
  ): Promise<Near | undefined> {
    if (!embedQuestion) return undefined
    let last: VectorIndex | undefined
    for (;;) {
      const index = await active(scope, last !== undefined)
      // What failed may have been swapped meanwhile: then it is the other one's turn.
      if (!index || index.number === last?.number) return undefined
      last = index
      try {
        const near = await look(scope, index, question, options)
        if (near) return near
      } catch (error) {
        options.signal?.throwIfAborted()
        log?.warn('the leg of vectors failed', { index: index.number, error })
      }
    }
  }
}
