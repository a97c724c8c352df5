import type { Blobs, Clock, Job, Queue } from '../ports.ts'
import type { Store } from '../store/index.ts'
import type { Documents } from './documents.ts'
import { collectJob } from './jobs.ts'

const day = 24 * 60 * 60 * 1000
/** How long the trash keeps a document. */
export const trashDays = 30

/**
 * Removes a blob nothing refers to. The check and the removal share one write transaction with every `add`, which makes
 * sure of its blob in there: none can lose its bytes in between.
 */
export function createCollectStage({ store, blobs, queue }: { store: Store; blobs: Blobs; queue: Queue }) {
  return async function collect(job: Job): Promise<void> {
    const blob = String(job.payload.blob)
    await store.transaction(async tx => {
      if (!(await store.documents.blobInUse(tx, blob))) await blobs.remove(blob)
      await queue.settle(store.executor(tx), job, { state: 'done' })
    })
  }
}

/** Empties the trash of what lay there long enough, and finds blobs that a crash left without a row. */
export async function sweep(deps: { store: Store; blobs: Blobs; queue: Queue; clock: Clock; documents: Documents }) {
  const { store, blobs, queue, clock, documents } = deps
  for (const { id, scope } of await store.documents.trashedBefore(clock.now() - trashDays * day)) {
    await documents.purge(scope, id)
  }
  for await (const { hash, storedAt } of blobs.list()) {
    if (clock.now() - storedAt < day) continue
    await store.transaction(async tx => {
      if (!(await store.documents.blobInUse(tx, hash))) await queue.enqueue(store.executor(tx), collectJob(hash))
    })
  }
}
