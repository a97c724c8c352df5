/** What is asked of a folder before a library is moved to it. */
import type { Stats } from 'node:fs'
import { lstat, open, readdir, realpath, rm, statfs } from 'node:fs/promises'
import path from 'node:path'
import { usersOf } from '../../shared/queue/owner.ts'
import { isOfTheSystem, isWithin, passing } from './library-folder.ts'
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

/** Left free beside the copy: a full disk is no place for a database. */
const reserve = 256 * 1024 ** 2

/**
 * Changes nothing, and may be asked while the server runs. `taken`: folders of the application itself, which the library cannot lie in and
 * which must not be moved with it.
 */
export async function planMove({
  from: named,
  to: chosen,
  taken = [],
  own,
  home,
  platform = process.platform,
}: {
  from: string
  to: string
  taken?: readonly string[]
  /** The application's own process at work on the library, which ends before it is moved. */
  own?: number | undefined
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
  const inside = found ? await readdir(to).catch(() => undefined) : []
  if (!inside) return { refused: 'not-writable' }
  if (inside.some(name => !isOfTheSystem(name))) return { refused: 'not-empty' }
  const parent = found ? to : await nearest(to)
  if (!(await isWritable(parent))) return { refused: 'not-writable' }
  const processes = await usersOf(from, own)
  if (processes !== '') return { refused: 'in-use', processes }
  const warnings = [
    ...((await isRemote(parent, platform)) ? (['network'] as const) : []),
    ...((await isSynced(to, { home, platform })) ? (['synced'] as const) : []),
  ]
  const { bytes, files } = await measure(from)
  const way = (await lstat(from)).dev === (await lstat(parent)).dev ? 'rename' : 'copy'
  if (way === 'copy') {
    // Where nobody says how much there is, copying finds out.
    const free = await statfs(parent).then(
      ({ bavail, bsize }) => bavail * bsize,
      () => Number.POSITIVE_INFINITY,
    )
    if (free < bytes + reserve) return { refused: 'no-room', needed: bytes + reserve, free }
  }
  return { from, to, way, bytes, files, warnings }
}

/** What cannot be looked at counts nothing: it may have gone meanwhile, and if not, moving it says so. */
async function measure(folder: string): Promise<{ bytes: number; files: number }> {
  const sum = { bytes: 0, files: 0 }
  const walk = async (at: string, top: boolean): Promise<void> => {
    for (const entry of await readdir(at, { withFileTypes: true }).catch(() => [])) {
      if (top && passing.includes(entry.name)) continue
      const file = path.join(at, entry.name)
      if (entry.isDirectory()) await walk(file, false)
      else if (entry.isFile()) {
        sum.bytes += (await lstat(file).catch(() => undefined))?.size ?? 0
        sum.files += 1
      }
    }
  }
  await walk(folder, true)
  return sum
}

/** Of a path whose end may not be there yet. */
async function realOf(file: string): Promise<string> {
  const found = await realpath(file).catch(() => undefined)
  if (found !== undefined) return found
  const parent = path.dirname(file)
  return parent === file ? file : path.join(await realOf(parent), path.basename(file))
}

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
