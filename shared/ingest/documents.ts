import { AppError } from '../errors.ts'
import type { Document, DocumentState, Receipt, Scope, Segment } from '../model/index.ts'
import type { Blobs, Clock, Log, Parsers, Queue } from '../ports.ts'
import type { DocumentFilter, DocumentPage, Store, Tx } from '../store/index.ts'
import { clearAll, removeChunks } from './clear.ts'
import { clearJob, collectJob, documentKeys, embedJob, indexJob, parseJob } from './jobs.ts'

export interface NewFile {
  /** File name; its extension decides the format together with the first bytes. */
  name: string
  /** Path relative to the folder it came from, else the name. */
  path?: string
  /** Read once from the start; called again only if the blob vanished in between. */
  open: () => AsyncIterable<Uint8Array>
  /** Bytes, where a larger file is refused. */
  limit?: number
}

/**
 * What a user can do with documents. Cancel, retry and delete work in every state: what is so already stays so. `pause`,
 * `resume` and `undo` say `state-conflict` where there is nothing to hold, to go on with or to bring back.
 */
export interface Documents {
  /**
   * Stores the bytes, the row and the job, then returns; the rest happens in the background. The same bytes again are
   * the same document (`added: false`), started anew if it had failed or been cancelled.
   * Throws `unsupported-type`, `empty-file`, `too-large`, `disk-full`, `cancelled`, `project-not-found`.
   */
  add(scope: Scope, file: NewFile, signal?: AbortSignal): Promise<{ document: Document; added: boolean }>
  list(scope: Scope): Promise<Document[]>
  page(scope: Scope, filter: DocumentFilter): Promise<DocumentPage>
  get(scope: Scope, id: string): Promise<Document>
  receipt(scope: Scope, id: string): Promise<Receipt | undefined>
  /** A page, or a stretch of a text, as it was read. */
  segment(scope: Scope, id: string, number: number): Promise<Segment | undefined>
  trash(scope: Scope): Promise<Document[]>
  /** The bytes as a local file, for reading only, also of one in the trash. Throws `blob-missing`. */
  original(scope: Scope, id: string): Promise<{ document: Document; file: string }>
  /** Stops the work and takes what was found so far out of the search. The file stays; `retry` goes on. */
  cancel(scope: Scope, id: string): Promise<Document>
  /** A failed or finished document from the start, a cancelled or paused one from where it was. */
  retry(scope: Scope, id: string): Promise<Document>
  pause(scope: Scope, id: string): Promise<Document>
  resume(scope: Scope, id: string): Promise<Document>
  /** To the trash: gone from every answer with this call, kept 30 days. */
  delete(scope: Scope, id: string): Promise<Document>
  /** Out of the trash, and indexed again. */
  undo(scope: Scope, id: string): Promise<Document>
  /** For good, with its history, and its bytes where no other document needs them. */
  purge(scope: Scope, id: string): Promise<void>
}

const underWay: readonly DocumentState[] = ['queued', 'parsing', 'indexing']

export function createDocuments(deps: {
  store: Store
  blobs: Blobs
  parsers: Parsers
  queue: Queue
  clock: Clock
  log: Log
  changed: (document: Document) => void
  /** Tells the runner at once about new jobs, or to let go of these. */
  wake: () => void
  interrupt: (keys: readonly string[]) => void
  /** Removes the bytes of what was purged, unless another document needs them. */
  discard: (blob: string) => Promise<void>
}): Documents {
  const { store, blobs, parsers, queue, clock } = deps

  async function get(scope: Scope, id: string): Promise<Document> {
    const document = await store.documents.get(scope, id)
    if (!document) throw new AppError('document-not-found', { id })
    return document
  }

  /** Changes one document in one transaction, then tells everybody. */
  async function change(
    scope: Scope,
    id: string,
    run: (tx: Tx, document: Document) => Promise<void>,
    after: { interrupt?: boolean } = {},
  ): Promise<Document> {
    const before = await store.transaction(async tx => {
      const document = await store.documents.lock(tx, scope, id)
      if (!document) throw new AppError('document-not-found', { id })
      await run(tx, document)
      return document
    })
    if (after.interrupt) deps.interrupt(documentKeys(id))
    deps.changed(before)
    deps.wake()
    return get(scope, id)
  }

  function demand(document: Document, states: readonly DocumentState[], trashed = false): void {
    const fits = states.includes(document.state) && (document.deletedAt !== null) === trashed
    if (!fits) {
      const state = document.deletedAt === null ? document.state : 'trashed'
      throw new AppError('state-conflict', { name: document.name, state })
    }
  }

  /** Enqueues the stage the document is at. */
  async function proceed(tx: Tx, document: Document): Promise<void> {
    const parsedAll = document.segments !== null && document.parsed >= document.segments && document.parsed > 0
    await store.documents.update(tx, document.id, { state: parsedAll ? 'indexing' : 'queued', reason: null })
    await queue.enqueue(store.executor(tx), parsedAll ? indexJob(document.id) : parseJob(document.id))
  }

  async function unindex(tx: Tx, document: Document): Promise<void> {
    await queue.cancel(store.executor(tx), [embedJob(document.id).key])
    await removeChunks(tx, deps, document)
    await store.documents.update(tx, document.id, { indexed: 0, chunks: 0 })
  }

  /** From the blob again: what an earlier try stored is dropped. */
  async function startOver(tx: Tx, document: Document): Promise<void> {
    await unindex(tx, document)
    await store.segments.remove(tx, document.id)
    await store.documents.update(tx, document.id, { parsed: 0, segments: null, receipt: null, language: null })
    await proceed(tx, { ...document, parsed: 0, segments: null })
  }

  return {
    async add(scope, file, signal) {
      const mediaType = parsers.mediaType(file.name)
      if (mediaType === undefined) throw new AppError('unsupported-type', { name: file.name })
      if (!(await store.projects.get(scope))) throw new AppError('project-not-found', { name: scope.projectId })
      for (;;) {
        const options = { ...(file.limit !== undefined && { limit: file.limit }), ...(signal && { signal }) }
        const { hash, size } = await blobs.put(file.open(), options)
        if (size === 0) {
          await store.transaction(tx => queue.enqueue(store.executor(tx), collectJob(hash)))
          throw new AppError('empty-file', { name: file.name })
        }
        const outcome = await store.transaction(async tx => {
          await store.projects.require(tx, scope)
          const known = await store.documents.byBlob(tx, scope, hash)
          if (known) {
            if (known.state === 'failed') await startOver(tx, known)
            else if (known.state === 'cancelled') await proceed(tx, known)
            return { id: known.id, added: false }
          }
          // The collection of blobs also runs inside a write transaction: what is there now, stays.
          if (!(await blobs.file(hash))) return undefined
          const path = (file.path ?? file.name).normalize('NFC')
          const name = file.name.normalize('NFC')
          const document = await store.documents.insert(tx, scope, { name, path, mediaType, size, blob: hash })
          await queue.enqueue(store.executor(tx), parseJob(document.id))
          return { id: document.id, added: true }
        })
        if (!outcome) continue
        deps.wake()
        const document = await get(scope, outcome.id)
        deps.changed(document)
        return { document, added: outcome.added }
      }
    },
    list: scope => store.documents.list(scope),
    page: (scope, filter) => store.documents.page(scope, filter),
    get,
    receipt: (scope, id) => store.documents.receipt(scope, id),
    segment: (scope, id, number) => store.segments.get(scope, id, number),
    trash: scope => store.documents.list(scope, { trashed: true }),
    async original(scope, id) {
      const document = await get(scope, id)
      const file = await blobs.file(document.blob)
      if (!file) throw new AppError('blob-missing', { name: document.name })
      return { document, file }
    },

    cancel: (scope, id) =>
      change(
        scope,
        id,
        async (tx, document) => {
          if (document.deletedAt !== null || ![...underWay, 'paused'].includes(document.state)) return
          await queue.cancel(store.executor(tx), documentKeys(id))
          await unindex(tx, document)
          await store.documents.update(tx, id, { state: 'cancelled', reason: { code: 'cancelled' } })
        },
        { interrupt: true },
      ),
    retry: (scope, id) =>
      change(scope, id, async (tx, document) => {
        if (document.deletedAt !== null) demand(document, [])
        if (underWay.includes(document.state)) return
        if (document.state === 'failed' || document.state === 'ready') await startOver(tx, document)
        else await proceed(tx, document)
      }),
    pause: (scope, id) =>
      change(
        scope,
        id,
        async (tx, document) => {
          demand(document, [...underWay, 'paused'])
          await queue.cancel(store.executor(tx), documentKeys(id))
          await store.documents.update(tx, id, { state: 'paused' })
        },
        { interrupt: true },
      ),
    resume: (scope, id) =>
      change(scope, id, async (tx, document) => {
        demand(document, [...underWay, 'paused'])
        if (document.state !== 'paused') return
        await proceed(tx, document)
      }),
    delete: (scope, id) =>
      change(
        scope,
        id,
        async (tx, document) => {
          if (document.deletedAt !== null) return
          await queue.cancel(store.executor(tx), documentKeys(id))
          await unindex(tx, document)
          await store.documents.setDeleted(tx, scope, id, clock.now())
        },
        { interrupt: true },
      ),
    undo: (scope, id) =>
      change(scope, id, async (tx, document) => {
        demand(document, [document.state], true)
        const twin = await store.documents.byBlob(tx, scope, document.blob)
        if (twin) throw new AppError('duplicate', { name: document.name, file: twin.path })
        await store.documents.setDeleted(tx, scope, id, null)
        // What had failed, been paused or cancelled stays so; its index is gone either way.
        if (document.state === 'ready' || underWay.includes(document.state)) await proceed(tx, document)
      }),
    async purge(scope, id) {
      await store.transaction(async tx => {
        const document = await store.documents.lock(tx, scope, id)
        if (!document) throw new AppError('document-not-found', { id })
        await queue.cancel(store.executor(tx), documentKeys(id))
        // Whoever is interrupted from here on finds it in the trash.
        if (document.deletedAt === null) await store.documents.setDeleted(tx, scope, id, clock.now())
        await unindex(tx, document)
      })
      await clearAll(store, id)
      const blob = await store.transaction(async tx => {
        const document = await store.documents.lock(tx, scope, id)
        // Another process was first.
        if (!document) throw new AppError('document-not-found', { id })
        await queue.cancel(store.executor(tx), [...documentKeys(id), clearJob(id).key])
        await store.documents.purge(tx, scope, id)
        await queue.enqueue(store.executor(tx), collectJob(document.blob))
        return document.blob
      })
      deps.log.info('purged', { documentId: id, blob })
      deps.interrupt(documentKeys(id))
      await deps.discard(blob)
    },
  }
}
