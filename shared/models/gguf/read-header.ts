import { type FileHandle, open, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { AppError } from '../../errors.ts'
import { createBreath } from './breath.ts'
import {
  DEFAULT_ALIGNMENT,
  MAGIC,
  MAX_DIMENSIONS,
  MAX_NAME_BYTES,
  padded,
  type ScalarType,
  TENSOR_TYPES,
  type TensorTypeName,
  VALUE_BYTES,
  VALUE_TYPES,
  type ValueType,
} from './format.ts'
import type { GgufArray, GgufEntry, GgufHeader, GgufTensorInfo } from './header.ts'
import { invalid } from './problem.ts'

/**
 * Bounds, two to ten times what the largest model in use needs: Gemma 3's header takes 9 MB and 262,144 tokens, Qwen 3's 6 MB with
 * 151,387 merges; a chat template 10 kB, a whole tokenizer.json (some files carry one) 17 MB. Bytes are read as they
 * come and never allocated because the file claims them.
 */
const LIMITS = {
  headerBytes: 64 << 20,
  stringBytes: 32 << 20,
  keyBytes: 256,
  keys: 4096,
  tensors: 16_384,
  elements: 4 << 20,
}
const CHUNK = 1 << 20

const VALUE_TYPE_NAMES = new Map(Object.entries(VALUE_TYPES).map(([name, id]) => [id, name as ValueType]))
const TENSOR_TYPE_NAMES = new Map(Object.entries(TENSOR_TYPES).map(([name, { id }]) => [id, name as TensorTypeName]))

/**
 * Reads what a GGUF file (version 2 or 3, little endian) says about itself: keys and tensors, not their data.
 * Refuses with `model-invalid` what is no such file or not whole, with `model-missing` what is not there, with `file-unreadable` what is and
 * cannot be opened; `checkHeader` says whether it can be loaded. `name` is what it will be called, where it has another yet.
 * 250,000 tokens and as many merges: 50 to 110 ms on a busy 2.5 GHz core, the event loop free every 8 ms.
 */
export async function readHeader(path: string, name = basename(path)): Promise<GgufHeader> {
  const refuse = (error: unknown) => {
    const reason = error instanceof Error && 'code' in error ? error.code : undefined
    const missing = reason === 'ENOENT' || reason === 'ENOTDIR'
    throw new AppError(missing ? 'model-missing' : 'file-unreadable', { file: path }, { cause: error })
  }
  // Looked at first: opening a pipe would wait for somebody to write.
  if (!(await stat(path).catch(refuse)).isFile()) throw invalid(name, 'not-gguf')
  const handle = await open(path, 'r').catch(refuse)
  try {
    const { size } = await handle.stat()
    return await parse(createCursor(handle, size, name), { path, name, size })
  } finally {
    await handle.close()
  }
}

type Cursor = ReturnType<typeof createCursor>

/** Walks through the file's beginning. `have(n)` sees to it that n more bytes are in memory; the rest is synchronous. */
function createCursor(handle: FileHandle, size: number, name: string) {
  let bytes = Buffer.alloc(0)
  let filled = 0
  let at = 0
  const fill = async (count: number) => {
    if (at + count > size) throw invalid(name, 'truncated')
    if (at + count > LIMITS.headerBytes) throw invalid(name, 'too-large')
    while (filled < at + count) {
      if (filled + CHUNK > bytes.length) {
        const larger = Buffer.allocUnsafeSlow(Math.max(CHUNK * 2, bytes.length * 2))
        bytes.copy(larger, 0, 0, filled)
        bytes = larger
      }
      const { bytesRead } = await handle.read(bytes, filled, Math.min(CHUNK, size - filled), filled)
      if (bytesRead === 0) throw invalid(name, 'truncated')
      filled += bytesRead
    }
  }
  const move = (count: number) => {
    at += count
    return at - count
  }
  return {
    has: (count: number) => at + count <= filled,
    have: async (count: number) => {
      if (at + count > filled) await fill(count)
    },
    at: () => at,
    skip: move,
    bytes: () => bytes,
    u32: () => bytes.readUInt32LE(move(4)),
    u64: () => Number(bytes.readBigUInt64LE(move(8))),
    scalar: (type: Exclude<ScalarType, 'string'>): number | boolean => {
      const from = move(VALUE_BYTES[type])
      switch (type) {
        case 'u8':
          return bytes.readUInt8(from)
        case 'i8':
          return bytes.readInt8(from)
        case 'u16':
          return bytes.readUInt16LE(from)
        case 'i16':
          return bytes.readInt16LE(from)
        case 'u32':
          return bytes.readUInt32LE(from)
        case 'i32':
          return bytes.readInt32LE(from)
        case 'f32':
          return bytes.readFloatLE(from)
        case 'bool':
          return bytes.readInt8(from) !== 0
        case 'u64':
          return Number(bytes.readBigUInt64LE(from))
        case 'i64':
          return Number(bytes.readBigInt64LE(from))
        case 'f64':
          return bytes.readDoubleLE(from)
      }
    },
  }
}

async function parse(cursor: Cursor, file: { path: string; name: string; size: number }): Promise<GgufHeader> {
  const { name } = file
  if (file.size < 4) throw invalid(name, 'not-gguf')
  await cursor.have(4)
  if (cursor.u32() !== MAGIC) throw invalid(name, 'not-gguf')
  await cursor.have(20)
  const version = cursor.u32()
  if (version !== 0 && (version & 0xffff) === 0) throw invalid(name, 'byte-order')
  if (version !== 2 && version !== 3) throw invalid(name, 'version')
  const tensorCount = cursor.u64()
  const keyCount = cursor.u64()
  if (tensorCount > LIMITS.tensors || keyCount > LIMITS.keys) throw invalid(name, 'too-large')

  const metadata = new Map<string, GgufEntry>()
  for (let index = 0; index < keyCount; index++) {
    const key = await readString(cursor, name, LIMITS.keyBytes)
    // Keys are ASCII by the format's own rules; two that differ only in what is no text would be one to some readers.
    if (!/^[\x21-\x7e]+$/.test(key) || metadata.has(key)) throw invalid(name, 'structure', key.slice(0, 64))
    metadata.set(key, await readEntry(cursor, name, key))
  }
  const alignment = alignmentOf(metadata, name)

  const tensors: GgufTensorInfo[] = []
  const names = new Set<string>()
  for (let index = 0; index < tensorCount; index++) {
    const tensor = await readTensor(cursor, name)
    if (names.has(tensor.name)) throw invalid(name, 'structure', tensor.name)
    names.add(tensor.name)
    tensors.push(tensor)
  }
  const dataStart = padded(cursor.at(), alignment)
  if (tensorCount > 0 && dataStart > file.size) throw invalid(name, 'truncated')
  const bytes = cursor.bytes().subarray(0, cursor.at())
  return { ...file, version, alignment, metadata, tensors, dataStart, bytes }
}

async function readString(cursor: Cursor, name: string, limit: number): Promise<string> {
  await cursor.have(8)
  const length = cursor.u64()
  if (length > limit) throw invalid(name, 'too-large')
  await cursor.have(length)
  const from = cursor.skip(length)
  return cursor.bytes().toString('utf8', from, from + length)
}

async function readEntry(cursor: Cursor, name: string, key: string): Promise<GgufEntry> {
  await cursor.have(4)
  const type = VALUE_TYPE_NAMES.get(cursor.u32() as never)
  if (type === undefined) throw invalid(name, 'structure', key)
  if (type === 'array') return await readArray(cursor, name, key)
  if (type === 'string') return { type, value: await readString(cursor, name, LIMITS.stringBytes) }
  await cursor.have(VALUE_BYTES[type])
  return { type, value: cursor.scalar(type) } as GgufEntry
}

async function readArray(cursor: Cursor, name: string, key: string): Promise<GgufArray> {
  await cursor.have(12)
  const of = VALUE_TYPE_NAMES.get(cursor.u32() as never)
  const length = cursor.u64()
  // llama.cpp refuses arrays in arrays too.
  if (of === undefined || of === 'array') throw invalid(name, 'structure', key)
  if (length > LIMITS.elements) throw invalid(name, 'too-large', key)
  if (of === 'string') return await readStrings(cursor, name, key, length)
  const at = cursor.at()
  let left = length * VALUE_BYTES[of]
  while (left > 0) {
    const step = Math.min(left, CHUNK)
    await cursor.have(step)
    cursor.skip(step)
    left -= step
  }
  return { type: 'array', of, length, at }
}

async function readStrings(cursor: Cursor, name: string, key: string, length: number): Promise<GgufArray> {
  const breath = createBreath()
  const at = cursor.at()
  let strings = new Uint32Array(Math.min(length, 1024) * 2)
  for (let index = 0; index < length; index++) {
    if (2 * index === strings.length) {
      const larger = new Uint32Array(Math.min(length * 2, strings.length * 2))
      larger.set(strings)
      strings = larger
    }
    if (!cursor.has(8)) await cursor.have(8)
    const size = cursor.u64()
    if (size > LIMITS.stringBytes) throw invalid(name, 'too-large', key)
    if (!cursor.has(size)) await cursor.have(size)
    strings[2 * index] = cursor.skip(size)
    strings[2 * index + 1] = cursor.at()
    if (index % 256 === 0 && breath.due()) await breath.take()
  }
  return { type: 'array', of: 'string', length, at, strings }
}

function alignmentOf(metadata: ReadonlyMap<string, GgufEntry>, name: string): number {
  const entry = metadata.get('general.alignment')
  if (entry === undefined) return DEFAULT_ALIGNMENT
  const { value } = entry as { value: number }
  if (entry.type !== 'u32' || value < 1 || value > 1 << 20 || (value & (value - 1)) !== 0)
    throw invalid(name, 'structure', 'general.alignment')
  return value
}

async function readTensor(cursor: Cursor, name: string): Promise<GgufTensorInfo> {
  const tensor = await readString(cursor, name, LIMITS.keyBytes)
  if (!/^[\x21-\x7e]+$/.test(tensor) || tensor.length > MAX_NAME_BYTES)
    throw invalid(name, 'structure', tensor.slice(0, 64))
  await cursor.have(4)
  const dimensions = cursor.u32()
  if (dimensions < 1 || dimensions > MAX_DIMENSIONS) throw invalid(name, 'tensor-shape', tensor)
  await cursor.have(dimensions * 8 + 12)
  const shape = Array.from({ length: dimensions }, () => cursor.u64())
  const type = TENSOR_TYPE_NAMES.get(cursor.u32() as never)
  const offset = cursor.u64()
  if (type === undefined) throw invalid(name, 'tensor-type', tensor)
  const { block, bytes } = TENSOR_TYPES[type]
  const values = shape.reduce((product, length) => product * length, 1)
  if (values < 1 || values > 2 ** 48 || shape[0]! % block !== 0) throw invalid(name, 'tensor-shape', tensor)
  return { name: tensor, shape, type, offset, size: (values / block) * bytes }
}
