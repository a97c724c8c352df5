import { rm } from 'node:fs/promises'
import path from 'node:path'
import type { ApiMachine, ApiModel, ApiOffer } from '../../shared/api/index.ts'
import { AppError } from '../../shared/errors.ts'
import { listModels, type ModelEntry, type NamedFiles } from '../../shared/models/catalog.ts'
import { usualHub } from '../../shared/models/download-source.ts'
import { createModelFiles } from '../../shared/models/files.ts'
import { describeModel } from '../../shared/models/gguf/describe.ts'
import { lookAtMachine, measureReadSpeed } from '../../shared/models/machine.ts'
import { processBytes } from '../../shared/models/memory-need.ts'
import { type OfferHere, offersHere } from '../../shared/models/offered.ts'
import type { Held } from '../../shared/models/supervise.ts'

/** The models of this installation as the server shows and changes them. */
export interface ModelShelf {
  list(): Promise<ApiModel[]>
  /** Those that can be had by name, and how they fit this machine now. */
  catalog(): Promise<{ machine: ApiMachine; models: ApiOffer[] }>
  /**
   * Takes the file in while it comes. Throws `model-exists`, `model-invalid`, `model-unsupported`, `model-too-large`, `disk-full`,
   * `cancelled`.
   */
  add(name: string, bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<ApiModel>
  /** The name of the file of the embedding model with this fingerprint; null where it is not there. */
  embedderFile(fingerprint: string): Promise<string | null>
  /** Throws `model-not-found`. */
  verify(
    name: string,
    signal: AbortSignal,
  ): Promise<{ name: string; sha256: string; state: 'sound' | 'pinned' | 'changed' }>
  /** Puts it before the others of its role in the folder. Throws `model-not-found`. */
  use(name: string): Promise<ApiModel>
  /** Throws `model-not-found`. */
  remove(name: string): Promise<void>
}

const incoming = '.incoming'

export async function createModelShelf({
  folder,
  named,
  limit = Number.POSITIVE_INFINITY,
  contextSize = 4096,
  threads = 1,
  heldModels = () => [],
}: {
  folder: string
  named: NamedFiles
  /** Bytes of a model, at most. */
  limit?: number
  /** Tokens wished of a model that answers. */
  contextSize?: number
  /** Of all models together. */
  threads?: number
  /** Those that this process has loaded. */
  heldModels?: () => readonly Held[]
}): Promise<ModelShelf> {
  const files = createModelFiles({ folder, check: describeModel, limit })
  let readSpeed: number | undefined
  // An earlier version kept what came in here.
  await rm(path.join(folder, incoming), { recursive: true, force: true })

  async function list(): Promise<ApiModel[]> {
    return (await listModels(folder, named)).map(toApiModel)
  }

  async function get(name: string): Promise<ApiModel> {
    const found = (await list()).find(model => model.name === name)
    if (!found) throw new AppError('model-not-found', { name })
    return found
  }

  return {
    list,
    async catalog() {
      readSpeed ??= measureReadSpeed()
      const held = heldModels()
      const granted = held.map(one => one.granted)
      const [entries, machine] = await Promise.all([
        listModels(folder, named),
        lookAtMachine({ threads, readSpeed, held: granted }),
      ])
      const { memory, cores } = machine
      const loaded = granted.reduce((sum, { all }) => sum + all, held.length > 0 ? processBytes : 0)
      const free = Math.floor(Math.max(0, machine.free - loaded))
      const models = offersHere(entries, machine, { contextSize, held }).map(toApiOffer)
      const names = held.map(({ file }) => path.basename(file.path))
      return { machine: { memory, free, cores, loaded: names }, models }
    },
    async embedderFile(fingerprint) {
      const entries = await listModels(folder, named)
      return entries.find(({ description }) => description?.embedding?.fingerprint === fingerprint)?.name ?? null
    },
    async add(name, bytes, signal) {
      const added = await files.receive(name, begins(name, bytes), { signal })
      return get(added.name)
    },
    use: async name => get((await files.use(name)).name),
    verify: (name, signal) => files.verify(name, { signal }),
    remove: name => files.remove(name),
  }
}

/** What does not begin as a model is not read to its end. */
async function* begins(name: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let first = true
  for await (const chunk of bytes) {
    if (first && Buffer.from(chunk.subarray(0, 4)).toString('latin1') !== 'GGUF'.slice(0, chunk.length))
      throw new AppError('model-invalid', { name, detail: 'not a GGUF file' })
    first = false
    yield chunk
  }
}

function toApiModel({ name, size, named, used, description, problem }: ModelEntry): ApiModel {
  return {
    name,
    size,
    role: description?.role ?? null,
    parameters: description?.parameters ?? null,
    contextSize: description?.contextSize ?? null,
    inUse: used,
    source: named ? 'setting' : 'folder',
    problem: problem ?? null,
  }
}

function toApiOffer({ offer, installed, used, recommended, fit }: OfferHere): ApiOffer {
  const { id, name, role, goodFor, languages, licence, quantization, parameters, machine } = offer
  return {
    id,
    name,
    role,
    goodFor,
    languages: { count: languages.count ?? null, named: languages.named },
    licence,
    quantization,
    parameters,
    contextSize: offer.context,
    dimensions: offer.dimensions ?? null,
    machine,
    size: offer.source.bytes ?? null,
    file: offer.source.file,
    host: new URL(usualHub).host,
    default: offer.default === true,
    recommended,
    installed,
    inUse: used,
    fit: fit
      ? {
          ...fit,
          need: Math.ceil(fit.need),
          free: Math.floor(fit.free),
          tokensPerSecond: fit.tokensPerSecond ?? null,
        }
      : null,
  }
}
