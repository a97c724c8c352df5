/** All models of the process: loaded when first used, one at a time, each file once. Runs in the model process. */
import type { Llama, LlamaModel } from 'node-llama-cpp'
import { AppError } from '../errors.ts'
import { type Control, type LoadedChat, openChat } from './chat.ts'
import { ARCHITECTURES, type Shape } from './gguf/architectures.ts'
import { checkHeader } from './gguf/check-header.ts'
import { type GgufHeader, numberAt, textAt } from './gguf/header.ts'
import { readHeader } from './gguf/read-header.ts'
import { loadFile, openLibrary } from './library.ts'
import { type Granted, memoryFree, memoryNeeded } from './memory.ts'
import type { ModelFile, ProcessSettings, Result, Task } from './protocol.ts'
import { chatStyle } from './style.ts'
import { type LoadedEmbedding, type LoadedRanking, openEmbedding, openRanking } from './vectors.ts'

export interface Engine {
  /** Throws `cancelled`, `model-invalid`, `model-unsupported`, `model-memory`, `model-input`; anything else is a fault of the process. */
  run(file: ModelFile, task: Task, control: Control): Promise<Result>
  /** Gives the memory back, unless it is in use. */
  unload(key: string): Promise<void>
}

type Ready =
  | ({ role: 'chat' } & LoadedChat)
  | ({ role: 'embedding' } & LoadedEmbedding)
  | ({ role: 'reranking' } & LoadedRanking)

interface Loaded {
  file: ModelFile
  ready: Promise<Ready>
  users: number
  granted: Granted
  /** Another one took its place; it is unloaded when its last user ends. */
  replaced: boolean
  /** Ends everything that belongs to it. */
  dispose(): Promise<void>
}

export interface EngineEvents {
  /** Called again as it gets on. */
  loading(key: string): void
  loaded(key: string): void
  /** For the log. */
  note(name: string, detail: string): void
}

export function createEngine(settings: ProcessSettings, events: EngineEvents, findFree = memoryFree): Engine {
  const loaded = new Map<string, Loaded>()
  const leaving = new Set<Loaded>()
  let llama: Promise<Llama> | undefined
  /** One load at a time: two would each count the same memory as free. */
  let loads: Promise<unknown> = Promise.resolve()

  function library(): Promise<Llama> {
    llama ??= openLibrary(settings)
    return llama
  }

  function obtain(file: ModelFile): Loaded {
    const known = loaded.get(file.key)
    if (known) return known
    let model: LlamaModel | undefined
    const load = async (): Promise<Ready> => {
      events.loading(file.key)
      await makeRoom(file)
      try {
        const header = await readHeader(file.path)
        const shape = await checkHeader(header)
        const instance = await library()
        entry.granted = await checkMemory(file, header, shape)
        events.loading(file.key)
        model = await loadFile(instance, file, () => events.loading(file.key))
        return await open(model, file, header)
      } finally {
        events.loaded(file.key)
      }
    }
    const ready = loads.then(load)
    loads = ready.catch(() => {})
    const entry: Loaded = {
      file,
      ready,
      users: 0,
      granted: { weights: 0, all: 0 },
      replaced: false,
      dispose: async () => await model?.dispose(),
    }
    loaded.set(file.key, entry)
    // Not kept when it failed: the next request looks again.
    ready.catch(async () => {
      if (loaded.get(file.key) === entry) loaded.delete(file.key)
      await entry.dispose()
    })
    return entry
  }

  /** A replaced file, or another model for the same work: one of them is enough. Two embedding models may serve two indexes. */
  async function makeRoom(file: ModelFile): Promise<void> {
    for (const other of loaded.values())
      if (
        other.file.key !== file.key &&
        (other.file.path === file.path || (other.file.role === file.role && file.role !== 'embedding'))
      ) {
        other.replaced = true
        await unload(other.file.key)
      }
  }

  async function open(model: LlamaModel, file: ModelFile, header: GgufHeader): Promise<Ready> {
    const { contextSize } = file
    const { threads } = settings
    const architecture = textAt(header, 'general.architecture') ?? ''
    if (file.role === 'chat') {
      const style = chatStyle(textAt(header, 'tokenizer.chat_template') ?? '', architecture, model.tokenizer)
      if (style.trouble !== undefined) events.note(file.name, `asked in the plainest form: ${style.trouble}`)
      return { role: 'chat', ...(await openChat(model, { style, contextSize, threads, batchSize })) }
    }
    const pooling = numberAt(header, `${architecture}.pooling_type`)
    const options = {
      contextSize,
      contexts: threads,
      inSteps: !isEncoder(header) && (pooling === lastPooling || pooling === rankPooling),
    }
    return file.role === 'embedding'
      ? { role: 'embedding', ...(await openEmbedding(model, options)) }
      : { role: 'reranking', ...(await openRanking(model, options)) }
  }

  async function checkMemory(file: ModelFile, header: GgufHeader, shape: Shape): Promise<Granted> {
    const contexts = file.role === 'chat' ? 1 : settings.threads
    const needed = memoryNeeded({
      weights: header.size,
      layers: shape.layers,
      keyWidth: shape.headsKv * shape.keyLength,
      valueWidth: shape.headsKv * shape.valueLength,
      tokens: isEncoder(header) ? 0 : file.contextSize * contexts,
      contexts,
    })
    const free = await findFree(held())
    const megabytes = (bytes: number) => Math.ceil(bytes / 1024 / 1024)
    if (needed > free)
      throw new AppError('model-memory', { name: file.name, needed: megabytes(needed), free: megabytes(free) })
    return { weights: header.size, all: needed }
  }

  /** What is being given back counts until it is. */
  function held(): Granted {
    const all = [...loaded.values(), ...leaving].map(({ granted }) => granted)
    const sum = (key: keyof Granted) => all.reduce((total, granted) => total + granted[key], 0)
    return { weights: sum('weights'), all: sum('all') }
  }

  async function unload(key: string): Promise<void> {
    const entry = loaded.get(key)
    if (!entry || entry.users > 0) return
    loaded.delete(key)
    leaving.add(entry)
    const gone = entry.ready
      .catch(() => {})
      .then(() => entry.dispose())
      .finally(() => leaving.delete(entry))
    // It may be asked for again meanwhile: never two copies of one file.
    loads = Promise.all([loads, gone]).catch(() => {})
    await gone
  }

  return {
    unload,
    async run(file, task, control) {
      const entry = obtain(file)
      entry.users++
      try {
        const ready = await entry.ready
        control.check()
        if (ready.role === 'chat' && task.type === 'chat') return await ready.run(task, control)
        if (ready.role === 'embedding' && task.type === 'embed') return await ready.embed(task.text)
        if (ready.role === 'embedding' && task.type === 'count') return ready.count(task.texts)
        if (ready.role === 'reranking' && task.type === 'rank') return await ready.rank(task.query, task.text)
        throw new Error(`a ${ready.role} model was asked to ${task.type}`)
      } finally {
        entry.users--
        if (entry.replaced) await unload(file.key)
      }
    },
  }
}

/** Tokens of a prompt between two chances to stop. */
const batchSize = 64
/** Values of `pooling_type`. */
const lastPooling = 3
const rankPooling = 4

function isEncoder(header: GgufHeader): boolean {
  return ARCHITECTURES.get(textAt(header, 'general.architecture') ?? '')?.encoder ?? false
}
