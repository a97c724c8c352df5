import type { Architecture, Shape } from './architectures.ts'
import type { ScalarType } from './format.ts'
import { arrayAt, type GgufHeader, numberAt } from './header.ts'
import { invalid, unsupported } from './problem.ts'

interface KeyRule {
  type: ScalarType
  required?: true
  /** Of numbers, both inclusive; of strings, the words allowed. */
  from?: number
  to?: number
  words?: readonly string[]
}

const count = (to: number, required?: true): KeyRule =>
  required ? { type: 'u32', from: 1, to, required } : { type: 'u32', from: 1, to }
const float = (from = -1e30, to = 1e30): KeyRule => ({ type: 'f32', from, to })

/**
 * What llama.cpp reads of the keys that carry the architecture's name. It takes each only in exactly this type, and
 * stops the process on many impossible values (no layers, NaN epsilon, unknown pooling, an unknown kind of RoPE scaling).
 */
const RULES: Record<string, KeyRule> = {
  context_length: count(2 ** 31 - 1, true),
  embedding_length: count(1 << 16, true),
  block_count: count(512, true),
  feed_forward_length: count(1 << 20, true),
  'attention.head_count': count(1024, true),
  'attention.head_count_kv': count(1024),
  'attention.key_length': count(4096),
  'attention.value_length': count(4096),
  'attention.key_length_swa': count(4096),
  'attention.value_length_swa': count(4096),
  'attention.sliding_window': { type: 'u32', from: 0, to: 2 ** 31 - 1 },
  'attention.causal': { type: 'bool' },
  'attention.scale': float(),
  'attention.layer_norm_epsilon': float(0, 10),
  'attention.layer_norm_rms_epsilon': float(0, 10),
  'rope.dimension_count': count(4096),
  'rope.dimension_count_swa': count(4096),
  'rope.freq_base': float(1e-6),
  'rope.freq_base_swa': float(1e-6),
  'rope.scale_linear': float(0),
  'rope.scaling.type': { type: 'string', words: ['none', 'linear', 'yarn', 'longrope'] },
  'rope.scaling.factor': float(0),
  'rope.scaling.attn_factor': float(),
  'rope.scaling.alpha': float(),
  'rope.scaling.original_context_length': count(2 ** 31 - 1),
  'rope.scaling.finetuned': { type: 'bool' },
  attn_logit_softcapping: float(1e-6),
  final_logit_softcapping: float(0),
  pooling_type: { type: 'u32', from: 0, to: 4 },
  vocab_size: { type: 'u32' },
  embedding_length_out: { type: 'u32' },
  dense_2_feat_in: { type: 'u32' },
  dense_2_feat_out: { type: 'u32', from: 0, to: 1 << 16 },
  dense_3_feat_in: { type: 'u32', from: 0, to: 1 << 16 },
  dense_3_feat_out: { type: 'u32' },
}
/** Several networks of which each token uses some, and layers that guess ahead: nothing we load has them. */
const NONE_OF = [
  'expert_count',
  'expert_used_count',
  'expert_group_count',
  'expert_group_used_count',
  'nextn_predict_layers',
  'moe_every_n_layers',
]
const GENERAL: Record<string, KeyRule> = {
  'general.architecture': { type: 'string', required: true },
  'general.name': { type: 'string' },
  'general.file_type': { type: 'u32' },
  'tokenizer.chat_template': { type: 'string' },
}

/** Checks the numbers that shape the network, and gives them. */
export function checkKeys(header: GgufHeader, architecture: Architecture, prefix: string): Shape {
  const { name, metadata } = header
  for (const [key, rule] of Object.entries(GENERAL)) checkKey(header, key, rule)
  for (const key of NONE_OF) {
    if (!metadata.has(`${prefix}.${key}`)) continue
    checkKey(header, `${prefix}.${key}`, { type: 'u32' })
    if (numberAt(header, `${prefix}.${key}`) !== 0) throw unsupported(name, 'experts', key)
  }
  for (const [key, rule] of Object.entries(RULES)) checkKey(header, `${prefix}.${key}`, rule)
  const at = (key: string) => numberAt(header, `${prefix}.${key}`)
  const broken = (key: string) => invalid(name, 'key-invalid', `${prefix}.${key}`)

  const epsilon = `${prefix}.attention.${architecture.epsilon}`
  if (!metadata.has(epsilon)) throw invalid(name, 'key-missing', epsilon)
  const embedding = at('embedding_length')!
  const heads = at('attention.head_count')!
  const headsKv = at('attention.head_count_kv') ?? heads
  if (heads % headsKv !== 0) throw broken('attention.head_count_kv')
  const keyLength = at('attention.key_length') ?? Math.floor(embedding / heads)
  const valueLength = at('attention.value_length') ?? Math.floor(embedding / heads)
  if (keyLength < 1 || keyLength !== valueLength) throw broken('attention.key_length')
  for (const key of ['attention.key_length_swa', 'attention.value_length_swa'])
    if ((at(key) ?? keyLength) !== keyLength) throw broken(key)
  if (architecture.headsFillEmbedding && heads * keyLength !== embedding) throw broken('attention.head_count')
  const rotated = at('rope.dimension_count') ?? keyLength
  if (rotated > keyLength || (architecture.rope === 'all' && rotated !== keyLength))
    throw broken('rope.dimension_count')
  if (architecture.rope !== 'none' && rotated % 2 !== 0) throw broken('rope.dimension_count')
  if ((at('rope.dimension_count_swa') ?? rotated) !== rotated) throw broken('rope.dimension_count_swa')
  if (![undefined, 0, embedding].includes(at('embedding_length_out'))) throw broken('embedding_length_out')
  if (![undefined, 0, embedding].includes(at('dense_2_feat_in'))) throw broken('dense_2_feat_in')
  if (![undefined, 0, embedding].includes(at('dense_3_feat_out'))) throw broken('dense_3_feat_out')
  if (architecture.slidingWindow === 'required' && !at('attention.sliding_window'))
    throw invalid(name, 'key-missing', `${prefix}.attention.sliding_window`)
  const pattern = metadata.get(`${prefix}.attention.sliding_window_pattern`)
  if (architecture.slidingWindow !== 'none' && pattern && pattern.type !== 'u32' && pattern.type !== 'array')
    throw broken('attention.sliding_window_pattern')
  // llama.cpp asserts that some layers see all and some only the window: every 6th sees all unless the file says else.
  const every = pattern?.type === 'u32' ? pattern.value : 6
  if (architecture.slidingWindow === 'required' && !(every >= 2 && every <= at('block_count')!))
    throw broken('attention.sliding_window_pattern')
  const window = at('attention.sliding_window') ?? (prefix === 'gemma2' ? 4096 : 0)
  if (architecture.slidingWindow === 'optional' && window > 0 && every === 1 && prefix !== 'phi3')
    throw broken('attention.sliding_window_pattern')
  // A window of nothing: no layer sees a token.
  if (prefix === 'gemma2' && at('attention.sliding_window') === 0) throw broken('attention.sliding_window')

  const labels = metadata.get(`${prefix}.classifier.output_labels`)
  if (labels && (labels.type !== 'array' || labels.of !== 'string' || labels.length > 1024))
    throw broken('classifier.output_labels')
  const tokens = arrayAt(header, 'tokenizer.ggml.tokens', 'string')
  if (!tokens) throw invalid(name, 'tokenizer', 'tokenizer.ggml.tokens')
  const types = 'tokenizer.ggml.token_type_count'
  checkKey(header, types, architecture.encoder && prefix !== 'gemma-embedding' ? count(1024, true) : count(1024))
  return {
    layers: at('block_count')!,
    embedding,
    feedForward: at('feed_forward_length')!,
    heads,
    headsKv,
    keyLength,
    valueLength,
    rotated,
    vocabulary: tokens.length,
    context: at('context_length')!,
    tokenTypes: numberAt(header, types) ?? 0,
    classes: labels?.type === 'array' && labels.length > 0 ? labels.length : 1,
    dense2Out: at('dense_2_feat_out') ?? 0,
    dense3In: at('dense_3_feat_in') ?? 0,
  }
}

export function checkKey(header: GgufHeader, key: string, rule: KeyRule): void {
  const entry = header.metadata.get(key)
  if (entry === undefined) {
    if (rule.required) throw invalid(header.name, 'key-missing', key)
    return
  }
  const broken = () => invalid(header.name, 'key-invalid', key)
  if (entry.type !== rule.type) throw broken()
  if (rule.words && !rule.words.includes(String(entry.value))) throw broken()
  if (rule.from === undefined || rule.to === undefined) return
  // Written so that NaN is refused.
  if (!(typeof entry.value === 'number' && entry.value >= rule.from && entry.value <= rule.to)) throw broken()
}
