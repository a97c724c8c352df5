import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { ApiModel } from '../../shared/api/index.ts'
import { AppError, toAppError } from '../../shared/errors.ts'
import { listModels, type ModelEntry, type NamedFiles } from '../../shared/models/catalog.ts'
import { createModelFiles } from '../../shared/models/files.ts'
import { describeModel } from '../../shared/models/gguf/describe.ts'

/** The models of this installation as the server shows and changes them. */
export interface ModelShelf {
  list(): Promise<ApiModel[]>
  /** Takes the file in while it comes. Throws `model-exists`, `model-invalid`, `model-unsupported`, `disk-full`, `cancelled`. */
  add(name: string, bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<ApiModel>
  /** Throws `model-not-found`. */
  verify(
    name: string,
    signal: AbortSignal,
  ): Promise<{ name: string; sha256: string; state: 'sound' | 'pinned' | 'changed' }>
  /** Throws `model-not-found`. */
  remove(name: string): Promise<void>
}

const ending = '.gguf'
/** Within the folder of models, so that it is the same disk; swept with each start. */
const incoming = '.incoming'

export async function createModelShelf({ folder, named }: { folder: string; named: NamedFiles }): Promise<ModelShelf> {
  const files = createModelFiles({ folder, check: describeModel })
  const arriving = path.join(folder, incoming)
  await rm(arriving, { recursive: true, force: true })

  async function list(): Promise<ApiModel[]> {
    return (await listModels(folder, named)).map(toApiModel)
  }

  return {
    list,
    async add(name, bytes, signal) {
      if (!name.toLowerCase().endsWith(ending))
        throw new AppError('model-invalid', { name, detail: `not a ${ending} file` })
      if ((await list()).some(model => model.name === name)) throw new AppError('model-exists', { name })
      const place = path.join(arriving, randomUUID())
      const file = path.join(place, name)
      try {
        await mkdir(place, { recursive: true, mode: 0o700 })
        await pipeline(begins(name, bytes), createWriteStream(file, { mode: 0o600, flags: 'wx' }), { signal })
        const added = await files.add(file, { signal })
        const found = (await list()).find(model => model.name === added.name)
        if (!found) throw new AppError('model-not-found', { name: added.name })
        return found
      } catch (error) {
        throw toAppError(error)
      } finally {
        await rm(place, { recursive: true, force: true })
      }
    },
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
