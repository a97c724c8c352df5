/** Which model files there are, what they are, and which one is used. */
import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { AppError, reasonOf, toAppError } from '../errors.ts'
import type { ModelRole, Reason } from '../model/index.ts'
import type { Log } from '../ports.ts'
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
  /** All that is there now; a file that did not change is not read again. */
  entries(): Promise<ModelEntry[]>
  /**
   * The one to use: the named one, else the one added last to the folder. Throws what is wrong with the named one
   * (`model-missing`, `model-invalid`, `model-unsupported`); a broken one in the folder is passed over.
   */
  find(role: ModelRole): Promise<Described | undefined>
}

export type Described = ModelEntry & { description: ModelDescription }

const ending = '.gguf'
/** Descriptions kept; a folder of more models is read anew each time. */
const kept = 256

interface Found {
  path: string
  size: number
  modified: number
  named?: ModelRole
}

type Outcome = { description: ModelDescription } | { description?: undefined; problem: AppError }

export function createCatalog({ folder, named, log }: { folder: string; named: NamedFiles; log?: Log }): Catalog {
  const known = new Map<string, Promise<Outcome>>()
  const problems = new Map<string, AppError>()

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
      log?.warn('a model file cannot be used', { file, code: result.problem.code, ...result.problem.values })
    })
    if (known.size >= kept) known.clear()
    known.set(key, outcome)
    return outcome
  }

  /** The files of the folder, the one added last first, after the ones with a name. */
  async function look(): Promise<(Found | { missing: AppError; path: string; named: ModelRole })[]> {
    const names = await readdir(folder).catch(() => [] as string[])
    const files = names.filter(name => name.toLowerCase().endsWith(ending)).map(name => path.join(folder, name))
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

  async function entries(): Promise<ModelEntry[]> {
    problems.clear()
    const served = new Set<ModelRole>()
    const list: ModelEntry[] = []
    for (const found of await look()) {
      const name = path.basename(found.path)
      if ('missing' in found) {
        served.add(found.named)
        problems.set(found.path, found.missing)
        list.push({
          name,
          path: found.path,
          size: 0,
          key: found.path,
          named: true,
          used: false,
          problem: reasonOf(found.missing),
        })
        continue
      }
      const key = `${found.path}:${found.size}:${found.modified}${found.named ? `:${found.named}` : ''}`
      const outcome = await describe(key, found)
      const entry = { name, path: found.path, size: found.size, key, named: found.named !== undefined }
      // One that was named and is broken is what the user must hear of: no other takes its place.
      if (found.named) served.add(found.named)
      if (!outcome.description) {
        problems.set(found.path, outcome.problem)
        list.push({ ...entry, used: false, problem: reasonOf(outcome.problem) })
        continue
      }
      const { description } = outcome
      const used = found.named !== undefined || !served.has(description.role)
      served.add(description.role)
      list.push({ ...entry, used, description })
    }
    return list
  }

  return {
    entries,
    async find(role) {
      const list = await entries()
      const file = named[role]
      const problem = file !== undefined ? problems.get(file) : undefined
      if (problem) throw problem
      return list.find((entry): entry is Described => entry.used && entry.description?.role === role)
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
  } catch {
    return undefined
  }
}

function wrongRole(file: string, role: ModelRole, wanted: ModelRole): AppError {
  return new AppError('model-unsupported', { name: path.basename(file), detail: 'role', role, wanted })
}
