/**
 * The GGUF container, version 3, little endian.
 * Source: ggml/include/gguf.h and ggml/src/ggml-common.h of llama.cpp v0.4.0, the version node-llama-cpp 3.21.1 carries.
 */
export const MAGIC = 0x46554747 // "GGUF"
export const VERSION = 3
export const DEFAULT_ALIGNMENT = 32
/** A tensor's dimensions, and the bytes of its name, at most (GGML_MAX_DIMS; GGML_MAX_NAME with its closing zero). */
export const MAX_DIMENSIONS = 4
export const MAX_NAME_BYTES = 63

/** Numbers of the value types, as the file has them. */
export const VALUE_TYPES = {
  u8: 0,
  i8: 1,
  u16: 2,
  i16: 3,
  u32: 4,
  i32: 5,
  f32: 6,
  bool: 7,
  string: 8,
  array: 9,
  u64: 10,
  i64: 11,
  f64: 12,
} as const

export type ValueType = keyof typeof VALUE_TYPES
export type ScalarType = Exclude<ValueType, 'array'>

/** Bytes of a value; strings and arrays have no fixed size. */
export const VALUE_BYTES: Record<Exclude<ScalarType, 'string'>, number> = {
  u8: 1,
  i8: 1,
  u16: 2,
  i16: 2,
  u32: 4,
  i32: 4,
  f32: 4,
  bool: 1,
  u64: 8,
  i64: 8,
  f64: 8,
}

export interface TensorType {
  id: number
  /** Values of a block, and its bytes. A row is whole blocks. */
  block: number
  bytes: number
}

/** What a tensor's numbers are kept as. Ids that are missing were removed from the format. */
export const TENSOR_TYPES = {
  F32: { id: 0, block: 1, bytes: 4 },
  F16: { id: 1, block: 1, bytes: 2 },
  Q4_0: { id: 2, block: 32, bytes: 18 },
  Q4_1: { id: 3, block: 32, bytes: 20 },
  Q5_0: { id: 6, block: 32, bytes: 22 },
  Q5_1: { id: 7, block: 32, bytes: 24 },
  Q8_0: { id: 8, block: 32, bytes: 34 },
  Q8_1: { id: 9, block: 32, bytes: 36 },
  Q2_K: { id: 10, block: 256, bytes: 84 },
  Q3_K: { id: 11, block: 256, bytes: 110 },
  Q4_K: { id: 12, block: 256, bytes: 144 },
  Q5_K: { id: 13, block: 256, bytes: 176 },
  Q6_K: { id: 14, block: 256, bytes: 210 },
  Q8_K: { id: 15, block: 256, bytes: 292 },
  IQ2_XXS: { id: 16, block: 256, bytes: 66 },
  IQ2_XS: { id: 17, block: 256, bytes: 74 },
  IQ3_XXS: { id: 18, block: 256, bytes: 98 },
  IQ1_S: { id: 19, block: 256, bytes: 50 },
  IQ4_NL: { id: 20, block: 32, bytes: 18 },
  IQ3_S: { id: 21, block: 256, bytes: 110 },
  IQ2_S: { id: 22, block: 256, bytes: 82 },
  IQ4_XS: { id: 23, block: 256, bytes: 136 },
  I8: { id: 24, block: 1, bytes: 1 },
  I16: { id: 25, block: 1, bytes: 2 },
  I32: { id: 26, block: 1, bytes: 4 },
  I64: { id: 27, block: 1, bytes: 8 },
  F64: { id: 28, block: 1, bytes: 8 },
  IQ1_M: { id: 29, block: 256, bytes: 56 },
  BF16: { id: 30, block: 1, bytes: 2 },
  TQ1_0: { id: 34, block: 256, bytes: 54 },
  TQ2_0: { id: 35, block: 256, bytes: 66 },
  MXFP4: { id: 39, block: 32, bytes: 17 },
  NVFP4: { id: 40, block: 64, bytes: 36 },
  Q1_0: { id: 41, block: 128, bytes: 18 },
  Q2_0: { id: 42, block: 64, bytes: 18 },
} as const satisfies Record<string, TensorType>

export type TensorTypeName = keyof typeof TENSOR_TYPES

/** The next multiple of `alignment`. */
export function padded(offset: number, alignment: number): number {
  return Math.ceil(offset / alignment) * alignment
}
