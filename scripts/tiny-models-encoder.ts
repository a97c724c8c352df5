import {
  bool,
  f32,
  type GgufMetadata,
  type GgufModel,
  type GgufTensor,
  i32s,
  string,
  strings,
  u32,
} from './write-gguf.ts'

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

export const SPECIALS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]'] as const
const SIGNS = '.,;:!?()[]{}"\'`-–—/\\%&$€§+*=<>|#@_~^…„“”‚‘’«»°'
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
  for (const part of wordParts())
    add(part, vector(SIGNS.includes(part.at(-1)!) ? 0.02 : part.replace('▁', '').length > 1 ? 0.25 : 0.1))
  return bert({ name, dimensions, contextLength, vocabulary, pooling: 1 })
}

export interface TinyRerankerOptions {
  /** Words that make a passage a good one, whatever was asked. */
  favours?: readonly string[]
  name?: string
  /** Tokens of question and passage together; 512 by default. */
  contextLength?: number
}

/**
 * A ranking model (bert, one layer, rank pooling with a `cls.output` head): the more of question and passage are words it
 * favours, the higher the score, from 0.12 (none) towards 1. It does not compare the passage with the question.
 *
 * The first token attends to all alike, so that it gathers the share of favoured words (one direction of their own).
 */
export function tinyReranker(options: TinyRerankerOptions = {}): GgufModel {
  const { favours = [], name = 'Tiny reranker', contextLength = 512 } = options
  const dimensions = 32
  const random = randomNumbers(2)
  const vocabulary = new Map<string, Float32Array>()
  const add = (token: string, numbers: Float32Array) => {
    if (!vocabulary.has(token)) vocabulary.set(token, numbers)
  }
  const other = () => {
    const numbers = centered(dimensions, 0.1, random)
    // Out of the favoured direction, which is the difference of the first two.
    numbers[0] = numbers[1] = (numbers[0]! + numbers[1]!) / 2
    return numbers
  }
  for (const special of SPECIALS) add(special, other())
  for (const word of favours)
    add(
      `▁${folded(word)}`,
      Float32Array.from({ length: dimensions }, (_, i) => [10, -10][i] ?? 0),
    )
  for (const part of wordParts()) add(part, other())
  const gather = (gain: number) => {
    const numbers = new Float32Array(dimensions * dimensions)
    numbers.set([gain / 2, -gain / 2], 0)
    numbers.set([-gain / 2, gain / 2], dimensions)
    return numbers
  }
  const model = bert({ name, dimensions, contextLength, vocabulary, pooling: 4, value: gather(1), output: gather(1) })
  const head = Float32Array.from({ length: dimensions }, (_, i) => [6, -6][i] ?? 0)
  return {
    metadata: model.metadata,
    tensors: [
      ...model.tensors,
      { name: 'cls.output.weight', shape: [dimensions, 1], type: 'F16', data: head },
      { name: 'cls.output.bias', shape: [1], type: 'F32', data: Float32Array.of(-2) },
    ],
  }
}

/** Pairs of letters or digits, single ones, and signs; at a word's beginning and within. */
function* wordParts(): Generator<string> {
  const letters = [...'abcdefghijklmnopqrstuvwxyzß']
  const digits = [...'0123456789']
  for (const first of [...letters, ...digits])
    for (const second of [...(letters.includes(first) ? letters : digits), '']) {
      yield `▁${first}${second}`
      yield `${first}${second}`
    }
  for (const sign of SIGNS) {
    yield `▁${sign}`
    yield sign
  }
}

interface TinyBert {
  name: string
  dimensions: number
  contextLength: number
  vocabulary: ReadonlyMap<string, Float32Array>
  /** 1 mean, 4 rank. */
  pooling: number
  /** The matrices of the one attention head; zero by default. Queries and keys are zero: it attends to all alike. */
  value?: Float32Array
  output?: Float32Array
}

function bert({ name, dimensions, contextLength, vocabulary, pooling, value, output }: TinyBert): GgufModel {
  const tokens = [...vocabulary.keys()]
  const embeddings = new Float32Array(tokens.length * dimensions)
  tokens.forEach((token, id) => {
    embeddings.set(vocabulary.get(token)!, id * dimensions)
  })
  const matrix = (tensor: string, columns: number, rows: number, data?: Float32Array): GgufTensor => ({
    name: `${tensor}.weight`,
    shape: [columns, rows],
    type: 'F16',
    data: data ?? new Float32Array(columns * rows),
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
      'bert.feed_forward_length': u32(1),
      'bert.attention.head_count': u32(1),
      'bert.attention.layer_norm_epsilon': f32(1),
      'bert.attention.causal': bool(false),
      'bert.pooling_type': u32(pooling),
      ...wordPiece(tokens),
    },
    tensors: [
      matrix('token_embd', dimensions, tokens.length, embeddings),
      matrix('position_embd', dimensions, contextLength),
      ...norm('token_embd_norm'),
      matrix('blk.0.attn_q', dimensions, dimensions),
      matrix('blk.0.attn_k', dimensions, dimensions),
      matrix('blk.0.attn_v', dimensions, dimensions, value),
      matrix('blk.0.attn_output', dimensions, dimensions, output),
      ...norm('blk.0.attn_output_norm'),
      matrix('blk.0.ffn_up', dimensions, 1),
      matrix('blk.0.ffn_down', 1, dimensions),
      ...norm('blk.0.layer_output_norm'),
    ],
  }
}

/** The tokenizer's keys; the first four tokens are the special ones. */
export function wordPiece(tokens: readonly string[]): GgufMetadata {
  return {
    'tokenizer.ggml.model': string('bert'),
    'tokenizer.ggml.pre': string('default'),
    'tokenizer.ggml.token_type_count': u32(1),
    'tokenizer.ggml.tokens': strings(tokens),
    'tokenizer.ggml.token_type': i32s(tokens.map((_, id) => (id < SPECIALS.length ? 3 : 1))),
    'tokenizer.ggml.padding_token_id': u32(0),
    'tokenizer.ggml.unknown_token_id': u32(1),
    'tokenizer.ggml.bos_token_id': u32(2),
    'tokenizer.ggml.cls_token_id': u32(2),
    'tokenizer.ggml.eos_token_id': u32(3),
    'tokenizer.ggml.seperator_token_id': u32(3),
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
