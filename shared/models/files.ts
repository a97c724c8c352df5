import { createHash, randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { link, mkdir, open, readdir, readFile, rename, rm, stat, statfs, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { AppError, toAppError } from '../errors.ts'
import { syncFolder } from '../files/sync-folder.ts'
import { fitsBeside, isModelFile, withModelEnding, withoutModelEnding } from './file-name.ts'

/** The folder `<data>/models`: weights as files, their checksums beside them. */
export interface ModelFiles {
  /**
   * Copies a file in; it is checked first, and is there whole or not at all. Throws `file-missing`, `file-unreadable`,
   * `file-changed`, `model-exists`, `model-too-large`, `disk-full`, `cancelled`, and what the check throws.
   */
  add(file: string, options?: FileOptions): Promise<{ name: string; size: number; sha256: string }>
  /**
   * The same for bytes that come from elsewhere, written once. Throws `model-invalid` also where the name is none of a model
   * or longer than the disk takes, and what the bytes throw.
   */
  receive(
    name: string,
    bytes: AsyncIterable<Uint8Array>,
    options?: FileOptions,
  ): Promise<{ name: string; size: number; sha256: string }>
  /**
   * Gives a file that lies whole and durable on the disk of the folder its name there; `sha256` is what its bytes have.
   * The file's old name is gone afterwards. Throws `model-exists`, and what the check throws.
   */
  take(file: string, given: { name: string; sha256: string }): Promise<void>
  /**
   * Reads the whole file. `changed` when its bytes are not those of the checksum; `pinned` when it had none (somebody put
   * the file here by hand), and has one from now on. Throws `model-not-found`, and what the check throws.
   */
  verify(
    name: string,
    options?: FileOptions,
  ): Promise<{ name: string; sha256: string; state: 'sound' | 'pinned' | 'changed' }>
  /** The checksum that lies beside it, of when it was added; undefined when there is no such model, or it has none. */
  checksum(name: string): Promise<string | undefined>
  /** Makes it the newest of the folder, which is the one of its role that is used (see `catalog.ts`). Throws `model-not-found`. */
  use(name: string): Promise<{ name: string }>
  /** Throws `model-not-found`. */
  remove(name: string): Promise<void>
}

export interface FileOptions {
  signal?: AbortSignal
  /** Bytes. */
  progress?: (done: number, all: number) => void
  /** What the bytes must have: others are refused with `file-changed`. */
  sha256?: string
}

/** Beside each model, in a file of its own: two processes that add at once do not write over each other's. As `sha256sum` writes it. */
const checksumEnding = '.sha256'
/** Left free on the disk beside the copy, in bytes: the database goes on growing. */
const reserve = 256 * 1024 * 1024

export function createModelFiles({
  folder,
  check,
  limit = Number.POSITIVE_INFINITY,
  place = link,
}: {
  folder: string
  /** Throws when llama.cpp could not use the file, or must not see it. `name` is what it is to be called. */
  check(file: string, name?: string): Promise<unknown>
  /** Bytes of a model, at most. */
  limit?: number
  /** For tests: gives a file a second name, and fails where there is a file of that name. */
  place?: typeof link
}): ModelFiles {
  const checksumOf = (name: string) => path.join(folder, name + checksumEnding)
  // Without the model's name, which may be as long as a name can be.
  const newPart = () => path.join(folder, `.${process.pid}.${randomUUID()}.part`)

  /** Undefined when there is none, or a broken one: the file is pinned anew at its next check. */
  async function readChecksum(name: string): Promise<string | undefined> {
    const text = await readFile(checksumOf(name), 'utf8').catch(() => '')
    return /^[\da-f]{64}(?= )/.exec(text)?.[0]
  }

  async function writeChecksum(name: string, sha256: string): Promise<void> {
    const partial = newPart()
    await writeFile(partial, `${sha256}  ${name}\n`, { mode: 0o600 })
    await rename(partial, checksumOf(name))
  }

  /** The name as it stands in the folder, with or without its ending. */
  async function find(name: string): Promise<string> {
    const models = (await readdir(folder).catch(() => [] as string[])).filter(isModelFile)
    const found = models.find(known => known === name) ?? models.find(known => withoutModelEnding(known) === name)
    if (!found) throw new AppError('model-not-found', { name })
    return found
  }

  async function refuseTaken(name: string): Promise<void> {
    const taken = await stat(path.join(folder, name)).then(
      () => true,
      () => false,
    )
    if (taken) throw new AppError('model-exists', { name })
  }

  /**
   * Gives the copy its name, of two at once to one only. Where the file system knows no second names (FAT, some network
   * drives) it is looked for and then renamed: of two within a millisecond the later one stays.
   */
  async function settle(partial: string, name: string): Promise<void> {
    const target = path.join(folder, name)
    try {
      await place(partial, target)
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST')
        throw new AppError('model-exists', { name }, { cause: error })
      await refuseTaken(name)
      await rename(partial, target)
    }
  }

  /** The one way by which a model gets its name: what is checked is what is kept. */
  async function take(partial: string, { name, sha256 }: { name: string; sha256: string }): Promise<void> {
    await check(partial, name).catch(error => {
      if (!(error instanceof AppError && 'name' in error.values)) throw error
      throw new AppError(error.code, { ...error.values, name }, { cause: error })
    })
    await settle(partial, name)
    await rm(partial, { force: true })
    await syncFolder(folder)
    // Only now it is ours to write. A process that is killed here leaves a model that is pinned at its next check.
    await writeChecksum(name, sha256)
  }

  /** `size`: bytes that are to come, where that is known. */
  async function takeIn(
    name: string,
    bytes: AsyncIterable<Uint8Array>,
    { size, signal, progress, sha256: wanted }: FileOptions & { size?: number },
  ): Promise<{ name: string; size: number; sha256: string }> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await sweepParts(folder)
    await refuseTaken(name)
    if (size !== undefined && size > limit) throw tooLarge(name, limit)
    await demandSpace(folder, size ?? 0)
    const partial = newPart()
    try {
      const { sha256, size: read } = await write(limited(name, bytes, limit), partial, size ?? 0, {
        ...(signal && { signal }),
        ...(progress && { progress }),
      })
      if (size !== undefined && read !== size) throw new AppError('file-changed')
      if (wanted !== undefined && wanted !== sha256) throw new AppError('file-changed')
      await take(partial, { name, sha256 })
      return { name, size: read, sha256 }
    } catch (error) {
      throw toAppError(error)
    } finally {
      await rm(partial, { force: true })
    }
  }

  return {
    async add(file, options = {}) {
      const name = withModelEnding(path.basename(file))
      const { size } = await statOf(file)
      await check(file)
      return takeIn(name, createReadStream(file), { size, ...options })
    },
    receive(name, bytes, options = {}) {
      if (!isModelFile(name) || !fitsBeside(name))
        return Promise.reject(new AppError('model-invalid', { name: name.slice(0, 100), detail: 'not a .gguf file' }))
      return takeIn(name, bytes, options)
    },
    take,
    checksum: readChecksum,
    async verify(given, options = {}) {
      const name = await find(given)
      const file = path.join(folder, name)
      const { size } = await statOf(file)
      const known = await readChecksum(name)
      const sha256 = await hash(file, size, options)
      if (known !== undefined && known !== sha256) return { name, sha256, state: 'changed' }
      await check(file)
      if (known === undefined) await writeChecksum(name, sha256)
      return { name, sha256, state: known === undefined ? 'pinned' : 'sound' }
    },
    async use(given) {
      const name = await find(given)
      const others = (await readdir(folder)).filter(other => isModelFile(other) && other !== name)
      const times = await Promise.all(others.map(other => stat(path.join(folder, other)).catch(() => undefined)))
      // A copy may bring a time of its own along, and a clock may have been wrong. FAT counts in steps of two seconds.
      const newest = Math.max(Date.now(), ...times.map(found => (found ? found.mtimeMs + 2000 : 0)))
      try {
        await utimes(path.join(folder, name), newest / 1000, newest / 1000)
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? error.code : ''
        if (code === 'ENOENT') throw new AppError('model-not-found', { name }, { cause: error })
        throw new AppError('file-unreadable', { file: name }, { cause: error })
      }
      return { name }
    },
    async remove(given) {
      const name = await find(given)
      await rm(path.join(folder, name))
      await rm(checksumOf(name), { force: true })
    },
  }
}

export function tooLarge(name: string, limit: number): AppError {
  return new AppError('model-too-large', { name, limit: Math.max(1, Math.round(limit / 1e6)) })
}

/** Throws `disk-full` where so many bytes more would leave too little for everything else. The folder is there. */
export async function demandSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  if (bavail * bsize < bytes + reserve) throw new AppError('disk-full')
}

async function* limited(name: string, bytes: AsyncIterable<Uint8Array>, limit: number): AsyncGenerator<Uint8Array> {
  let size = 0
  for await (const chunk of bytes) {
    size += chunk.length
    if (size > limit) throw tooLarge(name, limit)
    yield chunk
  }
}

async function statOf(file: string): Promise<{ size: number }> {
  try {
    const found = await stat(file)
    if (!found.isFile()) throw new AppError('file-missing', { file })
    return found
  } catch (error) {
    if (error instanceof AppError) throw error
    const code = error instanceof Error && 'code' in error ? error.code : ''
    throw new AppError(
      code === 'ENOENT' || code === 'ENOTDIR' ? 'file-missing' : 'file-unreadable',
      { file },
      { cause: error },
    )
  }
}

/** Copies of processes that were killed in the middle. */
async function sweepParts(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const owner = /\.(\d+)(\.[\da-f-]{36})?\.part$/.exec(name)?.[1]
    if (owner !== undefined && !lives(Number(owner))) await rm(path.join(folder, name), { force: true })
  }
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** Durable when it resolves. */
async function write(from: AsyncIterable<Uint8Array>, to: string, size: number, options: FileOptions) {
  const counted = createCounter(size, options.progress)
  await pipeline(from, counted.through, createWriteStream(to, { mode: 0o600 }), {
    signal: options.signal,
  })
  const handle = await open(to, 'r+')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
  return counted.end()
}

async function hash(file: string, size: number, { signal, progress }: FileOptions): Promise<string> {
  const counted = createCounter(size, progress)
  await pipeline(createReadStream(file), counted.through, async bytes => {
    for await (const _ of bytes) signal?.throwIfAborted()
  })
  return counted.end().sha256
}

/** Passes bytes on, and knows at the end how many there were and what their checksum is. */
export function createCounter(size: number, progress: FileOptions['progress']) {
  const sha = createHash('sha256')
  let done = 0
  const through = new Transform({
    transform(bytes: Buffer, _, next) {
      sha.update(bytes)
      done += bytes.length
      progress?.(done, size)
      next(null, bytes)
    },
  })
  return { through, end: () => ({ sha256: sha.digest('hex'), size: done }) }
}
