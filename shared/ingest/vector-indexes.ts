import { setTimeout as sleep } from 'node:timers/promises'
import { type AppError, toAppError } from '../errors.ts'
import type { Document, EmbeddingModel, Scope } from '../model/index.ts'
import type { Clock, Job, Log, Queue } from '../ports.ts'
import type { Store, Tx, VectorIndex } from '../store/index.ts'
import type { EmbedTarget } from './embed.ts'
import { embedJob, jobKinds } from './jobs.ts'
import type { ModelHealth } from './model-health.ts'

/** Documents enqueued ahead: a new one does not wait behind a whole library. */
const ahead = 16
/** Milliseconds a document is left alone whose job came to nothing again and again. */
const restTime = 60 * 60_000
/** Milliseconds an index is kept whose model is gone: two programs with different settings may be at the same data. */
const keepTime = 24 * 60 * 60_000

/** Which index there is for which model, and which documents still belong into it. */
export interface VectorIndexes {
  /** What was given up may be tried again; then as `tend`. */
  start(): Promise<void>
  /**
   * Looks whether the embedding model is another one, and what is missing: makes an index, swaps, drops, enqueues. Cheap
   * when nothing has changed. Never throws. Does nothing before `start`: whoever only asks changes no index.
   */
  tend(): Promise<void>
  /** Where the job's document belongs: see `createVectorIndexes`. */
  targets(job: Job): Promise<EmbedTarget[]>
  /** The job waits for a model: another one that comes is not waited for. */
  putOff(job: Job): void
  /** Why no vectors are made, while there should be. */
  trouble(): AppError | undefined
  /** A document has become ready. */
  ready(scope: Scope, document: Document): Promise<void>
  /** Inside the transaction that buries the job. */
  gaveUp(tx: Tx, job: Job): Promise<void>
  stop(): Promise<void>
}

/**
 * One index is searched. When the embedding model changes, a second one is built beside it and takes its place when every
 * document is in it; at once if nobody can embed a question for the first any more, as its model is gone or fails again
 * and again. When the model changes back before that, the second gives way. An index whose model is gone is kept for a day
 * and taken back when the model is: what made it go may be the settings of one program among two.
 *
 * A document that is read meanwhile, for the first time or anew, goes into both, the one that is searched first: it is
 * found by its vectors at once and not only after hours. Those that were there before go into the new one only: finishing
 * the old one would be for nothing. Once the model of the old one is gone, nothing goes there.
 */
export function createVectorIndexes(deps: {
  store: Store
  queue: Queue
  clock: Clock
  log: Log
  embedding: (fingerprint?: string, signal?: AbortSignal) => Promise<EmbeddingModel | undefined>
  health: ModelHealth
  wake: () => void
}): VectorIndexes {
  const { store, queue, clock, log, health } = deps
  const { vectors } = store
  let running: Promise<void> | undefined
  let tending: Promise<void> | undefined
  let again = false
  const stopping = new AbortController()
  let complaint: string | undefined
  let started = false
  /** Of the model to use. */
  let current: string | undefined
  let failures = 0
  let problem: AppError | undefined
  const waiting = new Map<string, Job>()

  /** What cannot be used is as good as not there; the log hears of it once. Throws where it cannot be told. */
  async function modelOf(fingerprint?: string): Promise<EmbeddingModel | undefined> {
    try {
      const model = await deps.embedding(fingerprint, stopping.signal)
      if (fingerprint === undefined) complaint = undefined
      return model
    } catch (error) {
      const { code } = toAppError(error)
      if (code !== complaint && !stopping.signal.aborted)
        log.warn('the embedding model cannot be used', { code, error })
      complaint = code
      if (!asGoodAsGone.has(code)) throw error
      return undefined
    }
  }

  /** The model of an index that is not the newest one; undefined where nobody can ask for it any more. */
  async function olderModelOf(fingerprint: string): Promise<EmbeddingModel | undefined> {
    return health.isGone(fingerprint) ? undefined : modelOf(fingerprint)
  }

  /** What waits for a model that failed need not wait for this one. */
  async function turnTo(model: EmbeddingModel | undefined): Promise<void> {
    if (model?.fingerprint === current) return
    current = model?.fingerprint
    const jobs = [...waiting.values()]
    waiting.clear()
    if (jobs.length === 0) return
    await store.transaction('internal', async tx => {
      const keys = jobs.map(job => job.key)
      await queue.cancel(store.executor(tx), keys)
      for (const { kind, key, payload, group } of jobs)
        await queue.enqueue(store.executor(tx), { kind, key, payload, ...(group !== undefined && { group }) })
    })
    deps.wake()
  }

  async function tendOnce(): Promise<void> {
    const model = await modelOf()
    if (model) {
      const index = await indexFor(model)
      await turnTo(model)
      if (index) await enqueueSome(index)
    }
    // Not waited for: it may take minutes, and without it the search is only slower.
    if (!tending)
      tending = vectors
        .tend()
        .catch(error => {
          if (!stopping.signal.aborted) log.warn('the indexes of vectors were not tended', { error })
        })
        .finally(() => {
          tending = undefined
        })
    await store.transaction('internal', tx => vectors.discardRetired(tx, clock.now() - keepTime))
    if (!(await vectors.hasWaste())) return
    for (;;) {
      const before = performance.now()
      if (!(await store.transaction('internal', tx => vectors.dropSome(tx)))) return
      // In pieces, and others may write in between: as long as this took.
      await sleep(performance.now() - before, undefined, { signal: stopping.signal })
    }
  }

  /** The newest index, which is this model's. */
  async function indexFor(model: EmbeddingModel): Promise<VectorIndex | undefined> {
    const [active, building] = [await vectors.active(), await vectors.building()]
    if (fits(active, model)) {
      if (building) await store.transaction('internal', tx => vectors.retire(tx, building.number))
      return active
    }
    if (!building || !fits(building, model)) {
      await store.transaction('internal', tx => vectors.create(tx, model))
      log.info('a new index of vectors', { model: model.name, dimensions: model.dimensions })
    }
    const newest = (await vectors.building()) ?? (await vectors.active())
    if (newest?.state !== 'building' || !active) return newest
    const early = !health.isGone(model.fingerprint) && (await olderModelOf(active.fingerprint)) === undefined
    const swapped = await store.transaction('internal', tx => vectors.activate(tx, newest.number, { early }))
    if (swapped) log.info('the new index of vectors is searched', { model: model.name, early })
    return swapped ? vectors.active() : newest
  }

  async function enqueueSome(index: VectorIndex): Promise<void> {
    const due = await queue.next([jobKinds.embed])
    if (due !== undefined && due <= clock.now()) return
    const documents = await vectors.pendingDocuments(index, ahead)
    if (documents.length === 0) {
      // Nothing is in trouble where nothing is to be done.
      health.succeeded(index.fingerprint)
      return
    }
    await store.transaction('internal', async tx => {
      // Asked again: one may have been given up since.
      for (const id of await vectors.pendingDocuments(index, ahead, tx))
        await queue.enqueue(store.executor(tx), embedJob(id))
    })
    deps.wake()
  }

  async function tend(): Promise<void> {
    if (!vectors.available || !started || stopping.signal.aborted) return
    again = true
    running ??= (async () => {
      while (again) {
        again = false
        try {
          await tendOnce()
          failures = 0
          problem = undefined
        } catch (error) {
          again &&= !stopping.signal.aborted
          if (stopping.signal.aborted) break
          failures += 1
          // Once may be a passing moment.
          if (failures > 1) problem = toAppError(error)
          log.error('the vectors could not be seen to', { error })
        }
      }
      running = undefined
    })()
    await running
  }

  return {
    async start() {
      if (!vectors.available) return
      started = true
      await store
        .transaction('internal', tx => vectors.wakeAll(tx))
        .catch(error => log.warn('nothing was woken', { error }))
      await tend()
    },
    tend,
    async targets(job) {
      waiting.delete(job.key)
      const [active, building] = [await vectors.active(), await vectors.building()]
      const found: EmbedTarget[] = []
      for (const index of [active, building]) {
        if (!index || (index === active && building && job.payload.fresh !== true)) continue
        const embedding = await (index === active && building ? olderModelOf : modelOf)(index.fingerprint)
        if (embedding && fits(index, embedding)) found.push({ index, embedding })
      }
      return found
    },
    putOff: job => void waiting.set(job.key, job),
    trouble: () => problem ?? (current === undefined ? undefined : health.trouble(current)),
    async ready(scope, document) {
      if (!vectors.available) return
      // Where it cannot be told whether there is one, the job finds out.
      // Without one, `tend` finds out by itself when one comes.
      if (!(await modelOf().catch(() => true))) return
      const job = embedJob(document.id, { of: scope })
      await store.transaction(scope, async tx => {
        // `tend` may have seen it meanwhile, and takes it for an old one that only the index in the making lacks.
        await queue.cancel(store.executor(tx), [job.key])
        await queue.enqueue(store.executor(tx), job)
      })
      deps.wake()
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

/** What is wrong with the file itself, or that there is none. Anything else may pass. */
const asGoodAsGone: ReadonlySet<string> = new Set(['model-missing', 'model-invalid', 'model-unsupported'])

function fits(index: VectorIndex | undefined, model: EmbeddingModel): boolean {
  return index?.fingerprint === model.fingerprint && index.dimensions === model.dimensions
}
