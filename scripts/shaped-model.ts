/**
 * Models of real shapes without weights, for measuring memory: as large as real ones, and almost nothing on the disk. A file has
 * holes where matrices would be; holes read as zeros, which take as much memory and time as numbers do.
 */
import { open } from 'node:fs/promises'
import { ARCHITECTURES, type Shape } from '../shared/models/gguf/architectures.ts'
import { DEFAULT_ALIGNMENT, padded, type TensorTypeName } from '../shared/models/gguf/format.ts'
import { byteSymbols, CHATML_TEMPLATE } from './tiny-models-chat.ts'
import { SPECIALS, wordPiece } from './tiny-models-encoder.ts'
import {
  bool,
  f32,
  type GgufMetadata,
  type GgufModel,
  type GgufTensor,
  headerBytes,
  i32s,
  string,
  strings,
  tensorSize,
  u32,
} from './write-gguf.ts'

export interface ModelShape {
  architecture: 'qwen3' | 'llama' | 'phi3' | 'bert'
  quantization: 'Q8_0' | 'Q4_K_M'
  layers: number
  embedding: number
  feedForward: number
  heads: number
  headsKv: number
  headSize: number
  vocabulary: number
  context: number
  /** The matrix that makes tokens of the last layer is one of its own, not that of the embeddings. */
  ownOutput?: boolean
  ranks?: boolean
}

/** Writes the header and the vectors; what is left are holes. */
export async function writeShaped(file: string, given: ModelShape): Promise<void> {
  const model = shapedModel(given)
  const header = headerBytes(model)
  const handle = await open(file, 'w')
  try {
    await handle.write(header, 0, header.length, 0)
    let at = header.length
    for (const tensor of model.tensors) {
      if (tensor.type === 'F32' && tensor.data instanceof Float32Array) {
        const bytes = new Uint8Array(tensor.data.buffer)
        await handle.write(bytes, 0, bytes.length, at)
      }
      at += padded(tensorSize(tensor), DEFAULT_ALIGNMENT)
    }
    await handle.truncate(at)
  } finally {
    await handle.close()
  }
}

export function shapedModel(given: ModelShape): GgufModel {
  const { architecture, headSize, vocabulary, context } = given
  const encodes = architecture === 'bert'
  const shape: Shape = {
    ...given,
    keyLength: headSize,
    valueLength: headSize,
    rotated: headSize,
    vocabulary,
    context,
    tokenTypes: encodes ? 1 : 0,
    classes: 1,
    dense2Out: 0,
    dense3In: 0,
  }
  const there = (name: string) => {
    if (name === 'output.weight') return given.ownOutput === true
    if (name === 'position_embd.weight' || name === 'token_types.weight') return encodes
    return name.startsWith('cls') && given.ranks === true
  }
  const tensors: GgufTensor[] = []
  const qkv = architecture === 'phi3' ? 1 : undefined
  const expected = ARCHITECTURES.get(architecture)!.tensors(shape, name =>
    name.endsWith('attn_qkv.weight') ? qkv : undefined,
  )
  for (const { name, shape: lengths, kind, optional } of expected) {
    if (optional && !there(name)) continue
    const numbers = lengths.reduce((a, b) => a * b, 1)
    const type = kind === 'vector' ? 'F32' : typeOf(name, given)
    // A bias that is nowhere zero at the end gives a vector that has a length, whatever came before.
    const data = kind === 'vector' ? new Float32Array(numbers).fill(1) : () => []
    tensors.push({ name, shape: lengths, type, data })
  }
  return { metadata: { ...keysOf(given), ...tokenizerOf(given) }, tensors }
}

/** As llama.cpp mixes them for `Q4_K_M`: source `llama_tensor_get_type` in src/llama-quant.cpp. */
function typeOf(name: string, { quantization, layers, ownOutput }: ModelShape): TensorTypeName {
  if (name === 'position_embd.weight' || name === 'token_types.weight') return 'F32'
  if (quantization === 'Q8_0') return 'Q8_0'
  if (name === 'output.weight' || (name === 'token_embd.weight' && !ownOutput)) return 'Q6_K'
  const [, number, part] = /^blk\.(\d+)\.(attn_v|attn_qkv|ffn_down)\.weight$/.exec(name) ?? []
  if (number === undefined) return 'Q4_K'
  const layer = Number(number)
  const eighth = Math.floor(layers / 8)
  const more = layer < eighth || layer >= 7 * eighth || (layer - eighth) % 3 === 2
  if (!more) return part === 'attn_qkv' ? 'Q5_K' : 'Q4_K'
  return 'Q6_K'
}

function keysOf(shape: ModelShape): GgufMetadata {
  const { architecture: name, headSize } = shape
  const encodes = name === 'bert'
  return {
    'general.architecture': string(name),
    'general.name': string(`${name} of ${shape.layers} layers`),
    'general.file_type': u32(shape.quantization === 'Q8_0' ? 7 : 15),
    [`${name}.block_count`]: u32(shape.layers),
    [`${name}.context_length`]: u32(shape.context),
    [`${name}.embedding_length`]: u32(shape.embedding),
    [`${name}.feed_forward_length`]: u32(shape.feedForward),
    [`${name}.attention.head_count`]: u32(shape.heads),
    [`${name}.attention.head_count_kv`]: u32(shape.headsKv),
    ...(encodes
      ? {
          [`${name}.attention.layer_norm_epsilon`]: f32(1e-12),
          [`${name}.attention.causal`]: bool(false),
          [`${name}.pooling_type`]: u32(shape.ranks ? 4 : 1),
        }
      : {
          [`${name}.attention.key_length`]: u32(headSize),
          [`${name}.attention.value_length`]: u32(headSize),
          [`${name}.rope.dimension_count`]: u32(headSize),
          [`${name}.attention.layer_norm_rms_epsilon`]: f32(1e-6),
        }),
  }
}

/** Letters and signs of their own, so that any text has tokens; the rest is never met. */
function tokenizerOf({ architecture, vocabulary }: ModelShape): GgufMetadata {
  if (architecture === 'bert') {
    const letters = [...'abcdefghijklmnopqrstuvwxyz0123456789.,?!'].flatMap(sign => [`▁${sign}`, sign])
    return wordPiece(filled([...SPECIALS, ...letters], vocabulary, []))
  }
  const specials = ['<|endoftext|>', '<|im_start|>', '<|im_end|>']
  const tokens = filled(byteSymbols(), vocabulary, specials)
  return {
    'tokenizer.ggml.model': string('gpt2'),
    'tokenizer.ggml.pre': string('qwen2'),
    'tokenizer.ggml.tokens': strings(tokens),
    'tokenizer.ggml.token_type': i32s(tokens.map((_, id) => (id < vocabulary - specials.length ? 1 : 3))),
    // As many as such vocabularies have: they are kept in memory.
    'tokenizer.ggml.merges': strings(Array.from({ length: vocabulary - 600 }, (_, i) => `a${i} b${i}`)),
    'tokenizer.ggml.bos_token_id': u32(vocabulary - 3),
    'tokenizer.ggml.eos_token_id': u32(vocabulary - 1),
    'tokenizer.ggml.padding_token_id': u32(vocabulary - 3),
    'tokenizer.ggml.add_bos_token': bool(false),
    'tokenizer.chat_template': string(CHATML_TEMPLATE),
  }
}

function filled(first: readonly string[], length: number, last: readonly string[]): string[] {
  const filler = Array.from({ length: length - first.length - last.length }, (_, i) => `w${i}`)
  return [...first, ...filler, ...last]
}
