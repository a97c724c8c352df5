import { type FileHandle, open } from 'node:fs/promises'
import { sha256 } from './format.ts'

/** Bytes asked for at once: each time is a way to a thread and back, which on a busy machine takes longer than the bytes. */
const pieceSize = 4 * 1024 * 1024

async function openIfThere(file: string): Promise<FileHandle | undefined> {
  try {
    return await open(file, 'r')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** A file being read, whose first piece is on its way already. */
export interface Reading {
  size: number
  /** Once, from the beginning; each piece holds until the next one is asked for. Closes the file in the end. */
  pieces(): AsyncGenerator<Uint8Array>
  close(): Promise<void>
}

/** Undefined where it is gone. */
export async function startReading(file: string): Promise<Reading | undefined> {
  const handle = await openIfThere(file)
  if (!handle) return undefined
  try {
    const { size } = await handle.stat()
    const length = Math.min(pieceSize, size)
    const ask = (into: Buffer, at: number) => {
      const reading = handle.read(into, 0, length, at)
      // Nobody may come for it.
      reading.catch(() => {})
      return reading
    }
    let filling = Buffer.allocUnsafe(length)
    let reading = size > 0 ? ask(filling, 0) : undefined
    return {
      size,
      async *pieces() {
        try {
          // One is used while the other is read.
          let using = size > length ? Buffer.allocUnsafe(length) : Buffer.alloc(0)
          for (let at = 0; reading; ) {
            const { bytesRead } = await reading
            if (bytesRead === 0) return
            ;[using, filling] = [filling, using]
            at += bytesRead
            reading = at < size ? ask(filling, at) : undefined
            yield using.subarray(0, bytesRead)
          }
        } finally {
          await handle.close()
        }
      },
      close: () => handle.close(),
    }
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** What `open` makes of each, in their order; the next few are being opened meanwhile. */
export async function* ahead<Item, Opened>(
  items: AsyncIterable<Item>,
  open: (item: Item) => Promise<Opened>,
  discard: (opened: Opened) => Promise<void>,
): AsyncGenerator<Opened> {
  const most = 4
  const under: Promise<Opened>[] = []
  try {
    for await (const item of items) {
      const opening = open(item)
      opening.catch(() => {})
      under.push(opening)
      if (under.length < most) continue
      const first = under.shift()
      if (first) yield await first
    }
    for (let first = under.shift(); first; first = under.shift()) yield await first
  } finally {
    for (const opening of under) await opening.then(discard).catch(() => {})
  }
}

export async function hashOf(file: string, signal?: AbortSignal): Promise<string | undefined> {
  const reading = await startReading(file)
  if (!reading) return undefined
  const digest = sha256()
  for await (const piece of reading.pieces()) {
    signal?.throwIfAborted()
    digest.update(piece)
  }
  return digest.digest('hex')
}

/** A name is durable when its folder is. Windows has no such call. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
