import { toAppError } from '../errors.ts'
import type { Scope, Time } from '../model/index.ts'
import type { Blobs, Clock, Job, Log, Queue } from '../ports.ts'
import type { Store, Tx } from '../store/index.ts'
import type { Documents } from './documents.ts'
import { clearJob, collectJob } from './jobs.ts'

const day = 24 * 60 * 60 * 1000

/**
 * Removes a blob nothing refers to. The check and the removal hold it, as every `add` does while it writes its row, and
 * makes sure of its blob then: none can lose its bytes. The transaction holds nothing but that blob, so only who adds these
 * very bytes waits for a store that is slow to remove them.
 */
export function createCollectStage({ store, blobs, queue }: { store: Store; blobs: Blobs; queue: Queue }) {
  return async function collect(job: Job): Promise<void> {
    await store.transaction('internal', async tx => {
      await removeUnused(tx, { store, blobs }, String(job.payload.blob))
      await queue.settle(store.executor(tx), job, { state: 'done' })
    })
  }
}

/**
 * The same at once, for whoever waits: purged bytes are gone when the command returns. The job that was enqueued with the
 * purge stays for the case that this fails.
 */
export function createDiscard({ store, blobs, queue, log }: { store: Store; blobs: Blobs; queue: Queue; log: Log }) {
  return async function discard(blob: string): Promise<void> {
    try {
      await store.transaction('internal', async tx => {
        await removeUnused(tx, { store, blobs }, blob)
        await queue.cancel(store.executor(tx), [collectJob(blob).key])
      })
    } catch (error) {
      log.warn('the bytes of a purged document are left to the next collection', { blob, error })
    }
  }
}

async function removeUnused(tx: Tx, { store, blobs }: { store: Store; blobs: Blobs }, blob: string): Promise<void> {
  await store.documents.holdBlobs(tx, [blob])
  if (!(await store.documents.blobInUse(blob, tx))) await blobs.remove(blob)
}

/**
 * Empties the trash of what lay there long enough (`trashed`), and finds hidden chunks whose job was given up and blobs that a crash left
 * without a row. A document that cannot be purged is logged, and left to the next round.
 */
export async function sweep(deps: {
  log: Log
  store: Store
  blobs: Blobs
  queue: Queue
  clock: Clock
  documents: Pick<Documents, 'purge'>
  trashed: readonly { id: string; scope: Scope; deletedBefore: Time }[]
}): Promise<void> {
  const { store, blobs, queue, clock, documents, log } = deps
  for (const { id, scope, deletedBefore } of deps.trashed) {
    await documents.purge(scope, id, deletedBefore).catch(error => {
      // Another process was first.
      if (toAppError(error).code === 'document-not-found') return
      log.error('a document whose time in the trash is over was not purged', { documentId: id, error })
    })
  }
  for (const id of await store.chunks.hidden()) {
    await store.transaction('internal', tx => queue.enqueue(store.executor(tx), clearJob(id)))
  }
  for await (const { hash, storedAt } of blobs.list()) {
    if (clock.now() - storedAt < day) continue
    if (await store.documents.blobInUse(hash)) continue
    await store.transaction('internal', tx => queue.enqueue(store.executor(tx), collectJob(hash)))
  }
}
