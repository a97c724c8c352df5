/** Blobs as files: `<folder>/ab/cdef…`, named by the SHA-256 of their bytes. */
import { createHash, randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError, toAppError } from '../errors.ts'
import { syncFolder } from '../files/sync-folder.ts'
import type { Blobs } from '../ports.ts'

/** Milliseconds after which a file under `tmp` belongs to nobody: what a crash left behind. */
const staleAfter = 24 * 60 * 60 * 1000
const temporary = 'tmp'

/**
 * Creates the folder if need be and sweeps what a crash left in it. Bytes go to a temporary file first and get their
 * name when they are complete and on the disk: file, rename, folder, each synced, so that a loss of power shows either
 * the whole blob or none. Throws `data-directory` when the folder cannot be had, `disk-full`.
 */
export async function createFolderBlobs({ folder }: { folder: string }): Promise<Blobs> {
  const scratch = join(folder, temporary)
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    if (await mkdir(scratch, { recursive: true, mode: 0o700 })) await syncFolder(folder)
    await sweep(scratch)
  } catch (error) {
    const known = toAppError(error)
    throw known.code === 'disk-full' ? known : new AppError('data-directory', {}, { cause: error })
  }

  const pathOf = (hash: string) => join(folder, hash.slice(0, 2), hash.slice(2))

  async function publish(from: string, hash: string): Promise<void> {
    const target = pathOf(hash)
    const parent = join(folder, hash.slice(0, 2))
    if (await mkdir(parent, { recursive: true, mode: 0o700 })) await syncFolder(folder)
    // Same name, same bytes: replacing is storing it once, also when two do so at the same time. The time of the newer
    // one counts, so that a collection that looks at it does not take what was just stored again.
    try {
      await rename(from, target)
    } catch (error) {
      // Windows does not replace a file that is read-only or being read.
      if (!(await stat(target).catch(missing))?.isFile()) throw error
      await rm(from, { force: true })
    }
    await syncFolder(parent)
  }

  return {
    async put(bytes, { limit = Number.POSITIVE_INFINITY, signal } = {}) {
      const file = join(scratch, randomUUID())
      let handle: FileHandle | undefined
      try {
        signal?.throwIfAborted()
        handle = await open(file, 'wx', 0o400)
        const { hash, size } = await write(handle, bytes, limit, signal)
        await handle.sync()
        await handle.close()
        handle = undefined
        await publish(file, hash)
        return { hash, size }
      } catch (error) {
        await handle?.close().catch(() => {})
        await rm(file, { force: true }).catch(() => {})
        if (signal?.aborted) throw new AppError('cancelled', {}, { cause: error })
        // What the source itself throws is its caller's to understand.
        throw error instanceof SourceError ? error.cause : storageError(error)
      }
    },
    async file(hash) {
      if (!isHash(hash)) return undefined
      const found = await stat(pathOf(hash)).catch(missing).catch(refuse)
      return found?.isFile() ? pathOf(hash) : undefined
    },

    async remove(hash) {
      if (!isHash(hash)) return
      await rm(pathOf(hash), { force: true }).catch(refuse)
      await syncFolder(join(folder, hash.slice(0, 2)))
        .catch(missing)
        .catch(refuse)
    },

    async *list() {
      for (const start of (await readdir(folder)).filter(name => /^[0-9a-f]{2}$/.test(name)).sort()) {
        const names = await readdir(join(folder, start)).catch(missing)
        for (const name of (names ?? []).sort()) {
          const hash = start + name
          const found = isHash(hash) ? await stat(pathOf(hash)).catch(missing) : undefined
          if (found) yield { hash, storedAt: Math.floor(found.mtimeMs) }
        }
      }
    },
  }
}

/**
 * Writes everything, or throws. The source is told to stop (its `return` runs) whenever this ends early; a source that
 * hangs is left behind when the signal fires.
 */
async function write(
  handle: FileHandle,
  bytes: AsyncIterable<Uint8Array>,
  limit: number,
  signal: AbortSignal | undefined,
): Promise<{ hash: string; size: number }> {
  const digest = createHash('sha256')
  let size = 0
  for await (const chunk of untilAborted(bytes, signal)) {
    if (!(chunk instanceof Uint8Array)) throw new SourceError(new TypeError('a blob is made of bytes'))
    size += chunk.byteLength
    if (size > limit) throw new AppError('too-large', { limit })
    digest.update(chunk)
    for (let at = 0; at < chunk.byteLength; ) at += (await handle.write(chunk, at)).bytesWritten
  }
  return { hash: digest.digest('hex'), size }
}

async function* untilAborted<T>(source: AsyncIterable<T>, signal: AbortSignal | undefined): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]()
  let reject: (error: Error) => void = () => {}
  const abort = () => reject(new AppError('cancelled'))
  signal?.addEventListener('abort', abort, { once: true })
  let ended = false
  try {
    for (;;) {
      // Not a race against one promise that lives as long as the file: it would hold every chunk that won against it,
      // and a file of 1 GB took 943 MB.
      const step = await new Promise<IteratorResult<T>>((resolve, fail) => {
        reject = fail
        if (signal?.aborted) abort()
        else iterator.next().then(resolve, error => fail(new SourceError(error)))
      })
      ended = step.done === true
      if (step.done) return
      yield step.value
    }
  } catch (error) {
    // Either the source failed, and is over by itself, or it hangs: its answer is not waited for.
    ended = true
    Promise.resolve(iterator.return?.()).catch(() => {})
    throw error
  } finally {
    signal?.removeEventListener('abort', abort)
    if (!ended) await iterator.return?.()
  }
}

/** Also keeps everything out of the paths that is no hash. */
function isHash(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text)
}

function missing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
    return undefined
  throw error
}

/** Whose error it is: a full disk is told of ours, never of the one that the source lies on. */
class SourceError extends Error {
  constructor(cause: unknown) {
    super('the source failed', { cause })
  }
}

function storageError(error: unknown): AppError {
  const known = toAppError(error)
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
  // The folder is gone, or something else stands in its place: a disk that was taken out.
  if (known.code === 'internal' && code !== undefined)
    return new AppError('disk-error', { detail: code }, { cause: error })
  return known
}

function refuse(error: unknown): never {
  throw storageError(error)
}

async function sweep(scratch: string): Promise<void> {
  for (const name of await readdir(scratch)) {
    const file = join(scratch, name)
    const found = await stat(file).catch(missing)
    if (found && Date.now() - found.mtimeMs > staleAfter) await rm(file, { force: true, recursive: true })
  }
}
