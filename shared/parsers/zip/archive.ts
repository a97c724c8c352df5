import { configure, type FileEntry, Reader, ZipReader } from '@zip.js/zip.js'
import { AppError } from '../../errors.ts'
import { machineError } from '../failure.ts'
import { type Bytes, openBytes } from './bytes.ts'
import { decodeName } from './names.ts'
import { findEntries, isPlain, type Packed, unpack } from './recover.ts'

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
  /** Points at another place instead of holding bytes. */
  link: boolean
}

/** A ZIP, opened. All that is read from it counts against one limit. */
export interface Archive {
  readonly entries: readonly ArchiveEntry[]
  /** Its directory is gone or broken: these are the entries that were found without it. */
  readonly damaged: boolean
  find(name: string): ArchiveEntry | undefined
  /** Throws `archive-too-large`, `password-protected` (also for a wrong one), and `damaged` behind the last bytes that can be had. */
  stream(entry: ArchiveEntry): AsyncGenerator<Uint8Array>
  /** All of it; of a damaged one what can be had, and it says so. Throws `archive-too-large`, `password-protected`. */
  read(entry: ArchiveEntry): Promise<{ bytes: Buffer; damaged: boolean }>
  close(): Promise<void>
}

/**
 * Opens a ZIP, a file or bytes in memory, by its directory, so that a thousand entries cost one look; where that cannot be
 * read, by the headers of its entries. Throws `archive-too-large`, `damaged` when there is not one.
 */
export async function openArchive(
  source: string | Uint8Array,
  { password, limits = ARCHIVE_LIMITS }: { password?: string; limits?: ArchiveLimits } = {},
): Promise<Archive> {
  const bytes = await openBytes(source)
  try {
    const { size } = bytes
    const reader = new ZipReader(new BytesReader(bytes), {
      ...(password !== undefined && { password }),
      checkSignature: true,
      // Names are made harmless by whoever uses them, and what office programs write is often not quite right.
      strictness: 'tolerant',
      decodeText: (text, encoding) => (encoding === 'cp437' ? decodeName(text) : undefined),
    })
    const found = new Map<ArchiveEntry, Held>()
    const byName = new Map<string, ArchiveEntry>()
    const add = (shown: ArchiveEntry, held: Held) => {
      found.set(shown, held)
      if (!byName.has(shown.name)) byName.set(shown.name, shown)
    }
    let damaged = false
    let count = 0
    try {
      for await (const entry of reader.getEntriesGenerator()) {
        if (++count > limits.entries) throw tooLarge('entries', limits.entries)
        if (entry.directory) continue
        const name = entry.filename.replaceAll('\\', '/')
        add(
          { name, size: entry.uncompressedSize, encrypted: entry.encrypted, link: entry.symlink },
          { entry, packed: packedOf(entry, name) },
        )
      }
    } catch (error) {
      if (error instanceof AppError) throw error
      damaged = true
      const packed = await findEntries(bytes, limits.entries + 1)
      if (packed.length > limits.entries) throw tooLarge('entries', limits.entries)
      const known = new Set([...found.values()].map(held => held.packed.at))
      for (const one of packed) {
        if (known.has(one.at) || one.name.endsWith('/')) continue
        add({ name: one.name, size: one.size ?? 0, encrypted: one.encrypted, link: false }, { packed: one })
      }
      if (found.size === 0) throw error
    }
    let unpacked = 0

    async function* stream(entry: ArchiveEntry): AsyncGenerator<Uint8Array> {
      const held = found.get(entry)
      if (!held) throw new Error(`${entry.name} is of another archive`)
      try {
        for await (const part of partsOf(held)) {
          unpacked += part.length
          if (unpacked > limits.bytes) throw tooLarge('bytes', limits.bytes)
          if (unpacked > HARMLESS && unpacked > limits.ratio * size) throw tooLarge('ratio', limits.ratio)
          yield part
        }
      } catch (error) {
        throw error instanceof AppError ? error : problemOf(error)
      }
    }

    function partsOf({ entry, packed }: Held): AsyncGenerator<Uint8Array> {
      // The library would lose what it had unpacked of an entry before it came upon the damage.
      if (isPlain(packed)) return unpack(bytes, packed)
      if (!entry) throw new Error(packed.encrypted ? 'encrypted' : `method ${packed.method}`)
      return through(entry)
    }

    return {
      entries: [...found.keys()],
      damaged,
      find: name => byName.get(name),
      stream,
      async read(entry) {
        const parts: Uint8Array[] = []
        let broken = false
        try {
          for await (const part of stream(entry)) parts.push(part)
        } catch (error) {
          if (!(error instanceof AppError) || error.code !== 'damaged') throw error
          broken = true
        }
        return { bytes: Buffer.concat(parts), damaged: broken }
      },
      async close() {
        await reader.close()
        await bytes.close()
      },
    }
  } catch (error) {
    await bytes.close()
    throw error instanceof AppError ? error : problemOf(error)
  }
}

/** Where an entry lies, and the library's own view of it, if it is in the directory. */
interface Held {
  packed: Packed
  entry?: FileEntry
}

function packedOf(entry: FileEntry, name: string): Packed {
  return {
    name,
    at: entry.offset,
    packed: entry.compressedSize,
    size: entry.uncompressedSize,
    crc: entry.signature,
    method: entry.compressionMethod,
    encrypted: entry.encrypted,
  }
}

/** What the library unpacks: encrypted entries and rare methods. */
async function* through(entry: FileEntry): AsyncGenerator<Uint8Array> {
  // Eight chunks at most are on their way, whatever the reader does.
  let fail: (error: unknown) => void = () => {}
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>({
    start: controller => {
      fail = error => controller.error(error)
    },
  })
  const stop = new AbortController()
  const writing = entry.getData(writable, { signal: stop.signal }).then(
    () => undefined,
    (error: unknown) => {
      // What it refuses before it begins (a method nobody knows) it would leave open for ever.
      fail(error)
      return error ?? new Error('stopped')
    },
  )
  let whole = false
  try {
    yield* readable
    whole = true
  } finally {
    if (!whole) stop.abort()
    await writing
  }
  const failure = await writing
  if (failure) throw failure
}

function tooLarge(what: 'entries' | 'bytes' | 'ratio', limit: number): AppError {
  return new AppError('archive-too-large', { what, limit: what === 'bytes' ? Math.round(limit / 1024 ** 2) : limit })
}

/** The library's errors are known by their texts. */
function problemOf(cause: unknown): AppError {
  const ofTheMachine = machineError(cause)
  if (ofTheMachine) return ofTheMachine
  const text = cause instanceof Error ? cause.message : String(cause)
  const locked = /encrypted|password/i.test(text)
  return new AppError(locked ? 'password-protected' : 'damaged', {}, { cause })
}

class BytesReader extends Reader<Bytes> {
  private readonly bytes: Bytes

  constructor(bytes: Bytes) {
    super(bytes)
    this.bytes = bytes
    this.size = bytes.size
  }

  override async readUint8Array(index: number, length: number): Promise<Uint8Array> {
    return this.bytes.read(index, length)
  }
}
