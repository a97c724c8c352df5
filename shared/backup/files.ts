import { type FileHandle, open } from 'node:fs/promises'

/** Bytes asked for at once: each time is a way to a thread and back, which on a busy machine takes longer than the bytes. */
const pieceSize = 4 * 1024 * 1024
const beginningSize = 256 * 1024

async function openIfThere(file: string): Promise<FileHandle | undefined> {
  try {
    return await open(file, 'r')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** A file being read, whose beginning is on its way already. */
export interface Reading {
  file: string
  size: number
  /** Fills as much as there is from there on, and says how much that is. */
  readInto(into: Uint8Array, position: number): Promise<number>
  /** From the beginning; each piece holds until the next one is asked for. */
  pieces(): AsyncGenerator<Uint8Array>
  close(): Promise<void>
}

/** Undefined where it is gone. */
export async function startReading(file: string): Promise<Reading | undefined> {
  const handle = await openIfThere(file)
  if (!handle) return undefined
  try {
    const { size } = await handle.stat()
    // A small file is here as a whole before its turn comes.
    const beginning = readAt(handle, Buffer.allocUnsafe(Math.min(beginningSize, size)), 0)
    // Nobody may come for it.
    beginning.catch(() => {})
    const readInto = async (into: Uint8Array, position: number) => {
      if (position > 0 || into.length === 0) return (await readAt(handle, into, position)).length
      const bytes = (await beginning).subarray(0, into.length)
      into.set(bytes)
      return bytes.length
    }
    return {
      file,
      size,
      readInto,
      async *pieces() {
        const piece = Buffer.allocUnsafe(Math.min(pieceSize, size))
        for (let at = 0; at < size; ) {
          const count = await readInto(piece, at)
          if (count === 0) return
          at += count
          yield piece.subarray(0, count)
        }
      },
      close: () => handle.close(),
    }
  } catch (error) {
    await handle.close()
    throw error
  }
}

async function readAt(handle: FileHandle, into: Uint8Array, position: number): Promise<Uint8Array> {
  if (into.length === 0) return into
  const { bytesRead } = await handle.read(into, 0, into.length, position)
  return into.subarray(0, bytesRead)
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
