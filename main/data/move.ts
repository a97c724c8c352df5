/**
 * Moving the library to another folder. Which folder is the library's stands in one place, `desktop.json`, and changes in one step: whatever
 * ends the program, before that step the old one is whole and in use, after it the new one. Everything here happens with the server stopped.
 */
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, type Stats } from 'node:fs'
import {
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  rmdir,
  stat,
  statfs,
  symlink,
  utimes,
} from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { currentOwner, mayLive, type Owner } from '../../shared/queue/owner.ts'
import type { PreferenceStore } from '../preferences.ts'
import { usualBackupFolder } from './backups.ts'
import type { DirectoryHold } from './hold-directory.ts'
import { isRemote, isSynced } from './places.ts'

export type MoveRefusal =
  | { refused: 'missing' | 'same' | 'inside' | 'around' | 'not-empty' | 'no-folder' | 'not-writable' | 'application' }
  | { refused: 'in-use'; processes: string }
  /** Bytes. */
  | { refused: 'no-room'; needed: number; free: number }

export interface MovePlan {
  from: string
  to: string
  way: 'rename' | 'copy'
  bytes: number
  files: number
  /** To be said before it is done. */
  warnings: readonly ('network' | 'synced')[]
}

/** What belongs to processes and not to the library; it is made anew. `server.lock` and its like may be opened by nobody else. */
const passing = ['running', 'scratch', 'server.json', 'server.lock', 'commands.lock']
/** Left free beside the copy: a full disk is no place for a database. */
const reserve = 256 * 1024 ** 2

/** `taken`: folders of the application itself, which the library cannot lie in and which must not be moved with it. */
export async function planMove({
  from: named,
  to: chosen,
  taken = [],
  home,
  platform = process.platform,
}: {
  from: string
  to: string
  taken?: readonly string[]
  /** Of the user, for what is known of clouds. */
  home: string
  platform?: NodeJS.Platform
}): Promise<MovePlan | MoveRefusal> {
  const from = await realpath(named).catch(() => undefined)
  if (from === undefined) return { refused: 'missing' }
  const to = await realOf(path.resolve(chosen))
  if (to === from) return { refused: 'same' }
  if (isWithin(to, from)) return { refused: 'inside' }
  if (isWithin(from, to)) return { refused: 'around' }
  const reserved = await Promise.all(taken.map(folder => realOf(folder)))
  if (reserved.some(folder => isWithin(to, folder) || isWithin(folder, from))) return { refused: 'application' }
  const found = await lstat(to).catch(() => undefined)
  if (found && !found.isDirectory()) return { refused: 'no-folder' }
  if (found && (await readdir(to)).some(name => !isOfTheSystem(name))) return { refused: 'not-empty' }
  const parent = found ? to : await nearest(to)
  if (!(await isWritable(parent))) return { refused: 'not-writable' }
  const processes = await usersOf(from)
  if (processes !== '') return { refused: 'in-use', processes }
  const warnings = [
    ...((await isRemote(parent, platform)) ? (['network'] as const) : []),
    ...((await isSynced(to, { home, platform })) ? (['synced'] as const) : []),
  ]
  const { bytes, files } = await measure(from)
  const way = (await lstat(from)).dev === (await lstat(parent)).dev ? 'rename' : 'copy'
  if (way === 'copy') {
    const { bavail, bsize } = await statfs(parent)
    const free = bavail * bsize
    if (free < bytes + reserve) return { refused: 'no-room', needed: bytes + reserve, free }
  }
  return { from, to, way, bytes, files, warnings }
}

export interface MoveProgress {
  /** Each is written and read again; it counts a half for each. */
  bytes: number
  files: number
}

/**
 * Does what was planned. Gives the folder that the library is in from now on. Rejects with the system's errors, and with those of the
 * signal or of `hold`; then everything is as it was, and what was copied is taken away again.
 */
export async function moveData(
  plan: Pick<MovePlan, 'from' | 'to' | 'way'>,
  {
    preferences,
    hold,
    signal: cancel,
    progress,
    platform = process.platform,
  }: {
    preferences: PreferenceStore
    /** Keeps everybody else from the old folder. */
    hold(): Promise<DirectoryHold>
    signal?: AbortSignal
    progress?: (now: MoveProgress) => void
    platform?: NodeJS.Platform
  },
): Promise<string> {
  const { from, to } = plan
  let { way } = plan
  const since = Date.now()
  const made = (await lstat(to).catch(() => undefined)) === undefined
  const backup = preferences.get().backup
  // Those made so far stay where they are, and are where the next ones go.
  const kept = { backup: { ...backup, folder: backup.folder ?? usualBackupFolder(from) } }
  let held: DirectoryHold | undefined = await hold()
  try {
    await preferences.change({ move: { from, to, way, made } })
    if (way === 'rename') {
      // Windows renames no folder in which somebody has a file open. That nobody else has is known now.
      if (platform === 'win32') {
        await held.release()
        held = undefined
      }
      await mkdir(path.dirname(to), { recursive: true, mode: 0o700 })
      // Windows gives no folder the name of another, however empty that is.
      if (!made) await clear(to)
      await rename(from, to).catch(async (error: NodeJS.ErrnoException) => {
        // One disk, but two of its parts (a mount of a folder, a quota): the long way.
        if (error.code !== 'EXDEV') throw error
        way = 'copy'
        await preferences.change({ move: { from, to, way, made: true } })
      })
    }
    if (way === 'rename') await preferences.change({ ...kept, move: null, dataDirectory: to, previous: null })
    else {
      held ??= await hold()
      const signal = AbortSignal.any([held.lost, ...(cancel ? [cancel] : [])])
      const copied = { bytes: 0, files: 0 }
      await copyFolder(from, to, signal, (bytes, files) => {
        copied.bytes += bytes
        copied.files += files
        progress?.({ ...copied })
      })
      signal.throwIfAborted()
      await preferences.change({ ...kept, move: null, dataDirectory: to, previous: { folder: from, since } })
    }
    return to
  } catch (error) {
    await recoverMove(preferences)
    throw error
  } finally {
    await held?.release()
  }
}

/** `waiting`: a drive is not there, without which it cannot be told. */
export type Recovered = 'nothing' | 'moved' | 'undone' | 'waiting'

/** Before each start: finishes or takes back what a move left that was ended. */
export async function recoverMove(preferences: PreferenceStore): Promise<Recovered> {
  const { move, backup } = preferences.get()
  if (!move) return 'nothing'
  const { from, to, way, made } = move
  if (way === 'rename' && !(await isFolder(from)) && (await isFolder(to))) {
    const folder = backup.folder ?? usualBackupFolder(from)
    await preferences.change({ move: null, dataDirectory: to, previous: null, backup: { ...backup, folder } })
    return 'moved'
  }
  if (!(await isFolder(from))) return 'waiting'
  // Only what is the old one's, too: nobody knows who put the rest there.
  if (way === 'copy' && (await isFolder(to))) await takeBack(from, to, made)
  await preferences.change({ move: null })
  return 'undone'
}

/** Whether the library was moved to a place that is not there now: a drive that is not connected. Nobody must make another one there. */
export async function isAway(preferences: PreferenceStore): Promise<boolean> {
  const { dataDirectory } = preferences.get()
  return dataDirectory !== null && !(await isFolder(dataDirectory))
}

/**
 * After the first good start from the new folder: the old one goes, which was copied whole. What came there or changed since copying
 * began is left, and where somebody has worked with it as a library, all of it. Gives what is left.
 */
export async function removePrevious(preferences: PreferenceStore): Promise<string[]> {
  const { previous, dataDirectory } = preferences.get()
  if (!previous) return []
  const { folder, since } = previous
  // Never the one in use, whatever the file says.
  const isOther = dataDirectory !== null && !isWithin(dataDirectory, folder) && !isWithin(folder, dataDirectory)
  const database = await lstat(path.join(folder, 'cloister.db')).catch(() => undefined)
  const isUsed = (database !== undefined && lastOf(database) > since) || (await usersOf(folder)) !== ''
  let left: string[] = []
  if (isOther && isUsed) left = [folder]
  else if (isOther) {
    for (const name of passing) await rm(path.join(folder, name), { recursive: true, force: true })
    left = await removeOlder(folder, since)
  }
  await preferences.change({ previous: null })
  return left
}

/** A file at a time, each read again from where it was written. */
async function copyFolder(
  from: string,
  to: string,
  signal: AbortSignal,
  done: (bytes: number, files: number) => void,
  top = true,
): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o700 })
  for (const entry of await readdir(from, { withFileTypes: true })) {
    signal.throwIfAborted()
    if (top && passing.includes(entry.name)) continue
    const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)]
    if (entry.isDirectory()) await copyFolder(source, target, signal, done, false)
    // What a link leads to is not in the folder, and stays where it is.
    else if (entry.isSymbolicLink()) await symlink(path.resolve(from, await readlink(source)), target)
    else if (entry.isFile()) {
      await copyFileWhole(source, target, signal, bytes => done(bytes / 2, 0))
      done(0, 1)
    }
  }
  await syncFolder(to)
}

/** `passed`: bytes that were written, and bytes that were read again. */
async function copyFileWhole(
  source: string,
  target: string,
  signal: AbortSignal,
  passed: (bytes: number) => void,
): Promise<void> {
  const before = await lstat(source)
  const hash = createHash('sha256')
  const reading = createReadStream(source, { highWaterMark: 1024 * 1024 })
  reading.on('data', chunk => {
    hash.update(chunk)
    passed(chunk.length)
  })
  await pipeline(reading, createWriteStream(target, { flags: 'wx', mode: before.mode & 0o777, flush: true }), {
    signal,
  })
  const copied = createHash('sha256')
  for await (const chunk of createReadStream(target, { highWaterMark: 1024 * 1024, signal })) {
    copied.update(chunk as Buffer)
    passed((chunk as Buffer).length)
  }
  if (!copied.digest().equals(hash.digest())) throw new Error(`${target} is not what was written`)
  const after = await lstat(source)
  if (after.size !== before.size || after.mtimeMs !== before.mtimeMs)
    throw new Error(`${source} was changed while it was copied`)
  await utimes(target, before.atime, before.mtime)
}

/** The names of files in a folder are on the disk, too. Windows opens no folders. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined)
  try {
    await handle?.sync().catch(() => {})
  } finally {
    await handle?.close()
  }
}

/** What the old folder has as well, and folders that are empty then. */
async function takeBack(from: string, to: string, made: boolean): Promise<void> {
  for (const entry of await readdir(to, { withFileTypes: true })) {
    const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)]
    const original = await lstat(source).catch(() => undefined)
    if (!original) continue
    if (entry.isDirectory() && original.isDirectory()) await takeBack(source, target, true)
    else if (!entry.isDirectory()) await rm(target, { force: true })
  }
  if (made) await rmdir(to).catch(() => {})
}

/** Files that have not changed since then, and folders that are empty then. Gives the paths of the rest. */
async function removeOlder(folder: string, since: number): Promise<string[]> {
  const left: string[] = []
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const file = path.join(folder, entry.name)
    if (entry.isDirectory()) left.push(...(await removeOlder(file, since)))
    else if (lastOf(await lstat(file)) <= since) await rm(file, { force: true })
    else left.push(file)
  }
  await rmdir(folder).catch(() => {})
  return left
}

/** A file that was put there later may bring an older time of its own; when it came the system knows. */
const lastOf = ({ mtimeMs, ctimeMs }: Stats) => Math.max(mtimeMs, ctimeMs)

/** Only what systems put into empty folders. */
async function clear(folder: string): Promise<void> {
  for (const name of await readdir(folder)) if (isOfTheSystem(name)) await rm(path.join(folder, name), { force: true })
  await rmdir(folder)
}

const isOfTheSystem = (name: string) => /^(?:\.DS_Store|desktop\.ini|Thumbs\.db|\.localized)$/i.test(name)

async function measure(folder: string): Promise<{ bytes: number; files: number }> {
  const sum = { bytes: 0, files: 0 }
  const walk = async (at: string, top: boolean): Promise<void> => {
    for (const entry of await readdir(at, { withFileTypes: true })) {
      if (top && passing.includes(entry.name)) continue
      const file = path.join(at, entry.name)
      if (entry.isDirectory()) await walk(file, false)
      else if (entry.isFile()) {
        sum.bytes += (await lstat(file)).size
        sum.files += 1
      }
    }
  }
  await walk(folder, true)
  return sum
}

/** Numbers of processes that are at work on the library, as they say themselves; empty: none. */
async function usersOf(folder: string): Promise<string> {
  const here = currentOwner()
  const marks = path.join(folder, 'running')
  const found: number[] = []
  for (const name of await readdir(marks).catch(() => [])) {
    try {
      const owner = JSON.parse(await readFile(path.join(marks, name), 'utf8')) as Owner
      if (mayLive(owner, here)) found.push(owner.pid)
    } catch {
      // Half a mark, or none any more.
    }
  }
  return found.sort((a, b) => a - b).join(', ')
}

/** Of a path whose end may not be there yet. */
async function realOf(file: string): Promise<string> {
  const found = await realpath(file).catch(() => undefined)
  if (found !== undefined) return found
  const parent = path.dirname(file)
  return parent === file ? file : path.join(await realOf(parent), path.basename(file))
}

/** Also by a link: users put the library elsewhere like that. */
const isFolder = (folder: string) =>
  stat(folder).then(
    found => found.isDirectory(),
    () => false,
  )

/** The folder nearest above that there is. */
async function nearest(file: string): Promise<string> {
  const parent = path.dirname(file)
  const found: Stats | undefined = await lstat(parent).catch(() => undefined)
  return found || parent === file ? parent : nearest(parent)
}

async function isWritable(folder: string): Promise<boolean> {
  // What the rights say and what may be done are two things on Windows, and on drives of others.
  const probe = path.join(folder, `.cloister-probe-${process.pid}`)
  try {
    await (await open(probe, 'wx')).close()
    await rm(probe)
    return true
  } catch {
    return false
  }
}

/** The folder itself counts. */
function isWithin(file: string, folder: string): boolean {
  const way = path.relative(folder, file)
  return way === '' || (!path.isAbsolute(way) && way.split(path.sep)[0] !== '..')
}
