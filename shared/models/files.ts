import { createHash, randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, open, readdir, readFile, rename, rm, stat, statfs, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { AppError, toAppError } from '../errors.ts'

/** The folder `<data>/models`: weights as files, their checksums beside them. */
export interface ModelFiles {
  /**
   * Copies a file in; it is checked first, and is there whole or not at all. Throws `file-missing`, `file-unreadable`,
   * `model-exists`, `disk-full`, `cancelled`, and what the check throws.
   */
  add(file: string, options?: FileOptions): Promise<{ name: string; size: number; sha256: string }>
  /**
   * Reads the whole file. `changed` when its bytes are not those of the checksum; `pinned` when it had none (somebody put
   * the file here by hand), and has one from now on. Throws `model-not-found`, and what the check throws.
   */
  verify(
    name: string,
    options?: FileOptions,
  ): Promise<{ name: string; sha256: string; state: 'sound' | 'pinned' | 'changed' }>
  /** Throws `model-not-found`. */
  remove(name: string): Promise<void>
}

export interface FileOptions {
  signal?: AbortSignal
  /** Bytes. */
  progress?: (done: number, all: number) => void
}

type Checksums = Record<string, { size: number; sha256: string }>

const ending = '.gguf'
const checksumFile = 'checksums.json'
/** Left free on the disk beside the copy, in bytes: the database goes on growing. */
const reserve = 256 * 1024 * 1024

export function createModelFiles({
  folder,
  check,
}: {
  folder: string
  /** Throws when llama.cpp could not use the file, or must not see it. */
  check(file: string): Promise<unknown>
}): ModelFiles {
  const checksumsAt = path.join(folder, checksumFile)

  async function readChecksums(): Promise<Checksums> {
    try {
      return JSON.parse(await readFile(checksumsAt, 'utf8')) as Checksums
    } catch {
      // None yet, or broken: every file is pinned anew at its next check.
      return {}
    }
  }

  async function writeChecksum(name: string, entry: Checksums[string] | undefined): Promise<void> {
    const { [name]: _, ...others } = await readChecksums()
    const partial = `${checksumsAt}.${randomUUID()}.part`
    await writeFile(partial, `${JSON.stringify(entry ? { ...others, [name]: entry } : others, null, 2)}\n`, {
      mode: 0o600,
    })
    await rename(partial, checksumsAt)
  }

  /** The name as it stands in the folder, with or without its ending. */
  async function find(name: string): Promise<string> {
    const names = await readdir(folder).catch(() => [] as string[])
    const found = names.find(known => known.endsWith(ending) && (known === name || known === name + ending))
    if (!found) throw new AppError('model-not-found', { name })
    return found
  }

  return {
    async add(file, { signal, progress } = {}) {
      const name = path.basename(file).endsWith(ending) ? path.basename(file) : path.basename(file) + ending
      const { size } = await statOf(file)
      await check(file)
      await mkdir(folder, { recursive: true, mode: 0o700 })
      await sweepParts(folder)
      const target = path.join(folder, name)
      const taken = () =>
        stat(target).then(
          () => true,
          () => false,
        )
      if (await taken()) throw new AppError('model-exists', { name })
      const { bavail, bsize } = await statfs(folder)
      if (bavail * bsize < size + reserve) throw new AppError('disk-full')
      const partial = path.join(folder, `${name}.${process.pid}.part`)
      try {
        const { sha256, size: read } = await copy(file, partial, size, {
          ...(signal && { signal }),
          ...(progress && { progress }),
        })
        if (read !== size) throw new AppError('file-changed')
        if (await taken()) throw new AppError('model-exists', { name })
        // What is checked is what is kept, should the file have changed since the first look.
        await check(partial)
        // The checksum first: a file without one looks as if somebody had put it there by hand.
        await writeChecksum(name, { size, sha256 })
        await rename(partial, target)
        return { name, size, sha256 }
      } catch (error) {
        await rm(partial, { force: true })
        throw toAppError(error)
      }
    },
    async verify(given, options = {}) {
      const name = await find(given)
      const file = path.join(folder, name)
      const { size } = await statOf(file)
      const known = (await readChecksums())[name]
      const sha256 = await hash(file, size, options)
      if (known && (known.sha256 !== sha256 || known.size !== size)) return { name, sha256, state: 'changed' }
      await check(file)
      if (!known) await writeChecksum(name, { size, sha256 })
      return { name, sha256, state: known ? 'sound' : 'pinned' }
    },
    async remove(given) {
      const name = await find(given)
      await rm(path.join(folder, name))
      await writeChecksum(name, undefined)
    },
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
    const owner = /\.(\d+)\.part$/.exec(name)?.[1]
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
async function copy(from: string, to: string, size: number, options: FileOptions) {
  const counted = createCounter(size, options.progress)
  await pipeline(createReadStream(from), counted.through, createWriteStream(to, { mode: 0o600 }), {
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

function createCounter(size: number, progress: FileOptions['progress']) {
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
