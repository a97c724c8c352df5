/** The one place that knows every adapter: a core over a data directory, or over a temporary one. */
import { rmSync } from 'node:fs'
import { access, constants, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { constants as system, tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { v7 } from 'uuid'
import { createFolderBlobs } from '../shared/blobs/folder.ts'
import { type Core, createCore } from '../shared/core.ts'
import { openSqlite } from '../shared/db/sqlite/index.ts'
import { AppError, toAppError } from '../shared/errors.ts'
import { createEvents } from '../shared/events/in-process.ts'
import { createModels, modelEntry } from '../shared/models/models.ts'
import { createParsers } from '../shared/parsers/parsers.ts'
import type { Database, Log, Models, Parsers } from '../shared/ports.ts'
import { createForkedProcesses } from '../shared/processes/fork.ts'
import { createLeaseQueue, currentOwner } from '../shared/queue/lease.ts'
import { mayLive, type Owner } from '../shared/queue/owner.ts'
import type { Config } from './config.ts'
import { markRunning } from './running.ts'

export interface OpenedCore {
  core: Core
  /** Where everything lies. */
  folder: string
  /** Ends the background work, closes the database, removes a temporary folder. */
  close(): Promise<void>
}

export interface DataFolders {
  database: string
  blobs: string
  backups: string
}

export function foldersOf(folder: string): DataFolders {
  return {
    database: path.join(folder, 'cloister.db'),
    blobs: path.join(folder, 'blobs'),
    backups: path.join(folder, 'backups'),
  }
}

/**
 * Opens the core over `config.dataDirectory`, creating it if need be, or over a new temporary folder that is gone after
 * `close`. Throws `data-directory` with the folder and a word on what is wrong, and what `openSqlite` and the migration throw.
 */
export async function openCore({
  config,
  log,
  temporary = false,
}: {
  config: Config
  log: Log
  temporary?: boolean
}): Promise<OpenedCore> {
  const temporaryFolder = temporary ? await createTemporaryFolder() : undefined
  const folder = temporaryFolder?.folder ?? config.dataDirectory
  try {
    const core = await composeCore(folder, config, log)
    return {
      core,
      folder,
      async close() {
        await core.close()
        await temporaryFolder?.remove()
      },
    }
  } catch (error) {
    await temporaryFolder?.remove()
    throw dataDirectoryError(folder, error)
  }
}

async function composeCore(folder: string, config: Config, log: Log): Promise<Core> {
  const { database: file, blobs, backups } = foldersOf(folder)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await access(folder, constants.R_OK | constants.W_OK | constants.X_OK)
  await mkdir(backups, { recursive: true, mode: 0o700 })
  const clock = { now: () => Date.now() }
  const ids = { next: () => v7() }
  const running = await markRunning(folder, file)
  let database: Database | undefined
  try {
    const scratch = await createScratch(folder, running.instance)
    database = await openSqlite({ file })
    const core = await createCore({
      clock,
      ids,
      log,
      database,
      blobs: await createFolderBlobs({ folder: blobs }),
      createQueue: transaction => createLeaseQueue({ transaction, clock, ids, owner: currentOwner() }),
      events: createEvents(),
      parsers: openParsers(config, log),
      models: openModels(config, log),
      scratch,
      limits: { fileSize: config.maxFileSize, files: config.maxFiles },
      backups: name => path.join(backups, name),
      parallel: config.parsers,
      recognition: config.recognition,
      history: config.history,
      check: { due: running.checkDue, done: running.checked },
    })
    return {
      ...core,
      async close() {
        try {
          await core.close()
        } finally {
          await rm(scratch, { recursive: true, force: true })
          await running.end()
        }
      },
    }
  } catch (error) {
    await database?.close()
    await running.end()
    throw error
  }
}

/**
 * A folder of this process for what parsers take out of containers. Those of processes that are gone are removed with what
 * is in them; who lives has its mark in `running/` (see `running.ts`), made before its folder and taken away after it.
 */
async function createScratch(folder: string, instance: string): Promise<string> {
  const all = path.join(folder, 'scratch')
  await mkdir(all, { recursive: true, mode: 0o700 })
  const marks = new Set(await readdir(path.join(folder, 'running')))
  for (const name of await readdir(all)) {
    if (!marks.has(`${name}.json`)) await rm(path.join(all, name), { recursive: true, force: true })
  }
  const own = path.join(all, instance)
  await mkdir(own, { recursive: true, mode: 0o700 })
  return own
}

/** What a file makes Node itself keep must not fill the memory; the weights lie outside of it. */
const modelOptions = ['--max-old-space-size=512']

/** Models in a process of their own, which starts with the first use; they stay in the data directory also for a temporary library. */
export function openModels(config: Config, log: Log): Models {
  const processes = createForkedProcesses({ entries: { model: modelEntry }, log, execArgv: { model: modelOptions } })
  return createModels({ settings: { ...config.models, folder: config.modelsFolder }, processes, log })
}

/**
 * Whoever waits for an answer goes first. Not by more than that: with 10 on Linux, beside 20 other busy processes on two
 * cores, hardly a page was read in 14 s, and a page has 60. Windows knows nothing between normal and 10.
 */
const belowNormal = process.platform === 'win32' ? system.priority.PRIORITY_BELOW_NORMAL : 5

/** Parsers in processes of their own, which get nothing of our environment. */
export function openParsers(config: Config, log: Log): Parsers {
  const parser = fileURLToPath(new URL('../shared/parsers/process.ts', import.meta.url))
  const recognizer = fileURLToPath(new URL('../shared/parsers/ocr/process.ts', import.meta.url))
  const priority = { parser: belowNormal, recognizer: belowNormal }
  const processes = createForkedProcesses({ entries: { parser, recognizer }, priority, log })
  return createParsers({
    spawn: () => processes.spawn('parser'),
    spawnRecognizer: () => processes.spawn('recognizer'),
    log,
    processes: config.parsers,
  })
}

/**
 * The error with the folder's name and a word on what is wrong with it that the messages know; other errors as they are.
 */
export function dataDirectoryError(folder: string, error: unknown): AppError {
  const cause = error instanceof AppError && error.code === 'data-directory' ? error.cause : error
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const known = toAppError(error)
  const trouble = Object.entries(folderTroubles).find(([name]) => code === name || code.startsWith(`${name}_`))?.[1]
  const ofTheFolder = ['data-directory', 'data-unwritable', 'disk-error'].includes(known.code)
  if (!ofTheFolder && !(known.code === 'internal' && trouble)) return known
  return new AppError('data-directory', { folder, detail: trouble ?? (code || 'unknown') }, { cause: error })
}

const folderTroubles: Record<string, string> = {
  EACCES: 'not-permitted',
  EPERM: 'not-permitted',
  EROFS: 'read-only',
  SQLITE_READONLY: 'read-only',
  SQLITE_CANTOPEN: 'not-permitted',
  SQLITE_PERM: 'not-permitted',
  SQLITE_NO_WAL: 'no-wal',
  ENOTDIR: 'no-folder',
  EEXIST: 'no-folder',
  EISDIR: 'no-file',
  ENOENT: 'missing',
  ENAMETOOLONG: 'name-too-long',
  ELOOP: 'no-folder',
}

const temporaryPrefix = 'cloister-ask-'
const ownerFile = 'owner.json'

/** Removed by `remove`, at a sudden end of the process, and, after a kill, by the next one. */
async function createTemporaryFolder(): Promise<{ folder: string; remove(): Promise<void> }> {
  const owner = currentOwner()
  await sweepTemporaryFolders(owner).catch(() => {})
  const folder = await mkdtemp(path.join(tmpdir(), temporaryPrefix)).catch(error => {
    throw dataDirectoryError(tmpdir(), error)
  })
  await writeFile(path.join(folder, ownerFile), JSON.stringify(owner))
  const removeNow = () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  process.once('exit', removeNow)
  return {
    folder,
    async remove() {
      await rm(folder, { recursive: true, force: true, maxRetries: 3 })
      process.removeListener('exit', removeNow)
    },
  }
}

/** Copies of documents must not lie about because a process was killed. */
async function sweepTemporaryFolders(here: Owner): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(temporaryPrefix)) continue
    const folder = path.join(tmpdir(), name)
    try {
      const owner = JSON.parse(await readFile(path.join(folder, ownerFile), 'utf8')) as Owner
      if (!mayLive(owner, here)) await rm(folder, { recursive: true, force: true })
    } catch {
      // Somebody else's, or just being made.
    }
  }
}
