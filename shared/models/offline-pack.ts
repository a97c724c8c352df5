/**
 * What a machine without a network needs, in one folder: installers, models as a pack of their own (`pack.ts`), data for the recognition of
 * text, and `SHA256SUMS` over all of it, as `sha256sum -c` reads it.
 */
import { createReadStream } from 'node:fs'
import { lstat, open, readdir, readFile, rename } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../errors.ts'
import { createCounter } from './files.ts'
import { checksumsName, manifestName } from './pack-manifest.ts'

export const modelsFolder = 'models'
/** Bytes; a thousand files have some 100 kB. */
const longest = 1024 * 1024

export interface OfflineOptions {
  signal?: AbortSignal
  /** Bytes of this file. */
  progress?: (name: string, done: number, all: number) => void
}

/** The models in it; undefined where the folder is no such pack. */
export async function modelsOfOfflinePack(folder: string): Promise<string | undefined> {
  const models = path.join(folder, modelsFolder)
  const there = await Promise.all(
    [path.join(folder, checksumsName), path.join(models, manifestName)].map(file => lstat(file).catch(() => undefined)),
  )
  return there.every(found => found?.isFile()) ? models : undefined
}

/**
 * Reads every file of the pack. Returns their names, with `/`. Throws `pack-invalid` for a list of checksums that cannot be read,
 * `pack-damaged` with the name of the first file that is missing, a link, or other than it was, `cancelled`.
 */
export async function verifyOfflinePack(folder: string, options: OfflineOptions = {}): Promise<string[]> {
  const sums = await readSums(folder)
  for (const { name, sha256 } of sums) {
    if ((await sumOf(folder, name, options)) !== sha256) throw new AppError('pack-damaged', { name, context: 'file' })
  }
  return sums.map(({ name }) => name)
}

/** Over all files that lie there now. On the disk when this returns: sticks are pulled out. */
export async function writeSums(folder: string, options: OfflineOptions = {}): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const names = entries
    .filter(entry => entry.isFile())
    .map(entry => path.relative(folder, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, '/'))
    .filter(name => name !== checksumsName)
    .sort()
  const lines: string[] = []
  for (const name of names) lines.push(`${await sumOf(folder, name, options)}  ${name}\n`)
  const file = path.join(folder, checksumsName)
  const handle = await open(`${file}.part`, 'w')
  try {
    await handle.writeFile(lines.join(''))
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(`${file}.part`, file)
  return names
}

async function readSums(folder: string): Promise<{ name: string; sha256: string }[]> {
  const file = path.join(folder, checksumsName)
  const invalid = (cause?: unknown) => new AppError('pack-invalid', { folder, context: 'manifest' }, { cause })
  const found = await lstat(file).catch(cause => {
    throw new AppError('pack-invalid', { folder }, { cause })
  })
  if (!found.isFile() || found.size > longest) throw invalid()
  const lines = (await readFile(file, 'utf8')).split('\n').filter(line => line !== '')
  return lines.map(line => {
    const [, sha256, name] = line.match(/^([\da-f]{64}) [ *](.+)$/) ?? []
    if (sha256 === undefined || name === undefined || !isWithin(name)) throw invalid()
    return { sha256, name }
  })
}

/** A path that stays in the folder, on every system. */
function isWithin(name: string): boolean {
  return name.split('/').every(part => part !== '' && part !== '.' && part !== '..' && !/[\\:\0]/.test(part))
}

async function sumOf(folder: string, name: string, { signal, progress }: OfflineOptions): Promise<string> {
  const file = path.join(folder, ...name.split('/'))
  const found = await lstat(file).catch(cause => {
    throw new AppError('pack-damaged', { name, context: 'file' }, { cause })
  })
  if (!found.isFile()) throw new AppError('pack-damaged', { name, context: 'file' })
  const counted = createCounter(found.size, progress && ((done, all) => progress(name, done, all)))
  try {
    for await (const _ of createReadStream(file).pipe(counted.through)) signal?.throwIfAborted()
  } catch (error) {
    signal?.throwIfAborted()
    throw new AppError('file-unreadable', { file }, { cause: error })
  }
  return counted.end().sha256
}
