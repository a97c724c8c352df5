/**
 * How much memory a model takes while it is loaded, from its shape alone. Pure. Measured with node-llama-cpp 3.21.1 on x64
 * (`bench models --only memory`): what it predicts is within a tenth of what the process takes.
 */
import type { ModelRole } from '../model/index.ts'
import type { GgufTensorInfo } from './gguf/header.ts'

/** What of a network matters for memory. */
export interface Network {
  /** Bytes of the file: its weights are mapped, and all of them are read for every token. */
  weights: number
  /** Bytes of those that llama.cpp copies into another order, which its fast loops read. */
  repacked: number
  layers: number
  /** Numbers of a key and of a value, of all heads of a layer. */
  keyWidth: number
  valueWidth: number
  embedding: number
  feedForward: number
  vocabulary: number
  /** Reads a text as a whole: it keeps no keys and values. */
  encodes: boolean
  /** Makes its vector of the last token alone: the text is read in steps. */
  inSteps: boolean
}

export interface Use {
  role: ModelRole
  /** Tokens of a prompt and its answer, or of a text. */
  contextSize: number
  /** Texts read at once; a model that answers does so one at a time. */
  contexts: number
}

export interface Memory {
  weights: number
  vocabulary: number
  /** Keys and values. */
  kept: number
  /** For computing, and for what comes out. */
  buffers: number
  /**
   * Without the process itself. What was copied into another order is counted once: the pages of the file that hold the same are
   * not looked at again, and are given up when memory is wanted.
   */
  needed: number
  /** All that the process holds in the end, if nobody wants memory: with both copies, and the process itself. */
  resident: number
}

/** Tokens of a prompt, or of a text that is read in steps, between two chances to stop. */
export const stepSize = 64
/** A side task is a question and a few turns of its chat; its own small context costs a quarter of a second sequence. */
export const rewriteContext = 1024

/** Node and llama.cpp with a model of 60 tokens: 131 MiB. */
export const processBytes = 128 * 1024 * 1024
/**
 * Pieces, their lookup and the pairs that are merged, in llama.cpp and in the library: 112 to 122 MiB for 250,037 tokens, 59 to 87
 * for 151,936 with as many pairs.
 */
const bytesPerToken = 480
/** llama.cpp rounds a context up to whole blocks of cells. */
const cellBlock = 256

export function memoryOf(network: Network, { role, contextSize, contexts }: Use): Memory {
  const { weights, repacked, layers, keyWidth, valueWidth, encodes, inSteps } = network
  const kept = (tokens: number) =>
    encodes ? 0 : layers * (keyWidth + valueWidth) * 2 * Math.ceil(tokens / cellBlock) * cellBlock
  const parts =
    role === 'chat'
      ? [contextSize, Math.min(rewriteContext, contextSize)].map(tokens => ({
          kept: kept(tokens),
          buffers: computing(network, stepSize) + outgoing(network, 1),
        }))
      : Array.from({ length: contexts }, () => {
          // The library refuses a text that fills the context to the last token: one more is made.
          const batch = inSteps ? stepSize : contextSize + 1
          return { kept: kept(contextSize + 1), buffers: computing(network, batch) + outgoing(network, batch) }
        })
  const sum = (key: 'kept' | 'buffers') => parts.reduce((total, part) => total + part[key], 0)
  const vocabulary = network.vocabulary * bytesPerToken
  const needed = weights + vocabulary + sum('kept') + sum('buffers')
  return {
    weights,
    vocabulary,
    kept: sum('kept'),
    buffers: sum('buffers'),
    needed,
    resident: needed + repacked + processBytes,
  }
}

/** The widest rows of a batch that are alive at once; of one that writes, the numbers of all possible next words. */
function computing({ embedding, feedForward, vocabulary, encodes }: Network, batch: number): number {
  return batch * (feedForward + 4 * embedding + (encodes ? 0 : vocabulary)) * 4
}

/**
 * A number for each possible next word, for each token that something is wanted of: llama.cpp keeps room for them also where a
 * model makes vectors and has no next words. 513 tokens of 250,037 words: 489 MiB a context, hundredfold the computing.
 */
function outgoing({ embedding, vocabulary }: Network, tokens: number): number {
  return tokens * (vocabulary + embedding) * 4
}

/** Source: `ggml_repack_get_optimal_repack_type` in ggml/src/ggml-cpu/repack.cpp. Measured on x64 only. */
const repackedTypes: Partial<Record<NodeJS.Architecture, readonly string[]>> = {
  x64: ['Q4_0', 'Q4_K', 'IQ4_NL'],
  arm64: ['Q4_0', 'Q4_K', 'Q5_K', 'Q6_K', 'Q8_0', 'IQ4_NL'],
}
const rowsAtOnce = 8

/** Bytes of the tensors that are copied into another order on such a processor. */
export function repackedBytes(
  tensors: readonly Pick<GgufTensorInfo, 'name' | 'type' | 'shape' | 'size'>[],
  processor: NodeJS.Architecture = process.arch,
): number {
  const types = repackedTypes[processor] ?? []
  return tensors
    .filter(({ name, type, shape }) => {
      // Rows of these are looked up, not multiplied with.
      const lookedUp = /^(?:token_embd|position_embd|token_types)\./.test(name)
      return !lookedUp && types.includes(type) && shape.length === 2 && shape[1]! % rowsAtOnce === 0
    })
    .reduce((sum, { size }) => sum + size, 0)
}
