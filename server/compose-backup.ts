/** Libraries for backup and restore: as they are, beside whoever works with them, or alone. */
import { randomUUID } from 'node:crypto'
import { link, mkdir, mkdtemp, realpath, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { v7 } from 'uuid'
import type { RestoreTarget } from '../shared/backup/restore.ts'
import type { BackupSource } from '../shared/backup/write.ts'
import { openPostgres, type PostgresDatabase } from '../shared/db/postgres/index.ts'
import { openSqlite } from '../shared/db/sqlite/index.ts'
import { AppError } from '../shared/errors.ts'
import { syncFolder } from '../shared/files/sync-folder.ts'
import type { Database, Log } from '../shared/ports.ts'
import { createLeaseQueue, currentOwner } from '../shared/queue/lease.ts'
import { openStore } from '../shared/store/index.ts'
import { isEmpty, schemaOf } from '../shared/store/read-rows.ts'
import { foldersOf } from './compose.ts'
import { openBlobs } from './compose-blobs.ts'
import type { Config, DatabaseConfig } from './config.ts'
import { claimDirectory, shareDirectory } from './directory-lock.ts'
import { readRunning } from './server-file.ts'

const clock = { now: () => Date.now() }
const ids = { next: () => v7() }

/** Of our connections; a restore need not wait for a backup. */
const applications = { backup: 'cloister backup', restore: () => `cloister restore ${randomUUID()}` }

type Closable<T> = T & { close(): Promise<void> }

/** For reading only; nothing is created or migrated. Throws `backup-nothing`, and what opening the parts does. */
export async function openSource(config: Config): Promise<Closable<BackupSource>> {
  const closers: (() => unknown)[] = []
  const close = async () => {
    for (const each of closers.splice(0).reverse()) await each()
  }
  try {
    let database: Database
    let installation: string | undefined
    if (config.database) {
      const { nameOf } = await import('./compose-postgres.ts')
      const postgres = await openPostgres({ ...connectionOf(config.database), applicationName: applications.backup })
      closers.push(() => postgres.close())
      if ((await schemaOf(postgres)) === undefined) throw new AppError('backup-nothing')
      installation = await nameOf(postgres)
      database = postgres
    } else {
      const { database: file } = foldersOf(config.dataDirectory)
      if (!(await exists(file))) throw new AppError('backup-nothing')
      // Nobody restores into it meanwhile; beside a server there is no lock to be had, and none needed.
      const lock = await shareDirectory(config.dataDirectory)
      closers.push(() => lock?.release())
      const sqlite = await openSqlite({ file, readers: 2 })
      closers.push(() => sqlite.close())
      if ((await schemaOf(sqlite)) === undefined) throw new AppError('backup-nothing')
      database = sqlite
    }
    const blobs = await openBlobs(config, installation)
    closers.push(() => blobs.close())
    return { database, blobs, clock, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** A library that nobody else uses, to be replaced as a whole. */
export interface Target {
  /** Whether there is nothing in it that somebody would miss; undefined where it cannot be told, as it is too damaged. */
  empty: boolean | undefined
  /**
   * What `fill` puts in takes the place of what was there, as a whole and when it has come to its end; until then, and if
   * that fails, everything is as it was.
   */
  replace<T>(fill: (target: RestoreTarget) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** Throws `server-running`, `commands-running`, `restore-in-use`, and what opening the parts does. */
export async function openTarget(config: Config, log: Log, signal: AbortSignal): Promise<Target> {
  await mkdir(config.dataDirectory, { recursive: true, mode: 0o700 })
  return config.database ? openOnPostgres(config, config.database, log) : openOnSqlite(config, log, signal)
}

/** Beside what is there, which one `rename` replaces when the new one is complete and closed. */
async function openOnSqlite(config: Config, log: Log, signal: AbortSignal): Promise<Target> {
  const folder = config.dataDirectory
  const { database: named, backups } = foldersOf(folder)
  const lock = await claimDirectory(folder, signal)
  if (!lock) {
    const server = await readRunning(folder)
    throw new AppError('server-running', { address: server?.address ?? server?.socket ?? folder })
  }
  // Where it really lies: a link to it stays one.
  const file = await realpath(named).catch(() => named)
  const beside = `${file}.restoring`
  const remove = async () => {
    for (const end of ['', '-wal', '-shm']) await rm(beside + end, { force: true })
  }
  try {
    await mkdir(backups, { recursive: true, mode: 0o700 })
    const empty = await lookInto(file)
    // Of one that was killed.
    await remove()
    return {
      empty,
      async replace(fill) {
        try {
          const filled = await fillSqlite(beside, config, log, fill)
          await swap(file, beside)
          return filled
        } finally {
          await remove()
        }
      },
      close: async () => lock.release(),
    }
  } catch (error) {
    lock.release()
    throw error
  }
}

async function fillSqlite<T>(
  file: string,
  config: Config,
  log: Log,
  fill: (target: RestoreTarget) => Promise<T>,
): Promise<T> {
  const database = await openSqlite({ file })
  try {
    const blobs = await openBlobs(config)
    try {
      const store = await openStore({ database, clock, ids, log, backups: name => `${file}-${name}` })
      const transaction: Parameters<typeof createLeaseQueue>[0]['transaction'] = run =>
        store.transaction('internal', tx => run(store.executor(tx)))
      const queue = createLeaseQueue({ transaction, clock, ids, owner: currentOwner(), retention: config.jobRetention })
      const filled = await fill({ database, blobs, ids, clock, log, queue, stage: () => openStage(config) })
      await store.close()
      return filled
    } finally {
      blobs.close()
    }
  } finally {
    await database.close()
  }
}

/** In the data directory, where there is room; what a killed one leaves is removed as all of `scratch` is. */
async function openStage({ dataDirectory }: Config): Promise<Database> {
  const scratch = path.join(dataDirectory, 'scratch')
  await mkdir(scratch, { recursive: true, mode: 0o700 })
  const folder = await mkdtemp(path.join(scratch, 'restore-'))
  const remove = () => rm(folder, { recursive: true, force: true })
  try {
    const database = await openSqlite({ file: path.join(folder, 'older.db'), vectors: false })
    return { ...database, close: () => database.close().finally(remove) }
  } catch (error) {
    await remove()
    throw error
  }
}

/**
 * A log beside a database would be read into whatever bears its name: the old one's is folded into it before, and is put
 * aside where that cannot be done because the old one is broken.
 */
async function swap(file: string, beside: string): Promise<void> {
  if (await exists(`${beside}-wal`)) throw new Error('the new database was not closed in order')
  if (await exists(file)) {
    const old = await openSqlite({ file, readers: 1, vectors: false }).catch(() => undefined)
    await old?.close()
    const aside = `${file}.damaged-${Date.now()}`
    if (!old) await link(file, aside)
    for (const end of ['-wal', '-shm']) if (await exists(file + end)) await rename(file + end, aside + end)
  }
  await rename(beside, file)
  await syncFolder(path.dirname(file))
}

async function lookInto(file: string): Promise<boolean | undefined> {
  if (!(await exists(file))) return true
  try {
    const database = await openSqlite({ file, readers: 1, vectors: false })
    return await isEmpty(database).finally(() => database.close())
  } catch {
    return undefined
  }
}

/** In one transaction, which no other process of ours may be beside. */
async function openOnPostgres(config: Config, settings: DatabaseConfig, log: Log): Promise<Target> {
  const { openPostgresParts } = await import('./compose-postgres.ts')
  const applicationName = applications.restore()
  const first = await openPostgres({ ...connectionOf(settings), applicationName })
  try {
    await demandAlone(first, applicationName)
  } finally {
    await first.close()
  }
  const { jobRetention } = config
  const parts = await openPostgresParts({ settings, jobRetention, clock, ids, log, applicationName })
  const { database, installation, createQueue } = parts
  const close = async () => {
    await parts.close()
    await database.close()
  }
  try {
    const store = await openStore({ database, clock, ids, log, backups: name => name })
    await store.close()
    // Somebody may have come since: while a user was asked, or bytes were stored. Who comes later waits, as every start does.
    const alone: Database = {
      ...database,
      exclusive: run =>
        database.exclusive(async () => {
          await demandAlone(database, applicationName)
          return run()
        }),
    }
    return {
      empty: await isEmpty(database),
      async replace(fill) {
        await demandAlone(database, applicationName)
        const blobs = await openBlobs(config, installation)
        try {
          const stage = () => openStage(config)
          return await fill({ database: alone, blobs, ids, clock, log, queue: createQueue(), stage })
        } finally {
          blobs.close()
        }
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Postgres lists a connection for a moment after it was closed: so often it is looked again, so many milliseconds apart. */
const looks = { most: 10, apart: 100 }

async function demandAlone(database: PostgresDatabase, own: string): Promise<void> {
  for (let look = 1; ; look++) {
    const { rows } = await database.query(
      `select count(*)::int as count from pg_stat_activity
       where datname = current_database() and application_name like 'cloister%' and application_name <> all ($1)`,
      [[applications.backup, own]],
    )
    const count = Number(rows[0]?.count)
    if (count === 0) return
    if (look === looks.most) throw new AppError('restore-in-use', { count })
    await pause(looks.apart)
  }
}

/** What takes as long as it takes is many statements, none of which takes long. */
function connectionOf(settings: DatabaseConfig) {
  return { ...settings, poolSize: Math.min(4, settings.poolSize) }
}

async function exists(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined)) !== undefined
}
