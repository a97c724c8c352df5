import { afterText, chat, type Malformed, patched, withKeys, withTensor } from './tiny-models-broken.ts'
import { tinyOf } from './tiny-models-kinds.ts'
import { f32, type GgufModel, type GgufValue, ggufBytes, i32s, string, strings, u32 } from './write-gguf.ts'

export function brokenKeys(): Malformed[] {
  const required: Record<string, string[]> = {
    qwen3: [
      'block_count',
      'context_length',
      'embedding_length',
      'feed_forward_length',
      'attention.head_count',
      'attention.layer_norm_rms_epsilon',
    ],
    bert: ['context_length', 'attention.layer_norm_epsilon'],
    'gemma-embedding': ['attention.sliding_window'],
  }
  const missing = Object.entries(required).flatMap(([architecture, keys]) =>
    keys.map(key => ({
      name: `${architecture} without ${key}`,
      why: 'llama.cpp has stopped its process on some of these',
      detail: 'key-missing',
      bytes: withKeys({ [`${architecture}.${key}`]: undefined }, tinyOf(architecture)),
    })),
  )
  const wrong: [name: string, why: string, changes: Record<string, GgufValue>][] = [
    ['no layers', 'asserted', { 'qwen3.block_count': u32(0) }],
    ['a million layers', 'asserted', { 'qwen3.block_count': u32(1_000_000) }],
    ['no heads', 'a division by it', { 'qwen3.attention.head_count': u32(0) }],
    ['no heads for keys', 'a division by it', { 'qwen3.attention.head_count_kv': u32(0) }],
    [
      'heads that do not divide',
      'groups of no whole size',
      { 'qwen3.attention.head_count': u32(3), 'qwen3.attention.head_count_kv': u32(2) },
    ],
    [
      'keys and values of two lengths',
      'asserted when the first word is read',
      { 'qwen3.attention.value_length': u32(4) },
    ],
    ['half of a key turned', 'asserted when the first word is read', { 'qwen3.rope.dimension_count': u32(4) }],
    [
      'an epsilon that is no number',
      'asserted when the first word is read',
      { 'qwen3.attention.layer_norm_rms_epsilon': f32(Number.NaN) },
    ],
    ['an epsilon below nothing', 'the same', { 'qwen3.attention.layer_norm_rms_epsilon': f32(-1) }],
    ['a base of nothing', 'angles without end', { 'qwen3.rope.freq_base': f32(0) }],
    ['an unknown scaling', 'asserted', { 'qwen3.rope.scaling.type': string('sideways') }],
    ['an unknown pooling', 'stops the process', { 'qwen3.pooling_type': u32(99) }],
    ['vectors longer than they are', 'read beyond the end', { 'qwen3.embedding_length_out': u32(4096) }],
    ['a number as text', 'thrown', { 'qwen3.block_count': string('2') }],
    ['a number of another size', 'thrown', { 'qwen3.block_count': { type: 'u64', value: 2 } }],
    [
      'lengths in an array',
      'what only other kinds have',
      { 'qwen3.attention.head_count': { type: 'array', of: 'u32', value: [2, 2] } },
    ],
    [
      'a writer that looks ahead',
      'asserted at a longer prompt',
      { 'qwen3.attention.causal': { type: 'bool', value: false } },
    ],
    ['no context', 'thrown', { 'qwen3.context_length': u32(0) }],
  ]
  return [
    ...missing,
    ...wrong.map(([name, why, changes]) => ({ name, why, detail: 'key-invalid', bytes: withKeys(changes) })),
    {
      name: 'without architecture',
      why: 'nothing else can be known',
      detail: 'key-missing',
      bytes: withKeys({ 'general.architecture': undefined }),
    },
    {
      name: 'an unknown architecture',
      why: 'not in the table',
      detail: 'architecture',
      bytes: withKeys({ 'general.architecture': string('mamba') }),
    },
    {
      name: 'experts',
      why: 'the table has none',
      detail: 'experts',
      bytes: withKeys({ 'qwen3.expert_count': u32(8), 'qwen3.expert_used_count': u32(99) }),
    },
    {
      name: 'one of several files',
      why: 'llama.cpp looks for the others',
      detail: 'split',
      bytes: withKeys({ 'split.count': { type: 'u16', value: 3 } }),
    },
    {
      name: 'ranking without a head',
      why: 'reads one number of a vector',
      detail: 'tensor-missing',
      bytes: withKeys({ 'bert.pooling_type': u32(4) }, tinyOf('bert')),
    },
    {
      name: 'all layers with a window',
      why: 'asserted: a mask nobody uses',
      detail: 'key-invalid',
      bytes: withKeys({ 'gemma-embedding.attention.sliding_window_pattern': u32(9) }, tinyOf('gemma-embedding')),
    },
  ]
}

export function brokenTensors(): Malformed[] {
  const norm = 'output_norm.weight'
  const up = 'blk.1.ffn_up.weight'
  return [
    { name: 'a norm missing', why: 'thrown', detail: 'tensor-missing', bytes: withTensor(norm, undefined) },
    {
      name: 'the last tensor missing',
      why: 'thrown',
      detail: 'tensor-missing',
      bytes: withTensor(chat.tensors.at(-1)!.name, undefined),
    },
    {
      name: 'a tensor of another name',
      why: 'one is missing, one too many',
      detail: 'tensor-missing',
      bytes: withTensor(norm, { name: 'blk.0.extra.weight' }),
    },
    {
      name: 'a tensor too many',
      why: 'thrown',
      detail: 'tensor-unknown',
      bytes: ggufBytes({
        ...chat,
        tensors: [...chat.tensors, { name: 'extra', shape: [1], type: 'F32', data: Float32Array.of(1) }],
      }),
    },
    {
      name: 'a tensor twice',
      why: 'thrown',
      detail: 'structure',
      bytes: withTensor(norm, { name: 'token_embd.weight' }),
    },
    {
      name: 'rows and columns exchanged',
      why: 'thrown',
      detail: 'tensor-shape',
      bytes: withTensor(up, { shape: [24, 16] }),
    },
    {
      name: 'more tokens than rows',
      why: 'read beyond the end',
      detail: 'tensor-shape',
      bytes: withKeys({
        'tokenizer.ggml.tokens': strings([...(chat.metadata['tokenizer.ggml.tokens']!.value as string[]), 'one more']),
        'tokenizer.ggml.token_type': undefined,
      }),
    },
    {
      name: 'wider than its weights',
      why: 'thrown',
      detail: 'tensor-shape',
      bytes: withKeys({ 'qwen3.embedding_length': u32(32) }),
    },
    {
      name: 'a dimension of nothing',
      why: 'a division by it',
      detail: 'tensor-shape',
      bytes: withTensor(norm, { shape: [0] }),
    },
    {
      name: 'a huge dimension',
      why: 'sizes beyond 64 bits',
      detail: 'tensor-shape',
      bytes: withTensor(chat.tensors.at(-1)!.name, { shape: [2 ** 62, 2 ** 62] }),
    },
    {
      name: 'a type that is none',
      why: 'a table read beyond its end',
      detail: 'tensor-type',
      bytes: patched(afterText(norm) + 4 + 8, bytes => void bytes.writeUInt32LE(999)),
    },
    {
      name: 'a type taken out of the format',
      why: 'blocks of no size',
      detail: 'tensor-type',
      bytes: patched(afterText(norm) + 4 + 8, bytes => void bytes.writeUInt32LE(4)),
    },
    {
      name: 'a norm in half precision',
      why: 'stops the process at the first word',
      detail: 'tensor-type',
      bytes: ggufBytes({
        ...chat,
        tensors: chat.tensors.map(tensor => (tensor.name === norm ? { ...tensor, type: 'F16' } : tensor)),
      }),
    },
    {
      name: 'weights as whole numbers',
      why: 'nothing multiplies them',
      detail: 'tensor-type',
      bytes: withTensor(up, { type: 'I32' }),
    },
    {
      name: 'an offset beyond the end',
      why: 'read beyond the end',
      detail: 'tensor-position',
      bytes: withTensor(up, { offset: 1 << 30 }),
    },
    {
      name: 'an offset that is not aligned',
      why: 'reads that the processor may refuse',
      detail: 'tensor-position',
      bytes: withTensor(up, { offset: 33 }),
    },
    {
      name: 'tensors over each other',
      why: 'one’s weights are another’s',
      detail: 'tensor-position',
      bytes: withTensor(up, { offset: 0 }),
    },
  ]
}

export function brokenVocabularies(): Malformed[] {
  const tokens = chat.metadata['tokenizer.ggml.tokens']!.value as string[]
  const sentence = tinyOf('llama', 'llama')
  const pieces = sentence.metadata['tokenizer.ggml.tokens']!.value as string[]
  const unigram = tinyOf('bert', 't5')
  const words = tinyOf('bert')
  const count = (words.metadata['tokenizer.ggml.tokens']!.value as string[]).length
  const twice = tokens.map((token, id) => (id === 70 ? tokens[71]! : token))
  const empty = tokens.map((token, id) => (id === 70 ? '' : id === 71 ? '[EMPTY_70]' : token))
  const noByte = pieces.map(piece => (piece === '<0x0A>' ? 'newline' : piece))
  const charsmap = 'tokenizer.ggml.precompiled_charsmap'
  const table = [...(unigram.metadata[charsmap]!.value as number[])]
  const leadsOut = table.map((byte, index) => (index === 4 + 2 ? 0xff : byte))
  const ggml = (changes: Record<string, GgufValue | undefined>, model?: GgufModel) =>
    withKeys(Object.fromEntries(Object.entries(changes).map(([key, value]) => [`tokenizer.ggml.${key}`, value])), model)
  return [
    {
      name: 'a token twice',
      why: 'asserted: ends the process',
      detail: 'tokens-duplicate',
      bytes: ggml({ tokens: strings(twice) }),
    },
    {
      name: 'an empty token’s name taken',
      why: 'the same, by the name llama.cpp gives it',
      detail: 'tokens-duplicate',
      bytes: ggml({ tokens: strings(empty), token_type: i32s(tokens.map(() => 1)) }),
    },
    { name: 'no tokens', why: 'thrown', detail: 'tokenizer', bytes: ggml({ tokens: undefined }) },
    { name: 'tokens that are numbers', why: 'thrown', detail: 'tokenizer', bytes: ggml({ tokens: i32s([1, 2, 3]) }) },
    { name: 'no merges', why: 'thrown', detail: 'tokenizer', bytes: ggml({ merges: undefined }) },
    {
      name: 'a merge of one part',
      why: 'read as a merge of nothing',
      detail: 'tokenizer',
      bytes: ggml({ merges: strings(['t h', 'the']) }),
    },
    {
      name: 'too few types',
      why: 'read beyond the end',
      detail: 'tokenizer',
      bytes: ggml({ token_type: i32s([1, 1]) }),
    },
    {
      name: 'too few scores',
      why: 'read beyond the end',
      detail: 'tokenizer',
      bytes: ggml({ scores: { type: 'array', of: 'f32', value: [0] } }, sentence),
    },
    {
      name: 'a score that is no number',
      why: 'an order that is none',
      detail: 'token-invalid',
      bytes: ggml(
        { scores: { type: 'array', of: 'f32', value: pieces.map((_, id) => (id === 9 ? Number.NaN : 0)) } },
        sentence,
      ),
    },
    {
      name: 'a byte without a token',
      why: 'an exception nobody catches, at the first line feed',
      detail: 'token-invalid',
      bytes: ggml({ tokens: strings(noByte), token_type: i32s(pieces.map(() => 1)) }, sentence),
    },
    {
      name: 'a byte token among words',
      why: 'stops the process',
      detail: 'token-invalid',
      bytes: ggml({ token_type: i32s(Array.from({ length: count }, (_, id) => (id === 9 ? 6 : 1))) }, words),
    },
    {
      name: 'an end that is no token',
      why: 'an index beyond the end',
      detail: 'token-invalid',
      bytes: ggml({ eos_token_id: u32(tokens.length) }),
    },
    {
      name: 'no word for the unknown',
      why: 'an index of −1',
      detail: 'token-invalid',
      bytes: ggml({ unknown_token_id: undefined }, words),
    },
    {
      name: 'replacements that lead out',
      why: 'an exception nobody catches, at certain texts',
      detail: 'tokenizer',
      bytes: ggml({ precompiled_charsmap: { type: 'array', of: 'u8', value: leadsOut } }, unigram),
    },
    {
      name: 'replacements without end',
      why: 'the same',
      detail: 'tokenizer',
      bytes: ggml({ precompiled_charsmap: { type: 'array', of: 'u8', value: [...table.slice(0, -1), 65] } }, unigram),
    },
    {
      name: 'replacements longer than they are',
      why: 'read beyond the end',
      detail: 'tokenizer',
      bytes: ggml({ precompiled_charsmap: { type: 'array', of: 'u8', value: [255, 255, 255, 255, 0] } }, unigram),
    },
    {
      name: 'an unknown tokenizer',
      why: 'thrown',
      detail: 'tokenizer-unknown',
      bytes: ggml({ model: string('rwkv') }),
    },
  ]
}
