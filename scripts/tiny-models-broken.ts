import { tinyOf } from './tiny-models-kinds.ts'
import {
  type GgufMetadata,
  type GgufModel,
  type GgufTensor,
  type GgufValue,
  ggufBytes,
  headerBytes,
} from './write-gguf.ts'

export interface Malformed {
  name: string
  /** What llama.cpp, or a careless reader, would do with it. */
  why: string
  /** The reason it must be refused for: `detail` of `model-invalid` or `model-unsupported`. */
  detail: string
  bytes: Buffer
}

/** What the broken files are variants of. */
export const chat = tinyOf('qwen3')

/** The same file under a header with other keys; undefined takes one out. */
export const withKeys = (changes: Record<string, GgufValue | undefined>, model: GgufModel = chat): Buffer => {
  const metadata: GgufMetadata = { ...model.metadata }
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined) delete metadata[key]
    else metadata[key] = value
  }
  return Buffer.concat([headerBytes({ ...model, metadata }), bodyOf(model)])
}

/** The same with another tensor in the header, or without it; the weights stay as they are. */
export const withTensor = (name: string, change: Partial<GgufTensor> | undefined, model: GgufModel = chat): Buffer => {
  const tensors = model.tensors.flatMap(tensor => {
    if (tensor.name !== name) return [tensor]
    return change ? [{ ...tensor, ...change }] : []
  })
  return Buffer.concat([headerBytes({ ...model, tensors }), bodyOf(model)])
}

function bodyOf(model: GgufModel): Buffer {
  return ggufBytes(model).subarray(headerBytes(model).length)
}

export const good = ggufBytes(chat)
export const header = headerBytes(chat)

/** The file with some bytes of its own overwritten. */
export function patched(at: number, write: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.from(good)
  write(bytes.subarray(at))
  return bytes
}

/** Where the text ends in the header: a key's type stands there. */
export function afterText(text: string): number {
  return header.indexOf(text) + text.length
}
