/** The one place that knows every adapter (with `compose-*.ts` beside it): a core over a data directory, or over a temporary one. */
import { rmSync } from 'node:fs'
import { access, constants, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { v7 } from 'uuid'
import { type Core, type CoreSettings, createCore } from '../shared/core.ts'
import { openSqlite } from '../shared/db/sqlite/index.ts'
import { AppError, toAppError } from '../shared/errors.ts'
import { createEvents } from '../shared/events/in-process.ts'
import type { Project } from '../shared/model/index.ts'
import { createModels, type LocalModels } from '../shared/models/models.ts'
import { createParsers } from '../shared/parsers/parsers.ts'
import type { Database, Egress, Log, Parsers, Processes } from '../shared/ports.ts'
import { createForkedProcesses } from '../shared/processes/fork.ts'
import { heap, priority } from '../shared/processes/roles.ts'
import { createLeaseQueue, currentOwner } from '../shared/queue/lease.ts'
import { mayLive, type Owner } from '../shared/queue/owner.ts'
import { createFolderWatch } from '../shared/watch/watch.ts'
import { openBlobs } from './compose-blobs.ts'
import { openCache } from './compose-edge.ts'
import { openOutgoing } from './compose-egress.ts'
import { openMail } from './compose-mail.ts'
import { openProviders } from './compose-providers.ts'
import type { Config, DatabaseConfig } from './config.ts'
import { claimBackups } from './directory-lock.ts'
import { entries } from './process-entries.ts'
import { markRunning } from './running.ts'

export interface OpenedCore {
  core: Core
  /** What accounts are kept in, beside the core's own. */
  database: Database
  /** Where everything lies that is not in a database or a store for all. */
  folder: string
  /** For what is fetched past the core. */
  egress: Egress
  /** Those that this process has loaded, and what they take. */
  heldModels: LocalModels['held']
  /** Of a temporary library, where its database holds others too. */
  project?: Project
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
 * `close`; with `config.database` over that database, whose temporary library is a project of its own. Throws
 * `data-directory` with the folder and a word on what is wrong, and what the database, the blobs and the migration throw.
 */
export async function openCore({
  config,
  log,
  temporary = false,
  backups = false,
  processes = startProcesses(log),
  migrating = () => {},
}: {
  config: Config
  log: Log
  temporary?: boolean
  /** Whether backups are made from time to time, where the configuration says so. */
  backups?: boolean
  /** Handed in where this process may start none itself. */
  processes?: Processes
  /** A database of SQLite is not of this version yet: it is copied, and brought to it. */
  migrating?: () => void
}): Promise<OpenedCore> {
  const { database, dataDirectory } = config
  if (database) {
    const open = () => openOnPostgres(config, database, log, processes, temporary, backups)
    return open().catch(error => {
      throw dataDirectoryError(dataDirectory, error, config.backup?.folder)
    })
  }
  const temporaryFolder = temporary ? await createTemporaryFolder() : undefined
  const folder = temporaryFolder?.folder ?? dataDirectory
  try {
    // What is gone with its folder is in no store for all.
    const opened = await openOnSqlite(
      { ...config, dataDirectory: folder },
      log,
      processes,
      temporary,
      backups,
      migrating,
    )
    const { core } = opened
    return {
      ...opened,
      folder,
      async close() {
        await core.close()
        await temporaryFolder?.remove()
      },
    }
  } catch (error) {
    await temporaryFolder?.remove()
    throw dataDirectoryError(folder, error, config.backup?.folder)
  }
}

const clock = { now: () => Date.now() }
const ids = { next: () => v7() }

async function openOnSqlite(
  config: Config,
  log: Log,
  processes: Processes,
  temporary: boolean,
  backups: boolean,
  migrating: () => void,
): Promise<Pick<OpenedCore, 'core' | 'database' | 'egress' | 'heldModels'>> {
  const { database: file } = foldersOf(config.dataDirectory)
  const { ports, running, release } = await prepare(config, log, processes)
  let database: Database | undefined
  let blobs: Awaited<ReturnType<typeof openBlobs>> | undefined
  let cache: Awaited<ReturnType<typeof openCache>>
  const end = async () => {
    blobs?.close()
    await cache?.close()
    await release()
  }
  try {
    database = await openSqlite({ file })
    cache = await openCache(config, '', log)
    blobs = await openBlobs(temporary ? { ...config, blobStore: { ...config.blobStore, kind: 'folder' } } : config)
    const retention = config.jobRetention
    const core = await createCore({
      ...ports,
      ...remembering(config, cache),
      backups(name) {
        migrating()
        return ports.backups(name)
      },
      database,
      blobs,
      temporary,
      // Paths are those of this machine, whose owner alone may say what is read of it.
      ...(config.auth.mode === 'local' && {
        folderWatch: createFolderWatch({ except: [config.dataDirectory, config.modelsFolder], log }),
      }),
      createQueue: transaction => createLeaseQueue({ transaction, clock, ids, owner: currentOwner(), retention }),
      events: createEvents(),
      check: { due: running.checkDue, done: running.checked },
      ...(backups && scheduleOf(config)),
    })
    const { egress, models } = ports
    return { core: { ...core, close: () => core.close().finally(end) }, database, egress, heldModels: models.held }
  } catch (error) {
    await database?.close()
    await end()
    throw error
  }
}

async function openOnPostgres(
  config: Config,
  settings: DatabaseConfig,
  log: Log,
  processes: Processes,
  temporary: boolean,
  backups: boolean,
): Promise<OpenedCore> {
  // Loaded by those alone who have such a database.
  const [{ openPostgresParts }, { createTemporaryProject, sweepTemporaryProjects }] = await Promise.all([
    import('./compose-postgres.ts'),
    import('./temporary-project.ts'),
  ])
  const { dataDirectory: folder, jobRetention } = config
  const { ports, release } = await prepare(config, log, processes)
  const closers: (() => Promise<void>)[] = [release]
  const close = async () => {
    for (const each of closers.splice(0).reverse()) {
      await each().catch(error => log.warn('not closed in order', { error }))
    }
  }
  try {
    const parts = await openPostgresParts({ settings, jobRetention, clock, ids, log })
    closers.push(parts.close)
    const { database, createQueue, events } = parts
    const blobs = await openBlobs(config, parts.installation)
    closers.push(async () => blobs.close())
    const cache = await openCache(config, parts.installation, log)
    if (cache) closers.push(cache.close)
    const core = await createCore({
      ...ports,
      ...remembering(config, cache),
      database,
      blobs,
      createQueue,
      events,
      shared: true,
      ...(backups && scheduleOf(config)),
    })
    closers.push(() => core.close())
    await sweepTemporaryProjects(core, database).catch(error => log.warn('temporary projects are left', { error }))
    const opened = { core, database, egress: ports.egress, heldModels: ports.models.held, folder, close }
    if (!temporary) return opened
    const made = await createTemporaryProject(core, database, log)
    closers.push(made.remove)
    return { ...opened, project: made.project }
  } catch (error) {
    await close()
    throw error
  }
}

function scheduleOf({ backup }: Config): Pick<CoreSettings, 'backup'> {
  return backup ? { backup: { ...backup, lock: claimBackups } } : {}
}

function remembering({ cache: { searches, vectors, answers } }: Config, opened: Awaited<ReturnType<typeof openCache>>) {
  return opened ? { cache: opened.cache, remember: { searches, vectors, answers } } : {}
}

/** The data directory, and what is the same over every database. */
async function prepare(config: Config, log: Log, processes: Processes) {
  const { dataDirectory: folder } = config
  const { database: file, backups } = foldersOf(folder)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await access(folder, constants.R_OK | constants.W_OK | constants.X_OK)
  await mkdir(backups, { recursive: true, mode: 0o700 })
  const running = await markRunning(folder, file)
  try {
    const scratch = await createScratch(folder, running.instance)
    const outgoing = openOutgoing(config, log)
    const providers = openProviders(config)
    const ports = {
      clock,
      ids,
      log,
      ...outgoing,
      ...providers,
      ...openMail(config, { ...outgoing, ...providers }),
      parsers: openParsers(config, log, processes),
      models: openModels(config, log, processes),
      scratch,
      limits: {
        fileSize: config.maxFileSize,
        files: config.maxFiles,
        ...(config.maxBytes !== undefined && { bytes: config.maxBytes }),
        ofAccounts: {
          fileSize: config.ofAccounts.maxFileSize,
          files: config.ofAccounts.maxFiles,
          bytes: config.ofAccounts.maxBytes ?? null,
        },
      },
      questionsADay: config.maxQuestions,
      keeps: config.keeps,
      backups: (name: string) => path.join(backups, name),
      ...(config.backup && { backupsMade: config.backup }),
      parallel: config.parsers,
      recognition: config.recognition,
      history: config.history,
      rerankBudget: config.rerankBudget,
    }
    const release = async () => {
      await rm(scratch, { recursive: true, force: true })
      await running.end()
    }
    return { ports, running, release }
  } catch (error) {
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

/** Where this process may start others itself. */
export function startProcesses(log: Log): Processes {
  const execArgv = Object.fromEntries(
    Object.entries(heap).map(([role, megabytes]) => [role, [`--max-old-space-size=${megabytes}`]]),
  )
  return createForkedProcesses({ entries, priority, execArgv, log })
}

/** Models in a process of their own, which starts with the first use; they stay in the data directory also for a temporary library. */
export function openModels(config: Config, log: Log, processes = startProcesses(log)): LocalModels {
  return createModels({ settings: { ...config.models, folder: config.modelsFolder }, processes, log })
}

/** Parsers in processes of their own, which get nothing of our environment. */
export function openParsers(config: Config, log: Log, processes = startProcesses(log)): Parsers {
  return createParsers({
    spawn: () => processes.spawn('parser'),
    spawnRecognizer: () => processes.spawn('recognizer'),
    log,
    processes: config.parsers,
  })
}

/**
 * The error with the folder's name and a word on what is wrong with it that the messages know, or, of a damaged database, with the folder
 * where its `backups` lie; other errors as they are.
 */
export function dataDirectoryError(folder: string, error: unknown, backups?: string): AppError {
  const cause = error instanceof AppError && error.code === 'data-directory' ? error.cause : error
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const known = toAppError(error)
  if (known.code === 'data-damaged' && backups !== undefined)
    return new AppError('data-damaged', { backups }, { cause: error })
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
