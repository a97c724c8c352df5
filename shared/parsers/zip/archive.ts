import { type FileHandle, open } from 'node:fs/promises'
import { configure, type FileEntry, Reader, ZipReader } from '@zip.js/zip.js'
import { AppError } from '../../errors.ts'

// Workers of the library's own would outlive the document.
configure({ useWebWorkers: false, useCompressionStream: true })

/**
 * What an archive may hold. A document of ours with more does not exist, and what is made to fill a disk or the memory has
 * much more; so does what unpacks to a hundred times its size.
 */
export interface ArchiveLimits {
  entries: number
  /** Bytes, unpacked, of all that is read, counted while they come. */
  bytes: number
  /** Unpacked for each packed byte of the archive. */
  ratio: number
}

export const ARCHIVE_LIMITS: ArchiveLimits = { entries: 2_000, bytes: 200 * 1024 ** 2, ratio: 100 }

// Below, a ratio says nothing: a page of spaces is small however far it unpacks.
const HARMLESS = 4 * 1024 ** 2

export interface ArchiveEntry {
  /** As it stands in the archive, with `/` between folders; it may be any text at all. */
  name: string
  /** Bytes, as the archive says: a hint, since it may lie. */
  size: number
  encrypted: boolean
}

/** A ZIP, opened. All that is read from it counts against one limit. */
export interface Archive {
  readonly entries: readonly ArchiveEntry[]
  find(name: string): ArchiveEntry | undefined
  /** Throws `archive-too-large`, `password-protected` (also for a wrong one), and `damaged` behind the last bytes that can be had. */
  stream(entry: ArchiveEntry): AsyncGenerator<Uint8Array>
  /** All of it; of a damaged one what can be had, and it says so. Throws `archive-too-large`, `password-protected`. */
  read(entry: ArchiveEntry): Promise<{ bytes: Buffer; damaged: boolean }>
  close(): Promise<void>
}

/**
 * Opens a ZIP by its directory, so that a thousand entries cost one look. Throws `archive-too-large`, `damaged`.
 */
export async function openArchive(
  file: string,
  { password, limits = ARCHIVE_LIMITS }: { password?: string; limits?: ArchiveLimits } = {},
): Promise<Archive> {
  const handle = await open(file, 'r')
  try {
    const { size } = await handle.stat()
    const reader = new ZipReader(new HandleReader(handle, size), {
      ...(password !== undefined && { password }),
      checkSignature: true,
      // Names are made harmless by whoever uses them, and what office programs write is often not quite right.
      strictness: 'tolerant',
    })
    const found = new Map<ArchiveEntry, FileEntry>()
    const byName = new Map<string, ArchiveEntry>()
    let count = 0
    for await (const entry of reader.getEntriesGenerator()) {
      if (++count > limits.entries) throw tooLarge('entries', limits.entries)
      if (entry.directory) continue
      const name = entry.filename.replaceAll('\\', '/')
      const shown: ArchiveEntry = { name, size: entry.uncompressedSize, encrypted: entry.encrypted }
      found.set(shown, entry)
      if (!byName.has(name)) byName.set(name, shown)
    }
    let unpacked = 0

    async function* stream(entry: ArchiveEntry): AsyncGenerator<Uint8Array> {
      const held = found.get(entry)
      if (!held) throw new Error(`${entry.name} is of another archive`)
      // Eight chunks at most are on their way, whatever the reader does.
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
      const stop = new AbortController()
      const writing = held.getData(writable, { signal: stop.signal }).then(
        () => undefined,
        (error: unknown) => error ?? new Error('stopped'),
      )
      let whole = false
      try {
        for await (const bytes of readable) {
          unpacked += bytes.length
          if (unpacked > limits.bytes) throw tooLarge('bytes', limits.bytes)
          if (unpacked > HARMLESS && unpacked > limits.ratio * size) throw tooLarge('ratio', limits.ratio)
          yield bytes
        }
        whole = true
      } catch (error) {
        throw error instanceof AppError ? error : problemOf(error)
      } finally {
        if (!whole) stop.abort()
        await writing
      }
      const failure = await writing
      if (failure) throw problemOf(failure)
    }

    return {
      entries: [...found.keys()],
      find: name => byName.get(name),
      stream,
      async read(entry) {
        const parts: Uint8Array[] = []
        let damaged = false
        try {
          for await (const bytes of stream(entry)) parts.push(bytes)
        } catch (error) {
          if (!(error instanceof AppError) || error.code !== 'damaged') throw error
          damaged = true
        }
        return { bytes: Buffer.concat(parts), damaged }
      },
      async close() {
        await reader.close()
        await handle.close()
      },
    }
  } catch (error) {
    await handle.close()
    throw error instanceof AppError ? error : problemOf(error)
  }
}

function tooLarge(what: 'entries' | 'bytes' | 'ratio', limit: number): AppError {
  return new AppError('archive-too-large', { what, limit: what === 'bytes' ? Math.round(limit / 1024 ** 2) : limit })
}

/** The library's errors are known by their texts. */
function problemOf(cause: unknown): AppError {
  const text = cause instanceof Error ? cause.message : String(cause)
  const locked = /encrypted|password/i.test(text)
  return new AppError(locked ? 'password-protected' : 'damaged', {}, { cause })
}

class HandleReader extends Reader<FileHandle> {
  private readonly handle: FileHandle

  constructor(handle: FileHandle, size: number) {
    super(handle)
    this.handle = handle
    this.size = size
  }

  override async readUint8Array(index: number, length: number): Promise<Uint8Array> {
    const buffer = Buffer.alloc(Math.max(0, Math.min(length, this.size - index)))
    let read = 0
    while (read < buffer.length) {
      const { bytesRead } = await this.handle.read(buffer, read, buffer.length - read, index + read)
      if (bytesRead === 0) break
      read += bytesRead
    }
    return buffer.subarray(0, read)
  }
}
