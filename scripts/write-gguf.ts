import { open } from 'node:fs/promises'
import {
  DEFAULT_ALIGNMENT,
  MAGIC,
  padded,
  type ScalarType,
  TENSOR_TYPES,
  type TensorTypeName,
  VALUE_TYPES,
  VERSION,
} from '../shared/models/gguf/format.ts'

export type GgufScalar = number | bigint | boolean | string
export type GgufValue =
  | { type: ScalarType; value: GgufScalar }
  | { type: 'array'; of: ScalarType; value: readonly GgufScalar[] }

export type GgufMetadata = Record<string, GgufValue>

export interface GgufTensor {
  name: string
  /** As the file has it: the length of a row first. */
  shape: readonly number[]
  type: TensorTypeName
  /** The numbers, row after row (F32, F16 and Q8_0 only), or the bytes themselves, in parts. */
  data: Float32Array | (() => Iterable<Uint8Array>)
  /** Where the header says that the data begin, instead of where they do: for broken files. */
  offset?: number
}

export interface GgufModel {
  metadata: GgufMetadata
  tensors: readonly GgufTensor[]
}

export const u32 = (value: number): GgufValue => ({ type: 'u32', value })
export const f32 = (value: number): GgufValue => ({ type: 'f32', value })
export const bool = (value: boolean): GgufValue => ({ type: 'bool', value })
export const string = (value: string): GgufValue => ({ type: 'string', value })
export const strings = (value: readonly string[]): GgufValue => ({ type: 'array', of: 'string', value })
export const i32s = (value: readonly number[]): GgufValue => ({ type: 'array', of: 'i32', value })
export const f32s = (value: readonly number[]): GgufValue => ({ type: 'array', of: 'f32', value })

/** Writes the model to a file part by part: as much memory as the largest tensor whose numbers are given takes. */
export async function writeGguf(file: string, model: GgufModel): Promise<void> {
  const handle = await open(file, 'w')
  try {
    let gathered: Uint8Array[] = []
    let size = 0
    const flush = async () => {
      const bytes = Buffer.concat(gathered)
      gathered = []
      size = 0
      for (let done = 0; done < bytes.length; )
        done += (await handle.write(bytes, done, bytes.length - done)).bytesWritten
    }
    for (const part of ggufParts(model)) {
      gathered.push(part)
      size += part.length
      if (size > 1 << 22) await flush()
    }
    await flush()
  } finally {
    await handle.close()
  }
}

/** The whole file, for small models. */
export function ggufBytes(model: GgufModel): Buffer {
  return Buffer.concat([...ggufParts(model)])
}

/** The header alone: everything before the first tensor's bytes, padding included. */
export function headerBytes(model: GgufModel): Buffer {
  const alignment = alignmentOf(model)
  const parts: Buffer[] = [numberBytes('u32', MAGIC), numberBytes('u32', VERSION)]
  parts.push(numberBytes('u64', model.tensors.length), numberBytes('u64', Object.keys(model.metadata).length))
  for (const [key, value] of Object.entries(model.metadata)) {
    parts.push(stringBytes(key), numberBytes('u32', VALUE_TYPES[value.type]))
    if (value.type !== 'array') parts.push(scalarBytes(value.type, value.value))
    else {
      parts.push(numberBytes('u32', VALUE_TYPES[value.of]), numberBytes('u64', value.value.length))
      for (const element of value.value) parts.push(scalarBytes(value.of, element))
    }
  }
  let offset = 0
  for (const tensor of model.tensors) {
    parts.push(stringBytes(tensor.name), numberBytes('u32', tensor.shape.length))
    for (const length of tensor.shape) parts.push(numberBytes('u64', length))
    parts.push(numberBytes('u32', TENSOR_TYPES[tensor.type].id), numberBytes('u64', tensor.offset ?? offset))
    offset += padded(tensorSize(tensor), alignment)
  }
  const header = Buffer.concat(parts)
  return Buffer.concat([header, Buffer.alloc(padded(header.length, alignment) - header.length)])
}

function* ggufParts(model: GgufModel): Generator<Uint8Array> {
  const alignment = alignmentOf(model)
  yield headerBytes(model)
  for (const tensor of model.tensors) {
    const expected = tensorSize(tensor)
    let size = 0
    const parts = typeof tensor.data === 'function' ? tensor.data() : [tensorBytes(tensor.type, tensor.data)]
    for (const part of parts) {
      size += part.length
      yield part
    }
    if (size !== expected) throw new Error(`${tensor.name}: ${size} bytes instead of ${expected}`)
    yield Buffer.alloc(padded(size, alignment) - size)
  }
}

function alignmentOf({ metadata }: GgufModel): number {
  const given = Number(metadata['general.alignment']?.value)
  return given >= 1 && given <= 4096 ? given : DEFAULT_ALIGNMENT
}

/** Bytes of a tensor, without padding. */
export function tensorSize({ shape, type }: Pick<GgufTensor, 'shape' | 'type'>): number {
  const { block, bytes } = TENSOR_TYPES[type]
  return (shape.reduce((product, length) => product * length, 1) / block) * bytes
}

function stringBytes(text: string): Buffer {
  const bytes = Buffer.from(text)
  return Buffer.concat([numberBytes('u64', bytes.length), bytes])
}

function scalarBytes(type: ScalarType, value: GgufScalar): Buffer {
  return type === 'string' ? stringBytes(String(value)) : numberBytes(type, value)
}

function numberBytes(type: Exclude<ScalarType, 'string'>, given: GgufScalar): Buffer {
  const value = Number(given)
  const bytes = Buffer.alloc(8)
  switch (type) {
    case 'u8':
    case 'bool':
      return bytes.subarray(0, bytes.writeUInt8(value))
    case 'i8':
      return bytes.subarray(0, bytes.writeInt8(value))
    case 'u16':
      return bytes.subarray(0, bytes.writeUInt16LE(value))
    case 'i16':
      return bytes.subarray(0, bytes.writeInt16LE(value))
    case 'u32':
      return bytes.subarray(0, bytes.writeUInt32LE(value))
    case 'i32':
      return bytes.subarray(0, bytes.writeInt32LE(value))
    case 'f32':
      return bytes.subarray(0, bytes.writeFloatLE(value))
    case 'f64':
      return bytes.subarray(0, bytes.writeDoubleLE(value))
    case 'u64':
      return bytes.subarray(0, bytes.writeBigUInt64LE(BigInt(given)))
    case 'i64':
      return bytes.subarray(0, bytes.writeBigInt64LE(BigInt(given)))
  }
}

function tensorBytes(type: TensorTypeName, numbers: Float32Array): Uint8Array {
  if (type === 'F32') return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength)
  if (type === 'F16') {
    const halves = Uint16Array.from(numbers, toHalf)
    return new Uint8Array(halves.buffer)
  }
  if (type === 'Q8_0') return quantized(numbers)
  throw new Error(`no numbers can be written as ${type}`)
}

/** Q8_0: blocks of 32 signed bytes behind one half-precision scale, the largest number of the block / 127. */
function quantized(numbers: Float32Array): Uint8Array {
  const { block, bytes } = TENSOR_TYPES.Q8_0
  const packed = Buffer.alloc((numbers.length / block) * bytes)
  for (let from = 0, at = 0; from < numbers.length; from += block, at += bytes) {
    let largest = 0
    for (let i = 0; i < block; i++) largest = Math.max(largest, Math.abs(numbers[from + i]!))
    const scale = largest / 127
    packed.writeUInt16LE(toHalf(scale), at)
    for (let i = 0; i < block; i++) packed.writeInt8(scale ? Math.round(numbers[from + i]! / scale) : 0, at + 2 + i)
  }
  return packed
}

/** IEEE 754 half precision, rounded to even; what is too large becomes infinite. */
export function toHalf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0
  const size = Math.abs(value)
  if (Number.isNaN(value)) return 0x7e00
  if (size >= 65520) return sign | 0x7c00
  if (size < 2 ** -14) return sign | roundEven(size * 2 ** 24)
  const exponent = Math.floor(Math.log2(size))
  return sign | (((exponent + 15) << 10) + roundEven((size / 2 ** exponent - 1) * 1024))
}

function roundEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor
}
