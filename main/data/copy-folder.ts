/** The files of a library from one folder to another, and away again, one after the other. */
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, type Stats } from 'node:fs'
import { lstat, mkdir, readdir, readlink, rm, rmdir, symlink, utimes } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { syncFolder } from '../../shared/files/sync-folder.ts'
import { passing } from './library-folder.ts'

/** A file at a time, each read again from where it was written. */
export async function copyFolder(
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

/** What the old folder has as well, and folders that are empty then. Gives whether all of that is gone: a drive may let nothing be changed now. */
export async function takeBack(from: string, to: string, made: boolean): Promise<boolean> {
  const entries = await readdir(to, { withFileTypes: true }).catch(() => undefined)
  let gone = entries !== undefined
  for (const entry of entries ?? []) {
    const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)]
    const original = await lstat(source).catch(() => undefined)
    if (!original) continue
    if (entry.isDirectory() && original.isDirectory()) gone = (await takeBack(source, target, true)) && gone
    else if (!entry.isDirectory())
      gone =
        (await rm(target, { force: true }).then(
          () => true,
          () => false,
        )) && gone
  }
  if (made) await rmdir(to).catch(() => {})
  return gone
}

/** Files that have not changed since then, and folders that are empty then, but not `kept`. Gives the paths of the rest. */
export async function removeOlder(folder: string, since: number, kept: string): Promise<string[]> {
  const [old, left, folders]: [{ file: string; node: number }[], string[], string[]] = [[], [], []]
  async function look(at: string): Promise<void> {
    for (const entry of await readdir(at, { withFileTypes: true }).catch(() => [])) {
      const file = path.join(at, entry.name)
      if (file === kept) continue
      if (entry.isDirectory()) await look(file)
      else {
        const found = await lstat(file)
        if (lastOf(found) <= since) old.push({ file, node: found.ino })
        else left.push(file)
      }
    }
    folders.push(at)
  }
  // Documents that a restore has set aside are second names of the same bytes, which change when one of them goes: all are looked at before,
  // and go one behind the other, so that whoever is ended in between leaves at most one of them.
  await look(folder)
  let gone: number | undefined
  for (const { file, node } of old.sort((a, b) => a.node - b.node)) {
    // On a slow drive that look may be minutes old, and nothing holds the folder.
    const now = await lstat(file).catch(() => undefined)
    if (!now) continue
    const isNew = now.ino !== node || now.mtimeMs > since || (now.ctimeMs > since && node !== gone)
    if (isNew) left.push(file)
    else await rm(file, { force: true })
    gone = isNew ? undefined : node
  }
  for (const one of folders) await rmdir(one).catch(() => {})
  return left
}

/** A file that was put there later may bring an older time of its own; when it came the system knows. */
export const lastOf = ({ mtimeMs, ctimeMs }: Stats) => Math.max(mtimeMs, ctimeMs)
