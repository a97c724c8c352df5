import { stat } from 'node:fs/promises'
import { AppError } from '../errors.ts'
import type { Document, DocumentState, FileInside, Receipt, Scope, Segment, Time } from '../model/index.ts'
import type { Blobs, Clock, Log, Parsers, Queue } from '../ports.ts'
import type { DocumentFilter, DocumentPage, ProjectWork, Store, Tx } from '../store/index.ts'
import { clearAll } from './clear.ts'
import { countLeaving, handOver, leaving, trash, unindex as unindexIn } from './families.ts'
import { type FileLimits, roomOf, whyNoRoom } from './file-limits.ts'
import { cleanName, cleanPath } from './file-name.ts'
import { clearJob, collectJob, documentKeys, indexJob, parseJob } from './jobs.ts'
import type { Passwords } from './passwords.ts'
import { stoppedReason } from './receipt.ts'

export interface NewFile {
  /** File name; its extension decides the format together with the first bytes. */
  name: string
  /** Path relative to the folder it came from, else the name. */
  path?: string
  /** Read once from the start; called again only if the blob vanished in between. */
  open: () => AsyncIterable<Uint8Array>
  /** Bytes, where a larger file is refused. */
  limit?: number
  /** Notes which document it is, in the transaction that makes it one: repeatable, as everything in there. */
  noted?: (tx: Tx, document: { id: string; blob: string; added: boolean; inside: boolean }) => Promise<void>
}

/**
 * What a user can do with documents. Cancel, retry and delete work in every state: what is so already stays so. `pause`,
 * `resume` and `undo` say `state-conflict` where there is nothing to hold, to go on with or to bring back.
 *
 * With a container goes what came out of it: into the trash, out of it, for good; but for a file that another container
 * holds too, which becomes that one's, and one that was added by itself before or after, which is nobody's. Cancel, pause
 * and resume reach those of its files that are still under way; retry reads the container again, and adds nothing twice.
 */
export interface Documents {
  /**
   * Stores the bytes, the row and the job, then returns; the rest happens in the background. The same bytes again are
   * the same document (`added: false`), started anew if it had failed or been cancelled.
   * The name is kept as `cleanPath` leaves it. Throws `unsupported-type`, `empty-file`, `too-large`, `too-many-files`, `quota-bytes`, `quota-full`,
   * `disk-full`, `cancelled`, `project-not-found`.
   */
  add(scope: Scope, file: NewFile, signal?: AbortSignal): Promise<{ document: Document; added: boolean }>
  list(scope: Scope): Promise<Document[]>
  page(scope: Scope, filter: DocumentFilter): Promise<DocumentPage>
  /** How far the work on all of them is. */
  work(scope: Scope): Promise<ProjectWork>
  get(scope: Scope, id: string): Promise<Document>
  /** With the first files inside; `files` has them all. */
  receipt(scope: Scope, id: string): Promise<Receipt | undefined>
  /** What was found inside, in the order of the source, behind number `after`. */
  files(
    scope: Scope,
    id: string,
    page: { after: number; limit: number },
  ): Promise<{ files: FileInside[]; total: number }>
  /** A page, or a stretch of a text, as it was read. */
  segment(scope: Scope, id: string, number: number): Promise<Segment | undefined>
  trash(scope: Scope): Promise<Document[]>
  /** The bytes as a local file, for reading only, also of one in the trash. Throws `blob-missing`, `blob-damaged`. */
  original(scope: Scope, id: string): Promise<{ document: Document; file: string }>
  /**
   * Stops the work and takes what was found so far out of the search. The file stays; `retry` goes on. Where only text
   * recognition is under way, that alone ends: the document stays ready, and says how many pages are without.
   */
  cancel(scope: Scope, id: string): Promise<Document>
  /**
   * A failed or finished document from the start, a cancelled or paused one from where it was. Throws
   * `password-protected` for a finished one that was read with a password: `unlock` reads that again.
   */
  retry(scope: Scope, id: string): Promise<Document>
  pause(scope: Scope, id: string): Promise<Document>
  resume(scope: Scope, id: string): Promise<Document>
  /** Holds, or goes on with, all of the project; says how many that were. */
  pauseAll(scope: Scope): Promise<number>
  resumeAll(scope: Scope): Promise<number>
  /** How many have pages that were left out because text recognition was off, and reads those documents again. */
  unrecognized(scope: Scope): Promise<number>
  recognizeAll(scope: Scope): Promise<number>
  /**
   * Reads a protected document, or an archive with protected files, with this password, which is kept in memory until it
   * has been read. A wrong one ends in `password-wrong`. `state-conflict` for one that is under way.
   */
  unlock(scope: Scope, id: string, password: string): Promise<Document>
  /** To the trash: gone from every answer with this call, kept for as long as its owner says. */
  delete(scope: Scope, id: string): Promise<Document>
  /** Nobody has it by itself any more: it goes to a container that holds the same file, else to the trash. */
  release(scope: Scope, id: string): Promise<Document>
  /** Out of the trash, and indexed again. */
  undo(scope: Scope, id: string): Promise<Document>
  /**
   * Its file is called so now. Read anew where that makes it another type; its words are indexed with the new name. Nothing for one in the
   * trash. Throws `unsupported-type`.
   */
  rename(scope: Scope, id: string, file: { name: string; path: string }): Promise<Document>
  /** How many of the documents that came out of it go with it when it is deleted, or purged from the trash. */
  company(scope: Scope, id: string): Promise<number>
  /**
   * For good, with its history, and its bytes where no other document needs them. With a container in the trash goes what
   * lies there with it; what was put back stays. `deletedBefore`: only what has been in the trash since before then, or nothing is done.
   */
  purge(scope: Scope, id: string, deletedBefore?: Time): Promise<void>
}

/** Documents that are paused or resumed in one transaction. */
const changedAtOnce = 100

/** Files inside that a receipt shows. */
const filesInReceipt = 100

const underWay: readonly DocumentState[] = ['queued', 'parsing', 'indexing']

/** Also one that is ready, while pages of it wait for text recognition. */
function isUnderWay({ state, toRecognize, recognized, deletedAt }: Document): boolean {
  if (deletedAt !== null) return false
  return underWay.includes(state) || (state === 'ready' && toRecognize > recognized)
}

/** Pages of it were left out because text recognition was off. */
const isUnrecognized = ({ state, reason, deletedAt }: Document) =>
  deletedAt === null && (state === 'ready' || state === 'failed') && reason?.code === 'recognition-off'

const isPaused = ({ state }: Document) => state === 'paused'

export function createDocuments(deps: {
  store: Store
  blobs: Blobs
  parsers: Parsers
  queue: Queue
  clock: Clock
  log: Log
  limits: FileLimits
  passwords: Passwords
  changed: (document: Document) => void
  /** One more by itself: not out of a container. */
  added: (scope: Scope, document: Document) => void
  /** Tells the runner at once about new jobs, or to let go of these. */
  wake: () => void
  interrupt: (keys: readonly string[]) => void
  /** Removes the bytes of what was purged, unless another document needs them. */
  discard: (blob: string) => Promise<void>
  /** What was in documents of the project is to be remembered nowhere any more: before they go, and behind it. */
  purged: (scope: Scope) => Promise<void>
}): Documents {
  const { store, blobs, parsers, queue, clock, passwords } = deps

  async function get(scope: Scope, id: string): Promise<Document> {
    const document = await store.documents.get(scope, id)
    if (!document) throw new AppError('document-not-found', { id })
    return document
  }

  /** Changes one document, and those that `run` names, in one transaction, then tells everybody. */
  async function change(
    scope: Scope,
    id: string,
    run: (tx: Tx, document: Document) => Promise<Document[] | undefined>,
    after: { interrupt?: boolean } = {},
  ): Promise<Document> {
    const touched = await store.transaction(scope, async tx => {
      const document = await store.documents.lock(tx, scope, id)
      if (!document) throw new AppError('document-not-found', { id })
      const others = (await run(tx, document)) ?? []
      return [document, ...others.filter(other => other.id !== id)]
    })
    if (after.interrupt) deps.interrupt(touched.flatMap(document => documentKeys(document.id)))
    for (const document of touched) deps.changed(document)
    deps.wake()
    return get(scope, id)
  }

  /** What came out of a document and is in one of these states, itself not included. */
  async function inside(tx: Tx, { id }: Document, wanted: (document: Document) => boolean): Promise<Document[]> {
    const members = await store.families.members(tx, id)
    return members.map(({ document }) => document).filter(document => document.deletedAt === null && wanted(document))
  }

  function demand(document: Document, states: readonly DocumentState[], trashed = false): void {
    const fits = states.includes(document.state) && (document.deletedAt !== null) === trashed
    if (!fits) {
      const state = document.deletedAt === null ? document.state : 'trashed'
      throw new AppError('state-conflict', { name: document.name, state })
    }
  }

  /** Some at a time, so that nobody waits long to write; again, for files that were taken out of containers meanwhile. */
  async function changeAll(
    scope: Scope,
    wanted: (document: Document) => boolean,
    run: (tx: Tx, document: Document) => Promise<void>,
    after: { interrupt?: boolean } = {},
  ): Promise<number> {
    let count = 0
    for (;;) {
      const found = (await store.documents.list(scope)).filter(wanted)
      if (found.length === 0) return count
      for (let at = 0; at < found.length; at += changedAtOnce) {
        const ids = found.slice(at, at + changedAtOnce).map(({ id }) => id)
        const some = await store.transaction(scope, async tx => {
          const done: Document[] = []
          for (const id of ids) {
            const document = await store.documents.lock(tx, scope, id)
            if (!document || document.deletedAt !== null || !wanted(document)) continue
            await run(tx, document)
            done.push(document)
          }
          return done
        })
        if (after.interrupt) deps.interrupt(some.flatMap(({ id }) => documentKeys(id)))
        for (const document of some) deps.changed(document)
        count += some.length
      }
      deps.wake()
    }
  }

  /** Enqueues the stage the document is at. */
  async function proceed(tx: Tx, scope: Scope, document: Document): Promise<void> {
    const parsedAll = document.segments !== null && document.parsed >= document.segments && document.parsed > 0
    await store.documents.update(tx, document.id, { state: parsedAll ? 'indexing' : 'queued', reason: null })
    const { id } = document
    const job = parsedAll ? indexJob(id, scope) : parseJob(id, scope, passwords.of(id) !== undefined)
    await queue.enqueue(store.executor(tx), job)
  }

  const unindex = (tx: Tx, document: Document) => unindexIn(tx, deps, document)

  async function stop(tx: Tx, scope: Scope, document: Document): Promise<void> {
    await queue.cancel(store.executor(tx), documentKeys(document.id))
    const { id, state, chunks, toRecognize, recognized } = document
    if (state === 'ready' && (chunks > 0 || recognized > 0)) {
      // What was recognised last is indexed still, and the receipt says the rest.
      const reason = stoppedReason(toRecognize - recognized)
      await store.documents.update(tx, id, { toRecognize: recognized, reason })
      await queue.enqueue(store.executor(tx), indexJob(id, scope, true))
      return
    }
    await unindex(tx, document)
    await store.documents.update(tx, document.id, { state: 'cancelled', reason: { code: 'cancelled' } })
  }

  /** To the trash, with what came out of it. */
  async function remove(tx: Tx, scope: Scope, document: Document): Promise<Document[]> {
    if (document.deletedAt !== null) return []
    const family = await leaving(tx, deps, scope, document)
    const gone = family.filter(({ deletedAt }) => deletedAt === null)
    // Later than whatever of it lies in the trash already: that does not come back with it.
    const latest = Math.max(...family.map(({ deletedAt }) => deletedAt ?? 0))
    await trash(tx, deps, scope, gone, Math.max(clock.now(), latest + 1))
    return gone
  }

  async function hold(tx: Tx, document: Document): Promise<void> {
    await queue.cancel(store.executor(tx), documentKeys(document.id))
    await store.documents.update(tx, document.id, { state: 'paused' })
  }

  /** From the blob again: what an earlier try stored is dropped. */
  async function startOver(tx: Tx, scope: Scope, document: Document): Promise<void> {
    // A job that waits would go on in place of a new one, as what it was made for: without recognition, where that was stopped.
    await queue.cancel(store.executor(tx), documentKeys(document.id))
    await unindex(tx, document)
    await store.segments.remove(tx, document.id)
    await store.families.forgetFiles(tx, document.id)
    await store.families.resetTally(tx, document.id)
    const unread = { parsed: 0, segments: null, toRecognize: 0, recognized: 0 }
    const nothing = { ...unread, receipt: null, language: null, reasons: [] }
    // Times add up; what an earlier try took says nothing about this one.
    const times = { parseTime: -document.parseTime, indexTime: -document.indexTime }
    await store.documents.update(tx, document.id, { ...nothing, ...times })
    await proceed(tx, scope, { ...document, parsed: 0, segments: null })
  }

  /** It was read with a password, which nobody knows any more. */
  async function needsPassword(tx: Tx, { id, state }: Document): Promise<boolean> {
    if (state !== 'ready' || passwords.of(id) !== undefined) return false
    const found = await store.documents.find(id, tx)
    return found?.reasons.some(({ code }) => code === 'read-with-password') ?? false
  }

  /** Where no row came to refer to the bytes, they go at once: on a full disk they would be what fills it. */
  async function keep<T>(scope: Scope, blob: string, run: (tx: Tx) => Promise<T>): Promise<T> {
    try {
      return await store.transaction(scope, run)
    } catch (error) {
      await deps.discard(blob)
      throw error
    }
  }

  return {
    async add(scope, file, signal) {
      const name = cleanName(file.name)
      const path = cleanPath(file.path ?? file.name)
      const mediaType = parsers.mediaType(name)
      if (mediaType === undefined) throw new AppError('unsupported-type', { name })
      if (!(await store.projects.get(scope))) throw new AppError('project-not-found', { name: scope.projectId })
      for (let isNew = false; ; ) {
        const room = await roomOf(deps, scope)
        const limit = Math.min(file.limit ?? Number.POSITIVE_INFINITY, room?.bytes ?? Number.POSITIVE_INFINITY)
        const options = { ...(limit !== Number.POSITIVE_INFINITY && { limit }), ...(signal && { signal }) }
        const { hash, size } = await blobs.put(file.open(), options).catch(error => {
          // What would be too large for nobody else is told for what it is.
          const ownFault = room && room.bytes === limit && error instanceof AppError && error.code === 'too-large'
          throw ownFault ? room.tooLittle : error
        })
        if (size === 0) {
          await store.transaction(scope, tx => queue.enqueue(store.executor(tx), collectJob(hash)))
          throw new AppError('empty-file', { name })
        }
        const outcome = await keep(scope, hash, async tx => {
          await store.documents.holdBlobs(tx, [hash])
          await store.projects.require(tx, scope)
          const known = await store.documents.byBlob(tx, scope, hash)
          if (known) {
            // Now it is there by itself, and stays when its container goes.
            if (known.parentId !== null) {
              await store.families.move(tx, scope, known.id, { parentId: null, path })
            }
            if (known.state === 'failed') await startOver(tx, scope, known)
            else if (known.state === 'cancelled') await proceed(tx, scope, known)
            if (file.noted)
              await file.noted(tx, { id: known.id, blob: hash, added: false, inside: known.parentId !== null })
            // By hand: it stays, too, when the file of a followed folder goes that it came by.
            else await store.folders.disown(tx, known.id)
            return { id: known.id, added: false }
          }
          const full = await whyNoRoom(tx, deps, scope, size)
          if (full) {
            await queue.enqueue(store.executor(tx), collectJob(hash))
            return full
          }
          const document = await store.documents.insert(tx, scope, { name, path, mediaType, size, blob: hash })
          await queue.enqueue(store.executor(tx), parseJob(document.id, scope))
          await file.noted?.(tx, { id: document.id, blob: hash, added: true, inside: false })
          return { id: document.id, added: true }
        })
        deps.wake()
        if (outcome instanceof AppError) throw outcome
        isNew ||= outcome.added
        // A purge of the same bytes may have taken them in between; from the commit on they stay. Not asked inside: a store
        // may be far away.
        if (!(await blobs.file(hash))) continue
        const document = await get(scope, outcome.id)
        if (isNew) deps.added(scope, document)
        deps.changed(document)
        return { document, added: isNew }
      }
    },
    list: scope => store.documents.list(scope),
    page: (scope, filter) => store.documents.page(scope, filter),
    work: scope => store.documents.work(scope),
    get,
    async receipt(scope, id) {
      const receipt = await store.documents.receipt(scope, id)
      if (!receipt) return undefined
      const { files, total } = await store.families.files(scope, id, { after: 0, limit: filesInReceipt })
      return { ...receipt, files, fileCount: total }
    },
    async files(scope, id, page) {
      await get(scope, id)
      return store.families.files(scope, id, page)
    },
    segment: (scope, id, number) => store.segments.get(scope, id, number),
    trash: scope => store.documents.list(scope, { trashed: true }),
    async original(scope, id) {
      const document = await get(scope, id)
      const file = await blobs.file(document.blob)
      // A purge may take it as soon as it was found.
      const size = file && (await sizeOf(file))
      if (!file || size === undefined) throw new AppError('blob-missing', { name: document.name })
      if (size !== document.size) throw new AppError('blob-damaged', { name: document.name })
      return { document, file }
    },

    cancel: (scope, id) =>
      change(
        scope,
        id,
        async (tx, document) => {
          if (document.deletedAt !== null) return
          const stoppable = (one: Document) => isUnderWay(one) || isPaused(one)
          const stopped = await inside(tx, document, stoppable)
          if (stoppable(document)) stopped.push(document)
          for (const one of stopped) await stop(tx, scope, one)
          return stopped
        },
        { interrupt: true },
      ),
    retry: (scope, id) =>
      change(scope, id, async (tx, document) => {
        if (document.deletedAt !== null) demand(document, [])
        if (isUnderWay(document)) return
        // It would end with nothing, where now there is something.
        if (await needsPassword(tx, document)) throw new AppError('password-protected', { name: document.name })
        if (document.state === 'failed' || document.state === 'ready') await startOver(tx, scope, document)
        else await proceed(tx, scope, document)
      }),
    pause: (scope, id) =>
      change(
        scope,
        id,
        async (tx, document) => {
          const held = document.deletedAt === null ? await inside(tx, document, isUnderWay) : []
          // One that is read itself may be held for the sake of its files.
          if (held.length === 0 && !isUnderWay(document)) demand(document, ['paused'])
          if (isUnderWay(document)) held.push(document)
          for (const one of held) await hold(tx, one)
          return held
        },
        { interrupt: true },
      ),
    resume: (scope, id) =>
      change(scope, id, async (tx, document) => {
        const held = document.deletedAt === null ? await inside(tx, document, isPaused) : []
        if (held.length === 0 && !isUnderWay(document)) demand(document, ['paused'])
        if (isPaused(document)) held.push(document)
        for (const one of held) await proceed(tx, scope, one)
        return held
      }),
    pauseAll: scope => changeAll(scope, isUnderWay, hold, { interrupt: true }),
    resumeAll: scope => changeAll(scope, isPaused, (tx, document) => proceed(tx, scope, document)),
    unrecognized: async scope => (await store.documents.list(scope)).filter(isUnrecognized).length,
    async recognizeAll(scope) {
      // Each once: where it is off still, they end as they were.
      const begun = new Set<string>()
      const wanted = (document: Document) => isUnrecognized(document) && !begun.has(document.id)
      return changeAll(scope, wanted, async (tx, document) => {
        begun.add(document.id)
        if (!(await needsPassword(tx, document))) await startOver(tx, scope, document)
      })
    },
    unlock: (scope, id, password) =>
      change(scope, id, async (tx, document) => {
        demand(document, ['failed', 'ready'])
        // Kept before the commit: whoever claims the job asks for it. After a rollback it waits for nobody, and goes.
        passwords.keep(id, password)
        await startOver(tx, scope, document)
      }),
    delete: (scope, id) => change(scope, id, (tx, document) => remove(tx, scope, document), { interrupt: true }),
    release(scope, id) {
      const after = { interrupt: false }
      const letGo = async (tx: Tx, document: Document) => {
        // What goes on as part of a container is worked on as before.
        after.interrupt = document.deletedAt !== null || !(await handOver(tx, deps, scope, document))
        return after.interrupt ? remove(tx, scope, document) : undefined
      }
      return change(scope, id, letGo, after)
    },
    undo: (scope, id) =>
      change(scope, id, async (tx, document) => {
        demand(document, [document.state], true)
        const members = await store.families.members(tx, id)
        const together = members
          .map(member => member.document)
          .filter(({ deletedAt }) => deletedAt === document.deletedAt)
        const back: Document[] = []
        for (const one of [document, ...together]) {
          const twin = await store.documents.byBlob(tx, scope, one.blob)
          if (twin && one.id === id) throw new AppError('duplicate', { name: one.name, file: twin.path })
          if (!twin) back.push(one)
        }
        await store.families.setDeleted(
          tx,
          scope,
          back.map(one => one.id),
          null,
        )
        // What had failed, been paused or cancelled stays so; its index is gone either way.
        for (const one of back) if (one.state === 'ready' || underWay.includes(one.state)) await proceed(tx, scope, one)
        return back
      }),
    rename: (scope, id, file) =>
      change(scope, id, async (tx, document) => {
        const name = cleanName(file.name)
        const path = cleanPath(file.path)
        if (document.deletedAt !== null || (document.name === name && document.path === path)) return
        const mediaType = parsers.mediaType(name)
        if (mediaType === undefined) throw new AppError('unsupported-type', { name })
        // What its first bytes said stays where the name says nothing else than before.
        const sameType = mediaType === parsers.mediaType(document.name)
        await store.documents.rename(tx, scope, id, { name, path, ...(!sameType && { mediaType }) })
        if (!sameType && !(await needsPassword(tx, document))) await startOver(tx, scope, { ...document, mediaType })
        // Each chunk is found by the name too; until then it is by the old one. A run under way sees to it at its end.
        else if (name !== document.name && document.state === 'ready' && document.chunks > 0) {
          // What somebody stopped stays so.
          const stopped = document.reason?.code === 'recognition-stopped'
          await queue.enqueue(store.executor(tx), indexJob(id, scope, stopped))
        }
      }),
    company: (scope, id) =>
      store.transaction(scope, async tx => {
        const document = await store.documents.lock(tx, scope, id)
        if (!document) throw new AppError('document-not-found', { id })
        return countLeaving(tx, deps, document)
      }),
    async purge(scope, id, deletedBefore) {
      const family = await store.transaction(scope, async tx => {
        const document = await store.documents.lock(tx, scope, id)
        if (!document) throw new AppError('document-not-found', { id })
        const { deletedAt } = document
        if (deletedBefore !== undefined && (deletedAt === null || deletedAt >= deletedBefore)) return []
        const gone = await leaving(tx, deps, scope, document)
        // Whoever is interrupted from here on finds them in the trash.
        const live = gone.filter(({ deletedAt }) => deletedAt === null)
        await trash(tx, deps, scope, live, clock.now())
        return gone
      })
      deps.interrupt(family.flatMap(document => documentKeys(document.id)))
      // Also where a kill comes in between: the purge of what lies in the trash goes on.
      await deps.purged(scope)
      // What came out of it goes first: a kill in between leaves a container whose purge goes on.
      for (const document of family.reverse())
        await purgeOne(scope, document.id, document.id === id && deletedBefore === undefined)
      await deps.purged(scope)
    },
  }

  async function purgeOne(scope: Scope, id: string, wanted: boolean): Promise<void> {
    await clearAll(store, scope, id)
    const blob = await store.transaction(scope, async tx => {
      const document = await store.documents.lock(tx, scope, id)
      // Another process was first.
      if (!document && wanted) throw new AppError('document-not-found', { id })
      // Put back in the meantime.
      if (!document || (document.deletedAt === null && !wanted)) return undefined
      await queue.cancel(store.executor(tx), [...documentKeys(id), clearJob(id).key])
      await store.documents.purge(tx, scope, id)
      await queue.enqueue(store.executor(tx), collectJob(document.blob))
      return document.blob
    })
    if (blob === undefined) return
    deps.log.info('purged', { documentId: id, blob })
    deps.interrupt(documentKeys(id))
    await deps.discard(blob)
  }
}

async function sizeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).size
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
