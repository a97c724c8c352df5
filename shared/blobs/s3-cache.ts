/** What was fetched or is on its way out: blobs in a local folder, a bounded number of bytes of them. */
import { stat, utimes } from 'node:fs/promises'
import { toAppError } from '../errors.ts'
import type { Blobs } from '../ports.ts'
import { createFolderBlobs } from './folder.ts'

/**
 * Milliseconds that a file stays after it was handed out: whoever asked opens it within. Then it may go, open or not:
 * who reads it goes on reading. Windows keeps what is open.
 */
const inUseTime = 15 * 60 * 1000
/** Milliseconds after which a file goes that nobody asked for: what was purged elsewhere lies here no longer than that. */
const idleTime = 24 * 60 * 60 * 1000
const lookTime = 60 * 60 * 1000
/** Room is made down to this share of the bound, so that it is not made for each file anew. */
const kept = 0.9

export interface Cache {
  /** As `Blobs.put`, with the path. The file is in use until `stored`. */
  put(
    bytes: AsyncIterable<Uint8Array>,
    options?: { limit?: number; signal?: AbortSignal },
  ): Promise<{ hash: string; size: number; path: string }>
  /** It may go as if it had been asked for a while ago, unless somebody just did. */
  stored(hash: string): Promise<void>
  /** The path, in use from now on; undefined when it is not here with this size. */
  path(hash: string, size: number): Promise<string | undefined>
  remove(hash: string): Promise<void>
  /** Lets go of everything that is not in use. */
  empty(): Promise<void>
  close(): void
}

/**
 * The time of a file says when it was last in use, so that several processes can share a folder and a restart forgets
 * nothing. Of two processes, one may let a file go in the very moment the other hands it out, if nobody had asked for it
 * for a quarter of an hour: opening it then fails, and asking again fetches it.
 */
export async function createCache({ folder, bytes }: { folder: string; bytes: number }): Promise<Cache> {
  const local: Blobs = await createFolderBlobs({ folder })
  const handedOut = new Map<string, number>()
  const leaving = new Map<string, Promise<void>>()
  let total = 0
  /** Bytes added since all were counted: other processes add as well. */
  let added = 0
  let shrinking: Promise<void> | undefined

  async function shrink(target: number): Promise<void> {
    const files: { hash: string; size: number; used: number }[] = []
    for await (const { hash, storedAt: used } of local.list()) {
      const path = await local.file(hash)
      if (path) files.push({ hash, used, size: await sizeOf(path) })
    }
    added = 0
    total = files.reduce((sum, { size }) => sum + size, 0)
    for (const [hash, time] of handedOut) if (Date.now() - time > inUseTime) handedOut.delete(hash)
    for (const { hash, size, used } of files.sort((a, b) => a.used - b.used)) {
      const age = Date.now() - used
      if (age < inUseTime || (total <= target && age < idleTime)) break
      if (handedOut.has(hash)) continue
      const going = local.remove(hash).catch(error => {
        // In use on Windows, or the disk has other troubles: the next look comes.
        if (toAppError(error).code === 'internal') throw error
      })
      leaving.set(hash, going)
      await going.finally(() => leaving.delete(hash))
      total -= size
    }
  }

  function makeRoom(target: number): Promise<void> {
    shrinking ??= shrink(target).finally(() => {
      shrinking = undefined
    })
    return shrinking
  }

  await makeRoom(bytes * kept)
  const looking = setInterval(() => void makeRoom(bytes).catch(() => {}), lookTime)
  looking.unref()

  async function empty(): Promise<void> {
    await shrinking
    await makeRoom(0)
  }

  return {
    async put(source, options) {
      try {
        const { hash, size } = await local.put(source, options)
        total += size
        added += size
        const path = await local.file(hash)
        if (!path) throw new Error('the cache lost a file that was just written')
        if (total > bytes || added > bytes / 10) await makeRoom(bytes * kept)
        return { hash, size, path }
      } catch (error) {
        if (toAppError(error).code === 'disk-full') await empty().catch(() => {})
        throw error
      }
    },

    async stored(hash) {
      const path = await local.file(hash)
      const earlier = new Date(Date.now() - inUseTime)
      if (path && !handedOut.has(hash)) await utimes(path, new Date(), earlier).catch(() => {})
    },

    async path(hash, size) {
      await leaving.get(hash)
      handedOut.set(hash, Date.now())
      const path = await local.file(hash)
      if (path && (await sizeOf(path)) === size) {
        const now = new Date()
        // Gone meanwhile, through another process.
        const there = await utimes(path, now, now).then(
          () => true,
          () => false,
        )
        if (there) return path
      }
      handedOut.delete(hash)
      return undefined
    },

    async remove(hash) {
      handedOut.delete(hash)
      await local.remove(hash)
    },
    empty,
    close: () => clearInterval(looking),
  }
}

async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined)
  return found?.size ?? 0
}
