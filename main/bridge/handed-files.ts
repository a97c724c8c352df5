/**
 * Files that the system hands over: dropped on the icon, “open with”, chosen in the menu. The page hears their names and fetches their bytes, to
 * add them as any others: it names no path, and an id opens one file once.
 */
import { randomUUID } from 'node:crypto'
import { open, opendir, stat } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import type { HandedFile } from '../../shared/api/desktop.ts'
import type { Log } from '../../shared/ports.ts'

export interface HandedFiles {
  /** In handfuls. Of a folder all that lies in it, but for what is hidden; links are not followed. */
  offer(paths: readonly string[]): AsyncGenerator<HandedFile[]>
  /** Its bytes; undefined where there is none, or not any more. */
  read(id: string): Promise<ReadableStream<Uint8Array> | undefined>
}

const handful = 200
/** For more, a folder is followed. */
const most = 20_000

export function createHandedFiles({ log }: { log: Log }): HandedFiles {
  const offered = new Map<string, string>()

  async function* offer(paths: readonly string[]): AsyncGenerator<HandedFile[]> {
    let batch: HandedFile[] = []
    let count = 0
    for (const given of paths) {
      for await (const { file, name } of filesOf(given)) {
        if (count >= most) {
          log.warn('more files were handed over than are taken at once', { most })
          break
        }
        const found = await stat(file).catch(() => undefined)
        if (!found?.isFile()) continue
        count += 1
        const id = randomUUID()
        offered.set(id, file)
        batch.push({ id, name, size: found.size })
        if (batch.length < handful) continue
        yield batch
        batch = []
      }
    }
    if (batch.length > 0) yield batch
  }

  async function* filesOf(given: string): AsyncGenerator<{ file: string; name: string }> {
    const found = await stat(given).catch(() => undefined)
    const name = path.basename(given)
    if (found?.isDirectory()) yield* filesIn(given, name)
    else if (found?.isFile()) yield { file: given, name }
    else log.warn('what was handed over is no file', { missing: found === undefined })
  }

  async function* filesIn(folder: string, prefix: string): AsyncGenerator<{ file: string; name: string }> {
    try {
      for await (const entry of await opendir(folder)) {
        if (entry.name.startsWith('.')) continue
        const file = path.join(folder, entry.name)
        const name = `${prefix}/${entry.name}`
        if (entry.isDirectory()) yield* filesIn(file, name)
        else if (entry.isFile()) yield { file, name }
      }
    } catch (error) {
      log.warn('a folder that was handed over cannot be read', { error })
    }
  }

  return {
    offer,
    async read(id) {
      const file = offered.get(id)
      offered.delete(id)
      if (file === undefined) return undefined
      try {
        const handle = await open(file)
        return Readable.toWeb(handle.createReadStream()) as ReadableStream<Uint8Array>
      } catch (error) {
        log.warn('a file that was handed over cannot be read', { error })
        return undefined
      }
    },
  }
}
