import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import type { ModelRole } from '../../model/index.ts'
import type { Network } from '../memory-need.ts'
import { networkOf } from '../network.ts'
import { ARCHITECTURES, type Shape } from './architectures.ts'
import { createBreath } from './breath.ts'
import { checkHeader } from './check-header.ts'
import { arrayAt, type GgufHeader, numberAt, stringOf, textAt } from './header.ts'
import { type Prefixes, prefixesOf } from './prefixes.ts'
import { unsupported } from './problem.ts'
import { readHeader } from './read-header.ts'

export type Pooling = 'none' | 'mean' | 'first' | 'last' | 'rank'

export interface ModelDescription {
  role: ModelRole
  /** As it calls itself, else the file's name without its ending. */
  name: string
  architecture: string
  parameters: number
  /** Tokens it was made for. An encoder cannot read one more: it has no place for it. */
  contextSize: number
  dimensions: number
  layers: number
  headCountKv: number
  keyLength: number
  valueLength: number
  /** What of it matters for memory. */
  network: Network
  /** Undefined where the file does not say. */
  pooling?: Pooling
  /** `Q4_K_M`; for a kind nobody named, that of most of the data. */
  quantization: string
  /** Codes of languages, as the file lists them. */
  languages: readonly string[]
  license?: string
  chatTemplate?: string
  /** Of the file: header, size, and 32 samples of 4 KiB of the weights. Two files that differ elsewhere only look the same. */
  fingerprint: string
  /** For a model that makes vectors. Its fingerprint covers how we use it too. */
  embedding?: Prefixes & { fingerprint: string; dimensions: number }
}

const POOLING: readonly Pooling[] = ['none', 'mean', 'first', 'last', 'rank']
/** Source: `enum llama_ftype` in include/llama.h. */
const FILE_TYPES: Record<number, string> = {
  0: 'F32',
  1: 'F16',
  2: 'Q4_0',
  3: 'Q4_1',
  7: 'Q8_0',
  8: 'Q5_0',
  9: 'Q5_1',
  10: 'Q2_K',
  11: 'Q3_K_S',
  12: 'Q3_K_M',
  13: 'Q3_K_L',
  14: 'Q4_K_S',
  15: 'Q4_K_M',
  16: 'Q5_K_S',
  17: 'Q5_K_M',
  18: 'Q6_K',
  21: 'Q2_K_S',
  25: 'IQ4_NL',
  30: 'IQ4_XS',
  32: 'BF16',
}
/** More than sqlite-vec keeps in a vector. */
const MOST_DIMENSIONS = 8192
/**
 * How a passage becomes a vector: what stands before its text (`headOf` in `ingest/embed-texts.ts`), how long ones are
 * split and put together, how the tokens of a text are pooled and how much of it is read (`models/`). Whoever changes one
 * of these counts up: old vectors cannot be compared with new ones, and all are made anew.
 */
const EMBEDDING_VERSION = 1
const SAMPLES = 32
const SAMPLE_BYTES = 4096

/**
 * Reads, checks and describes a model file; `name` is what it will be called, where it has another yet. Throws
 * `model-missing`, `model-invalid`, `model-unsupported`.
 */
export async function describeModel(path: string, name?: string): Promise<ModelDescription> {
  const header = await readHeader(path, name)
  return await describeHeader(header, await checkHeader(header))
}

/** What a checked header says, for people and for whoever loads it. Reads samples of the weights: 128 KiB. */
export async function describeHeader(header: GgufHeader, shape: Shape): Promise<ModelDescription> {
  const architecture = textAt(header, 'general.architecture')!
  const pooling = POOLING[numberAt(header, `${architecture}.pooling_type`) ?? -1]
  const role = roleOf(header, architecture, pooling)
  const fingerprint = await fingerprintOf(header)
  const license = textAt(header, 'general.license')
  const chatTemplate = textAt(header, 'tokenizer.chat_template')
  const dimensions = shape.dense3In > 0 ? shape.embedding : shape.dense2Out || shape.embedding
  return {
    role,
    name: line(textAt(header, 'general.name') ?? '') || header.name.replace(/\.gguf$/i, ''),
    architecture,
    parameters: header.tensors.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0),
    contextSize: shape.context,
    dimensions,
    layers: shape.layers,
    headCountKv: shape.headsKv,
    keyLength: shape.keyLength,
    valueLength: shape.valueLength,
    network: networkOf(header, shape),
    ...(pooling && { pooling }),
    quantization: quantizationOf(header),
    languages: textsAt(header, 'general.languages'),
    ...(license && { license: line(license) }),
    ...(chatTemplate && { chatTemplate }),
    fingerprint,
    ...(role === 'embedding' && { embedding: embeddingOf(header, fingerprint, dimensions) }),
  }
}

function roleOf(header: GgufHeader, architecture: string, pooling: Pooling | undefined): ModelRole {
  const head = header.tensors.some(({ name }) => name === 'cls.weight' || name === 'cls.output.weight')
  if (pooling === 'rank' || (pooling === undefined && head)) return 'reranking'
  const encodes = ARCHITECTURES.get(architecture)?.encoder
  return encodes || (pooling !== undefined && pooling !== 'none') ? 'embedding' : 'chat'
}

function embeddingOf(header: GgufHeader, fingerprint: string, dimensions: number): ModelDescription['embedding'] {
  const text = (key: string) => textAt(header, `general.${key}`) ?? ''
  const base = ['basename', 'finetune', 'size_label', 'version'].map(text).filter(Boolean).join('-')
  if (dimensions > MOST_DIMENSIONS) throw unsupported(header.name, 'dimensions', String(dimensions))
  const prefixes = prefixesOf([text('name'), base, text('architecture'), header.name])
  const used = createHash('sha256').update(
    JSON.stringify([fingerprint, prefixes.queryPrefix, prefixes.passagePrefix, EMBEDDING_VERSION]),
  )
  return { ...prefixes, dimensions, fingerprint: used.digest('hex') }
}

function quantizationOf(header: GgufHeader): string {
  const named = FILE_TYPES[numberAt(header, 'general.file_type') ?? -1]
  if (named) return named
  const bytes = new Map<string, number>()
  for (const { type, size } of header.tensors) bytes.set(type, (bytes.get(type) ?? 0) + size)
  return [...bytes].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 'F32'
}

function textsAt(header: GgufHeader, key: string): string[] {
  const array = arrayAt(header, key, 'string')
  return array ? Array.from({ length: Math.min(array.length, 256) }, (_, i) => stringOf(header, array, i)) : []
}

/** On one line, and not endless. */
function line(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, 200)
}

async function fingerprintOf(header: GgufHeader): Promise<string> {
  const hash = createHash('sha256')
  const breath = createBreath()
  for (let at = 0; at < header.bytes.length; at += 1 << 20) {
    hash.update(header.bytes.subarray(at, at + (1 << 20)))
    if (breath.due()) await breath.take()
  }
  hash.update(`\n${header.size}\n`)
  const handle = await open(header.path, 'r')
  try {
    const sample = Buffer.alloc(SAMPLE_BYTES)
    const room = Math.max(0, header.size - header.dataStart - SAMPLE_BYTES)
    for (let index = 0; index < SAMPLES; index++) {
      const at = header.dataStart + Math.floor((room * index) / (SAMPLES - 1))
      const { bytesRead } = await handle.read(sample, 0, SAMPLE_BYTES, at)
      hash.update(sample.subarray(0, bytesRead))
    }
  } finally {
    await handle.close()
  }
  return hash.digest('hex')
}
