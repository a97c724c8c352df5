/** What the user named on the command line, as files. */
import type { Stats } from 'node:fs'
import { lstat, readdir, realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import type { NewFile } from '../shared/core.ts'
import { AppError } from '../shared/errors.ts'
import { fileError, readFileBytes } from '../shared/watch/read-file.ts'

/** A file to add, or what stands in its way. `file` is the path relative to the folder that was named, else the name. */
export type FoundFile = { file: string; found: NewFile } | { file: string; problem: AppError; skipped: boolean }

export interface FindOptions {
  /** Relative paths are relative to this. */
  from: string
  /** Never taken up: our own data. */
  except: string
  /** Bytes. */
  limit: number
  signal: AbortSignal
}

const separator = Buffer.from(path.sep)

/**
 * All files of these paths, folders recursively, sorted by name. In folders, hidden entries and links are left out with
 * their reason; what was named itself is taken whatever it is called. Names are bytes on Linux, so paths are kept as such.
 */
export async function* findFiles(paths: readonly string[], options: FindOptions): AsyncGenerator<FoundFile> {
  const except = await realpath(options.except).catch(() => options.except)
  for (const named of paths) {
    options.signal.throwIfAborted()
    const full = path.resolve(options.from, named)
    const name = path.basename(full)
    let place: string
    let entry: Stats
    try {
      place = await realpath(full)
      entry = await stat(place)
    } catch (error) {
      yield { file: named, problem: fileError(named, error), skipped: false }
      continue
    }
    if (entry.isDirectory()) yield* walk(Buffer.from(place), '', { ...options, except })
    else if (entry.isFile())
      yield { file: name.normalize('NFC'), found: newFile(Buffer.from(place), name, name, options) }
    else yield { file: name, problem: new AppError('unsupported-type', { name }), skipped: false }
  }
}

async function* walk(folder: Buffer, prefix: string, options: FindOptions): AsyncGenerator<FoundFile> {
  options.signal.throwIfAborted()
  const shown = prefix === '' ? path.basename(folder.toString()) : prefix.slice(0, -1)
  if (folder.equals(Buffer.from(options.except))) {
    yield { file: shown, problem: new AppError('own-data'), skipped: true }
    return
  }
  let names: Buffer[]
  try {
    names = await readdir(folder, { encoding: 'buffer' })
  } catch (error) {
    yield { file: shown, problem: fileError(shown, error), skipped: false }
    return
  }
  for (const bytes of names.sort(Buffer.compare)) {
    const name = bytes.toString().normalize('NFC')
    const file = prefix + name
    const full = Buffer.concat([folder, separator, bytes])
    const entry = await lstat(full).catch((error: unknown) => fileError(file, error))
    if (entry instanceof AppError) yield { file, problem: entry, skipped: false }
    else if (name.startsWith('.')) yield { file, problem: new AppError('hidden-file'), skipped: true }
    else if (entry.isSymbolicLink()) yield { file, problem: new AppError('symbolic-link'), skipped: true }
    else if (entry.isDirectory()) yield* walk(full, `${file}/`, options)
    else if (entry.isFile()) yield { file, found: newFile(full, name, file, options) }
    else yield { file, problem: new AppError('unsupported-type', { name }), skipped: true }
  }
}

function newFile(place: Buffer, name: string, file: string, { limit }: FindOptions): NewFile {
  return { name, path: file, limit, open: () => readFileBytes(place, file) }
}
