/**
 * What can be had of a ZIP without its directory: each entry has a header of its own in front of its bytes (APPNOTE 4.3.7).
 */
import { crc32, createInflateRaw } from 'node:zlib'
import type { Bytes } from './bytes.ts'
import { decodeName } from './names.ts'

const LOCAL_HEADER = 'PK\x03\x04'
const LENGTH = 30
const WINDOW = 1024 ** 2
// A name this long is none.
const NAME = 1_024
const STORED = 0
const DEFLATED = 8
const UNKNOWN = 0xffff_ffff

/** An entry as it lies in the archive. */
export interface Packed {
  name: string
  /** Of its own header. */
  at: number
  /** Bytes, packed; undefined where the archive says so behind them only. */
  packed: number | undefined
  /** Bytes, unpacked; undefined likewise. */
  size: number | undefined
  crc: number | undefined
  method: number
  encrypted: boolean
}

/**
 * The entries that have a header, in their order; of several with one name all. Stops after `limit`. What lies inside a
 * stored entry (an archive in an archive) is passed over where the length is known.
 */
export async function findEntries(bytes: Bytes, limit: number): Promise<Packed[]> {
  const found: Packed[] = []
  let at = 0
  let start = 0
  let window: Buffer = Buffer.alloc(0)
  while (at < bytes.size && found.length < limit) {
    // Read anew only where a header may go on behind it: a file may be full of what begins like one.
    const end = start + window.length
    if (end < bytes.size && (at < start || at + LENGTH + NAME > end)) {
      start = at
      window = await bytes.read(at, WINDOW)
      // It has become shorter meanwhile.
      if (window.length < LOCAL_HEADER.length) break
    }
    const index = window.indexOf(LOCAL_HEADER, at - start, 'latin1')
    if (index === -1) {
      if (start + window.length >= bytes.size) break
      at = start + window.length - LOCAL_HEADER.length + 1
      continue
    }
    at = start + index
    if (index + LENGTH + NAME > window.length && start + window.length < bytes.size) continue
    const entry = headerIn(window.subarray(index, index + LENGTH + NAME), at)
    if (entry) found.push(entry.packed)
    at = entry && (await isBoundary(bytes, entry.end)) ? entry.end : at + LOCAL_HEADER.length
  }
  return found
}

function headerIn(header: Buffer, at: number): { packed: Packed; end: number } | undefined {
  if (header.length < LENGTH) return undefined
  const flags = header.readUInt16LE(6)
  const method = header.readUInt16LE(8)
  const nameLength = header.readUInt16LE(26)
  if (method > 99 || nameLength === 0 || nameLength > NAME) return undefined
  // With bit 3 the lengths stand behind the bytes.
  const late = (flags & 8) !== 0
  const packed = lengthOf(header.readUInt32LE(18), late)
  const written = header.subarray(LENGTH, LENGTH + nameLength)
  const name = (flags & 0x800 ? written.toString('utf8') : decodeName(written)).replaceAll('\\', '/')
  const entry = {
    name,
    at,
    packed,
    size: lengthOf(header.readUInt32LE(22), late),
    crc: late ? undefined : header.readUInt32LE(14),
    method,
    encrypted: (flags & 1) !== 0,
  }
  return { packed: entry, end: at + LENGTH + nameLength + header.readUInt16LE(28) + (packed ?? 0) }
}

function lengthOf(value: number, late: boolean): number | undefined {
  return (late && value === 0) || value === UNKNOWN ? undefined : value
}

async function isBoundary(bytes: Bytes, at: number): Promise<boolean> {
  if (at === bytes.size) return true
  const next = await bytes.read(at, 2)
  return next.toString('latin1') === 'PK'
}

/** Whether `unpack` can read it. */
export function isPlain(entry: { method: number; encrypted: boolean }): boolean {
  return !entry.encrypted && (entry.method === STORED || entry.method === DEFLATED)
}

/**
 * The bytes of an entry, all that come before the damage, if there is any; then it throws. Only for plain ones.
 */
export async function* unpack(bytes: Bytes, entry: Omit<Packed, 'name' | 'encrypted'>): AsyncGenerator<Uint8Array> {
  const header = await bytes.read(entry.at, LENGTH)
  if (header.length < LENGTH || header.toString('latin1', 0, 4) !== LOCAL_HEADER) throw new Error('no header')
  const start = entry.at + LENGTH + header.readUInt16LE(26) + header.readUInt16LE(28)
  const end = start + (entry.packed ?? (await storedLength(bytes, entry, start)))
  let checksum = 0
  let size = 0
  for await (const part of entry.method === STORED ? stored(bytes, start, end) : inflated(bytes, start, end)) {
    checksum = crc32(part, checksum)
    size += part.length
    yield part
  }
  if (entry.size !== undefined && size !== entry.size) throw new Error(`${size} bytes instead of ${entry.size}`)
  if (entry.crc !== undefined && checksum !== entry.crc) throw new Error('another checksum')
}

// Deflate knows where it ends; what is stored goes on to the next header, less the lengths in between.
async function storedLength(bytes: Bytes, entry: { method: number }, start: number): Promise<number> {
  if (entry.method !== STORED) return bytes.size - start
  for (let at = start; at < bytes.size; at += WINDOW - 3) {
    const index = (await bytes.read(at, WINDOW)).indexOf('PK', 0, 'latin1')
    if (index !== -1) return at + index - start
  }
  return bytes.size - start
}

const STEP = 64 * 1024
// Where the damage begins, so many bytes at a time: what a step gave before it failed is lost.
const FINE_STEP = 16

async function* stored(bytes: Bytes, start: number, end: number): AsyncGenerator<Buffer> {
  for (let at = start; at < end; at += STEP) {
    const part = await bytes.read(at, Math.min(STEP, end - at))
    if (part.length > 0) yield part
    if (part.length < Math.min(STEP, end - at)) throw new Error('the end is missing')
  }
}

/**
 * Inflates step by step. An error in a step takes with it what the step had given (with Node's stream iterator: all of a
 * small file), so the step that fails is done again in finer ones.
 */
async function* inflated(bytes: Bytes, start: number, end: number): AsyncGenerator<Buffer> {
  let given = 0
  let fineFrom = end
  for (;;) {
    let skip = given
    let at = start
    let failed = false
    const inflate = createStepper()
    try {
      while (at < end && !inflate.ended()) {
        const length = Math.min(at < fineFrom ? STEP : FINE_STEP, (at < fineFrom ? fineFrom : end) - at)
        const part = await bytes.read(at, length)
        const outs = part.length > 0 ? await inflate.step(part) : undefined
        if (outs === undefined) {
          failed = part.length > 0
          break
        }
        for (const out of outs) {
          const fresh = out.subarray(Math.min(skip, out.length))
          skip -= out.length - fresh.length
          given += fresh.length
          if (fresh.length > 0) yield fresh
        }
        at += part.length
      }
      if (!failed) {
        if (!(await inflate.finish())) throw new Error('the end is missing')
        return
      }
      if (at >= fineFrom) throw new Error('not deflated')
      fineFrom = at
    } finally {
      inflate.close()
    }
  }
}

/** Node's inflater, so that what a piece gives is had before the next goes in. */
function createStepper() {
  const stream = createInflateRaw({ chunkSize: STEP })
  let out: Buffer[] = []
  let failed = false
  let ended = false
  let wake: (() => void) | undefined
  stream.on('data', (part: Buffer) => out.push(part))
  stream.on('end', () => {
    ended = true
    wake?.()
  })
  stream.on('error', () => {
    failed = true
    wake?.()
  })
  // Destroyed, it tells nothing else.
  stream.on('close', () => {
    if (!ended) failed = true
    wake?.()
  })
  const done = (start: (resolve: () => void) => void) =>
    new Promise<void>(resolve => {
      wake = resolve
      start(resolve)
    })
  return {
    ended: () => ended,
    /** What the piece gives; undefined: it is wrong. */
    async step(part: Buffer): Promise<Buffer[] | undefined> {
      const before = stream.bytesWritten
      await done(resolve => stream.write(part, () => resolve()))
      // What follows the end is not taken any more.
      if (stream.bytesWritten < before + part.length) ended = true
      const given = out
      out = []
      return failed ? undefined : given
    },
    /** Whether that was all of it. */
    async finish(): Promise<boolean> {
      if (!failed && !ended) await done(() => stream.end())
      return ended && !failed
    },
    close: () => stream.destroy(),
  }
}
