/** Blobs in an S3-compatible store, `<prefix>/ab/cdef…`, shared by all processes of an installation. */
import { AppError, toAppError } from '../errors.ts'
import type { Blobs } from '../ports.ts'
import { createCache } from './s3-cache.ts'
import { createRequests, isAbsent, type S3Place, type S3Times } from './s3-requests.ts'
import { download, upload } from './s3-transfer.ts'

export interface S3Settings extends S3Place {
  /** For this machine's copies: a folder of its own in the data directory; processes on one machine may share it. */
  cacheFolder: string
  /** What the copies may take. What is in use may exceed it for a quarter of an hour. */
  cacheBytes: number
}

/** Objects that were found to be other than their name says, remembered so that adding the file again replaces them. */
const mostRemembered = 1000

/**
 * `put` writes to the local folder first, as blobs in a folder do and with the same errors, then sends the file; `file`
 * asks the store each time, so that what another process removed is gone here too, and hands out a local copy, whose
 * bytes were checked by their hash when they came. Beside the errors of a folder, all verbs throw
 * `blob-store-unreachable` (also for 5xx), `blob-store-refused` (keys, rights, region), `blob-store-missing` (no such
 * bucket), `blob-store-full`, and `file` throws `blob-damaged` when the object is not what it is called by. None carries
 * keys. Looks for the bucket first, and throws then what is wrong with it.
 *
 * Versioning of the bucket must be off: what is purged would live on in it.
 */
export async function createS3Blobs(
  settings: S3Settings,
  times: Partial<S3Times> = {},
): Promise<Blobs & { close(): void }> {
  const requests = createRequests(settings, times)
  await requests.probe()
  const cache = await createCache({ folder: settings.cacheFolder, bytes: settings.cacheBytes })
  const closing = new AbortController()
  const downloads = new Map<string, { control: AbortController; path: Promise<string | undefined> }>()
  const damaged = new Set<string>()

  function remember(hash: string): void {
    damaged.add(hash)
    const [first] = damaged
    if (damaged.size > mostRemembered && first) damaged.delete(first)
  }

  async function fetch(hash: string, size: number, signal: AbortSignal): Promise<string | undefined> {
    let room = false
    for (let attempt = 1; ; attempt++) {
      try {
        const got = await cache.put(download(requests, hash, signal), { limit: size, signal })
        if (got.hash === hash) {
          damaged.delete(hash)
          const path = await cache.path(hash, size)
          if (path) return path
          continue
        }
        // Not to be found under any name that is asked for.
        await cache.remove(got.hash)
        throw new AppError('blob-damaged')
      } catch (thrown) {
        const error = toAppError(thrown)
        // Removed since it was asked for.
        if (isAbsent(error)) return undefined
        // The cache has made room meanwhile.
        if (error.code === 'disk-full' && !room) {
          room = true
          continue
        }
        const wrong = error.code === 'blob-damaged' || error.code === 'too-large'
        // Once more from the beginning: it may have been the way here.
        if (wrong && attempt === 1) continue
        if (!wrong) throw thrown
        remember(hash)
        throw new AppError('blob-damaged', {}, { cause: thrown })
      }
    }
  }

  /** One download for everybody who asks meanwhile; undefined when the blob is removed before it ends. */
  function fetchOnce(hash: string, size: number): Promise<string | undefined> {
    const known = downloads.get(hash)
    if (known) return known.path
    const control = new AbortController()
    const path = fetch(hash, size, AbortSignal.any([control.signal, closing.signal]))
      .catch(error => {
        if (control.signal.aborted) return undefined
        throw error
      })
      .finally(() => {
        if (downloads.get(hash)?.control === control) downloads.delete(hash)
      })
    downloads.set(hash, { control, path })
    return path
  }

  return {
    async put(bytes, options = {}) {
      const { signal } = options
      const { hash, size, path } = await cache.put(bytes, options)
      const known = damaged.has(hash) ? undefined : await requests.head(hash, signal)
      // A copy of the object onto itself costs no transfer, and counts as new just as well.
      const there = known?.ours === true && known.size === size && (await requests.refresh(hash, known, signal))
      if (!there) await upload(requests, { hash, path, size }, signal)
      if (signal?.aborted) throw new AppError('cancelled')
      damaged.delete(hash)
      await cache.stored(hash)
      return { hash, size }
    },

    async file(hash) {
      if (!isHash(hash)) return undefined
      const found = await requests.find(hash)
      if (!found) {
        await cache.remove(hash)
        return undefined
      }
      return (await cache.path(hash, found.size)) ?? fetchOnce(hash, found.size)
    },

    async remove(hash) {
      if (!isHash(hash)) return
      const under = downloads.get(hash)
      under?.control.abort()
      await requests.remove(hash)
      await under?.path.catch(() => {})
      await cache.remove(hash)
    },

    async *list() {
      for await (const { hash, modified } of requests.list()) yield { hash, storedAt: modified }
    },
    close() {
      closing.abort()
      cache.close()
      requests.close()
    },
  }
}

/** Also keeps everything out of the keys that is no hash. */
function isHash(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text)
}
