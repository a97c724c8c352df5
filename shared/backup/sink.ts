import { type FileHandle, open } from 'node:fs/promises'
import { blockSize, headerOf, padding } from './tar.ts'

/** Bytes that are collected before they are written; two times, so that one is filled while the other is written. */
const bufferSize = 8 * 1024 * 1024

export type Append = (bytes: Uint8Array) => Promise<void>

/** The file of a backup, while it is written. */
export interface Sink {
  /** Where the next entry begins. */
  readonly position: number
  /** An entry whose size is told by what was written. Gives that size. */
  entry(name: string, write: (append: Append) => Promise<void>): Promise<number>
  /** Takes back everything from here on. */
  cut(position: number): Promise<void>
  /** Two empty blocks, and all of it on the disk. */
  end(): Promise<void>
  close(): Promise<void>
}

/** A new file that only its owner can read. */
export async function createSink(file: string): Promise<Sink> {
  const handle = await open(file, 'wx', 0o600)
  let [filling, other] = [Buffer.allocUnsafe(bufferSize), Buffer.allocUnsafe(bufferSize)]
  let filled = 0
  /** Where what is being filled will stand. */
  let start = 0
  let writing: Promise<void> = Promise.resolve()

  async function flush(): Promise<void> {
    await writing
    if (filled === 0) return
    const [bytes, at] = [filling.subarray(0, filled), start]
    start += filled
    filled = 0
    ;[filling, other] = [other, filling]
    writing = writeAll(handle, bytes, at)
    // Whoever flushes next is told.
    writing.catch(() => {})
  }

  async function settle(): Promise<void> {
    await flush()
    await writing
  }

  async function append(bytes: Uint8Array): Promise<void> {
    for (let from = 0; from < bytes.length; ) {
      const count = Math.min(bufferSize - filled, bytes.length - from)
      filling.set(bytes.subarray(from, from + count), filled)
      filled += count
      from += count
      if (filled === bufferSize) await flush()
    }
  }

  return {
    get position() {
      return start + filled
    },
    async entry(name, write) {
      const at = start + filled
      await append(headerOf(name, 0))
      await write(append)
      const size = start + filled - at - blockSize
      await append(Buffer.alloc(padding(size)))
      const header = headerOf(name, size)
      // Mostly it is still here: a header is never cut, as everything is a multiple of its size.
      if (at >= start) filling.set(header, at - start)
      else {
        await writing
        await writeAll(handle, header, at)
      }
      return size
    },
    async cut(position) {
      await settle()
      await handle.truncate(position)
      start = position
    },
    async end() {
      await append(Buffer.alloc(2 * blockSize))
      await settle()
      await handle.sync()
    },
    async close() {
      await writing.catch(() => {})
      await handle.close()
    },
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let from = 0; from < bytes.length; )
    from += (await handle.write(bytes, from, bytes.length - from, position + from)).bytesWritten
}
