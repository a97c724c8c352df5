import { toAppError } from '../errors.ts'
import type { Document, EmbeddingModel, Scope } from '../model/index.ts'
import type { Clock, Job, Log, Queue } from '../ports.ts'
import type { Store, VectorIndex } from '../store/index.ts'
import { embedChunks, type Patience } from './embed-texts.ts'
import type { ModelHealth } from './model-health.ts'

/** An index that a document belongs into, with the model that makes its vectors. */
export interface EmbedTarget {
  index: VectorIndex
  embedding: EmbeddingModel
}

interface Found {
  document: Document
  scope: Scope
}

/** Chunks per commit: what a kill costs at most. A small model takes three seconds for them on two cores. */
const batchSize = 16
/** Milliseconds. */
const lookAgain = 30_000
export const defaultPatience: Patience = { pause: 1000, times: 4 }

/**
 * The stage embed: chunks → vectors, for a document that is found by its words already and stays so whatever happens here.
 * When a model fails, the next index has its turn, whose model is another; when all of them rest, the job is put off until
 * the first of them may be asked again. The document never fails for it.
 */
export function createEmbedStage(deps: {
  store: Store
  queue: Queue
  clock: Clock
  log: Log
  changed: (document: Document) => void
  health: ModelHealth
  /** Where the document belongs now, in order; asked again before each batch. */
  targets: (job: Job) => Promise<EmbedTarget[]>
  /** Whether a project's texts may be given to the model with this fingerprint; all may where nothing is said. */
  allows?: (scope: Scope, fingerprint: string) => Promise<boolean>
  /** The job waits for a model. */
  putOff: (job: Job) => void
  /** A job has ended. */
  done: () => void
  patience?: Patience
}): (job: Job, signal: AbortSignal) => Promise<void> {
  const { store, queue, clock, log, health, patience = defaultPatience } = deps

  return async function embed(job, signal) {
    let scope: Scope | undefined
    for (;;) {
      signal.throwIfAborted()
      let open: Awaited<ReturnType<typeof openTargets>>
      try {
        const found = await store.documents.find(String(job.payload.documentId))
        scope = found?.scope
        open = found ? await openTargets(job, found) : []
      } catch (error) {
        const { code } = toAppError(error)
        if (signal.aborted || !code.startsWith('model-')) throw error
        log.warn('it cannot be told which model there is', { code, error })
        return await putOff(job, scope, clock.now() + lookAgain)
      }
      if (open.length === 0) break
      const next = open.find(({ embedding }) => health.restsUntil(embedding.fingerprint) === undefined)
      if (!next) {
        const times = open.map(({ embedding }) => health.restsUntil(embedding.fingerprint) ?? clock.now())
        return await putOff(job, scope, Math.min(...times))
      }
      const { fingerprint, name } = next.embedding
      try {
        await embedBatch(job, next, signal)
        health.succeeded(fingerprint)
      } catch (error) {
        const known = toAppError(error)
        if (signal.aborted || !known.code.startsWith('model-')) throw error
        health.failed(fingerprint, known)
        log.warn('embedding stands still', { documentId: next.document.id, model: name, code: known.code, error })
        // It may have to make room for another one.
        if (health.isGone(fingerprint)) deps.done()
      }
    }
    await store.transaction(scope ?? 'internal', tx => queue.settle(store.executor(tx), job, { state: 'done' }))
    deps.done()
  }

  /** It waits without a slot. */
  async function putOff(job: Job, scope: Scope | undefined, until: number): Promise<void> {
    await store.transaction(scope ?? 'internal', tx => queue.settle(store.executor(tx), job, { state: 'later', until }))
    deps.putOff(job)
  }

  /** The indexes in which the document is not complete, and how far it is there. */
  async function openTargets(job: Job, { document, scope }: Found) {
    if (document.state !== 'ready' || document.deletedAt !== null) return []
    const progress = await store.vectors.progress(scope, document.id)
    const targets = await deps.targets(job)
    const allowed = await Promise.all(
      targets.map(({ index }) => deps.allows?.(scope, index.fingerprint) ?? Promise.resolve(true)),
    )
    return targets.flatMap((target, at) => {
      if (!allowed[at]) return []
      const { chunks: from, complete } = progress.get(target.index.number) ?? { chunks: 0, complete: false }
      return complete ? [] : [{ ...target, document, scope, from }]
    })
  }

  async function embedBatch(
    job: Job,
    { document, scope, index, embedding, from }: EmbedTarget & Found & { from: number },
    signal: AbortSignal,
  ): Promise<void> {
    const rows = await store.chunks.page(scope, document.id, from, batchSize)
    const texts = rows.map(row => row.chunk)
    const vectors = await embedChunks(embedding, texts, { signal, log, patience, scope })
    const chunks = rows.map(({ id }, at) => ({ id, vector: vectors[at] }))
    const complete = rows.length < batchSize
    await store.transaction(scope, async tx => {
      await queue.renew(store.executor(tx), job)
      // Where it does not fit any more, what is true now is read anew.
      await store.vectors.insert(tx, index, document, { from, chunks, complete })
    })
    deps.changed(document)
  }
}
