import { setTimeout as sleep } from 'node:timers/promises'
import type { Scope } from '../model/index.ts'
import type { Job, Queue } from '../ports.ts'
import type { Store, Tx } from '../store/index.ts'
import { clearJob } from './jobs.ts'

/**
 * Takes the document's chunks out of every search, in the caller's transaction. What is left of a long one is hidden, and
 * a job takes it away in pieces: 10,000 chunks at once would keep every other process from writing for seconds.
 */
export async function removeChunks(
  tx: Tx,
  { store, queue }: { store: Store; queue: Queue },
  document: { id: string; projectId: string },
): Promise<void> {
  const gone = await store.chunks.remove(tx, document.projectId, document.id)
  if (!gone) await queue.enqueue(store.executor(tx), clearJob(document.id))
}

/** Until nothing hidden is left of the document. `inside` runs in the transaction of each piece. Several may do it at once. */
export async function clearAll(
  store: Store,
  scope: Scope,
  documentId: string,
  { inside, signal }: { inside?: (tx: Tx) => Promise<void>; signal?: AbortSignal } = {},
): Promise<void> {
  // Mostly there is nothing: no transaction to find that out.
  if (!(await store.chunks.isHidden(scope, documentId))) return
  for (;;) {
    signal?.throwIfAborted()
    const started = performance.now()
    const gone = await store.transaction(scope, async tx => {
      await inside?.(tx)
      return store.chunks.clearSome(tx, documentId)
    })
    if (gone) return
    // Others may write in between.
    await sleep(performance.now() - started, undefined, signal && { signal })
  }
}

/** The stage clear: whatever was hidden and is still there. */
export function createClearStage({ store, queue }: { store: Store; queue: Queue }) {
  return async function clear(job: Job, signal: AbortSignal): Promise<void> {
    const found = await store.documents.find(String(job.payload.documentId))
    if (found) {
      await clearAll(store, found.scope, found.document.id, {
        signal,
        inside: tx => queue.renew(store.executor(tx), job),
      })
    }
    await store.transaction(found?.scope ?? 'internal', async tx => {
      // What was hidden since enqueued nothing, as this job was there.
      const gone = !found || (await store.chunks.clearSome(tx, found.document.id))
      await queue.settle(store.executor(tx), job, { state: gone ? 'done' : 'released' })
    })
  }
}
