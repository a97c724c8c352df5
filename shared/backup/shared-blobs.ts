/** A folder of blobs that several backups share, `<folder>/ab/cdef…` as a data directory has it. */
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../errors.ts'
import { hashOf, type Reading, syncFolder } from './files.ts'
import { isHash, sha256 } from './format.ts'

export interface SharedBlobs {
  pathOf(hash: string): string
  /**
   * Copies the file unless a blob of that name and size lies there, and reads the copy again. False where it is not what it
   * is called by.
   */
  add(hash: string, reading: Reading, signal?: AbortSignal): Promise<boolean>
  /** Removes all others. */
  prune(kept: ReadonlySet<string>): Promise<number>
}

export function createSharedBlobs(folder: string): SharedBlobs {
  const pathOf = (hash: string) => {
    if (!isHash(hash)) throw new AppError('backup-damaged', { detail: hash.slice(0, 100) })
    return path.join(folder, hash.slice(0, 2), hash.slice(2))
  }

  return {
    pathOf,
    async add(hash, { size, pieces }, signal) {
      const target = pathOf(hash)
      const known = await stat(target).catch(() => undefined)
      if (known?.size === size) return true
      const parent = path.dirname(target)
      await mkdir(parent, { recursive: true, mode: 0o700 })
      const partial = `${target}.partial`
      await rm(partial, { force: true })
      const handle = await open(partial, 'wx', 0o600)
      const digest = sha256()
      try {
        for await (const piece of pieces()) {
          signal?.throwIfAborted()
          digest.update(piece)
          for (let at = 0; at < piece.length; ) at += (await handle.write(piece, at)).bytesWritten
        }
        await handle.sync()
      } finally {
        await handle.close()
      }
      const found = digest.digest('hex')
      if ((await hashOf(partial, signal)) !== found) throw new AppError('backup-damaged', { detail: hash })
      if (found !== hash) {
        await rm(partial, { force: true })
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
