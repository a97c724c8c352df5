/**
 * The models that can be had by name: `models/catalog.json`, checked. Facts only. What fits this machine is said elsewhere, and
 * what a file really is its own header says once it is here.
 */
import { z } from 'zod'
import catalog from '../../models/catalog.json' with { type: 'json' }
import type { ModelRole } from '../model/index.ts'
import { type KnownModel, usualHub } from './download-source.ts'
import { TENSOR_TYPES } from './gguf/format.ts'
import type { Network } from './memory-need.ts'

const roles = ['chat', 'embedding', 'reranking'] as const satisfies readonly ModelRole[]
const count = z.number().int().positive()
const text = z.string().trim().min(1)
const address = z.url({ protocol: /^https$/ })

/** Numbers that follow from the network: tensors, and what is kept in memory for each token. */
const shape = z.strictObject({
  layers: count,
  embedding: count,
  feedForward: count,
  heads: count,
  headsKv: count,
  /** Numbers of one head's key, and of its value. */
  headSize: count,
  vocabulary: count,
  /** The matrix that makes tokens of the last layer is one of its own, not that of the embeddings. */
  ownOutput: z.literal(true).optional(),
})

const source = z.strictObject({
  /** At the hub: `maker/name`. */
  repository: z.string().regex(/^[\w.-]+\/[\w.-]+$/),
  file: z.string().regex(/^[\w.-]+\.gguf$/i),
  /** At which the file had these bytes; a repository may replace it. */
  revision: z
    .string()
    .regex(/^[\da-f]{40}$/)
    .optional(),
  /** Left out where nobody could prove them; they are then learned with the download. */
  bytes: count.optional(),
  sha256: z
    .string()
    .regex(/^[\da-f]{64}$/)
    .optional(),
})

/**
 * Where facts come from. `page`: the maker's or the hub's own page. `told`: what somebody else's page says of it. `pinned`: as many
 * independent projects pin the file by these values.
 */
const evidence = z.strictObject({
  facts: z.array(text).min(1),
  how: z.enum(['page', 'told', 'pinned']),
  projects: z.number().int().min(2).optional(),
  url: address,
})

const entry = z.strictObject({
  /** What `cloister models download` takes. */
  id: z.string().regex(/^[a-z\d]+([.-][a-z\d]+)*$/),
  name: text,
  role: z.enum(roles),
  /** The one to begin with, whatever the machine. */
  default: z.literal(true).optional(),
  /** GiB of memory of the machines it is meant for, beside all else that runs there. */
  machine: z.union([z.literal(4), z.literal(8), z.literal(16), z.literal(32)]),
  goodFor: z.strictObject({ en: text, de: text }),
  /** How many, as its makers count; and those we have seen named. */
  languages: z.strictObject({ count: count.optional(), named: z.array(z.string().regex(/^[a-z]{2,3}$/)) }),
  /** As SPDX names it. Only those by which anybody may use, change and pass it on, for any purpose. */
  licence: z.enum(['Apache-2.0', 'MIT']),
  /** As `general.architecture` of the file. */
  architecture: text,
  quantization: text,
  parameters: count,
  /** Tokens it was made for, as its makers say. */
  context: count,
  dimensions: count.optional(),
  pooling: z.enum(['mean', 'first', 'last', 'rank']).optional(),
  queryPrefix: z.string().optional(),
  passagePrefix: z.string().optional(),
  shape,
  source,
  sources: z.array(evidence).min(1),
})

export type ModelOffer = Readonly<z.infer<typeof entry>>

/** Throws where the catalog is not one. Those of a role stand in the order in which they are to be offered. */
export function readOffers(json: unknown): readonly ModelOffer[] {
  return z.strictObject({ models: z.array(entry).min(1) }).parse(json).models
}

export const modelOffers = readOffers(catalog)

/** By the name that the catalog gives it; capitals do not count. */
export function offerOf(name: string): ModelOffer | undefined {
  const wanted = name.trim().toLowerCase()
  return modelOffers.find(({ id }) => id === wanted)
}

/** The one to begin with. The catalog has one for each role. */
export function defaultOffer(role: ModelRole): ModelOffer {
  return modelOffers.find(offer => offer.role === role && offer.default)!
}

/**
 * Where it may be had. First at the revision whose bytes are known, then at the newest: a repository that was written anew has the old
 * one no more, and the checksum tells whether the file is still the same.
 */
export function sourceOf(name: string): KnownModel | undefined {
  const offer = offerOf(name)
  if (!offer) return undefined
  const { repository, file, revision, bytes, sha256 } = offer.source
  const revisions = revision ? [revision, 'main'] : ['main']
  return {
    urls: revisions.map(at => `${usualHub}/${repository}/resolve/${at}/${file}`),
    file,
    ...(sha256 && { sha256 }),
    ...(bytes && { size: bytes }),
  }
}

/** What of it matters for memory, before the file is here. Undefined where the size of the file is not known. */
export function networkOfOffer({
  shape,
  source,
  architecture,
  quantization,
  pooling,
}: ModelOffer): Network | undefined {
  if (source.bytes === undefined) return undefined
  const width = shape.headsKv * shape.headSize
  const encodes = architecture === 'bert'
  return {
    weights: source.bytes,
    repacked: quantization === 'Q4_K_M' ? repackedOf(shape, architecture) : 0,
    layers: shape.layers,
    keyWidth: width,
    valueWidth: width,
    embedding: shape.embedding,
    feedForward: shape.feedForward,
    vocabulary: shape.vocabulary,
    encodes,
    inSteps: !encodes && (pooling === 'last' || pooling === 'rank'),
  }
}

/** Of the mixture Q4_K_M: all matrices of the layers as Q4_K, but half of those of values and of the way down, and what Phi keeps in one. */
function repackedOf(shape: ModelOffer['shape'], architecture: string): number {
  const { layers, embedding, feedForward, heads, headsKv, headSize } = shape
  const keys = headsKv * headSize
  const attention = architecture === 'phi3' ? 0 : heads * headSize + keys + keys / 2
  const numbers = layers * embedding * (attention + heads * headSize + 2.5 * feedForward)
  const { block, bytes } = TENSOR_TYPES.Q4_K
  return (numbers / block) * bytes
}
