import type { createBreath } from './breath.ts'
import { checkKey } from './check-keys.ts'
import { arrayAt, bytesOf, type GgufArray, type GgufHeader, numberAt, numberOf, stringOf, textAt } from './header.ts'
import { invalid, unsupported } from './problem.ts'
import { createTokenIndex } from './token-index.ts'

type Breath = ReturnType<typeof createBreath>

/** Byte-level BPE, SentencePiece BPE, WordPiece and SentencePiece unigram, as the format names them. */
const TOKENIZERS = ['gpt2', 'llama', 'bert', 't5'] as const
const SPECIAL = [
  ...['bos', 'eos', 'eot', 'eom', 'unknown', 'seperator', 'padding', 'cls', 'mask'],
  ...['fim_pre', 'fim_suf', 'fim_mid', 'fim_pad', 'fim_rep', 'fim_sep', 'prefix', 'suffix', 'middle'],
]
const FLAGS = ['add_bos_token', 'add_eos_token', 'add_sep_token', 'add_space_prefix', 'remove_extra_whitespaces']
const BYTE = 6
/** As a file writes that there is no such token. */
const NO_TOKEN = 0xffffffff

/**
 * Checks what llama.cpp takes for granted of a vocabulary. Source: `llama_vocab::impl::load`, `byte_to_token` and
 * `token_to_piece` in src/llama-vocab.cpp: a token twice, a byte token of WordPiece, a byte without a token in
 * SentencePiece, a broken table of replacements each end the process, some only at a certain text.
 */
export async function checkTokenizer(header: GgufHeader, breath: Breath): Promise<void> {
  const { name } = header
  checkKey(header, 'tokenizer.ggml.model', { type: 'string', required: true })
  checkKey(header, 'tokenizer.ggml.pre', { type: 'string' })
  const model = textAt(header, 'tokenizer.ggml.model')!
  if (!(TOKENIZERS as readonly string[]).includes(model)) throw unsupported(name, 'tokenizer-unknown', model)
  for (const flag of FLAGS) checkKey(header, `tokenizer.ggml.${flag}`, { type: 'bool' })
  for (const flag of ['lowercase', 'strip_accents'])
    checkKey(header, `tokenizer.ggml.normalizer.${flag}`, { type: 'bool' })

  const tokens = arrayAt(header, 'tokenizer.ggml.tokens', 'string')!
  if (tokens.length === 0) throw invalid(name, 'tokenizer', 'tokenizer.ggml.tokens')
  const types = parallel(header, 'token_type', ['i32'], tokens)
  const scores = parallel(header, 'scores', ['f32', 'i32'], tokens)
  if (model === 'gpt2') await checkMerges(header, breath)
  await checkTokens(header, { tokens, types, scores, model }, breath)

  for (const special of SPECIAL) {
    const key = `tokenizer.ggml.${special}_token_id`
    checkKey(header, key, { type: 'u32' })
    const id = numberAt(header, key)
    if (id !== undefined && id !== NO_TOKEN && id >= tokens.length) throw invalid(name, 'token-invalid', key)
  }
  // What these two write for a word they do not know; the defaults hold where the file does not say.
  const unknown = numberAt(header, 'tokenizer.ggml.unknown_token_id') ?? NO_TOKEN
  const fallback = model === 'bert' ? 100 : 2
  if ((model === 'bert' || model === 't5') && unknown === NO_TOKEN && fallback >= tokens.length)
    throw invalid(name, 'token-invalid', 'tokenizer.ggml.unknown_token_id')
  const suppress = header.metadata.get('tokenizer.ggml.suppress_tokens')
  if (suppress && (suppress.type !== 'array' || suppress.of !== 'i32'))
    throw invalid(name, 'tokenizer', 'tokenizer.ggml.suppress_tokens')
  if (model === 't5') await checkReplacements(header, breath)
}

/** An array beside the tokens, one element each. */
function parallel(header: GgufHeader, key: string, of: readonly string[], tokens: GgufArray): GgufArray | undefined {
  const entry = header.metadata.get(`tokenizer.ggml.${key}`)
  if (entry === undefined) return undefined
  if (entry.type !== 'array' || !of.includes(entry.of) || entry.length < tokens.length)
    throw invalid(header.name, 'tokenizer', `tokenizer.ggml.${key}`)
  return entry
}

async function checkMerges(header: GgufHeader, breath: Breath): Promise<void> {
  const merges = arrayAt(header, 'tokenizer.ggml.merges', 'string')
  const broken = () => invalid(header.name, 'tokenizer', 'tokenizer.ggml.merges')
  if (!merges) throw broken()
  for (let index = 0; index < merges.length; index++) {
    const end = merges.strings![2 * index + 1]!
    // Two parts with a space between them; the first may begin with one.
    const space = header.bytes.indexOf(0x20, merges.strings![2 * index]! + 1)
    if (space < 0 || space >= end) throw broken()
    if (index % 256 === 0 && breath.due()) await breath.take()
  }
}

interface Vocabulary {
  tokens: GgufArray
  types: GgufArray | undefined
  scores: GgufArray | undefined
  model: string
}

async function checkTokens(header: GgufHeader, { tokens, types, scores, model }: Vocabulary, breath: Breath) {
  const { name } = header
  const index = createTokenIndex(header, tokens)
  const empty: number[] = []
  for (let id = 0; id < tokens.length; id++) {
    const size = tokens.strings![2 * id + 1]! - tokens.strings![2 * id]!
    const type = types && numberOf(header, types, id)
    if (type === BYTE && (model === 'bert' || !/^<0x[0-9A-F]{2}>$/.test(stringOf(header, tokens, id))))
      throw invalid(name, 'token-invalid', `token ${id}`)
    if (scores && !Number.isFinite(numberOf(header, scores, id))) throw invalid(name, 'token-invalid', `score ${id}`)
    if (size === 0) empty.push(id)
    else if (!index.add(id)) throw invalid(name, 'tokens-duplicate')
    if (id % 256 === 0 && breath.due()) await breath.take()
  }
  // llama.cpp names an empty token by its number.
  if (empty.some(id => index.has(Buffer.from(`[EMPTY_${id}]`)))) throw invalid(name, 'tokens-duplicate')
  if (model !== 'llama') return
  for (let byte = 0; byte < 256; byte++) {
    const hex = `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`
    if (!index.has(Buffer.from(hex)) && !index.has(Buffer.of(byte))) throw invalid(name, 'token-invalid', hex)
  }
}

/**
 * The table by which SentencePiece replaces characters: a double-array trie packed into 32-bit words, then the
 * replacements, each closed by a zero. llama.cpp walks it with the text in hand and throws, out of reach of any catch,
 * where a step leads out of it: so every step that any text can take is walked here.
 */
async function checkReplacements(header: GgufHeader, breath: Breath): Promise<void> {
  const key = 'tokenizer.ggml.precompiled_charsmap'
  const entry = header.metadata.get(key)
  if (entry === undefined) return
  const broken = () => invalid(header.name, 'tokenizer', key)
  if (entry.type !== 'array' || (entry.of !== 'u8' && entry.of !== 'i8')) throw broken()
  const table = bytesOf(header, entry)
  if (table.length < 4) throw broken()
  const trieBytes = table.readUInt32LE(0)
  if (trieBytes + 4 >= table.length) throw broken()
  const size = Math.floor(trieBytes / 4)
  if (size === 0) return
  const replacements = table.length - 4 - trieBytes
  if (table[table.length - 1] !== 0) throw broken()
  const node = (index: number) => table.readUInt32LE(4 + index * 4)
  const base = (packed: number) => ((packed >>> 10) << ((packed & 512) >>> 6)) >>> 0
  const seen = new Uint8Array(size)
  const open = [base(node(0))]
  while (open.length > 0) {
    const from = open.pop()!
    for (let letter = 1; letter < 256; letter++) {
      const index = (from ^ letter) >>> 0
      if (index >= size) throw broken()
      const packed = node(index)
      // Bit 31 marks a value, which is no node.
      if ((packed & 0x800000ff) >>> 0 !== letter || seen[index]) continue
      seen[index] = 1
      const next = (index ^ base(packed)) >>> 0
      if ((packed >>> 8) & 1) {
        if (next >= size || (node(next) & 0x7fffffff) >= replacements) throw broken()
      }
      open.push(next)
    }
    if (breath.due()) await breath.take()
  }
}
