import { setTimeout as sleep } from 'node:timers/promises'
import type { AppError } from '../errors.ts'
import { toAppError } from '../errors.ts'
import type { Document, EmbeddingModel } from '../model/index.ts'
import type { Job, Log, Queue } from '../ports.ts'
import type { Store, VectorIndex } from '../store/index.ts'
import { embedChunks, type Patience } from './embed-texts.ts'

/** An index that a document belongs into, with the model that makes its vectors. */
export interface EmbedTarget {
  index: VectorIndex
  embedding: EmbeddingModel
}

/** Chunks per commit: what a kill costs at most. A small model takes three seconds for them on two cores. */
const batchSize = 16
const longestPause = 5 * 60_000
const defaultPatience: Patience = { pause: 1000, times: 4 }

/**
 * The stage embed: chunks → vectors, for a document that is found by its words already and stays so whatever happens here.
 * When the model fails, it waits and tries again, ever more slowly, for as long as there is something to wait for; the
 * document never fails for it.
 */
export function createEmbedStage(deps: {
  store: Store
  queue: Queue
  log: Log
  changed: (document: Document) => void
  /** Where the document belongs now, in order; asked again before each batch. */
  targets: (document: Document) => Promise<EmbedTarget[]>
  /** Why the embedding stands still, while it does. */
  troubled: (error: AppError | undefined) => void
  /** A job has ended. */
  done: () => void
  patience?: Patience
}): (job: Job, signal: AbortSignal) => Promise<void> {
  const { store, queue, log, patience = defaultPatience } = deps

  return async function embed(job, signal) {
    const documentId = String(job.payload.documentId)
    for (let failures = 0; ; ) {
      signal.throwIfAborted()
      const next = await nextOf(documentId)
      if (!next) break
      try {
        await embedBatch(job, next, signal)
        failures = 0
        deps.troubled(undefined)
      } catch (error) {
        const known = toAppError(error)
        if (signal.aborted || !known.code.startsWith('model-')) throw error
        failures += 1
        deps.troubled(known)
        log.warn('embedding stands still', {
          documentId,
          model: next.embedding.name,
          code: known.code,
          failures,
          error,
        })
        await sleep(Math.min(longestPause, patience.pause * 2 ** (failures - 1)), undefined, { signal })
      }
    }
    await store.transaction(tx => queue.settle(store.executor(tx), job, { state: 'done' }))
    deps.done()
  }

  /** The first index in which the document is not complete, and how far it is there. */
  async function nextOf(documentId: string) {
    const document = (await store.documents.find(documentId))?.document
    if (document?.state !== 'ready' || document.deletedAt !== null) return undefined
    const progress = await store.vectors.progress(documentId)
    for (const { index, embedding } of await deps.targets(document)) {
      const { chunks: from, complete } = progress.get(index.number) ?? { chunks: 0, complete: false }
      if (!complete) return { document, index, embedding, from }
    }
    return undefined
  }

  async function embedBatch(
    job: Job,
    { document, index, embedding, from }: EmbedTarget & { document: Document; from: number },
    signal: AbortSignal,
  ): Promise<void> {
    const rows = await store.chunks.page(document.id, from, batchSize)
    const texts = rows.map(row => row.chunk)
    const vectors = await embedChunks(embedding, texts, { signal, log, patience })
    const chunks = rows.map(({ id }, at) => ({ id, vector: vectors[at] }))
    const complete = rows.length < batchSize
    await store.transaction(async tx => {
      await queue.renew(store.executor(tx), job)
      // Where it does not fit any more, what is true now is read anew.
      await store.vectors.insert(tx, index, document, { from, chunks, complete })
    })
    deps.changed(document)
  }
}
