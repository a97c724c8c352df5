/** Reads a backup from its first byte to its last, as far as it is there: the part that a thread of its own does. */
import { AppError } from '../errors.ts'
import { isHash, names, sha256 } from './format.ts'
import { blockSize, isZero, padding, readHeader } from './tar.ts'

export interface Entry {
  name: string
  size: number
  /** Of its first byte in the file. */
  position: number
}

export interface WalkedEntry extends Entry {
  sha256: string
  /** Ends of lines in it, where it is a table. */
  lines: number
}

export interface Walk {
  readonly entries: ReadonlyMap<string, WalkedEntry>
  /** Goes on to this position, up to which the file will stay as it is. Throws `backup-damaged`. */
  advance(to: number): void
  /** Forgets everything from there on, which is where an entry begins; false where it has not come there yet. */
  rewind(to: number): boolean
  /** Throws `backup-damaged`, `backup-format` where the file of this size does not end in order. */
  demandEnd(size: number): void
}

/** Small enough to stay in the cache of a core between being read and being hashed. */
const pieceSize = 512 * 1024

/** `hashes` tells which entries are read; of others only the headers are. `read` fills all it is given. */
export function createWalk(read: (into: Buffer, position: number) => void, hashes: (name: string) => boolean): Walk {
  const entries = new Map<string, WalkedEntry>()
  const buffer = Buffer.allocUnsafeSlow(pieceSize)
  const block = Buffer.alloc(blockSize)
  let at = 0
  let ended = false
  let current: (Entry & { digest: ReturnType<typeof sha256>; lines: number }) | undefined

  function begin(): void {
    read(block, at)
    const header = readHeader(block)
    at += blockSize
    if (!header) {
      ended = true
      return
    }
    const { name } = header
    if (!isKnown(name) || entries.has(name)) throw damaged(name.slice(0, 100))
    current = { ...header, position: at, digest: sha256(), lines: 0 }
  }

  /** False where its end is beyond. */
  function goOn(entry: NonNullable<typeof current>, to: number): boolean {
    const end = entry.position + entry.size
    if (!hashes(entry.name)) at = Math.min(to, end + padding(entry.size))
    while (at < Math.min(to, end)) {
      const piece = buffer.subarray(0, Math.min(pieceSize, to - at, end - at))
      read(piece, at)
      entry.digest.update(piece)
      if (entry.name.startsWith('rows/')) entry.lines += countLines(piece)
      at += piece.length
    }
    const whole = end + padding(entry.size)
    if (whole > to) return false
    if (at === end && at < whole) {
      const rest = block.subarray(0, whole - end)
      read(rest, end)
      if (!isZero(rest)) throw damaged(entry.name)
    }
    at = whole
    const { name, size, position, digest, lines } = entry
    entries.set(name, { name, size, position, sha256: digest.digest('hex'), lines })
    current = undefined
    return true
  }

  return {
    entries,
    advance(to) {
      while (!ended) {
        if (current && !goOn(current, to)) return
        if (at + blockSize > to) return
        begin()
        // A size that no file has.
        if (current && !Number.isSafeInteger(current.position + current.size + blockSize)) throw damaged('header')
      }
    },
    rewind(to) {
      if (at < to || (at === to && !ended)) return false
      for (const { name, position } of entries.values()) if (position > to) entries.delete(name)
      current = undefined
      ended = false
      at = to
      return true
    },
    demandEnd(size) {
      // What was cut off ends before its end.
      if (!ended || at + blockSize > size) throw new AppError('backup-format')
      read(block, at)
      if (!isZero(block) || at + blockSize !== size) throw damaged('end')
    },
  }
}

/** Nothing that an entry is called is ever a path on the disk. */
function isKnown(name: string): boolean {
  const [folder, rest = ''] = name.split('/')
  if (folder === 'blobs') return name === names.blob(rest) && isHash(rest)
  if (folder === 'rows') return /^rows\/[a-z_]+\.ndjson$/.test(name)
  return Object.values<unknown>(names).includes(name)
}

function countLines(piece: Buffer): number {
  let count = 0
  for (let at = piece.indexOf(10); at >= 0; at = piece.indexOf(10, at + 1)) count += 1
  return count
}

function damaged(detail: string): AppError {
  return new AppError('backup-damaged', { detail })
}
