/** Which model files there are, what they are, and which one is used. */
import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { AppError, reasonOf, toAppError } from '../errors.ts'
import type { ModelRole, Reason } from '../model/index.ts'
import type { Log } from '../ports.ts'
import { isModelFile } from './file-name.ts'
import { describeModel, type ModelDescription } from './gguf/describe.ts'

export interface ModelEntry {
  /** The file's own. */
  name: string
  path: string
  /** Bytes. */
  size: number
  /** Path, size and time of change: another one when the file was replaced. */
  key: string
  /** Named by the user: it goes before what lies in the folder. */
  named: boolean
  /** The one of its role that is used. */
  used: boolean
  description?: ModelDescription
  problem?: Reason
}

/** Files the user named, by what they are for. */
export type NamedFiles = Partial<Record<ModelRole, string>>

export interface Catalog {
  /** All that is there now; a file that did not change is not read again. Throws `model-unavailable` where nobody can tell. */
  entries(): Promise<ModelEntry[]>
  /**
   * The one to use, as of a moment ago: the named one, else the one added last to the folder. Throws what is wrong with the named one
   * (`model-missing`, `model-invalid`, `model-unsupported`), `model-unavailable` as above; a broken one in the folder is passed over.
   */
  find(role: ModelRole): Promise<Described | undefined>
  /** The first of this role that is so, whether or not it is the one that is used. */
  choose(role: ModelRole, is: (entry: Described) => boolean): Promise<Described | undefined>
}

export type Described = ModelEntry & { description: ModelDescription }

/** Milliseconds for which a look at the folder serves those who only want to use a model, while no file of it comes or goes. */
const freshness = 200

/** Descriptions kept; a folder of more models is read anew each time. */
const kept = 256

interface Found {
  path: string
  size: number
  modified: number
  named?: ModelRole
}

interface Surveyed {
  entry: ModelEntry
  /** What the user named it for. */
  role: ModelRole | undefined
  error?: AppError
}

type Outcome = { description: ModelDescription; problem?: undefined } | { description?: undefined; problem: AppError }

export function createCatalog({ folder, named, log }: { folder: string; named: NamedFiles; log?: Log }): Catalog {
  const known = new Map<string, Promise<Outcome>>()
  let last: { at: number; folderTime: number | undefined; list: Promise<Surveyed[]> } | undefined
  /** The look at the folder's time that goes on now, for all who ask meanwhile. */
  let timing: Promise<number | undefined> | undefined

  /** Searches ask for two models each: reading the folder every time was a tenth of their cost at 40 a second. */
  async function surveyed(): Promise<Surveyed[]> {
    timing ??= stat(folder)
      .then(
        ({ mtimeMs }) => mtimeMs,
        () => undefined,
      )
      .finally(() => {
        timing = undefined
      })
    const folderTime = await timing
    const now = performance.now()
    if (last && now - last.at < freshness && last.folderTime === folderTime) return last.list
    const looked = { at: now, folderTime, list: survey() }
    last = looked
    looked.list.catch(() => {
      if (last === looked) last = undefined
    })
    return looked.list
  }

  function describe(key: string, { path: file, named: role }: Found): Promise<Outcome> {
    const before = known.get(key)
    if (before) return before
    const outcome = describeModel(file).then(
      (description): Outcome => {
        if (role && description.role !== role) return { problem: wrongRole(file, description.role, role) }
        return { description }
      },
      (error: unknown): Outcome => ({ problem: toAppError(error) }),
    )
    void outcome.then(result => {
      if (result.description) return
      const { code, values } = result.problem
      log?.warn('a model file cannot be used', { file, code, ...values })
      // What is wrong with the bytes stays wrong; anything else may pass.
      if (code !== 'model-invalid' && code !== 'model-unsupported') known.delete(key)
    })
    if (known.size >= kept) known.clear()
    known.set(key, outcome)
    return outcome
  }

  /** The files of the folder, the one added last first, after the ones with a name. */
  async function look(): Promise<(Found | { missing: AppError; path: string; named: ModelRole })[]> {
    const names = await readdir(folder).catch((error: unknown) => {
      if (isAbsent(error)) return [] as string[]
      throw unknown(error)
    })
    const files = names.filter(isModelFile).map(name => path.join(folder, name))
    const inFolder = (await Promise.all(files.map(file => statOf(file)))).filter(found => found !== undefined)
    inFolder.sort((a, b) => b.modified - a.modified || (a.path < b.path ? -1 : 1))
    const byName = await Promise.all(
      Object.entries(named).map(async ([role, file]) => {
        // The type of the keys is lost by `entries`.
        const to = role as ModelRole
        const found = await statOf(file)
        const missing = new AppError('model-missing', { file })
        return found ? { ...found, named: to } : { path: file, named: to, missing }
      }),
    )
    const paths = new Set(byName.map(file => path.resolve(file.path)))
    return [...byName, ...inFolder.filter(file => !paths.has(path.resolve(file.path)))]
  }

  async function survey(): Promise<Surveyed[]> {
    const served = new Set<ModelRole>()
    const list: Surveyed[] = []
    for (const found of await look()) {
      const { path: file, named: role } = found
      const entry = { name: path.basename(file), path: file, named: role !== undefined, used: false }
      // One that was named and is broken is what the user must hear of: no other takes its place.
      if (role) served.add(role)
      if ('missing' in found) {
        const { missing: error } = found
        list.push({ entry: { ...entry, size: 0, key: file, problem: reasonOf(error) }, role, error })
        continue
      }
      const { size, modified } = found
      const key = `${file}:${size}:${modified}`
      const { description, problem } = await describe(role ? `${role}:${key}` : key, found)
      if (!description) {
        list.push({ entry: { ...entry, size, key, problem: reasonOf(problem) }, role, error: problem })
        continue
      }
      const used = role !== undefined || !served.has(description.role)
      served.add(description.role)
      list.push({ entry: { ...entry, size, key, used, description }, role })
    }
    return list
  }

  return {
    entries: async () => (await survey()).map(({ entry }) => entry),
    async find(role) {
      const list = await surveyed()
      const error = list.find(found => found.role === role && found.error)?.error
      if (error) throw error
      return list
        .map(({ entry }) => entry)
        .find((entry): entry is Described => entry.used && entry.description?.role === role)
    },
    async choose(role, is) {
      const list = (await surveyed()).map(({ entry }) => entry)
      return list.find((entry): entry is Described => entry.description?.role === role && is(entry as Described))
    },
  }
}

/** All models of the folder and the named ones, for a list that people read. */
export function listModels(folder: string, named: NamedFiles): Promise<ModelEntry[]> {
  return createCatalog({ folder, named }).entries()
}

async function statOf(file: string): Promise<Found | undefined> {
  try {
    const found = await stat(file)
    return found.isFile() ? { path: file, size: found.size, modified: found.mtimeMs } : undefined
  } catch (error) {
    if (isAbsent(error)) return undefined
    throw unknown(error)
  }
}

/** Anything else (a drive that does not answer, a right that is missing) says nothing of whether the file is there. */
function isAbsent(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : ''
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP'
}

function unknown(cause: unknown): AppError {
  return new AppError('model-unavailable', {}, { cause })
}

function wrongRole(file: string, role: ModelRole, wanted: ModelRole): AppError {
  return new AppError('model-unsupported', { name: path.basename(file), detail: 'role', role, wanted })
}
