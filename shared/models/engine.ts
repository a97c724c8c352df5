/** All models of the process: loaded when first used, one at a time, each file once. Runs in the model process. */
import type { Llama, LlamaModel } from 'node-llama-cpp'
import { AppError } from '../errors.ts'
import { type Control, type LoadedChat, openChat } from './chat.ts'
import { type Fit, fitTo } from './fit.ts'
import { checkHeader } from './gguf/check-header.ts'
import { type GgufHeader, textAt } from './gguf/header.ts'
import { readHeader } from './gguf/read-header.ts'
import { loadFile, openLibrary } from './library.ts'
import { type Granted, memoryFree } from './memory.ts'
import { type Network, stepSize } from './memory-need.ts'
import { networkOf } from './network.ts'
import { smallerOffer } from './offered.ts'
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

const none: Granted = { weights: 0, all: 0 }

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
  /** With what it takes, where it did not fail. */
  loaded(key: string, granted?: Granted): void
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
        const network = networkOf(header, shape)
        const { contexts, need } = await checkMemory(file, network)
        // What was copied into another order is no page of a file any more.
        entry.granted = { weights: network.weights - network.repacked, all: need }
        events.loading(file.key)
        model = await loadFile(instance, file, () => events.loading(file.key))
        return await open(model, file, header, { contexts, inSteps: network.inSteps })
      } catch (error) {
        entry.granted = none
        throw error
      } finally {
        events.loaded(file.key, entry.granted === none ? undefined : entry.granted)
      }
    }
    const ready = loads.then(load)
    loads = ready.catch(() => {})
    const entry: Loaded = {
      file,
      ready,
      users: 0,
      granted: none,
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

  async function open(
    model: LlamaModel,
    file: ModelFile,
    header: GgufHeader,
    vectors: { contexts: number; inSteps: boolean },
  ): Promise<Ready> {
    const { contextSize } = file
    const { threads } = settings
    const architecture = textAt(header, 'general.architecture') ?? ''
    if (file.role === 'chat') {
      const style = chatStyle(textAt(header, 'tokenizer.chat_template') ?? '', architecture, model.tokenizer)
      if (style.trouble !== undefined) events.note(file.name, `asked in the plainest form: ${style.trouble}`)
      return { role: 'chat', ...(await openChat(model, { style, contextSize, threads, batchSize: stepSize })) }
    }
    const options = { contextSize, ...vectors }
    return file.role === 'embedding'
      ? { role: 'embedding', ...(await openEmbedding(model, options)) }
      : { role: 'reranking', ...(await openRanking(model, options)) }
  }

  /** Throws `model-memory`. */
  async function checkMemory({ name, role, contextSize }: ModelFile, network: Network): Promise<Fit> {
    const { threads } = settings
    const free = await findFree(held())
    // How large a context is to be was decided by whoever asks, who makes prompts as long as that.
    const machine = { memory: free, free, cores: threads, threads }
    const fit = fitTo({ role, network, contextSize }, machine, contextSize, { least: contextSize })
    const megabytes = (bytes: number) => Math.ceil(bytes / 1024 / 1024)
    if (fit.fits === 'no')
      throw new AppError('model-memory', {
        name,
        needed: megabytes(fit.need),
        free: megabytes(free),
        ...smallerOffer(role, machine, contextSize),
      })
    return fit
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
