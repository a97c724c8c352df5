/**
 * Files that the system hands over: dropped on the icon, “open with”, chosen in the menu. The page hears their names and asks for each to be added,
 * by an id that opens the file which was handed over and no other; their bytes never come to it.
 */
import { randomUUID } from 'node:crypto'
import type { BigIntStats } from 'node:fs'
import { constants, type FileHandle, open, opendir, stat } from 'node:fs/promises'
import path from 'node:path'
import type { HandedFile } from '../../shared/api/desktop.ts'
import { AppError } from '../../shared/errors.ts'
import type { Log } from '../../shared/ports.ts'
import { mostHanded } from '../native/handed-files.ts'

export interface HandedFiles {
  /**
   * Of a folder all that lies in it, but for what is hidden; links in it are not followed. `found`: there are some to be taken. What comes of
   * it is to be said.
   */
  offer(paths: readonly string[], found: () => void): Promise<Offered>
  /** A handful that no page has taken; none: that was all. */
  take(): HandedFile[]
  /** The page that took them is gone: the next one takes what was not tried. */
  again(): void
  /** What was taken and is not added is not wanted any more. `all`: nor is what is still being found. */
  leave(all: boolean): void
  /** Until it is added, as often as it takes. Throws `file-missing`, `file-unreadable`, `file-changed`. */
  open(id: string): Promise<OpenedFile>
}

export interface Offered {
  /** There were more than are taken. */
  more: boolean
  /** What could not be looked at, by its name. */
  unread: readonly string[]
}

export interface OpenedFile {
  name: string
  size: number
  /** Once. Throws `file-unreadable`, and `file-changed` at its end: whoever got that far must not take it for the file. */
  bytes(): AsyncGenerator<Uint8Array>
  close(): Promise<void>
  /** `added`: nobody opens it any more. `refused`: no other page is offered it. */
  settle(how: 'added' | 'refused'): void
}

const handful = 1000
const longestName = 4096
const piece = 256 * 1024

interface Entry extends HandedFile {
  file: string
  seen: BigIntStats
  state: 'waiting' | 'taken' | 'refused'
}

export function createHandedFiles({ log, most = mostHanded }: { log: Log; most?: number }): HandedFiles {
  const entries = new Map<string, Entry>()
  /** How often all was left. */
  let left = 0

  async function offer(paths: readonly string[], found: () => void): Promise<Offered> {
    const unread: string[] = []
    const begun = left
    let fresh = 0
    let more = false
    for await (const { file, name } of filesOfAll(paths, unread)) {
      const seen = await stat(file, { bigint: true }).catch(() => undefined)
      if (left !== begun) return { more: false, unread }
      if (!seen?.isFile() || name.length > longestName) {
        unread.push(name)
        continue
      }
      more = fresh === most
      if (more) break
      const id = randomUUID()
      entries.set(id, { id, name, size: Number(seen.size), file, seen, state: 'waiting' })
      fresh += 1
      if (fresh % handful === 0) found()
    }
    if (fresh % handful > 0) found()
    return { more, unread }
  }

  async function* filesOfAll(paths: readonly string[], unread: string[]): ReturnType<typeof filesOf> {
    for (const given of paths) yield* filesOf(given, unread)
  }

  async function* filesOf(given: string, unread: string[]): AsyncGenerator<{ file: string; name: string }> {
    const found = await stat(given).catch(() => undefined)
    const name = path.basename(given)
    if (found?.isDirectory()) yield* filesIn(given, name, unread)
    else yield { file: given, name }
  }

  async function* filesIn(folder: string, prefix: string, unread: string[]): ReturnType<typeof filesOf> {
    try {
      for await (const entry of await opendir(folder)) {
        if (entry.name.startsWith('.')) continue
        const file = path.join(folder, entry.name)
        const name = `${prefix}/${entry.name}`
        if (entry.isDirectory()) yield* filesIn(file, name, unread)
        else if (entry.isFile()) yield { file, name }
      }
    } catch (error) {
      log.warn('a folder that was handed over cannot be read', { error })
      unread.push(prefix)
    }
  }

  return {
    offer,
    take() {
      const taken = [...entries.values()].filter(({ state }) => state === 'waiting').slice(0, handful)
      for (const entry of taken) entry.state = 'taken'
      return taken.map(({ id, name, size }) => ({ id, name, size }))
    },
    again() {
      for (const entry of entries.values())
        if (entry.state === 'taken') entry.state = 'waiting'
        else if (entry.state === 'refused') entries.delete(entry.id)
    },
    leave(all) {
      if (all) left += 1
      for (const { id, state } of entries.values()) if (all || state !== 'waiting') entries.delete(id)
    },
    async open(id) {
      const entry = entries.get(id)
      // Nobody was told of it, or it is added already.
      if (!entry) throw new AppError('internal')
      try {
        return await openEntry(entry, how => {
          if (how === 'added') entries.delete(id)
          else entry.state = 'refused'
        })
      } catch (error) {
        entry.state = 'refused'
        throw error
      }
    },
  }
}

async function openEntry({ file, name, seen }: Entry, settle: OpenedFile['settle']): Promise<OpenedFile> {
  const failed = (cause: unknown) => {
    if (cause instanceof AppError) return cause
    const gone = ['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '')
    return new AppError(gone ? 'file-missing' : 'file-unreadable', { file: name }, { cause })
  }
  let handle: FileHandle | undefined
  try {
    // A pipe that stands there by now would be waited for. Windows knows no such flag.
    handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    const before = await handle.stat({ bigint: true })
    if (!isSame(seen, before)) throw new AppError('file-changed')
    return { name, size: Number(before.size), bytes: () => read(handle!, before), close: () => handle!.close(), settle }
  } catch (error) {
    await handle?.close()
    throw failed(error)
  }

  async function* read(from: FileHandle, before: BigIntStats): AsyncGenerator<Uint8Array> {
    const size = Number(before.size)
    try {
      for (let at = 0; at < size; ) {
        // Another one each time: whoever has the last one may still be writing it.
        const { bytesRead, buffer } = await from.read(Buffer.allocUnsafe(piece), 0, Math.min(piece, size - at), at)
        if (bytesRead === 0) throw new AppError('file-changed')
        at += bytesRead
        yield buffer.subarray(0, bytesRead)
      }
      const after = await from.stat({ bigint: true })
      if (after.size !== before.size || after.mtimeNs !== before.mtimeNs) throw new AppError('file-changed')
    } catch (error) {
      throw failed(error)
    }
  }
}

/**
 * Whether what lies there now is what was handed over, and not what a link or another file has put in its place. Some file systems of sticks make
 * numbers up anew each time: there a file is the same that looks the same.
 */
function isSame(seen: BigIntStats, now: BigIntStats): boolean {
  if (!now.isFile() || now.dev !== seen.dev) return false
  return now.ino === seen.ino || (now.size === seen.size && now.mtimeNs === seen.mtimeNs)
}
