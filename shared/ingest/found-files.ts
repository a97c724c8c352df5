/**
 * Files inside a document: their bytes go into the blob store, and each becomes a document of its own, with a job to read
 * it, in the transaction that counts it as known. So a kill at any point adds none twice and loses none.
 */
import { createReadStream } from 'node:fs'
import { lstat, mkdir, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { AppError, reasonOf, toAppError } from '../errors.ts'
import type { Document, FoundFile, Reason, Scope } from '../model/index.ts'
import type { Blobs, Job, Parsers, Queue } from '../ports.ts'
import type { FoundRow, Store, Tx } from '../store/index.ts'
import { type FileLimits, limitsFor, whyNoRoom } from './file-limits.ts'
import { parseJob } from './jobs.ts'

export type { FileLimits } from './file-limits.ts'

/** Containers in one another: a mail in an archive in an archive. What lies in the innermost is a document still. */
export const deepestContainer = 3
/**
 * What may come out of one file that was added, at every depth. Each archive is bounded by itself (see
 * `parsers/zip/archive.ts`), but archives in archives multiply that. A mailbox is as long as it is, so its own size counts.
 */
const mostFiles = 50_000
const mostBytes = 1024 ** 3
/** Files and bytes that wait for one commit, at most. */
const batchFiles = 16
const batchBytes = 32 * 1024 ** 2

export interface FoundFiles {
  /** For the parser. */
  readonly request: { filesAfter: number; scratch?: string }
  /** How many are known for good. */
  readonly known: number
  /** Enough has gathered to be committed. */
  readonly full: boolean
  readonly waiting: boolean
  /** Keeps the bytes. The document follows with the commit. */
  take(found: FoundFile, signal: AbortSignal): Promise<void>
  /** Writes what was taken in the caller's transaction; `done` once that is committed. */
  commit(tx: Tx): Promise<{ done(): Promise<Document[]> }>
  close(): Promise<void>
}

interface Taken {
  found: FoundFile
  reason: Reason | null
  kept?: { hash: string; size: number; mediaType: string }
}

export function createFoundFiles(deps: {
  store: Store
  blobs: Blobs
  parsers: Parsers
  queue: Queue
  scratch: string
  limits: FileLimits
}): (document: Document, scope: Scope, job: Job) => Promise<FoundFiles> {
  const { store, blobs, parsers, queue } = deps

  return async function open(document, scope, job) {
    const limits = limitsFor(deps.limits, scope.userId)
    let known = await store.families.lastFile(scope, document.id)
    let taken: Taken[] = []
    let bytes = 0
    const scratch = parsers.isContainer(document.name) ? join(deps.scratch, job.lease) : undefined
    if (scratch !== undefined) await mkdir(scratch, { recursive: true, mode: 0o700 })
    let place: { root: Document; depth: number; files: number; bytes: number } | undefined

    /** Where in its family the document is; looked up with the first file, which most mails do not have. */
    async function placed() {
      if (place) return place
      const ancestors = await store.families.ancestors(scope, document)
      const root = ancestors.at(-1) ?? document
      place = { root, depth: ancestors.length + 1, ...(await store.families.tallied(scope, root.id)) }
      return place
    }

    async function keep(found: FoundFile, signal: AbortSignal): Promise<Taken> {
      const { name, file } = found
      const refuse = (reason: Reason): Taken => ({ found, reason })
      if (found.reason) return refuse(found.reason)
      const mediaType = parsers.mediaType(name)
      if (mediaType === undefined) return refuse({ code: 'unsupported-type', values: { name } })
      const family = await placed()
      if (parsers.isContainer(name) && family.depth >= deepestContainer) return refuse({ code: 'archive-too-deep' })
      if (file === undefined || scratch === undefined) return refuse({ code: 'file-missing', values: { file: name } })
      // A parser reads what strangers wrote: only what lies in its own folder is taken, and no link.
      const path = join(scratch, basename(file))
      const about = await lstat(path).catch(() => undefined)
      if (!about?.isFile()) return refuse({ code: 'file-missing', values: { file: name } })
      if (about.size === 0) return refuse({ code: 'empty-file', values: { name } })
      if (about.size > limits.fileSize) return refuse({ code: 'too-large', values: { limit: limits.fileSize } })
      const most = Math.max(mostBytes, 2 * family.root.size)
      if (family.files >= mostFiles) return refuse(tooMuch('entries', mostFiles))
      if (family.bytes + about.size > most) return refuse(tooMuch('bytes', Math.round(most / 1024 ** 2)))
      try {
        const { hash, size } = await blobs.put(createReadStream(path), { limit: limits.fileSize, signal })
        family.files += 1
        family.bytes += size
        return { found, reason: null, kept: { hash, size, mediaType } }
      } catch (error) {
        const problem = toAppError(error)
        if (problem.code !== 'too-large') throw error
        return refuse(reasonOf(problem))
      }
    }

    /** The document with these bytes: another one's, or a new one with a job of its own. */
    async function settle(tx: Tx, { found, reason, kept }: Taken, added: Document[]): Promise<FoundRow> {
      const { number, name, path } = found
      const row: FoundRow = { number, name, path, childId: null, reason }
      if (!kept) return row
      const same = await store.documents.byBlob(tx, scope, kept.hash)
      if (same) return { ...row, childId: same.id }
      // Members read the receipt too.
      const full = await whyNoRoom(tx, deps, { memberId: '', ...scope }, kept.size)
      if (full) return { ...row, reason: reasonOf(full) }
      const { hash: blob, size, mediaType } = kept
      const child = { name, path: `${document.path}/${path}`, mediaType, size, blob, parentId: document.id }
      const inserted = await store.documents.insert(tx, scope, child)
      await queue.enqueue(store.executor(tx), parseJob(inserted.id, scope))
      added.push(inserted)
      return { ...row, childId: inserted.id }
    }

    return {
      get request() {
        return { filesAfter: known, ...(scratch !== undefined && { scratch }) }
      },
      get known() {
        return known
      },
      get full() {
        return taken.length >= batchFiles || bytes >= batchBytes
      },
      get waiting() {
        return taken.length > 0
      },
      async take(found, signal) {
        const one = await keep(found, signal)
        taken.push(one)
        bytes += one.kept?.size ?? 0
      },
      async commit(tx) {
        const added: Document[] = []
        const batch = taken
        const rows: FoundRow[] = []
        await store.documents.holdBlobs(
          tx,
          batch.flatMap(({ kept }) => kept?.hash ?? []),
        )
        for (const one of batch) rows.push(await settle(tx, one, added))
        await store.families.addFiles(tx, document.id, rows)
        if (added.length > 0) {
          const { root } = await placed()
          const more = { files: added.length, bytes: added.reduce((sum, { size }) => sum + size, 0) }
          await store.families.tally(tx, root.id, more)
        }
        return {
          async done() {
            // A purge of the same bytes may have come in between. Not asked inside: a store may be far away.
            for (const { found, kept } of batch) {
              if (!kept || (await blobs.file(kept.hash)) || scratch === undefined || !found.file) continue
              await blobs.put(createReadStream(join(scratch, basename(found.file))), { limit: limits.fileSize })
            }
            taken = []
            bytes = 0
            known = Math.max(known, ...rows.map(({ number }) => number))
            for (const { found } of batch) {
              if (scratch !== undefined && found.file)
                await rm(join(scratch, basename(found.file)), { recursive: true, force: true })
            }
            return added
          },
        }
      },
      async close() {
        if (scratch !== undefined) await rm(scratch, { recursive: true, force: true })
      },
    }
  }
}

function tooMuch(what: 'entries' | 'bytes', limit: number): Reason {
  return reasonOf(new AppError('archive-too-large', { what, limit }))
}
