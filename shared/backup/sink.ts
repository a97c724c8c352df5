import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { AppError } from '../errors.ts'
import type { Reading } from './files.ts'
import { blockSize, headerOf, padding } from './tar.ts'

/** Bytes that are collected before they are written; two times, so that one is filled while the other is written. */
const bufferSize = 8 * 1024 * 1024
/** Bytes after which the system is to begin with the disk: at the end it would have all of it still to do, and we wait. */
const syncSize = 64 * 1024 * 1024

export type Append = (bytes: Uint8Array) => Promise<void>

/** The file of a backup, while it is written. */
export interface Sink {
  /** Where the next entry begins. */
  readonly position: number
  /** An entry whose size is told by what was written. Gives that size. */
  entry(name: string, write: (append: Append) => Promise<void>): Promise<number>
  /** An entry with the bytes of a file. */
  take(name: string, reading: Reading, signal?: AbortSignal): Promise<void>
  /** Takes back everything from here on; `before` that, nobody may read there any more. */
  cut(position: number, before: () => Promise<void>): Promise<void>
  /** Two empty blocks, and all of it on the disk. Gives the size of the file. */
  end(): Promise<number>
  close(): Promise<void>
}

/**
 * A new file that only its owner can read. `written` hears up to where the file can be read as it will stay, unless it is cut.
 */
export async function createSink(file: string, written: (position: number) => void = () => {}): Promise<Sink> {
  const handle = await open(file, constants.O_CREAT | constants.O_EXCL | constants.O_RDWR, 0o600)
  let [filling, other] = [Buffer.allocUnsafeSlow(bufferSize), Buffer.allocUnsafeSlow(bufferSize)]
  let filled = 0
  /** Where what is being filled will stand. */
  let start = 0
  /** The end of what was written, and where an entry begins whose header is not known yet. */
  let [onFile, unsealed] = [0, Number.POSITIVE_INFINITY]
  let writing: Promise<void> = Promise.resolve()
  let [unsynced, syncing] = [0, undefined as Promise<void> | undefined]
  /** The system tells an error of the disk once. */
  let failed: unknown

  const tell = () => written(Math.min(onFile, unsealed))

  async function write(bytes: Uint8Array, at: number): Promise<void> {
    await writeAll(handle, bytes, at)
    onFile = Math.max(onFile, at + bytes.length)
    tell()
    unsynced += bytes.length
    if (unsynced < syncSize || syncing) return
    unsynced = 0
    syncing = handle
      .datasync()
      .catch(error => {
        failed ??= error
      })
      .finally(() => {
        syncing = undefined
      })
  }

  async function flush(): Promise<void> {
    await writing
    if (filled === 0) return
    const [bytes, at] = [filling.subarray(0, filled), start]
    start += filled
    filled = 0
    ;[filling, other] = [other, filling]
    writing = write(bytes, at)
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
      unsealed = at
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
      unsealed = Number.POSITIVE_INFINITY
      tell()
      return size
    },
    async take(name, { size, readInto }, signal) {
      await append(headerOf(name, size))
      for (let at = 0; at < size; ) {
        signal?.throwIfAborted()
        // Into its place: bytes that go through here once more are bytes that wait for this thread.
        const count = await readInto(filling.subarray(filled, Math.min(bufferSize, filled + size - at)), at)
        if (count === 0) throw new AppError('disk-error', {}, { cause: new Error(`${name} became shorter`) })
        filled += count
        at += count
        if (filled === bufferSize) await flush()
      }
      await append(Buffer.alloc(padding(size)))
    },
    async cut(position, before) {
      await settle()
      await before()
      await handle.truncate(position)
      start = position
      onFile = position
    },
    async end() {
      await append(Buffer.alloc(2 * blockSize))
      await settle()
      await syncing
      await handle.sync()
      if (failed) throw failed
      return start
    },
    async close() {
      await writing.catch(() => {})
      await syncing
      await handle.close()
    },
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let from = 0; from < bytes.length; )
    from += (await handle.write(bytes, from, bytes.length - from, position + from)).bytesWritten
}
