import { ARCHITECTURES } from '../shared/models/gguf/architectures.ts'
import { byteSymbols, CHATML_TEMPLATE } from './tiny-models-chat.ts'
import { randomNumbers, SPECIALS, wordPiece } from './tiny-models-encoder.ts'
import { bool, f32, f32s, type GgufMetadata, type GgufModel, i32s, string, strings, u32 } from './write-gguf.ts'

export type TinyTokenizer = 'gpt2' | 'llama' | 'bert' | 't5'

/**
 * A tiny model of any architecture we support, with random weights and every tensor llama.cpp demands: for the check of
 * headers, not for its words. Two layers, 16 dimensions, a vocabulary of some hundred tokens.
 */
export function tinyOf(architecture: string, tokenizer: TinyTokenizer = usual(architecture)): GgufModel {
  const found = ARCHITECTURES.get(architecture)
  if (!found) throw new Error(`no architecture ${architecture}`)
  const vocabulary = tokenizerKeys(tokenizer)
  const tokens = vocabulary['tokenizer.ggml.tokens']!.value as readonly string[]
  const shape = {
    layers: 2,
    embedding: 16,
    feedForward: 24,
    heads: 2,
    headsKv: found.encoder ? 2 : 1,
    keyLength: 8,
    valueLength: 8,
    rotated: 8,
    vocabulary: tokens.length,
    context: 128,
    tokenTypes: 2,
    classes: 1,
    dense2Out: 0,
    dense3In: 0,
  }
  const random = randomNumbers(architecture.length * 31 + tokenizer.length)
  const metadata: GgufMetadata = {
    'general.architecture': string(architecture),
    // llama.cpp asks a model whose name begins with “phi3” for tokens it need not have.
    'general.name': string(`Tiny model (${architecture.replace('phi3', 'phi')})`),
    [`${architecture}.block_count`]: u32(shape.layers),
    [`${architecture}.context_length`]: u32(shape.context),
    [`${architecture}.embedding_length`]: u32(shape.embedding),
    [`${architecture}.feed_forward_length`]: u32(shape.feedForward),
    [`${architecture}.attention.head_count`]: u32(shape.heads),
    [`${architecture}.attention.head_count_kv`]: u32(shape.headsKv),
    [`${architecture}.attention.key_length`]: u32(shape.keyLength),
    [`${architecture}.attention.value_length`]: u32(shape.valueLength),
    [`${architecture}.attention.${found.epsilon}`]: f32(1e-6),
    ...(found.rope !== 'none' && {
      [`${architecture}.rope.dimension_count`]: u32(shape.rotated),
      [`${architecture}.rope.freq_base`]: f32(10_000),
      [`${architecture}.rope.scaling.type`]: string('none'),
    }),
    ...(found.slidingWindow !== 'none' && {
      [`${architecture}.attention.sliding_window`]: u32(32),
      // Every second layer sees all.
      [`${architecture}.attention.sliding_window_pattern`]: u32(2),
    }),
    ...(found.encoder && {
      [`${architecture}.pooling_type`]: u32(1),
      [`${architecture}.attention.causal`]: bool(false),
    }),
    'tokenizer.ggml.token_type_count': u32(shape.tokenTypes),
    ...vocabulary,
    ...(!found.encoder && { 'tokenizer.chat_template': string(CHATML_TEMPLATE) }),
  }
  return {
    metadata,
    tensors: [...found.tensors(shape, () => undefined)]
      .filter(({ optional }) => !optional)
      .map(({ name, shape, kind }) => ({
        name,
        shape,
        type: 'F32',
        data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () =>
          kind === 'vector' && name.endsWith('.weight') ? 1 : random() - 0.5,
        ),
      })),
  }
}

function usual(architecture: string): TinyTokenizer {
  if (architecture === 'bert' || architecture === 'nomic-bert') return 'bert'
  return architecture.startsWith('gemma') || architecture === 'phi3' ? 'llama' : 'gpt2'
}

const LETTERS = [...'abcdefghijklmnopqrstuvwxyz']

function tokenizerKeys(tokenizer: TinyTokenizer): GgufMetadata {
  if (tokenizer === 'bert') return wordPiece([...SPECIALS, ...LETTERS.flatMap(letter => [`▁${letter}`, letter])])
  if (tokenizer === 'gpt2') {
    const tokens = [...byteSymbols(), 'th', 'the', '<|endoftext|>', '<|im_start|>', '<|im_end|>']
    return {
      'tokenizer.ggml.model': string('gpt2'),
      'tokenizer.ggml.pre': string('qwen2'),
      'tokenizer.ggml.tokens': strings(tokens),
      'tokenizer.ggml.token_type': i32s(tokens.map((_, id) => (id < 258 ? 1 : 3))),
      'tokenizer.ggml.merges': strings(['t h', 'th e']),
      'tokenizer.ggml.bos_token_id': u32(258),
      'tokenizer.ggml.eos_token_id': u32(260),
      'tokenizer.ggml.add_bos_token': bool(false),
    }
  }
  // SentencePiece: pieces with scores, bytes as tokens of their own for what has no piece.
  const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`)
  const pieces = [...LETTERS, '▁', '▁the', 'th']
  const unigram = tokenizer === 't5'
  const specials = unigram ? ['<pad>', '</s>', '<unk>'] : ['<unk>', '<s>', '</s>']
  const tokens = [...specials, ...(unigram ? [] : bytes), ...pieces]
  const typeOf = (token: string) =>
    token === '<unk>' ? 2 : specials.includes(token) ? 3 : bytes.includes(token) ? 6 : 1
  return {
    'tokenizer.ggml.model': string(tokenizer),
    'tokenizer.ggml.pre': string('default'),
    'tokenizer.ggml.tokens': strings(tokens),
    'tokenizer.ggml.scores': f32s(tokens.map((_, id) => -id)),
    'tokenizer.ggml.token_type': i32s(tokens.map(typeOf)),
    'tokenizer.ggml.unknown_token_id': u32(unigram ? 2 : 0),
    'tokenizer.ggml.eos_token_id': u32(unigram ? 1 : 2),
    ...(unigram
      ? { 'tokenizer.ggml.precompiled_charsmap': { type: 'array' as const, of: 'u8' as const, value: [...charsmap()] } }
      : { 'tokenizer.ggml.bos_token_id': u32(1) }),
  }
}

/** SentencePiece's table of replacements with one entry: `A` becomes `a`. See `checkReplacements` for its form. */
function charsmap(): Buffer {
  const nodes = new Uint32Array(512)
  const base = (value: number) => value << 10
  const A = 0x41
  nodes[0] = base(256)
  nodes[256 ^ A] = A | (1 << 8) | base(256 ^ A ^ 100)
  nodes[100] = 0x80000000
  const size = Buffer.alloc(4)
  size.writeUInt32LE(nodes.byteLength)
  return Buffer.concat([size, Buffer.from(nodes.buffer), Buffer.from('a\0')])
}
