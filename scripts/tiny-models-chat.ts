import { bool, f32, type GgufModel, type GgufTensor, i32s, string, strings, u32 } from './write-gguf.ts'

export interface Script {
  /** A text of the prompt that calls for this answer; the earliest script whose text is there wins. */
  when?: string
  answer: string
  /** Begins anew after the last word, for ever. */
  endless?: boolean
}

export interface ScriptedChatOptions {
  endless?: boolean
  /** Tokens; a token is about a byte of the prompt, or a word of an answer. 16,384 by default. */
  contextLength?: number
  name?: string
}

/** As ChatML models carry it. */
export const CHATML_TEMPLATE =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"

const SPECIALS = ['<|endoftext|>', '<|im_start|>', '<|im_end|>'] as const
/** Plain text to the tokenizer and one token each, as in Qwen 3. */
const THINKING = ['<think>', '</think>'] as const
const CONTROL = 3
const USER_DEFINED = 4
const NORMAL = 1

/**
 * A chat model (qwen3, one layer) that gives the wanted answer, then ends, whatever the prompt says.
 *
 * Every token of the alphabet (256 bytes, special tokens) leads to the first piece of the answer, each piece to the next, the last
 * one to `<|im_end|>`: one-hot embeddings, and an output matrix that holds the successors. Pieces are words,
 * lengthened where a word comes twice, for tokens must be unique.
 *
 * Several scripts: the texts of `when` are tokens of their own; the one attention head finds the earliest script's
 * among those in the prompt, by size of its key, and adds that script's flag, which outweighs the default at the start.
 * RoPE is kept out by a base so high that the pairs used do not turn; a prompt without any such text sees zeros.
 * A text of `when` is seen wherever it stands: instructions, documents, history.
 *
 * Size: 4 bytes × pieces × (pieces + alphabet); 0.6 MB for an answer of 100 words, 3 MB for 500.
 */
export function scriptedChat(given: string | readonly Script[], options: ScriptedChatOptions = {}): GgufModel {
  const scripts =
    typeof given === 'string' ? [{ answer: given, endless: options.endless ?? false }] : sorted(given, options)
  const markers = scripts.flatMap(script => script.when ?? [])
  const alphabet = [...byteSymbols(), ...SPECIALS, ...THINKING, ...markers]
  const tokens = [...alphabet]
  const ids = new Map(tokens.map((token, id) => [token, id]))
  if (ids.size < tokens.length) throw new Error('a text of `when` is twice there, or a single byte')

  const spoken = new Set<number>()
  const spell = (text: string) => byteLevel(text)
  const free = (text: string) => {
    const thinking = (THINKING as readonly string[]).includes(text)
    const id = ids.get(thinking ? text : spell(text))
    return id === undefined || (thinking && !spoken.has(id))
  }
  const paths = scripts.map(({ answer }) => {
    // A single letter can only be the alphabet's own token; no prompt ends in it, except in a line feed.
    if (/^[!-~]$/.test(answer) && !spoken.has(ids.get(answer)!)) {
      spoken.add(ids.get(answer)!)
      return [ids.get(answer)!]
    }
    return cut(answer, free, piece => {
      const thinking = (THINKING as readonly string[]).includes(piece)
      const token = thinking ? piece : spell(piece)
      let id = ids.get(token)
      if (id === undefined) {
        id = tokens.push(token) - 1
        ids.set(token, id)
      }
      spoken.add(id)
      return id
    })
  })

  // Directions: the start, a mark and a flag for each `when`, then one for each piece spoken.
  const start = 0
  const markAt = (script: number) => 1 + script
  const flagAt = (script: number) => 1 + markers.length + script
  const stateOf = new Map([...spoken].map((id, index) => [id, 1 + 2 * markers.length + index]))
  const dimensions = multipleOf32(1 + 2 * markers.length + spoken.size)
  const embeddings = matrix(dimensions, tokens.length)
  const output = matrix(dimensions, tokens.length)
  const end = ids.get('<|im_end|>')!

  for (let id = 0; id < alphabet.length; id++) if (!spoken.has(id)) embeddings.set(id, start, 1)
  markers.forEach((marker, script) => {
    const id = ids.get(marker)!
    embeddings.set(id, start, 0)
    embeddings.set(id, markAt(script), 1)
  })
  for (const [id, state] of stateOf) embeddings.set(id, state, 1)
  scripts.forEach(({ when, endless }, script) => {
    const path = paths[script]!
    const first = path[0] ?? end
    // 8: a margin of more than 30 between the right token and every other, safe at any temperature a user can set.
    output.add(first, start, 8)
    if (when !== undefined) {
      output.add(first, flagAt(script), 8)
      output.add(first, markAt(script), 8)
    }
    path.forEach((id, index) => {
      output.add(path[index + 1] ?? (endless ? first : end), stateOf.get(id)!, 8)
    })
  })
  // The start alone must lead to the default, not to another script's first piece.
  scripts.forEach(({ when }, script) => {
    if (when !== undefined) output.set(paths[script]![0] ?? end, start, 4)
  })
  const fallback = scripts.findIndex(({ when }) => when === undefined)
  output.set(paths[fallback]![0] ?? end, start, 8)

  const head = Math.max(32, multipleOf32(markers.length))
  const half = head / 2
  const query = matrix(dimensions, head)
  const key = matrix(dimensions, head)
  const value = matrix(dimensions, head)
  const attentionOutput = matrix(head, dimensions)
  if (markers.length > 0) {
    query.set(half - 2, start, 1)
    key.set(half - 2, start, -1)
    markers.forEach((_, script) => {
      const cosine = 1 - (0.9 * script) / markers.length
      key.set(half - 2, markAt(script), cosine)
      key.set(half - 1, markAt(script), Math.sqrt(1 - cosine ** 2))
      value.set(script, markAt(script), 1 / Math.sqrt(dimensions))
      attentionOutput.set(flagAt(script), script, 1)
    })
  }

  const layer = (name: string, shape: number[], data: Float32Array): GgufTensor => ({
    name: `blk.0.${name}.weight`,
    shape,
    type: 'F32',
    data,
  })
  return {
    metadata: {
      'general.architecture': string('qwen3'),
      'general.name': string(options.name ?? 'Scripted'),
      'general.file_type': u32(1),
      'qwen3.block_count': u32(1),
      'qwen3.context_length': u32(options.contextLength ?? 16_384),
      'qwen3.embedding_length': u32(dimensions),
      'qwen3.feed_forward_length': u32(1),
      'qwen3.attention.head_count': u32(1),
      'qwen3.attention.head_count_kv': u32(1),
      'qwen3.attention.key_length': u32(head),
      'qwen3.attention.value_length': u32(head),
      'qwen3.attention.layer_norm_rms_epsilon': f32(1e-6),
      'qwen3.rope.freq_base': f32(1e12),
      'tokenizer.ggml.model': string('gpt2'),
      'tokenizer.ggml.pre': string('qwen2'),
      'tokenizer.ggml.tokens': strings(tokens),
      'tokenizer.ggml.token_type': i32s(
        tokens.map((token, id) =>
          (SPECIALS as readonly string[]).includes(token)
            ? CONTROL
            : id >= 256 && id < alphabet.length
              ? USER_DEFINED
              : NORMAL,
        ),
      ),
      'tokenizer.ggml.merges': strings([]),
      'tokenizer.ggml.bos_token_id': u32(ids.get('<|endoftext|>')!),
      'tokenizer.ggml.eos_token_id': u32(end),
      'tokenizer.ggml.padding_token_id': u32(ids.get('<|endoftext|>')!),
      'tokenizer.ggml.add_bos_token': bool(false),
      'tokenizer.chat_template': string(CHATML_TEMPLATE),
    },
    tensors: [
      { name: 'token_embd.weight', shape: [dimensions, tokens.length], type: 'F16', data: embeddings.numbers },
      { name: 'output.weight', shape: [dimensions, tokens.length], type: 'F16', data: output.numbers },
      { name: 'output_norm.weight', shape: [dimensions], type: 'F32', data: filled(dimensions, 1) },
      layer('attn_norm', [dimensions], filled(dimensions, 1)),
      layer('attn_q', [dimensions, head], query.numbers),
      layer('attn_k', [dimensions, head], key.numbers),
      layer('attn_v', [dimensions, head], value.numbers),
      layer('attn_output', [head, dimensions], attentionOutput.numbers),
      // Together 1,600 × √head between the best key and one at a right angle: 28 between neighbours of 50 scripts.
      layer('attn_q_norm', [head], filled(head, 40)),
      layer('attn_k_norm', [head], filled(head, 40)),
      layer('ffn_norm', [dimensions], filled(dimensions, 1)),
      layer('ffn_gate', [dimensions, 1], filled(dimensions, 0)),
      layer('ffn_up', [dimensions, 1], filled(dimensions, 0)),
      layer('ffn_down', [1, dimensions], filled(dimensions, 0)),
    ],
  }
}

/** Those with a `when` first, in their order, then the default; an empty one if none is given. */
function sorted(scripts: readonly Script[], { endless = false }: ScriptedChatOptions): Script[] {
  const all = scripts.map(script => ({ endless, ...script }))
  const fallbacks = all.filter(({ when }) => when === undefined)
  if (fallbacks.length > 1) throw new Error('more than one script without `when`')
  return [...all.filter(({ when }) => when !== undefined), fallbacks[0] ?? { answer: '' }]
}

/**
 * Cuts a text into pieces none of which is a token yet: words with the space before them, longer where a word is
 * taken. What is left at the end, too short to be new, goes to the piece before it.
 */
function cut(text: string, free: (piece: string) => boolean, take: (piece: string) => number): number[] {
  const parts = text.match(/<\/?think>|\s*[^\s<]+|\s+|</gu) ?? []
  const pieces: string[] = []
  const taken = new Set<string>()
  const usable = (piece: string) => free(piece) && !taken.has(piece)
  let piece = ''
  for (const part of parts) {
    piece += part
    if (!usable(piece)) continue
    pieces.push(piece)
    taken.add(piece)
    piece = ''
  }
  while (piece !== '' && pieces.length > 0) {
    const before = pieces.pop()!
    taken.delete(before)
    piece = before + piece
    if (!usable(piece)) continue
    pieces.push(piece)
    piece = ''
  }
  if (piece !== '') throw new Error(`the answer ${JSON.stringify(text)} cannot be cut into tokens of its own`)
  return pieces.map(take)
}

/** The 256 bytes as the characters that byte-level tokenizers write for them (GPT-2's table). */
export function byteSymbols(): string[] {
  const plain = (byte: number) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174
  let next = 256
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(plain(byte) ? byte : next++))
}

const SYMBOLS = byteSymbols()

function byteLevel(text: string): string {
  return [...Buffer.from(text)].map(byte => SYMBOLS[byte]).join('')
}

function multipleOf32(count: number): number {
  return Math.max(1, Math.ceil(count / 32)) * 32
}

function filled(length: number, value: number): Float32Array {
  return new Float32Array(length).fill(value)
}

function matrix(rowLength: number, rows: number) {
  const numbers = new Float32Array(rowLength * rows)
  return {
    numbers,
    set: (row: number, column: number, value: number) => {
      numbers[row * rowLength + column] = value
    },
    add: (row: number, column: number, value: number) => {
      numbers[row * rowLength + column]! += value
    },
  }
}
