/** What becomes of one file of a followed folder: a document, another version of one, one by another name, or none any more. */
import { createHash } from 'node:crypto'
import { AppError, reasonOf, toAppError } from '../errors.ts'
import type { Document, FileFacts, Reason, Scope } from '../model/index.ts'
import type { FolderWatch, Log } from '../ports.ts'
import type { FileRow, FolderRow, Store, Tx } from '../store/index.ts'
import { factsOf } from './compare.ts'

/** What of documents is needed here; `core.ts` hands it in. */
export interface FolderDocuments {
  add(
    scope: Scope,
    file: {
      name: string
      path: string
      open: () => AsyncIterable<Uint8Array>
      limit: number
      noted: (tx: Tx, document: { id: string; blob: string; added: boolean; inside: boolean }) => Promise<void>
    },
    signal?: AbortSignal,
  ): Promise<{ document: Document; added: boolean }>
  rename(scope: Scope, id: string, file: { name: string; path: string }): Promise<Document>
  release(scope: Scope, id: string): Promise<Document>
}

/** `later`: it is being written, or just went; `full`: there is room for no more of them. */
export type Taken = 'done' | 'later' | 'full' | 'refused'

export interface Files {
  /** Makes a document of what is in the file now. Throws what is nobody's fault but the machine's. */
  take(path: string, facts: FileFacts, signal: AbortSignal): Promise<Taken>
  /** Its file is called so now, and nothing else about it has changed. */
  rename(row: FileRow, path: string, facts: FileFacts): Promise<void>
  /** Its file is there no more. */
  retire(path: string): Promise<void>
  /** Takes earlier versions away whose new one can be found. */
  replace(): Promise<void>
  refuse(path: string, facts: FileFacts, reason: Reason): Promise<void>
}

/** More of them would end the same way. */
const noRoom: readonly string[] = ['too-many-files', 'quota-bytes', 'quota-full']
/** The next file would fare no better, and this one better later: it is the machine's fault, or the folder's. */
const ofTheMachine: readonly string[] = [
  'cancelled',
  'folder-silent',
  'disk-full',
  'disk-error',
  'data-unwritable',
  'data-damaged',
  'out-of-memory',
  'database-busy',
  'database-unreachable',
  'database-full',
  'blob-store-unreachable',
  'blob-store-refused',
  'blob-store-missing',
  'blob-store-full',
  'project-not-found',
]

export const isRoom = (reason: Reason | null) => reason !== null && noRoom.includes(reason.code)

/** As the library calls the files of a folder: with the folder's own name before. */
export function nameIn(root: string, path: string): { name: string; path: string } {
  const folder = root.split(/[/\\]/).findLast(part => part !== '') ?? ''
  return { name: path.slice(path.lastIndexOf('/') + 1), path: `${folder.replaceAll(':', '')}/${path}` }
}

export function createFiles(
  {
    store,
    documents,
    watch,
    limit,
    log,
  }: { store: Store; documents: FolderDocuments; watch: FolderWatch; limit: number; log: Log },
  folder: FolderRow,
  scope: Scope,
): Files {
  const put = (file: FileRow) => store.transaction(scope, tx => store.folders.put(tx, folder.id, file))

  /** Where another file is that document too, it is called as that one; else it is in its container alone, or goes to the trash. */
  async function letGo(documentId: string, own: boolean, path: string): Promise<void> {
    const others = await store.transaction(scope, async tx => {
      const holders = await store.folders.holders(tx, documentId)
      const others = holders.filter(holder => holder.folderId !== folder.id || holder.path !== path)
      if (own && others.length > 0 && !others.some(holder => holder.own))
        await store.folders.setOwn(tx, others[0].folderId, others[0].path)
      return others
    })
    const [other] = others
    try {
      if (other) await documents.rename(scope, documentId, nameIn(other.root, other.path))
      else if (own) await documents.release(scope, documentId)
    } catch (error) {
      // Somebody was faster; or another file of these bytes has a name that says nothing.
      if (!['document-not-found', 'unsupported-type'].includes(toAppError(error).code)) throw error
    }
  }

  /** Leaves a file with one version: the new one where it can be found, else the one before. */
  async function settle(row: FileRow): Promise<FileRow> {
    const { previousId, documentId } = row
    if (previousId === null) return row
    const now = documentId === null ? undefined : await store.documents.get(scope, documentId)
    const forward = documentId !== null && (now?.state === 'ready' || previousId === documentId)
    const gone = now === undefined || now.deletedAt !== null
    // A new version that somebody took away by hand takes the old one with it.
    const settled =
      forward || gone ? { ...row, previousId: null } : { ...row, documentId: previousId, previousId: null }
    const leaving = forward || gone ? previousId : documentId
    if (leaving !== null && leaving !== settled.documentId) await letGo(leaving, true, row.path)
    await put(settled)
    return settled
  }

  /** Whether somebody took its document away by hand, and the file says what it said then. */
  async function isLetGo(row: FileRow): Promise<boolean> {
    if (row.blob === null || row.refused !== null) return false
    const document = row.documentId === null ? undefined : await store.documents.get(scope, row.documentId)
    if (document && document.deletedAt === null) return false
    const hash = createHash('sha256')
    for await (const part of watch.read(folder.path, row.path)) hash.update(part)
    return hash.digest('hex') === row.blob
  }

  /** As it is now: whoever looked at many saw it some time ago. */
  const rowAt = async (path: string) => (await store.folders.filesAt(scope, folder.id, [path])).get(path)

  async function refuse(path: string, facts: FileFacts, reason: Reason): Promise<void> {
    const known = (await rowAt(path)) ?? { blob: null, documentId: null, own: false, previousId: null }
    await put({ ...known, path, ...factsOf(facts), refused: reason })
  }

  async function add(path: string, facts: FileFacts, signal: AbortSignal): Promise<void> {
    await documents.add(
      scope,
      {
        ...nameIn(folder.path, path),
        limit,
        open: () => watch.read(folder.path, path),
        async noted(tx, { id, blob, added, inside }) {
          const before = await store.folders.file(tx, folder.id, path)
          const same = before?.documentId === id
          const others = added || same ? [] : await store.folders.holders(tx, id)
          // What was in a container alone came by this file as far as it is there by itself.
          const own = added || inside || (before && same ? before.own : others.some(holder => holder.own))
          const replaced = before?.own && !same ? before.documentId : null
          const previousId = replaced === id ? null : replaced
          await store.folders.put(tx, folder.id, {
            path,
            ...factsOf(facts),
            blob,
            documentId: id,
            own,
            previousId,
            refused: null,
          })
        },
      },
      signal,
    )
  }

  return {
    refuse,
    async take(path, facts, signal) {
      try {
        if (facts.size > limit) throw new AppError('too-large', { limit })
        const row = await rowAt(path)
        const known = row && (await settle(row))
        if (known && (await isLetGo(known))) await put({ ...known, ...factsOf(facts) })
        else await add(path, facts, signal)
        return 'done'
      } catch (error) {
        signal.throwIfAborted()
        const known = toAppError(error)
        if (known.code === 'file-missing' || known.code === 'file-changed') return 'later'
        if (ofTheMachine.includes(known.code)) throw error
        if (known.code === 'internal') log.error('a file was not taken', { error })
        await refuse(path, facts, reasonOf(known))
        return noRoom.includes(known.code) ? 'full' : 'refused'
      }
    },
    async rename(row, path, facts) {
      if (row.documentId !== null)
        await documents.rename(scope, row.documentId, nameIn(folder.path, path)).catch(error => {
          if (toAppError(error).code !== 'document-not-found') throw error
        })
      await store.transaction(scope, async tx => {
        await store.folders.removeFile(tx, folder.id, row.path)
        await store.folders.put(tx, folder.id, { ...row, path, ...factsOf(facts), refused: null })
      })
    },
    async retire(path) {
      const row = await rowAt(path)
      if (!row) return
      const { documentId, previousId, own } = row
      if (previousId !== null) await letGo(previousId, true, path)
      if (documentId !== null) await letGo(documentId, own, path)
      await store.transaction(scope, tx => store.folders.removeFile(tx, folder.id, path))
    },
    async replace() {
      for (;;) {
        const rows = await store.folders.replaced(scope, folder.id, 100)
        if (rows.length === 0) return
        for (const row of rows) await settle(row)
      }
    },
  }
}
