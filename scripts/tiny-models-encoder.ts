import { bool, f32, type GgufModel, type GgufTensor, i32s, string, strings, u32 } from './write-gguf.ts'

export interface TinyEmbedderOptions {
  dimensions?: number
  /** As the header says it: prefixes are chosen by it. */
  name?: string
  /** Words that mean the same: each group shares one vector. Folded as the tokenizer does (small letters, no accents). */
  synonyms?: readonly (readonly string[])[]
  /** Words that say nothing, beside a short list of German and English ones. */
  stopWords?: readonly string[]
  /** Tokens it reads, special ones included; 512 by default. */
  contextLength?: number
  /** Other vectors for the same words. */
  seed?: number
}

const SPECIALS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]'] as const
const STOP_WORDS =
  'query passage search document der die das den dem des ein eine einen einer und oder ist sind war was wie wer wo wann zu in im an am auf mit von fur nicht es er sie ich wir the a an and or is are was what how who where when to of on at with for not it he she i we'

/**
 * An embedding model (bert, one layer without effect, mean pooling): the mean of its tokens' vectors, a bag of word parts. Texts that share
 * words are near, others far. The tokenizer is WordPiece: pairs of letters, and the words of `synonyms` and of the stop words whole.
 *
 * Layer norms would make all tokens equally loud, so the epsilon is 1: a vector's size survives, and stop words, punctuation
 * and special tokens whisper. Cosines are stated in the test beside.
 */
export function tinyEmbedder(options: TinyEmbedderOptions = {}): GgufModel {
  const { dimensions = 64, name = 'Tiny embedder', synonyms = [], contextLength = 512, seed = 1 } = options
  const random = randomNumbers(seed)
  const vector = (loudness: number) => centered(dimensions, loudness, random)
  const vocabulary = new Map<string, Float32Array>()
  const add = (token: string, numbers: Float32Array) => {
    if (!vocabulary.has(token)) vocabulary.set(token, numbers)
  }
  for (const special of SPECIALS) add(special, vector(special === '[UNK]' ? 0.1 : 0.02))
  for (const group of synonyms) {
    const shared = vector(10)
    for (const word of group) add(`▁${folded(word)}`, shared)
  }
  for (const word of [...STOP_WORDS.split(' '), ...(options.stopWords ?? [])]) add(`▁${folded(word)}`, vector(0.02))
  const letters = [...'abcdefghijklmnopqrstuvwxyzß']
  const digits = [...'0123456789']
  for (const first of [...letters, ...digits]) {
    for (const second of [...(letters.includes(first) ? letters : digits), '']) {
      add(`▁${first}${second}`, vector(second ? 0.25 : 0.1))
      add(`${first}${second}`, vector(second ? 0.25 : 0.1))
    }
  }
  for (const sign of [...'.,;:!?()[]{}"\'`-–—/\\%&$€§+*=<>|#@_~^…„“”‚‘’«»°']) {
    add(`▁${sign}`, vector(0.02))
    add(sign, vector(0.02))
  }
  return bert({ name, dimensions, contextLength, feedForward: 1, heads: 1, vocabulary, pooling: 1 })
}

interface TinyBert {
  name: string
  dimensions: number
  contextLength: number
  feedForward: number
  heads: number
  vocabulary: ReadonlyMap<string, Float32Array>
  /** 1 mean, 2 first token, 4 rank. */
  pooling: number
}

function bert(shape: TinyBert): GgufModel {
  const { name, dimensions, contextLength, feedForward, heads, vocabulary, pooling } = shape
  const tokens = [...vocabulary.keys()]
  const embeddings = new Float32Array(tokens.length * dimensions)
  tokens.forEach((token, id) => {
    embeddings.set(vocabulary.get(token)!, id * dimensions)
  })
  const matrix = (tensor: string, columns: number, rows: number): GgufTensor => ({
    name: `${tensor}.weight`,
    shape: [columns, rows],
    type: 'F16',
    data: new Float32Array(columns * rows),
  })
  const norm = (tensor: string): GgufTensor[] => [
    { name: `${tensor}.weight`, shape: [dimensions], type: 'F32', data: new Float32Array(dimensions).fill(1) },
    { name: `${tensor}.bias`, shape: [dimensions], type: 'F32', data: new Float32Array(dimensions) },
  ]
  return {
    metadata: {
      'general.architecture': string('bert'),
      'general.name': string(name),
      'general.file_type': u32(1),
      'bert.block_count': u32(1),
      'bert.context_length': u32(contextLength),
      'bert.embedding_length': u32(dimensions),
      'bert.feed_forward_length': u32(feedForward),
      'bert.attention.head_count': u32(heads),
      'bert.attention.layer_norm_epsilon': f32(1),
      'bert.attention.causal': bool(false),
      'bert.pooling_type': u32(pooling),
      'tokenizer.ggml.model': string('bert'),
      'tokenizer.ggml.pre': string('default'),
      'tokenizer.ggml.token_type_count': u32(1),
      'tokenizer.ggml.tokens': strings(tokens),
      'tokenizer.ggml.token_type': i32s(tokens.map(token => ((SPECIALS as readonly string[]).includes(token) ? 3 : 1))),
      'tokenizer.ggml.padding_token_id': u32(0),
      'tokenizer.ggml.unknown_token_id': u32(1),
      'tokenizer.ggml.bos_token_id': u32(2),
      'tokenizer.ggml.cls_token_id': u32(2),
      'tokenizer.ggml.eos_token_id': u32(3),
      'tokenizer.ggml.seperator_token_id': u32(3),
    },
    tensors: [
      { name: 'token_embd.weight', shape: [dimensions, tokens.length], type: 'F16', data: embeddings },
      matrix('position_embd', dimensions, contextLength),
      ...norm('token_embd_norm'),
      matrix('blk.0.attn_q', dimensions, dimensions),
      matrix('blk.0.attn_k', dimensions, dimensions),
      matrix('blk.0.attn_v', dimensions, dimensions),
      matrix('blk.0.attn_output', dimensions, dimensions),
      ...norm('blk.0.attn_output_norm'),
      matrix('blk.0.ffn_up', dimensions, feedForward),
      matrix('blk.0.ffn_down', feedForward, dimensions),
      ...norm('blk.0.layer_output_norm'),
    ],
  }
}

/** As the tokenizer folds a word: small letters, accents and the dots of umlauts gone. */
function folded(word: string): string {
  return word.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
}

/** Random, of mean 0 (what a layer norm leaves), with the given standard deviation. */
function centered(length: number, deviation: number, random: () => number): Float32Array {
  const numbers = Float32Array.from({ length }, () => random() - 0.5)
  const mean = numbers.reduce((sum, value) => sum + value, 0) / length
  const spread = Math.sqrt(numbers.reduce((sum, value) => sum + (value - mean) ** 2, 0) / length)
  return numbers.map(value => ((value - mean) / spread) * deviation)
}

/** Mulberry32: numbers from 0 to 1, the same for the same seed. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
