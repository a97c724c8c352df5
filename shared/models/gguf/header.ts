import type { TensorTypeName } from './format.ts'
import { type ScalarType, VALUE_BYTES } from './format.ts'

/** A value of the header. Large arrays stay bytes until somebody looks at an element. */
export type GgufEntry =
  | { type: 'string'; value: string }
  | { type: 'bool'; value: boolean }
  /** 64-bit integers beyond 2^53 lose their last digits. */
  | { type: Exclude<ScalarType, 'string' | 'bool'>; value: number }
  | GgufArray

export interface GgufArray {
  type: 'array'
  of: ScalarType
  length: number
  /** Where the elements begin in the header's bytes; for strings, where each one begins and ends. */
  at: number
  strings?: Uint32Array
}

export interface GgufTensorInfo {
  name: string
  /** The length of a row first. */
  shape: readonly number[]
  type: TensorTypeName
  /** From the beginning of the tensors' data. */
  offset: number
  /** Bytes, without padding. */
  size: number
}

/** All a GGUF file says about itself, read with hard bounds and not yet checked. */
export interface GgufHeader {
  path: string
  /** The file's own name. */
  name: string
  /** Bytes of the whole file. */
  size: number
  version: number
  alignment: number
  metadata: ReadonlyMap<string, GgufEntry>
  tensors: readonly GgufTensorInfo[]
  /** Where the tensors' data begin. */
  dataStart: number
  bytes: Buffer
}

export function textAt(header: GgufHeader, key: string): string | undefined {
  const entry = header.metadata.get(key)
  return entry?.type === 'string' ? entry.value : undefined
}

export function numberAt(header: GgufHeader, key: string): number | undefined {
  const entry = header.metadata.get(key)
  return entry && entry.type !== 'string' && entry.type !== 'bool' && entry.type !== 'array' ? entry.value : undefined
}

export function booleanAt(header: GgufHeader, key: string): boolean | undefined {
  const entry = header.metadata.get(key)
  return entry?.type === 'bool' ? entry.value : undefined
}

export function arrayAt(header: GgufHeader, key: string, of?: ScalarType): GgufArray | undefined {
  const entry = header.metadata.get(key)
  return entry?.type === 'array' && (of === undefined || entry.of === of) ? entry : undefined
}

/** One string of an array of strings. */
export function stringOf(header: GgufHeader, { strings }: GgufArray, index: number): string {
  return header.bytes.toString('utf8', strings![2 * index], strings![2 * index + 1])
}

/** One number of an array of f32 or i32. */
export function numberOf(header: GgufHeader, array: GgufArray, index: number): number {
  const at = array.at + index * 4
  return array.of === 'f32' ? header.bytes.readFloatLE(at) : header.bytes.readInt32LE(at)
}

/** The bytes of an array of numbers. */
export function bytesOf(header: GgufHeader, array: GgufArray): Buffer {
  const width = array.of === 'string' ? 0 : VALUE_BYTES[array.of]
  return header.bytes.subarray(array.at, array.at + array.length * width)
}
