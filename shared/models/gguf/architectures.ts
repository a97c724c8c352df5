/**
 * What llama.cpp v0.4.0 (in node-llama-cpp 3.21.1) demands of a file, for the architectures we support.
 * Source: src/models/<architecture>.cpp (`load_arch_tensors` and the assertions of the graph), src/llama-model.cpp
 * (`load_hparams`, `create_tensor_qkv`).
 */

export interface Shape {
  layers: number
  embedding: number
  feedForward: number
  heads: number
  headsKv: number
  keyLength: number
  valueLength: number
  /** Of a key's numbers, those that RoPE turns. */
  rotated: number
  vocabulary: number
  context: number
  tokenTypes: number
  classes: number
  /** EmbeddingGemma's two extra layers; 0 where there are none. */
  dense2Out: number
  dense3In: number
}

export interface ExpectedTensor {
  name: string
  shape: readonly number[]
  optional?: true
  /** Matrices may be quantized. llama.cpp adds and multiplies vectors as 32-bit floats, and stops the process else. */
  kind: 'matrix' | 'vector'
}

export interface Architecture {
  /** Reads a text as a whole and writes none. */
  encoder: boolean
  epsilon: 'layer_norm_rms_epsilon' | 'layer_norm_epsilon'
  /** Whether heads × length of a key must be the embedding's length; else the file may choose both. */
  headsFillEmbedding: boolean
  /** Whether RoPE must turn all of a key ('all'), may turn a part ('part'), or is not used ('none'). */
  rope: 'all' | 'part' | 'none'
  slidingWindow: 'required' | 'optional' | 'none'
  /** `rowsOf` tells how many rows a tensor of the file has, if it is there: a few layouts differ by what is there. */
  tensors(shape: Shape, rowsOf: RowsOf): Generator<ExpectedTensor>
}

type RowsOf = (tensor: string) => number | undefined

const matrix = (name: string, ...shape: number[]): ExpectedTensor => ({
  name: `${name}.weight`,
  shape,
  kind: 'matrix',
})
const vector = (name: string, length: number): ExpectedTensor => ({ name, shape: [length], kind: 'vector' })
const weight = (name: string, length: number) => vector(`${name}.weight`, length)
const bias = (name: string, length: number) => optional(vector(`${name}.bias`, length))
const optional = (tensor: ExpectedTensor): ExpectedTensor => ({ ...tensor, optional: true })

/** Query, key and value, in one tensor or in three. */
function* attention(block: string, shape: Shape, rowsOf: RowsOf): Generator<ExpectedTensor> {
  const query = shape.heads * shape.keyLength
  const key = shape.headsKv * shape.keyLength
  const value = shape.headsKv * shape.valueLength
  if (rowsOf(`${block}.attn_qkv.weight`) !== undefined) {
    yield matrix(`${block}.attn_qkv`, shape.embedding, query + key + value)
    yield bias(`${block}.attn_qkv`, query + key + value)
    return
  }
  for (const [name, length] of [
    ['attn_q', query],
    ['attn_k', key],
    ['attn_v', value],
  ] as const) {
    yield matrix(`${block}.${name}`, shape.embedding, length)
    yield bias(`${block}.${name}`, length)
  }
}

interface DecoderOptions {
  headNorms?: boolean
  postNorms?: boolean
  biases?: boolean
  outputBias?: boolean
  /** The output matrix: in a tensor of its own if there is one, or always the embeddings. */
  output?: 'own' | 'tied'
  /** Phi 3 keeps gate and up in one matrix. */
  gate?: 'own' | 'in-up'
  ropeFactors?: boolean
  ranking?: boolean
  dense?: boolean
}

function decoder(options: DecoderOptions): Architecture['tensors'] {
  return function* (shape, rowsOf) {
    const { embedding, feedForward, keyLength, vocabulary, rotated } = shape
    yield matrix('token_embd', embedding, vocabulary)
    yield weight('output_norm', embedding)
    if (options.output !== 'tied') yield optional(matrix('output', embedding, vocabulary))
    if (options.outputBias) yield bias('output', vocabulary)
    if (options.ranking) yield optional(matrix('cls.output', embedding, shape.classes))
    if (options.dense) {
      if (shape.dense2Out > 0) yield optional(matrix('dense_2', embedding, shape.dense2Out))
      if (shape.dense3In > 0) yield optional(matrix('dense_3', shape.dense3In, embedding))
    }
    if (options.ropeFactors)
      for (const name of ['rope_freqs', 'rope_factors_long', 'rope_factors_short'])
        yield optional(weight(name, rotated / 2))
    for (let layer = 0; layer < shape.layers; layer++) {
      const block = `blk.${layer}`
      yield weight(`${block}.attn_norm`, embedding)
      yield* attention(block, shape, rowsOf)
      yield matrix(`${block}.attn_output`, shape.heads * keyLength, embedding)
      if (options.biases) yield bias(`${block}.attn_output`, embedding)
      if (options.headNorms) {
        yield weight(`${block}.attn_q_norm`, keyLength)
        yield weight(`${block}.attn_k_norm`, keyLength)
      }
      if (options.postNorms) {
        yield weight(`${block}.post_attention_norm`, embedding)
        yield weight(`${block}.post_ffw_norm`, embedding)
      }
      yield weight(`${block}.ffn_norm`, embedding)
      if (options.gate === 'in-up') yield matrix(`${block}.ffn_up`, embedding, 2 * feedForward)
      else {
        yield matrix(`${block}.ffn_gate`, embedding, feedForward)
        yield matrix(`${block}.ffn_up`, embedding, feedForward)
      }
      yield matrix(`${block}.ffn_down`, feedForward, embedding)
      if (options.biases) {
        yield bias(`${block}.ffn_gate`, feedForward)
        yield bias(`${block}.ffn_up`, feedForward)
        yield bias(`${block}.ffn_down`, embedding)
      }
    }
  }
}

function encoder(kind: 'bert' | 'nomic' | 'jina'): Architecture['tensors'] {
  return function* (shape, rowsOf) {
    const { embedding, feedForward } = shape
    yield matrix('token_embd', embedding, shape.vocabulary)
    const types: ExpectedTensor = {
      name: 'token_types.weight',
      shape: [embedding, shape.tokenTypes],
      kind: 'vector',
    }
    yield kind === 'jina' ? types : optional(types)
    if (kind === 'bert') {
      yield matrix('position_embd', embedding, shape.context)
      yield optional(matrix('cls', embedding, embedding))
      yield bias('cls', embedding)
      yield optional(matrix('cls.output', embedding, shape.classes))
      yield bias('cls.output', shape.classes)
    }
    if (kind === 'jina') {
      yield optional(matrix('cls', embedding, 1))
      yield bias('cls', 1)
    }
    yield* bothOf('token_embd_norm', embedding)
    for (let layer = 0; layer < shape.layers; layer++) {
      const block = `blk.${layer}`
      yield* attention(block, shape, rowsOf)
      yield matrix(`${block}.attn_output`, embedding, embedding)
      yield kind === 'jina' ? vector(`${block}.attn_output.bias`, embedding) : bias(`${block}.attn_output`, embedding)
      yield* bothOf(`${block}.attn_output_norm`, embedding)
      if (kind === 'jina')
        for (const name of ['attn_q_norm', 'attn_k_norm', 'attn_norm_2']) {
          yield optional(weight(`${block}.${name}`, embedding))
          yield bias(`${block}.${name}`, embedding)
        }
      const both = kind === 'jina' && rowsOf(`${block}.ffn_up.weight`) === 2 * feedForward
      const up = both ? 2 * feedForward : feedForward
      if (kind === 'nomic') yield matrix(`${block}.ffn_gate`, embedding, feedForward)
      if (kind === 'jina') yield optional(matrix(`${block}.ffn_gate`, embedding, feedForward))
      yield matrix(`${block}.ffn_up`, embedding, up)
      yield bias(`${block}.ffn_up`, up)
      yield matrix(`${block}.ffn_down`, feedForward, embedding)
      yield kind === 'jina' ? vector(`${block}.ffn_down.bias`, embedding) : bias(`${block}.ffn_down`, embedding)
      yield* bothOf(`${block}.layer_output_norm`, embedding)
    }
  }
}

function* bothOf(name: string, length: number): Generator<ExpectedTensor> {
  yield weight(name, length)
  yield vector(`${name}.bias`, length)
}

const rms = { encoder: false, epsilon: 'layer_norm_rms_epsilon', slidingWindow: 'none' } as const
const reading = {
  encoder: true,
  epsilon: 'layer_norm_epsilon',
  headsFillEmbedding: true,
  slidingWindow: 'none',
} as const

/** By `general.architecture`. Mistral's and most other families' files say `llama`; XLM-RoBERTa's say `bert`. */
export const ARCHITECTURES: ReadonlyMap<string, Architecture> = new Map<string, Architecture>([
  ['qwen2', { ...rms, headsFillEmbedding: true, rope: 'all', tensors: decoder({ outputBias: true }) }],
  ['qwen3', { ...rms, headsFillEmbedding: false, rope: 'all', tensors: decoder({ headNorms: true, ranking: true }) }],
  ['llama', { ...rms, headsFillEmbedding: false, rope: 'all', tensors: decoder({ biases: true, ropeFactors: true }) }],
  ['gemma', { ...rms, headsFillEmbedding: false, rope: 'part', tensors: decoder({ output: 'tied' }) }],
  [
    'gemma2',
    {
      ...rms,
      headsFillEmbedding: false,
      rope: 'part',
      slidingWindow: 'optional',
      tensors: decoder({ output: 'tied', postNorms: true }),
    },
  ],
  [
    'gemma3',
    {
      ...rms,
      headsFillEmbedding: false,
      rope: 'part',
      slidingWindow: 'optional',
      tensors: decoder({ headNorms: true, postNorms: true }),
    },
  ],
  [
    'gemma-embedding',
    {
      ...rms,
      encoder: true,
      headsFillEmbedding: false,
      rope: 'part',
      slidingWindow: 'required',
      tensors: decoder({ headNorms: true, postNorms: true, dense: true }),
    },
  ],
  [
    'phi3',
    {
      ...rms,
      headsFillEmbedding: true,
      rope: 'part',
      slidingWindow: 'optional',
      tensors: decoder({ gate: 'in-up', ropeFactors: true }),
    },
  ],
  ['bert', { ...reading, rope: 'none', tensors: encoder('bert') }],
  ['nomic-bert', { ...reading, rope: 'part', tensors: encoder('nomic') }],
  ['jina-bert-v2', { ...reading, rope: 'none', tensors: encoder('jina') }],
])
