import { rm } from 'node:fs/promises'
import path from 'node:path'
import type { ApiModel } from '../../shared/api/index.ts'
import { AppError } from '../../shared/errors.ts'
import { listModels, type ModelEntry, type NamedFiles } from '../../shared/models/catalog.ts'
import { createModelFiles } from '../../shared/models/files.ts'
import { describeModel } from '../../shared/models/gguf/describe.ts'

/** The models of this installation as the server shows and changes them. */
export interface ModelShelf {
  list(): Promise<ApiModel[]>
  /**
   * Takes the file in while it comes. Throws `model-exists`, `model-invalid`, `model-unsupported`, `model-too-large`, `disk-full`,
   * `cancelled`.
   */
  add(name: string, bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<ApiModel>
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
}: {
  folder: string
  named: NamedFiles
  /** Bytes of a model, at most. */
  limit?: number
}): Promise<ModelShelf> {
  const files = createModelFiles({ folder, check: describeModel, limit })
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
