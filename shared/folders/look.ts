import { setTimeout as pause } from 'node:timers/promises'
import type { FileFacts, FolderIdentity, Reason, Scope } from '../model/index.ts'
import type { FolderWatch } from '../ports.ts'
import type { FileRow, FolderRow, Store } from '../store/index.ts'
import { factsOf, isSame, type Pair } from './compare.ts'
import type { Doubts } from './doubts.ts'
import { isMissing, type Losses } from './losses.ts'
import { type Files, isRoom } from './take.ts'

/** Files that are taken in before more are looked for, and side by side. */
const takenAtOnce = 64
const sideBySide = 4
/** Documents that wait to be read: with more of them nothing is added, so that whoever adds one by hand does not wait for thousands. */
const mostOpen = 150
const roomTime = 200

/** One look at a folder or at parts of it: goes through pairs, and takes what is new in batches. */
export interface Look {
  (pairs: readonly Pair[]): Promise<void>
  /** How many files are of no type that is read, and the milliseconds that went into taking. */
  end(): Promise<{ unsupported: number; taking: number }>
}

/** `between`: what else is to be done from time to time while many are taken. */
export type CreateLook = (identity: FolderIdentity, ending: AbortSignal, between?: () => Promise<void>) => Look

export function prepareLooks({
  store,
  watch,
  mediaType,
  files,
  scope,
  folder,
  doubts,
  losses,
  demandSame,
  changed,
}: {
  store: Store
  watch: FolderWatch
  mediaType: (name: string) => string | undefined
  files: Files
  scope: Scope
  folder: Pick<FolderRow, 'id' | 'path' | 'ignore'>
  doubts: Doubts
  losses: Losses
  /** Throws where the folder is another one than a moment ago. */
  demandSame: (identity: FolderIdentity) => Promise<void>
  changed: () => void
}): CreateLook {
  const wasAway = ({ refused }: FileRow) => refused?.code === 'folder-part-missing' || isMissing(refused)
  const back = (row: FileRow): FileRow => (wasAway(row) ? { ...row, refused: null } : row)

  /** Files that have the number on the disk, the size and the time of one whose path is no more: they are that one. */
  async function renamedIn(
    some: readonly { path: string; facts: FileFacts; row: FileRow | undefined }[],
    ending: AbortSignal,
  ): Promise<ReadonlySet<string>> {
    const renamed = new Set<string>()
    const inodes = some.map(({ facts }) => facts.inode).filter(inode => inode !== '0')
    const known = await store.folders.byInode(scope, folder.id, inodes)
    for (const { path, facts, row } of known.length > 0 ? some : []) {
      const before = known.find(one => one.path !== path && isSame(one, facts, true) && one.device === facts.device)
      if (!before || (before.refused && !isMissing(before.refused)) || before.documentId === null) continue
      if (!(await isGone(before.path, ending))) continue
      // What was called so before is overwritten.
      if (row) await files.retire(path)
      await files.rename(before, path, facts)
      doubts.delete(before.path)
      losses.delete(before.path)
      known.splice(known.indexOf(before), 1)
      renamed.add(path)
    }
    return renamed
  }

  async function isGone(wanted: string, ending: AbortSignal): Promise<boolean> {
    for await (const entries of watch.scan(folder.path, { ignore: folder.ignore, at: [wanted] }, ending))
      return entries.some(entry => entry.path === wanted && entry.type === 'absent')
    return false
  }

  async function roomFor(between: () => Promise<void>, ending: AbortSignal): Promise<void> {
    while ((await store.folders.open(scope, mostOpen)) >= mostOpen) {
      changed()
      await between()
      await pause(roomTime, undefined, { signal: ending })
    }
  }

  return function createLook(identity, ending, between = async () => {}) {
    const fresh: { path: string; facts: FileFacts; row: FileRow | undefined }[] = []
    let unsupported = 0
    let taking = 0
    /** Once one had no room, the others of this look have none either, and are not even read. */
    let full: Reason | undefined

    async function look(pairs: readonly Pair[]): Promise<void> {
      const gone: FileRow[] = []
      for (const { path, entry, row } of pairs) {
        ending.throwIfAborted()
        if (entry && entry.type !== 'absent') losses.delete(path)
        if (entry?.type === 'problem') {
          doubts.delete(path)
          const nowhere = { size: 0, modifiedAt: 0, device: identity.device, inode: '0' }
          if (row?.refused?.code !== entry.reason.code) await files.refuse(path, row ?? nowhere, entry.reason)
        } else if (entry?.type === 'file' && mediaType(nameOf(path)) === undefined) {
          unsupported += 1
          doubts.delete(path)
          if (row) gone.push(row)
        } else if (entry?.type !== 'file') {
          if (!row) doubts.delete(path)
          else if (doubts.isSettled(path, null) && entry) {
            doubts.delete(path)
            if (entry.leftOut) gone.push(row)
            // A disk that was mounted in here took it along.
            else if (entry.device === row.device || row.inode === '0') losses.add(row)
            else if (row.refused?.code !== 'folder-part-missing')
              await files.refuse(path, row, { code: 'folder-part-missing' })
          }
        } else if (row && isSame(row, entry, !identity.network) && !wants(row)) {
          doubts.delete(path)
          if (row.device !== entry.device || row.inode !== entry.inode || wasAway(row))
            await store.transaction(scope, tx => store.folders.put(tx, folder.id, back({ ...row, ...factsOf(entry) })))
        } else if (doubts.isOld(entry) || doubts.isSettled(path, entry)) {
          doubts.delete(path)
          fresh.push({ path, facts: factsOf(entry), row })
        }
      }
      if (gone.length > 0) {
        // Looked for in the same folder, before and after.
        await demandSame(identity)
        for (const { path } of gone) await files.retire(path)
      }
      while (fresh.length >= takenAtOnce) await takeAll(fresh.splice(0, takenAtOnce))
    }

    /** Of one that was refused: whether it is worth another try, though it is as it was. */
    function wants({ refused }: FileRow): boolean {
      if (refused?.code === 'file-unreadable' || refused?.code === 'internal') return true
      return isRoom(refused) && !full
    }

    async function takeAll(some: typeof fresh): Promise<void> {
      const began = performance.now()
      await roomFor(between, ending)
      await between()
      const renamed = await renamedIn(some, ending)
      const rest = some.filter(({ path }) => !renamed.has(path))
      // Each goes on with the next as soon as it has done one.
      const take = async () => {
        for (let one = rest.shift(); one; one = rest.shift()) {
          const { path, facts } = one
          ending.throwIfAborted()
          if (full) await files.refuse(path, facts, full)
          else {
            const taken = await files.take(path, facts, ending)
            if (taken === 'later') doubts.again(path)
            if (taken === 'full')
              full = (await store.folders.filesAt(scope, folder.id, [path])).get(path)?.refused ?? undefined
          }
        }
      }
      await Promise.all(Array.from({ length: sideBySide }, take))
      taking += performance.now() - began
      changed()
    }

    return Object.assign(look, {
      async end(): Promise<{ unsupported: number; taking: number }> {
        if (fresh.length > 0) await takeAll(fresh.splice(0))
        return { unsupported, taking }
      },
    })
  }
}

const nameOf = (path: string) => path.slice(path.lastIndexOf('/') + 1)
