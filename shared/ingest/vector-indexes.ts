import { setTimeout as sleep } from 'node:timers/promises'
import { toAppError } from '../errors.ts'
import type { Document, EmbeddingModel } from '../model/index.ts'
import type { Clock, Job, Log, Queue } from '../ports.ts'
import type { Store, Tx, VectorIndex } from '../store/index.ts'
import type { EmbedTarget } from './embed.ts'
import { embedJob, jobKinds } from './jobs.ts'

/** Documents enqueued ahead: a new one does not wait behind a whole library. */
const ahead = 16
/** Milliseconds a document is left alone whose job came to nothing again and again. */
const restTime = 60 * 60_000

/** Which index there is for which model, and which documents still belong into it. */
export interface VectorIndexes {
  /** What was given up may be tried again; then as `tend`. */
  start(): Promise<void>
  /**
   * Looks whether the embedding model is another one, and what is missing: makes an index, swaps, drops, enqueues. Cheap
   * when nothing has changed. Never throws.
   */
  tend(): Promise<void>
  /** Where a document belongs: see `createVectorIndexes`. */
  targets(document: Document): Promise<EmbedTarget[]>
  /** A document has become ready. */
  ready(document: Document): Promise<void>
  /** Inside the transaction that buries the job. */
  gaveUp(tx: Tx, job: Job): Promise<void>
  stop(): Promise<void>
}

/**
 * One index is searched. When the embedding model changes, a second one is built beside it and takes its place when every
 * document is in it; at once if nobody can embed a question for the first any more. When the model changes back before
 * that, the second is given up.
 *
 * A document that is added meanwhile goes into both, the one that is searched first: it is found by its vectors at once
 * and not only after hours. Those that were there before go into the new one only: finishing the old one would be for
 * nothing. Once the model of the old one is gone, nothing goes there.
 */
export function createVectorIndexes(deps: {
  store: Store
  queue: Queue
  clock: Clock
  log: Log
  embedding: (fingerprint?: string) => Promise<EmbeddingModel | undefined>
  wake: () => void
}): VectorIndexes {
  const { store, queue, clock, log } = deps
  const { vectors } = store
  let running: Promise<void> | undefined
  let again = false
  const stopping = new AbortController()
  let complaint: string | undefined

  /** What cannot be used is as good as not there; the log hears of it once. */
  async function modelOf(fingerprint?: string): Promise<EmbeddingModel | undefined> {
    try {
      const model = await deps.embedding(fingerprint)
      if (fingerprint === undefined) complaint = undefined
      return model
    } catch (error) {
      const { code } = toAppError(error)
      if (code !== complaint) log.warn('the embedding model cannot be used', { code, error })
      complaint = code
      return undefined
    }
  }

  async function tendOnce(): Promise<void> {
    const model = await modelOf()
    if (model) {
      const index = await indexFor(model)
      if (index) await enqueueSome(index)
    }
    if (!(await vectors.hasWaste())) return
    // In pieces, and others may write in between.
    while (await store.transaction(tx => vectors.dropSome(tx))) await sleep(5, undefined, { signal: stopping.signal })
  }

  /** The newest index, which is this model's. */
  async function indexFor(model: EmbeddingModel): Promise<VectorIndex | undefined> {
    const [active, building] = [await vectors.active(), await vectors.building()]
    if (fits(active, model)) {
      if (building) await store.transaction(tx => vectors.discard(tx, building.number))
      return active
    }
    if (!building || !fits(building, model)) {
      await store.transaction(tx => vectors.create(tx, model))
      log.info('a new index of vectors', { model: model.name, dimensions: model.dimensions })
    }
    const newest = (await vectors.building()) ?? (await vectors.active())
    if (newest?.state !== 'building' || !active) return newest
    const early = (await modelOf(active.fingerprint)) === undefined
    const swapped = await store.transaction(tx => vectors.activate(tx, newest.number, { early }))
    if (swapped) log.info('the new index of vectors is searched', { model: model.name, early })
    return swapped ? vectors.active() : newest
  }

  async function enqueueSome(index: VectorIndex): Promise<void> {
    const due = await queue.next([jobKinds.embed])
    if (due !== undefined && due <= clock.now()) return
    const documents = await vectors.pendingDocuments(index, ahead)
    if (documents.length === 0) return
    await store.transaction(async tx => {
      for (const id of documents) await queue.enqueue(store.executor(tx), embedJob(id))
    })
    deps.wake()
  }

  async function tend(): Promise<void> {
    if (!vectors.available || stopping.signal.aborted) return
    again = true
    running ??= (async () => {
      while (again) {
        again = false
        await tendOnce().catch(error => {
          again &&= !stopping.signal.aborted
          if (!stopping.signal.aborted) log.error('the vectors could not be seen to', { error })
        })
      }
      running = undefined
    })()
    await running
  }

  return {
    async start() {
      if (!vectors.available) return
      await store.transaction(tx => vectors.wakeAll(tx)).catch(error => log.warn('nothing was woken', { error }))
      await tend()
    },
    tend,
    async targets(document) {
      const [active, building] = [await vectors.active(), await vectors.building()]
      const wanted = [active, building].filter(
        index => index && (index === building || !building || document.createdAt >= building.createdAt),
      )
      const found: EmbedTarget[] = []
      for (const index of wanted) {
        const embedding = index && (await modelOf(index.fingerprint))
        if (index && embedding && fits(index, embedding)) found.push({ index, embedding })
      }
      return found
    },
    async ready(document) {
      if (!vectors.available) return
      if (await modelOf()) {
        await store.transaction(tx => queue.enqueue(store.executor(tx), embedJob(document.id)))
        deps.wake()
      }
      void tend()
    },
    async stop() {
      stopping.abort()
      await running
    },
    async gaveUp(tx, job) {
      await vectors.rest(tx, String(job.payload.documentId), clock.now() + restTime)
    },
  }
}

function fits(index: VectorIndex | undefined, model: EmbeddingModel): boolean {
  return index?.fingerprint === model.fingerprint && index.dimensions === model.dimensions
}
