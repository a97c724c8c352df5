import { TENSOR_TYPES } from '../shared/models/gguf/format.ts'
import { byteSymbols, CHATML_TEMPLATE } from './tiny-models-chat.ts'
import { randomNumbers, SPECIALS, wordPiece } from './tiny-models-encoder.ts'
import { bool, f32, type GgufModel, type GgufTensor, i32s, string, strings, toHalf, u32 } from './write-gguf.ts'

export interface Qwen3Shape {
  layers: number
  embedding: number
  feedForward: number
  heads: number
  headsKv: number
  keyLength: number
  vocabulary: number
  contextLength: number
}

export interface BertShape {
  layers: number
  embedding: number
  feedForward: number
  heads: number
  vocabulary: number
  contextLength: number
}

/** Qwen3-0.6B: 596 million parameters, 637 MB as Q8_0. Source: config.json of Qwen/Qwen3-0.6B. */
export const QWEN3_0_6B: Qwen3Shape = {
  layers: 28,
  embedding: 1024,
  feedForward: 3072,
  heads: 16,
  headsKv: 8,
  keyLength: 128,
  vocabulary: 151_936,
  contextLength: 40_960,
}

/** multilingual-e5-small: 117 million parameters, 130 MB as Q8_0. Source: config.json of intfloat/multilingual-e5-small. */
export const E5_SMALL: BertShape = {
  layers: 12,
  embedding: 384,
  feedForward: 1536,
  heads: 12,
  vocabulary: 250_037,
  contextLength: 512,
}

/** A chat model of a real shape with random weights in Q8_0 (vectors in F32): for measuring speed, it says nonsense. */
export function randomQwen3(shape: Qwen3Shape, name = 'Random Qwen3'): GgufModel {
  const { embedding, feedForward, heads, headsKv, keyLength } = shape
  const specials = ['<|endoftext|>', '<|im_start|>', '<|im_end|>']
  const filler = shape.vocabulary - 256 - specials.length
  const tokens = [...byteSymbols(), ...Array.from({ length: filler }, (_, i) => `Ġw${i}`), ...specials]
  const types = tokens.map((_, id) => (id < shape.vocabulary - specials.length ? 1 : 3))
  const tensors: GgufTensor[] = [random('token_embd', embedding, shape.vocabulary), ones('output_norm', embedding)]
  for (let layer = 0; layer < shape.layers; layer++) {
    const block = `blk.${layer}`
    tensors.push(
      ones(`${block}.attn_norm`, embedding),
      random(`${block}.attn_q`, embedding, heads * keyLength),
      random(`${block}.attn_k`, embedding, headsKv * keyLength),
      random(`${block}.attn_v`, embedding, headsKv * keyLength),
      random(`${block}.attn_output`, heads * keyLength, embedding),
      ones(`${block}.attn_q_norm`, keyLength),
      ones(`${block}.attn_k_norm`, keyLength),
      ones(`${block}.ffn_norm`, embedding),
      random(`${block}.ffn_gate`, embedding, feedForward),
      random(`${block}.ffn_up`, embedding, feedForward),
      random(`${block}.ffn_down`, feedForward, embedding),
    )
  }
  return {
    metadata: {
      'general.architecture': string('qwen3'),
      'general.name': string(name),
      'general.file_type': u32(7),
      'qwen3.block_count': u32(shape.layers),
      'qwen3.context_length': u32(shape.contextLength),
      'qwen3.embedding_length': u32(embedding),
      'qwen3.feed_forward_length': u32(feedForward),
      'qwen3.attention.head_count': u32(heads),
      'qwen3.attention.head_count_kv': u32(headsKv),
      'qwen3.attention.key_length': u32(keyLength),
      'qwen3.attention.value_length': u32(keyLength),
      'qwen3.attention.layer_norm_rms_epsilon': f32(1e-6),
      'qwen3.rope.freq_base': f32(1e6),
      'tokenizer.ggml.model': string('gpt2'),
      'tokenizer.ggml.pre': string('qwen2'),
      'tokenizer.ggml.tokens': strings(tokens),
      'tokenizer.ggml.token_type': i32s(types),
      'tokenizer.ggml.merges': strings([]),
      'tokenizer.ggml.bos_token_id': u32(shape.vocabulary - 3),
      'tokenizer.ggml.eos_token_id': u32(shape.vocabulary - 1),
      'tokenizer.ggml.padding_token_id': u32(shape.vocabulary - 3),
      'tokenizer.ggml.add_bos_token': bool(false),
      'tokenizer.chat_template': string(CHATML_TEMPLATE),
    },
    tensors,
  }
}

/** An embedding model of a real shape with random weights in Q8_0, mean pooling. */
export function randomBert(shape: BertShape, name = 'Random multilingual-e5'): GgufModel {
  const { embedding, feedForward } = shape
  // Single letters and signs, so that real text has tokens; the rest is never met.
  const letters = [...'abcdefghijklmnopqrstuvwxyzß0123456789.,;:!?()[]{}"\'-/%&§'].flatMap(sign => [`▁${sign}`, sign])
  const filler = shape.vocabulary - SPECIALS.length - letters.length
  const tokens = [...SPECIALS, ...letters, ...Array.from({ length: filler }, (_, i) => `▁w${i}`)]
  const norm = (tensor: string): GgufTensor[] => [
    ones(tensor, embedding),
    { name: `${tensor}.bias`, shape: [embedding], type: 'F32', data: new Float32Array(embedding) },
  ]
  const tensors: GgufTensor[] = [
    random('token_embd', embedding, shape.vocabulary),
    random('position_embd', embedding, shape.contextLength),
    ...norm('token_embd_norm'),
  ]
  for (let layer = 0; layer < shape.layers; layer++) {
    const block = `blk.${layer}`
    tensors.push(
      random(`${block}.attn_q`, embedding, embedding),
      random(`${block}.attn_k`, embedding, embedding),
      random(`${block}.attn_v`, embedding, embedding),
      random(`${block}.attn_output`, embedding, embedding),
      ...norm(`${block}.attn_output_norm`),
      random(`${block}.ffn_up`, embedding, feedForward),
      random(`${block}.ffn_down`, feedForward, embedding),
      ...norm(`${block}.layer_output_norm`),
    )
  }
  return {
    metadata: {
      'general.architecture': string('bert'),
      'general.name': string(name),
      'general.file_type': u32(7),
      'bert.block_count': u32(shape.layers),
      'bert.context_length': u32(shape.contextLength),
      'bert.embedding_length': u32(embedding),
      'bert.feed_forward_length': u32(feedForward),
      'bert.attention.head_count': u32(shape.heads),
      'bert.attention.layer_norm_epsilon': f32(1e-12),
      'bert.attention.causal': bool(false),
      'bert.pooling_type': u32(1),
      ...wordPiece(tokens),
    },
    tensors,
  }
}

function ones(name: string, length: number): GgufTensor {
  return { name: `${name}.weight`, shape: [length], type: 'F32', data: new Float32Array(length).fill(1) }
}

/** Blocks of a pattern repeated, so that writing costs no more than the disk: random weights about ±2 / √row. */
function random(name: string, row: number, rows: number): GgufTensor {
  const { block, bytes } = TENSOR_TYPES.Q8_0
  return {
    name: `${name}.weight`,
    shape: [row, rows],
    type: 'Q8_0',
    data: function* () {
      const pattern = patternOf(row)
      for (let left = ((row * rows) / block) * bytes; left > 0; left -= pattern.length)
        yield left < pattern.length ? pattern.subarray(0, left) : pattern
    },
  }
}

function patternOf(row: number): Buffer {
  const { bytes } = TENSOR_TYPES.Q8_0
  const numbers = randomNumbers(row)
  // An odd number of blocks, so that rows differ.
  const pattern = Buffer.alloc(bytes * 4099)
  for (let at = 0; at < pattern.length; at++) pattern[at] = numbers() * 256
  const scale = toHalf(2 / Math.sqrt(row) / 127)
  for (let at = 0; at < pattern.length; at += bytes) pattern.writeUInt16LE(scale, at)
  return pattern
}
