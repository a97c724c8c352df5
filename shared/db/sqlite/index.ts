/**
 * SQLite as the database. better-sqlite3 is synchronous, so every connection lives in a thread of its own: one that
 * writes, one or two that read. Several processes may have the same file open; the engine's locks keep them apart.
 * A row by its id takes 110 µs through Kysely and the thread; a bare message there and back takes 75 to 95 of them in
 * the same run, better-sqlite3 alone 3. Waiting for messages in `Atomics.wait` was tried: no faster. While indexing and
 * searching at full speed the event loop is late by 4 ms (p99), 10 ms at most.
 */
import { randomUUID } from 'node:crypto'
import { rename, rm, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { AppError, toAppError } from '../../errors.ts'
import { syncFolder } from '../../files/sync-folder.ts'
import type { Database } from '../../ports.ts'
import { oldestVersion } from './connection.ts'
import { createDialect } from './dialect.ts'
import { createPool } from './pool.ts'
import type { Request, Result, Role, ThreadSettings } from './protocol.ts'
import { startThread, startWorker, type Thread, type ThreadWorker } from './remote.ts'

export interface SqliteSettings {
  file: string
  /** Threads that read, 1 or 2 (more do not pay on the machines this runs on). */
  readers?: number
  /** Milliseconds after which a caller who holds a connection and asks nothing loses it; its transaction is rolled back. */
  idleLimit?: number
  /** Milliseconds that `close` waits for what is under way. */
  patience?: number
  /** Starts what a connection lives in; a thread of its own without it. */
  startWorker?: (settings: ThreadSettings) => ThreadWorker
  /** False leaves the extension for vectors out, as if there were none for this platform. */
  vectors?: boolean
}

/**
 * One connection writes, on which transactions queue; others read. A statement that writes and has a list as its only
 * parameter is run once for each of the values, inside a transaction.
 */
export type SqliteDatabase = Database & Required<Pick<Database, 'snapshot'>>

/**
 * Creates the file if there is none; its folder must exist. Throws `data-directory` (cannot be opened or written, no
 * WAL there), `data-damaged` (no database), `sqlite-too-old`, `database-busy`, `disk-full`.
 *
 * Statements reject with the engine's error, `code` as SQLite names it (`SQLITE_CONSTRAINT_UNIQUE`), or with
 * `database-busy` when the connection was taken away or the database is closed.
 */
export async function openSqlite(settings: SqliteSettings): Promise<SqliteDatabase> {
  const {
    readers = 2,
    idleLimit = 30_000,
    patience = 5000,
    vectors = true,
    startWorker: startThreadWorker = startWorker,
  } = settings
  const file = resolve(settings.file)
  // better-sqlite3 trims names and would open another file.
  if (file !== file.trim())
    throw new AppError('data-directory', {}, { cause: new Error('white space around the name') })

  const start = (role: Role) => startThread(startThreadWorker({ file, role, vectors }))
  const [write, read] = await openBoth(start)
  const writers = createPool([write], () => start('writer'), { size: 1, idleLimit })
  const reading = createPool([read], () => start('reader'), { size: readers, idleLimit })
  const [writer, reader] = [createDialect(writers), createDialect(reading)]
  const hastyWriter = createDialect(writers, { hasty: true })

  let closing: Promise<void> | undefined
  const apart = new Set<Promise<Result>>()

  /** What takes seconds runs on a connection of its own, so that searches keep theirs. */
  async function runApart(request: Request): Promise<Result> {
    if (closing) throw new AppError('database-busy', {}, { cause: new Error('the database is closed') })
    const work = start('reader').then(async thread => {
      try {
        return await thread.send(request)
      } finally {
        await thread.close(patience)
      }
    })
    apart.add(work)
    return work.finally(() => apart.delete(work))
  }

  return {
    engine: 'sqlite',
    vectors: write.vectors && read.vectors,
    writer: () => writer,
    hastyWriter: () => hastyWriter,
    reader: () => reader,
    async snapshot(target) {
      await refuseExisting(target)
      const partial = `${target}.${randomUUID()}.partial`
      try {
        await runApart({ op: 'snapshot', file: partial })
        await refuseExisting(target)
        await rename(partial, target)
        await syncFolder(dirname(target))
      } catch (error) {
        await rm(partial, { force: true })
        throw toAppError(error)
      }
    },
    async check(deep) {
      try {
        const { values } = await runApart({ op: 'check', deep })
        return values.map(String)
      } catch (error) {
        const found = toAppError(error)
        // Too broken for the check itself is an answer, not a failure of the question.
        if (found.code === 'data-damaged' && error instanceof Error) return [error.message]
        throw found
      }
    },
    close() {
      closing ??= (async () => {
        await Promise.allSettled(apart)
        // The writer last: it folds the log into the file.
        await reading.close(patience)
        await writers.close(patience)
      })()
      return closing
    },
  }
}

/** The writer first: it creates the file and its log, without which a reader cannot open it. */
async function openBoth(start: (role: Role) => Promise<Thread>): Promise<[writer: Thread, reader: Thread]> {
  let writer: Thread | undefined
  try {
    writer = await start('writer')
    return [writer, await start('reader')]
  } catch (error) {
    await writer?.close(1000)
    throw openingError(error)
  }
}

function openingError(error: unknown): AppError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'SQLITE_TOO_OLD')
    return new AppError('sqlite-too-old', { version: (error as Error).message, needed: oldestVersion })
  if (/^(SQLITE_(NO_WAL|CANTOPEN|READONLY|PERM)|EACCES|EPERM|EROFS|ENOENT|ENOTDIR|EISDIR)/.test(code))
    return new AppError('data-directory', {}, { cause: error })
  return toAppError(error)
}

async function refuseExisting(file: string): Promise<void> {
  const found = await stat(file).catch(() => undefined)
  if (found) throw Object.assign(new Error(`${file} exists`), { code: 'EEXIST' })
}
