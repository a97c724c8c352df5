import { type FileHandle, open } from 'node:fs/promises'
import { AppError } from '../errors.ts'
import { transferTables } from '../store/transfer-tables.ts'
import { formatName, formatVersion, type Header, isHash, names, sha256 } from './format.ts'
import { blockSize, isZero, padding, readHeader } from './tar.ts'

export interface Entry {
  name: string
  size: number
  /** Of its first byte in the file. */
  position: number
}

/** A backup opened for reading: what is in it is known, none of it is checked. */
export interface Archive {
  header: Header
  entries: ReadonlyMap<string, Entry>
  /** The bytes of an entry, in pieces that hold until the next one is asked for; checks what fills up its last block. */
  read(name: string, signal?: AbortSignal): AsyncGenerator<Buffer>
  /** A small entry as a whole. */
  text(name: string): Promise<{ text: string; sha256: string }>
  close(): Promise<void>
}

const pieceSize = 4 * 1024 * 1024
/** Of the header and of the manifest, which tells of a few hundred things at most. */
const mostText = 64 * 1024 * 1024

const tableEntries: ReadonlySet<string> = new Set(transferTables.map(({ name }) => names.rows(name)))

/**
 * Throws `backup-unreadable`, `backup-format` (something else, or cut off), `backup-newer`, `backup-damaged` (an entry that no
 * backup has, or twice).
 */
export async function openArchive(file: string): Promise<Archive> {
  const handle = await open(file, 'r').catch(error => {
    throw new AppError('backup-unreadable', { file }, { cause: error })
  })
  try {
    const stats = await handle.stat()
    if (!stats.isFile()) throw new AppError('backup-unreadable', { file })
    const first = await readFirst(handle, stats.size, file)
    const header = await readHead(handle, first, file)
    const entries = await readIndex(handle, stats.size, file)
    return archiveOf(handle, header, entries)
  } catch (error) {
    await handle.close()
    throw ofSystem(error, file)
  }
}

function archiveOf(handle: FileHandle, header: Header, entries: ReadonlyMap<string, Entry>): Archive {
  async function* read(name: string, signal?: AbortSignal): AsyncGenerator<Buffer> {
    const { size, position } = find(name)
    const all = size + padding(size)
    // One is read while the other is used.
    let [now, next] = [Buffer.allocUnsafe(Math.min(pieceSize, all)), Buffer.alloc(0)]
    let reading = all > 0 ? readAll(handle, now, position) : undefined
    for (let at = 0; at < all; ) {
      signal?.throwIfAborted()
      await reading
      const end = at + now.length
      if (end < all) {
        const length = Math.min(pieceSize, all - end)
        next = next.length >= length ? next.subarray(0, length) : Buffer.allocUnsafe(length)
        reading = readAll(handle, next, position + end)
        reading.catch(() => {})
      }
      const used = Math.max(0, Math.min(now.length, size - at))
      if (used < now.length && !isZero(now.subarray(used))) throw damaged(name)
      if (used > 0) yield now.subarray(0, used)
      at = end
      ;[now, next] = [next, now]
    }
  }

  function find(name: string): Entry {
    const entry = entries.get(name)
    if (!entry) throw damaged(name)
    return entry
  }

  return {
    header,
    entries,
    read,
    async text(name) {
      if (find(name).size > mostText) throw damaged(name)
      const digest = sha256()
      const pieces: Buffer[] = []
      for await (const piece of read(name)) {
        digest.update(piece)
        pieces.push(Buffer.from(piece))
      }
      return { text: Buffer.concat(pieces).toString('utf8'), sha256: digest.digest('hex') }
    },
    close: () => handle.close(),
  }
}

async function readFirst(handle: FileHandle, size: number, file: string): Promise<Entry> {
  const refused = new AppError('backup-format', { file })
  if (size < 2 * blockSize) throw refused
  const block = Buffer.alloc(blockSize)
  await readAll(handle, block, 0)
  let first: ReturnType<typeof readHeader>
  try {
    first = readHeader(block)
  } catch (error) {
    throw new AppError('backup-format', { file }, { cause: error })
  }
  if (first?.name !== names.header || first.size > 10_000 || first.size + blockSize > size) throw refused
  return { ...first, position: blockSize }
}

async function readHead(handle: FileHandle, { size, position }: Entry, file: string): Promise<Header> {
  const bytes = Buffer.alloc(size)
  await readAll(handle, bytes, position)
  let header: Header
  try {
    header = JSON.parse(bytes.toString('utf8')) as Header
  } catch (error) {
    throw new AppError('backup-damaged', { detail: names.header }, { cause: error })
  }
  if (header?.format !== formatName) throw new AppError('backup-format', { file })
  if (header.version > formatVersion) throw new AppError('backup-newer')
  const sound =
    header.version === formatVersion &&
    Number.isInteger(header.schema) &&
    (header.blobs === 'file' || header.blobs === 'folder')
  if (!sound) throw damaged(names.header)
  return header
}

async function readIndex(handle: FileHandle, size: number, file: string): Promise<ReadonlyMap<string, Entry>> {
  const entries = new Map<string, Entry>()
  const block = Buffer.alloc(blockSize)
  for (let at = 0; ; ) {
    // What was cut off ends before its end.
    if (at + 2 * blockSize > size) throw new AppError('backup-format', { file })
    await readAll(handle, block, at)
    const header = readHeader(block)
    if (!header) {
      await readAll(handle, block, at + blockSize)
      if (!isZero(block) || at + 2 * blockSize !== size) throw damaged('end')
      return entries
    }
    const { name } = header
    if (!isKnown(name) || entries.has(name)) throw damaged(name.slice(0, 100))
    entries.set(name, { ...header, position: at + blockSize })
    at += blockSize + header.size + padding(header.size)
    if (!Number.isSafeInteger(at)) throw damaged('header')
  }
}

/** Nothing that an entry is called is ever a path on the disk. */
function isKnown(name: string): boolean {
  const [folder, rest] = name.split('/')
  if (folder === 'blobs') return name === names.blob(rest ?? '') && isHash(rest ?? '')
  return tableEntries.has(name) || name === names.header || name === names.manifest || name === names.seal
}

async function readAll(handle: FileHandle, into: Buffer, position: number): Promise<void> {
  for (let from = 0; from < into.length; ) {
    const { bytesRead } = await handle.read(into, from, into.length - from, position + from)
    // It became shorter since it was opened.
    if (bytesRead === 0) throw damaged('end')
    from += bytesRead
  }
}

function damaged(detail: string): AppError {
  return new AppError('backup-damaged', { detail })
}

function ofSystem(error: unknown, file: string): unknown {
  return error instanceof AppError ? error : new AppError('backup-unreadable', { file }, { cause: error })
}
