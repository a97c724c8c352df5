import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { scriptedChat, tinyEmbedder, tinyOf, tinyReranker } from '../scripts/tiny-models.ts'
import { randomNumbers } from '../scripts/tiny-models-encoder.ts'
import { type GgufModel, type GgufValue, ggufBytes, headerBytes, tensorSize } from '../scripts/write-gguf.ts'
import { AppError } from '../shared/errors.ts'
import { ARCHITECTURES } from '../shared/models/gguf/architectures.ts'
import { describeModel } from '../shared/models/gguf/describe.ts'
import { DEFAULT_ALIGNMENT, padded, TENSOR_TYPES, type TensorTypeName } from '../shared/models/gguf/format.ts'

export interface MutationFigures {
  /** By our check, with a reason. */
  refused: number
  /** By llama.cpp, and used. */
  loaded: number
  /** By llama.cpp with an error, our check having passed it: no harm, but a reason less plain. */
  failedInLlama: number
  /** The process that loads ended or hung: a hole in our check. */
  crashed: number
  /** Our check threw something that is no reason. */
  hostCrashes: number
  /** How often each reason was given. */
  reasons: Record<string, number>
  /** Mutations that crashed something, for whoever mends it. */
  holes: string[]
}

/** Longer than any tiny model takes, on a busy machine too. */
const LOAD_TIME = 30_000

/**
 * Breaks headers of all tiny models in `count` ways, the same for the same `from`, and sees what becomes of each: our check
 * refuses it with a reason, or a process of its own loads it.
 */
export async function mutatedHeaders(options: {
  count: number
  from?: number
  note?: (text: string) => void
}): Promise<MutationFigures> {
  const { count, from = 0, note = () => {} } = options
  const folder = await mkdtemp(join(tmpdir(), 'mutate-gguf-'))
  const loader = createLoader()
  const models = tinyModels()
  const figures: MutationFigures = {
    refused: 0,
    loaded: 0,
    failedInLlama: 0,
    crashed: 0,
    hostCrashes: 0,
    reasons: {},
    holes: [],
  }
  try {
    for (let seed = from; seed < from + count; seed++) {
      const { bytes, what } = mutated(models[seed % models.length]!, seed)
      const path = join(folder, 'mutated.gguf')
      await writeFile(path, bytes)
      try {
        await describeModel(path)
      } catch (error) {
        if (error instanceof AppError) {
          figures.refused++
          const reason = String(error.values.detail ?? error.code)
          figures.reasons[reason] = (figures.reasons[reason] ?? 0) + 1
        } else {
          figures.hostCrashes++
          figures.holes.push(`${seed}: ${what}: ${error}`)
        }
        continue
      }
      const outcome = await loader.load(path)
      figures[outcome.state]++
      if (outcome.state === 'crashed') figures.holes.push(`${seed}: ${what}: ${outcome.detail}`)
      if (outcome.state !== 'loaded') note(`${outcome.state} ${seed}: ${what}: ${outcome.detail}`)
    }
  } finally {
    await loader.close()
    await rm(folder, { recursive: true })
  }
  return figures
}

interface Subject {
  name: string
  model: GgufModel
}

/** One of every kind we support, with every tokenizer. */
export function tinyModels(): Subject[] {
  return [
    { name: 'scripted', model: scriptedChat([{ when: 'Rewrite:', answer: 'Ja.' }, { answer: 'The answer [1].' }]) },
    { name: 'embedder', model: tinyEmbedder({ dimensions: 32, contextLength: 64 }) },
    { name: 'reranker', model: tinyReranker({ favours: ['Frist'], contextLength: 64 }) },
    ...[...ARCHITECTURES.keys()].map(name => ({ name, model: tinyOf(name) })),
    { name: 'bert, unigram', model: tinyOf('bert', 't5') },
    { name: 'llama, SentencePiece', model: tinyOf('llama', 'llama') },
  ]
}

/** One of a dozen ways of breaking a file, by the seed; sometimes two at once. */
export function mutated({ name, model }: Subject, seed: number): { bytes: Buffer; what: string } {
  const random = randomNumbers(seed)
  const upTo = (end: number) => Math.floor(random() * end)
  const body = ggufBytes(model).subarray(headerBytes(model).length)
  const places = offsetsOf(model)
  const changes: string[] = []
  let changed = model
  if (random() < 0.6)
    for (let left = random() < 0.2 ? 2 : 1; left > 0; left--) {
      const [what, next] = rewritten(changed, random)
      changes.push(what)
      changed = next
    }
  // Sizes that no number holds, or half of the time: what follows is still where it was.
  if (random() < 0.5 || !changed.tensors.every(tensor => Number.isSafeInteger(tensorSize(tensor))))
    changed = {
      ...changed,
      tensors: changed.tensors.map((tensor, index) => ({ ...tensor, offset: places[index] ?? 0 })),
    }
  let header = headerBytes(changed)
  if (changes.length === 0 || random() < 0.1) {
    const [what, next] = scrambled(header, random)
    changes.push(what)
    header = next
  }
  let bytes = Buffer.concat([header, body])
  if (random() < 0.05) {
    const length = upTo(bytes.length)
    changes.push(`cut to ${length}`)
    bytes = bytes.subarray(0, length)
  }
  return { bytes, what: `${name}: ${changes.join(', ')}` }
}

function offsetsOf({ tensors }: GgufModel): number[] {
  let offset = 0
  return tensors.map(tensor => {
    const before = offset
    offset += padded(tensorSize(tensor), DEFAULT_ALIGNMENT)
    return before
  })
}

const NUMBERS = [0, 1, 2, 3, 7, 8, 15, 17, 64, 255, 256, 65_535, 1 << 20, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]
const FLOATS = [0, -1, 1e-30, 1e30, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1, 1e-6]

/** Changes what the header says, well formed. */
function rewritten(model: GgufModel, random: () => number): [string, GgufModel] {
  const upTo = (end: number) => Math.floor(random() * end)
  const any = <T>(list: readonly T[]): T => list[upTo(list.length)]!
  const keys = Object.keys(model.metadata)
  const key = any(keys)
  const at = upTo(model.tensors.length)
  const tensor = model.tensors[at]!
  const withKey = (value: GgufValue): GgufModel => ({ ...model, metadata: { ...model.metadata, [key]: value } })
  const withTensor = (changed: object): GgufModel => ({
    ...model,
    tensors: model.tensors.map((other, index) => (index === at ? { ...other, ...changed } : other)),
  })
  switch (upTo(9)) {
    case 0: {
      const { [key]: _, ...metadata } = model.metadata
      return [`without ${key}`, { ...model, metadata }]
    }
    case 1:
    case 2: {
      const value = otherValue(model.metadata[key]!, random)
      return [`${key} = ${JSON.stringify(value).slice(0, 80)}`, withKey(value)]
    }
    case 3: {
      const value: GgufValue = any<GgufValue>([
        { type: 'u64', value: 5 },
        { type: 'i32', value: -1 },
        { type: 'f32', value: 1 },
        { type: 'string', value: 'x' },
        { type: 'bool', value: true },
        { type: 'array', of: 'u32', value: [1, 2, 3] },
        { type: 'array', of: 'string', value: ['a', 'a'] },
        { type: 'array', of: 'f32', value: [] },
      ])
      return [`${key} as ${JSON.stringify(value)}`, withKey(value)]
    }
    case 4: {
      const tensors = model.tensors.filter((_, index) => index !== at)
      return [`without ${tensor.name}`, { ...model, tensors }]
    }
    case 5: {
      const other = any(model.tensors)
      const tensors = model.tensors.map(one =>
        one === tensor ? { ...one, name: other.name } : one === other ? { ...one, name: tensor.name } : one,
      )
      return [`${tensor.name} and ${other.name} swapped`, { ...model, tensors }]
    }
    case 6: {
      const shape = tensor.shape.map(length =>
        random() < 0.6 ? any([length * 2, length + 1, 1, 0, ...NUMBERS]) : length,
      )
      return [`${tensor.name} [${shape}]`, withTensor({ shape })]
    }
    case 7: {
      const type = any(Object.keys(TENSOR_TYPES) as TensorTypeName[])
      return [`${tensor.name} as ${type}`, withTensor({ type })]
    }
    default: {
      const extra = any(EXTRA)
      const prefix = String(model.metadata['general.architecture']?.value ?? 'llama')
      const name = extra[0].replace('%', prefix)
      return [`${name} = ${JSON.stringify(extra[1])}`, { ...model, metadata: { ...model.metadata, [name]: extra[1] } }]
    }
  }
}

/** Keys that no tiny model has and llama.cpp reads. */
const EXTRA: readonly (readonly [string, GgufValue])[] = [
  ['%.pooling_type', { type: 'u32', value: 77 }],
  ['%.pooling_type', { type: 'u32', value: 4 }],
  ['%.pooling_type', { type: 'u32', value: 3 }],
  ['%.expert_count', { type: 'u32', value: 8 }],
  ['%.expert_used_count', { type: 'u32', value: 8 }],
  ['%.nextn_predict_layers', { type: 'u32', value: 3 }],
  ['%.embedding_length_out', { type: 'u32', value: 1024 }],
  ['%.attention.causal', { type: 'bool', value: false }],
  ['%.attention.key_length_swa', { type: 'u32', value: 4 }],
  ['%.rope.dimension_count_swa', { type: 'u32', value: 6 }],
  ['%.rope.scaling.type', { type: 'string', value: 'sideways' }],
  ['%.rope.scaling.type', { type: 'string', value: 'yarn' }],
  ['%.rope.scaling.factor', { type: 'f32', value: 0 }],
  ['%.rope.freq_base', { type: 'f32', value: Number.NaN }],
  ['%.classifier.output_labels', { type: 'array', of: 'string', value: ['yes', 'no'] }],
  ['%.attention.sliding_window', { type: 'u32', value: 0 }],
  ['%.attention.sliding_window_pattern', { type: 'u32', value: 0 }],
  ['%.attention.sliding_window_pattern', { type: 'array', of: 'bool', value: [true] }],
  ['%.attn_logit_softcapping', { type: 'f32', value: 0 }],
  ['%.vocab_size', { type: 'u32', value: 2 ** 32 - 1 }],
  ['split.count', { type: 'u16', value: 3 }],
  ['general.alignment', { type: 'u32', value: 0 }],
  ['general.alignment', { type: 'u32', value: 64 }],
  ['tokenizer.ggml.mask_token_id', { type: 'u32', value: 1e6 }],
  ['tokenizer.ggml.add_sep_token', { type: 'bool', value: true }],
  ['tokenizer.ggml.add_eos_token', { type: 'bool', value: true }],
  ['tokenizer.ggml.suppress_tokens', { type: 'array', of: 'i32', value: [-5, 1e6] }],
  ['tokenizer.ggml.precompiled_charsmap', { type: 'array', of: 'u8', value: [255, 255, 255, 255, 1] }],
]

function otherValue(value: GgufValue, random: () => number): GgufValue {
  const any = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  switch (value.type) {
    case 'u32':
      return { ...value, value: any(NUMBERS) }
    case 'f32':
      return { ...value, value: any(FLOATS) }
    case 'bool':
      return { ...value, value: !value.value }
    case 'string':
      return {
        ...value,
        value: any(['', 'gpt2', 'llama', 'bert', 't5', 'rwkv', 'none', 'gemma3', 'phi3', '\0', 'ä'.repeat(99)]),
      }
    case 'array': {
      const list = [...value.value]
      if (list.length === 0) return { ...value, value: value.of === 'string' ? ['x'] : [1] }
      const at = Math.floor(random() * list.length)
      switch (Math.floor(random() * 4)) {
        case 0:
          return { ...value, value: list.slice(0, at) }
        case 1:
          return { ...value, value: [...list, list[at]!] }
        case 2:
          list[at] = any(list)
          return { ...value, value: list }
        default:
          list[at] =
            value.of === 'string'
              ? any(['', ' ', '\0', '<0x41>', '<|im_end|>'])
              : value.of === 'f32'
                ? any(FLOATS)
                : any([0, 1, 2, 3, 6, 99])
          return { ...value, value: list }
      }
    }
    default:
      return value
  }
}

/** Changes bytes, whatever they mean: flips, numbers of the format overwritten, parts cut out or doubled. */
function scrambled(header: Buffer, random: () => number): [string, Buffer] {
  const upTo = (end: number) => Math.floor(random() * end)
  // Mostly near the beginning and the end, where counts, keys and tensors stand rather than tokens.
  const place = (room: number) =>
    random() < 0.4 ? upTo(Math.min(512, room)) : random() < 0.6 ? room - 1 - upTo(Math.min(2048, room)) : upTo(room)
  const bytes = Buffer.from(header)
  switch (upTo(5)) {
    case 0: {
      const places = Array.from({ length: 1 + upTo(6) }, () => place(bytes.length))
      for (const at of places) bytes[at] = bytes[at]! ^ (1 << upTo(8))
      return [`bits at ${places}`, bytes]
    }
    case 1: {
      const at = place(bytes.length - 4)
      bytes.writeUInt32LE(NUMBERS[upTo(NUMBERS.length)]!, at)
      return [`32-bit number at ${at}`, bytes]
    }
    case 2: {
      const at = place(bytes.length - 8)
      bytes.writeBigUInt64LE(2n ** BigInt(upTo(64)) - BigInt(upTo(2)), at)
      return [`64-bit number at ${at}`, bytes]
    }
    case 3: {
      const at = place(bytes.length)
      const length = 1 + upTo(16)
      return [`${length} bytes out at ${at}`, Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)])]
    }
    default: {
      const at = place(bytes.length)
      const twice = bytes.subarray(at, at + 1 + upTo(16))
      return [`bytes twice at ${at}`, Buffer.concat([bytes.subarray(0, at), twice, bytes.subarray(at)])]
    }
  }
}

type Outcome = { state: 'loaded' | 'failedInLlama' | 'crashed'; detail: string }

/** One child loads file after file; a new one takes over where it ended. */
export function createLoader() {
  let child: ChildProcess | undefined
  const file = fileURLToPath(new URL('./mutate-gguf-child.ts', import.meta.url))
  const start = async (): Promise<ChildProcess> => {
    const started = fork(file, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
    await once(started, 'message', { signal: AbortSignal.timeout(LOAD_TIME) })
    return started
  }
  return {
    load: async (path: string): Promise<Outcome> => {
      child ??= await start()
      const running = child
      const outcome = await new Promise<Outcome>(resolve => {
        const end = (outcome: Outcome) => {
          clearTimeout(timer)
          running.off('message', answered).off('exit', ended)
          resolve(outcome)
        }
        const answered = ({ error }: { error?: string }) =>
          end(error === undefined ? { state: 'loaded', detail: '' } : { state: 'failedInLlama', detail: error })
        const ended = (code: number | null, signal: string | null) =>
          end({ state: 'crashed', detail: signal ?? `exit ${code}` })
        const timer = setTimeout(() => end({ state: 'crashed', detail: 'hung' }), LOAD_TIME)
        running.on('message', answered).on('exit', ended)
        running.send(path)
      })
      if (outcome.state === 'crashed') {
        running.kill('SIGKILL')
        child = undefined
      }
      return outcome
    },
    close: async () => {
      if (!child) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}
