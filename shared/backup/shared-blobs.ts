/** A folder of blobs that several backups share, `<folder>/ab/cdef…` as a data directory has it. */
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../errors.ts'
import { syncFolder } from '../files/sync-folder.ts'
import type { Checker } from './checker.ts'
import type { Reading } from './files.ts'
import { isHash } from './format.ts'

export interface SharedBlobs {
  readonly folder: string
  /** Whether one of this name and size lies there. */
  has(hash: string, size: number): Promise<boolean>
  /**
   * Copies the file, and has the copy read again. False where it is not what it is called by.
   */
  add(hash: string, reading: Reading, checker: Pick<Checker, 'hash'>, signal?: AbortSignal): Promise<boolean>
  /** Removes all others. */
  prune(kept: ReadonlySet<string>): Promise<number>
}

export function sharedPathOf(folder: string): (hash: string) => string {
  return hash => {
    if (!isHash(hash)) throw new AppError('backup-damaged', { detail: hash.slice(0, 100) })
    return path.join(folder, hash.slice(0, 2), hash.slice(2))
  }
}

export function createSharedBlobs(folder: string): SharedBlobs {
  const pathOf = sharedPathOf(folder)

  return {
    folder,
    async has(hash, size) {
      return (await stat(pathOf(hash)).catch(() => undefined))?.size === size
    },
    async add(hash, { file, pieces }, checker, signal) {
      const target = pathOf(hash)
      const parent = path.dirname(target)
      await mkdir(parent, { recursive: true, mode: 0o700 })
      const partial = `${target}.partial`
      await rm(partial, { force: true })
      const handle = await open(partial, 'wx', 0o600)
      try {
        for await (const piece of pieces()) {
          signal?.throwIfAborted()
          for (let at = 0; at < piece.length; ) at += (await handle.write(piece, at)).bytesWritten
        }
        await handle.sync()
      } catch (error) {
        await rm(partial, { force: true })
        throw error
      } finally {
        await handle.close()
      }
      const found = await checker.hash(partial)
      if (found !== hash) {
        const same = (await checker.hash(file)) === found
        await rm(partial, { force: true })
        // Not what was read: the folder is at fault, and not the library.
        if (!same) throw new AppError('backup-damaged', { detail: hash })
        return false
      }
      await rename(partial, target)
      await syncFolder(parent)
      return true
    },
    async prune(kept) {
      let removed = 0
      for (const start of await readdir(folder).catch(() => [])) {
        if (!/^[0-9a-f]{2}$/.test(start)) continue
        for (const rest of await readdir(path.join(folder, start))) {
          const hash = start + rest.replace(/\.partial$/, '')
          if (!isHash(hash) || (kept.has(hash) && !rest.endsWith('.partial'))) continue
          await rm(path.join(folder, start, rest), { force: true })
          removed += 1
        }
      }
      return removed
    },
  }
}
