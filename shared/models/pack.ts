/**
 * Models on a stick, for machines without a network: a plain folder with the files, `manifest.json`, and `SHA256SUMS` for whoever
 * wants to check it with `sha256sum -c`. A folder and no archive: nothing has to be unpacked, and a stick that takes no large files
 * says so at the first of them.
 */
import { createReadStream, createWriteStream } from 'node:fs'
import { lstat, mkdir, open, rename, rm, stat, statfs } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { AppError, toAppError } from '../errors.ts'
import type { ModelRole } from '../model/index.ts'
import { isPlainModelName, withModelEnding, withoutModelEnding } from './file-name.ts'
import { createCounter, demandSpace, type ModelFiles, tooLarge } from './files.ts'
import {
  findManifest,
  longestText,
  type Manifest,
  manifestName,
  type PackedModel,
  readManifest,
  writeManifest,
} from './pack-manifest.ts'

export interface PackOptions {
  signal?: AbortSignal
  /** Bytes of this model. */
  progress?: (name: string, done: number, all: number) => void
}

/** A model that goes into a pack. */
export interface ModelToPack {
  name: string
  path: string
  /** As it was added; undefined where nobody knows. */
  sha256: string | undefined
  role: ModelRole
  license: string | null
  /** The address it was fetched from. */
  source: string | null
}

/**
 * Writes the models into the folder, beside those of a pack that is there; the manifest last. One that is there already, and is
 * the same, is not written again. What is no name of a model gets its ending. Throws `pack-damaged` (`source`) for a model that has
 * changed since it was added, `pack-unwritable`, `pack-invalid` (`empty`; `name`, `twice` for names that no pack can have; `kept`,
 * `keptNewer` where there is a manifest that cannot be read), `file-missing`, `cancelled`.
 */
export async function writePack(
  models: readonly ModelToPack[],
  folder: string,
  { signal, progress = () => {} }: PackOptions = {},
): Promise<PackedModel[]> {
  if (models.length === 0) throw new AppError('pack-invalid', { folder, context: 'empty' })
  const once = models.filter(({ path: file }, at) => models.findIndex(other => other.path === file) === at)
  const named = once.map(model => ({ ...model, name: withModelEnding(model.name) }))
  demandNames(
    folder,
    named.map(({ name }) => name),
  )
  await mkdir(folder, { recursive: true }).catch(error => refuseWriting(folder, error))
  const before = await findManifest(folder).catch(error => {
    const known = toAppError(error)
    if (known.code !== 'pack-invalid') throw known
    // Of a pack that somebody may still want.
    const context = known.values?.context === 'newer' ? 'keptNewer' : 'kept'
    throw new AppError('pack-invalid', { folder, context }, { cause: error })
  })
  const packed: PackedModel[] = []
  for (const model of named) {
    signal?.throwIfAborted()
    const { name, role } = model
    const report = (done: number, all: number) => progress(name, done, all)
    const { size, sha256 } = await copy(model, path.join(folder, name), { report, signal })
    const [license, source] = [model.license, model.source].map(text => text?.slice(0, longestText) ?? null)
    packed.push({ name, size, sha256, role, license, source })
  }
  const others = before?.models.filter(({ name }) => !packed.some(model => sameName(model.name, name))) ?? []
  const kept = await Promise.all(others.map(async model => ((await isThere(folder, model)) ? [model] : [])))
  const manifest: Manifest = { kind: 'cloister-model-pack', version: 1, models: [...kept.flat(), ...packed] }
  await writeManifest(folder, manifest).catch(error => refuseWriting(path.join(folder, manifestName), error))
  return packed
}

/** Before hours of copying: what the reader of a pack refuses is not written. */
function demandNames(folder: string, names: readonly string[]): void {
  for (const [at, name] of names.entries()) {
    if (!isPlainModelName(name)) throw new AppError('pack-invalid', { folder, name, context: 'name' })
    if (names.slice(0, at).some(other => sameName(other, name)))
      throw new AppError('pack-invalid', { folder, name, context: 'twice' })
  }
}

interface Copying {
  report: (done: number, all: number) => void
  signal: AbortSignal | undefined
}

async function copy(
  model: ModelToPack,
  target: string,
  { report, signal }: Copying,
): Promise<{ size: number; sha256: string }> {
  const { size } = await stat(model.path).catch(cause => {
    throw new AppError('file-missing', { file: model.path }, { cause })
  })
  if (model.sha256 !== undefined && (await sizeOf(target)) === size) {
    const sha256 = await sumOf(target, size, { report, signal })
    if (sha256 === model.sha256) return { size, sha256 }
  }
  const partial = path.join(path.dirname(target), `.${path.basename(target).slice(0, 100)}.part`)
  await rm(partial, { force: true })
  const { bavail, bsize } = await statfs(path.dirname(target))
  if (bavail * bsize < size) throw new AppError('pack-unwritable', { file: target, detail: 'ENOSPC' })
  try {
    const counted = createCounter(size, report)
    const to = createWriteStream(partial)
    let writing: unknown
    to.on('error', error => {
      writing = error
    })
    await pipeline(createReadStream(model.path), counted.through, to, { signal }).catch(error => {
      signal?.throwIfAborted()
      if (writing === error) refuseWriting(target, error)
      throw new AppError('file-unreadable', { file: model.path }, { cause: error })
    })
    const { sha256 } = counted.end()
    if (model.sha256 !== undefined && model.sha256 !== sha256)
      throw new AppError('pack-damaged', { name: model.name, context: 'source' })
    // Sticks are pulled out.
    const handle = await open(partial, 'r+')
    await handle.sync().finally(() => handle.close())
    await rename(partial, target)
    return { size, sha256 }
  } finally {
    await rm(partial, { force: true })
  }
}

export interface Taken extends PackedModel {
  /** `present`: it was there already, byte for byte. */
  state: 'taken' | 'present'
}

/**
 * Takes the models of a pack, or those of these names; all are read and compared with the manifest before the first is taken.
 * Throws `pack-invalid`, `pack-damaged`, `model-too-large`, `model-exists` for another model of that name, `model-not-found` for
 * a name that the pack does not have, `disk-full`, `cancelled`, and what the check throws.
 */
export async function takePack(
  folder: string,
  given: readonly string[],
  {
    models,
    files,
    check,
    limit,
    signal,
    progress = () => {},
  }: PackOptions & {
    /** The folder that they go to. */
    models: string
    files: Pick<ModelFiles, 'receive' | 'checksum'>
    check(file: string, name: string): Promise<unknown>
    /** Bytes of a model, at most. */
    limit: number
  },
): Promise<Taken[]> {
  const chosen = choose((await readManifest(folder)).models, given)
  const taken: Taken[] = []
  for (const model of chosen) {
    const { name, size, sha256 } = model
    if (size > limit) throw tooLarge(name, limit)
    const file = await demandFile(folder, model)
    const read = await sumOf(file, size, { report: (done, all) => progress(name, done, all), signal })
    if (read !== sha256) throw new AppError('pack-damaged', { name })
    await check(file, name)
    const there = await stat(path.join(models, name)).then(
      () => true,
      () => false,
    )
    if (there && (await files.checksum(name)) !== sha256) throw new AppError('model-exists', { name })
    taken.push({ ...model, state: there ? 'present' : 'taken' })
  }
  const missing = taken.filter(({ state }) => state === 'taken')
  await mkdir(models, { recursive: true, mode: 0o700 })
  await demandSpace(
    models,
    missing.reduce((sum, { size }) => sum + size, 0),
  )
  for (const { name, size, sha256 } of missing) {
    const bytes = createReadStream(path.join(folder, name))
    const options = { sha256, progress: (done: number) => progress(name, done, size), ...(signal && { signal }) }
    await files.receive(name, bytes, options).catch(error => {
      const known = toAppError(error)
      // It was another one a moment ago.
      throw known.code === 'file-changed' ? new AppError('pack-damaged', { name }, { cause: error }) : known
    })
  }
  return taken
}

function choose(models: readonly PackedModel[], given: readonly string[]): readonly PackedModel[] {
  if (given.length === 0) return models
  return given.map(wanted => {
    const found = models.find(({ name }) => name === wanted || withoutModelEnding(name) === wanted)
    if (!found) throw new AppError('model-not-found', { name: wanted })
    return found
  })
}

/** Its path. Throws `pack-damaged` where no file of this size lies there, and for a link, which may lead anywhere. */
async function demandFile(folder: string, { name, size }: PackedModel): Promise<string> {
  const file = path.join(folder, name)
  const found = await lstat(file).catch(cause => {
    throw new AppError('pack-damaged', { name, context: 'missing' }, { cause })
  })
  if (!found.isFile()) throw new AppError('pack-damaged', { name, context: 'link' })
  if (found.size !== size) throw new AppError('pack-damaged', { name, context: 'size' })
  return file
}

async function sumOf(file: string, size: number, { report, signal }: Copying): Promise<string> {
  const counted = createCounter(size, report)
  try {
    await pipeline(
      createReadStream(file),
      counted.through,
      async bytes => {
        for await (const _ of bytes) signal?.throwIfAborted()
      },
      { signal },
    )
  } catch (error) {
    signal?.throwIfAborted()
    throw new AppError('file-unreadable', { file }, { cause: error })
  }
  return counted.end().sha256
}

async function isThere(folder: string, model: PackedModel): Promise<boolean> {
  return (await sizeOf(path.join(folder, model.name))) === model.size
}

async function sizeOf(file: string): Promise<number | undefined> {
  const found = await lstat(file).catch(() => undefined)
  return found?.isFile() ? found.size : undefined
}

/** Sticks are often formatted so that letters count the same in capitals. */
const sameName = (a: string, b: string) => a.toLowerCase() === b.toLowerCase()

function refuseWriting(file: string, cause: unknown): never {
  const detail = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
  throw new AppError('pack-unwritable', { file, detail }, { cause })
}
