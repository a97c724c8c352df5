/**
 * Looks at a folder, in the thread that has nothing else to do: calls of the system that wait hold up nobody there, while those of
 * promises share the few threads that the whole process reads its files with, and a network drive that hangs would take them all.
 */
import { lstatSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { AppError } from '../errors.ts'
import type { FolderEntry } from '../model/index.ts'
import { compareBytes } from '../model/path-order.ts'
import { folderError } from './find.ts'
import type { Rules } from './rules.ts'

/** Bytes of a path below the folder: an index of a database takes no longer one. */
const longestPath = 2000

export interface ScanOptions {
  rules: Rules
  /** Paths that are looked at, with what is below; everything, without. */
  at?: readonly string[] | undefined
  /** Whole folders that are left out. */
  except: readonly string[]
}

/** Throws for the folder itself; what is wrong below it is an entry. */
export function* scanFolder(root: string, { rules, at, except }: ScanOptions): Generator<FolderEntry> {
  const device = deviceOf(root)
  const excepted = new Set(except)
  if (!at || at.includes('')) {
    yield* walk(root, '', rules, excepted)
    return
  }
  let above: string | undefined
  for (const wanted of [...at].sort((one, other) => compareBytes(`${one}/`, `${other}/`))) {
    if (above !== undefined && (wanted === above || wanted.startsWith(`${above}/`))) continue
    above = wanted
    yield* look(root, wanted, device, rules, excepted)
  }
}

function deviceOf(root: string): string {
  try {
    const found = lstatSync(root, { bigint: true })
    if (!found.isDirectory()) throw new AppError('folder-no-folder', { folder: root })
    return String(found.dev)
  } catch (error) {
    throw folderError(root, error)
  }
}

/** One path, whose folders are looked at from the outermost on. */
function* look(
  root: string,
  wanted: string,
  rootDevice: string,
  rules: Rules,
  excepted: ReadonlySet<string>,
): Generator<FolderEntry> {
  const parts = wanted.split('/')
  let device = rootDevice
  for (let depth = 1; depth <= parts.length; depth++) {
    const file = parts.slice(0, depth).join('/')
    const last = depth === parts.length
    const found = statOf(root, file)
    if (found instanceof AppError)
      return yield { type: 'problem', path: wanted, reason: { code: found.code, values: found.values } }
    const isFolder = found?.isDirectory() ?? false
    const isFile = found?.isFile() ?? false
    // What is gone was a folder as long as there was something below.
    const leftOut = rules(file, found ? isFolder : !last) || excepted.has(path.join(root, file))
    if (!found || (last ? !isFolder && !isFile : !isFolder) || leftOut)
      return yield { type: 'absent', path: wanted, device, leftOut }
    if (last && isFile) return yield entryOf(file, found)
    device = String(found.dev)
  }
  // As a file it is not there.
  yield { type: 'absent', path: wanted, device, leftOut: false }
  yield* walk(root, wanted, rules, excepted)
}

interface Place {
  /** `folder/` for a folder: so they stand in the order of all paths. */
  key: string
  isFolder: boolean
}

function* walk(root: string, start: string, rules: Rules, excepted: ReadonlySet<string>): Generator<FolderEntry> {
  const open: Place[][] = [placesIn(root, start, rules, excepted)]
  for (let places = open.at(-1); places; places = open.at(-1)) {
    const next = places.pop()
    if (!next) {
      open.pop()
      continue
    }
    if (next.isFolder) {
      const folder = next.key.slice(0, -1)
      try {
        open.push(placesIn(root, folder, rules, excepted))
      } catch (error) {
        const code = codeOf(error)
        if (code !== 'ENOENT' && code !== 'ENOTDIR') yield unreadable(folder)
      }
      continue
    }
    if (Buffer.byteLength(next.key) > longestPath) {
      yield { type: 'problem', path: next.key.slice(0, longestPath), reason: { code: 'path-too-long' } }
      continue
    }
    const found = statOf(root, next.key)
    if (found instanceof AppError) yield unreadable(next.key)
    else if (found?.isFile()) yield entryOf(next.key, found)
    // A name that is no UTF-8 comes with another sign in it, and nothing is found by that.
    else if (!found && next.key.includes('\uFFFD')) yield unreadable(next.key)
  }
}

/** What is in a folder, the first one last. Throws what the system says. */
function placesIn(root: string, folder: string, rules: Rules, excepted: ReadonlySet<string>): Place[] {
  const places: Place[] = []
  let entries: ReturnType<typeof read>
  try {
    entries = read(path.join(root, folder))
  } catch (error) {
    throw folder === '' ? folderError(root, error) : error
  }
  for (const entry of entries) {
    const isFolder = entry.isDirectory()
    if (!isFolder && !entry.isFile()) continue
    const file = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (rules(file, isFolder) || (isFolder && excepted.has(path.join(root, file)))) continue
    places.push({ key: isFolder ? `${file}/` : file, isFolder })
  }
  return places.sort((one, other) => compareBytes(other.key, one.key))
}

const read = (folder: string) => readdirSync(folder, { withFileTypes: true })

/** Undefined where there is nothing. */
function statOf(root: string, file: string) {
  try {
    return lstatSync(path.join(root, file), { bigint: true, throwIfNoEntry: false })
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOTDIR' || code === 'ENAMETOOLONG' || code === 'ERR_INVALID_ARG_VALUE') return undefined
    return new AppError('file-unreadable', { file }, { cause: error })
  }
}

function entryOf(file: string, found: NonNullable<Exclude<ReturnType<typeof statOf>, AppError>>): FolderEntry {
  return {
    type: 'file',
    path: file,
    size: Number(found.size),
    modifiedAt: Number(found.mtimeNs / 1000n),
    device: String(found.dev),
    inode: String(found.ino),
  }
}

function unreadable(file: string): FolderEntry {
  return { type: 'problem', path: file, reason: { code: 'file-unreadable', values: { file } } }
}

const codeOf = (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : '')
