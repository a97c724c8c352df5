/** One SQLite connection. Synchronous: it lives in a thread, never on the event loop of the process. */
import { closeSync, fsyncSync, openSync } from 'node:fs'
import Database from 'better-sqlite3'
import { getLoadablePath } from 'sqlite-vec'
import type { Request, Result, ThreadSettings, Value } from './protocol.ts'

/** Older ones can lose committed data when a checkpoint and a writer meet (the WAL-reset bug, fixed in 3.51.3). */
export const oldestVersion = '3.51.3'

/** Another process may hold the write lock; waiting happens in the thread. */
const busyTimeout = 5000
/** Statements kept prepared, the longest unused go first. */
const cachedStatements = 200
/** Longer ones (inserts of many rows) are prepared each time: their memory would not be bounded by the number above. */
const cachedLength = 20_000

interface Prepared {
  statement: Database.Statement<unknown[], unknown>
  rows: boolean
  /** Absent where a `*` makes the names depend on the schema: asking costs 8 µs. */
  columns: string[] | undefined
}

export interface Connection {
  /** Whether tables of vectors can be used on it. */
  readonly vectors: boolean
  /** Whether a transaction is open. */
  readonly open: boolean
  handle(request: Request): Result
}

/** Throws errors of better-sqlite3 with their `code`, and `SQLITE_TOO_OLD`, `SQLITE_NO_WAL`, `SQLITE_NOT_DURABLE`. */
export function openConnection({ file, role, vectors }: ThreadSettings): Connection {
  // Created here, private from the first byte on; SQLite gives its side files the same permissions.
  if (role === 'writer') closeSync(openSync(file, 'a', 0o600))
  const database = new Database(file, { readonly: role === 'reader', fileMustExist: true, timeout: busyTimeout })
  let withVectors = false
  try {
    configure(database, role)
    withVectors = vectors && loadVectors(database)
  } catch (error) {
    database.close()
    throw error
  }

  const prepared = new Map<string, Prepared>()
  let wrote = false
  let durable = role === 'reader'

  function prepare(sql: string): Prepared {
    const known = prepared.get(sql)
    if (known) {
      prepared.delete(sql)
      prepared.set(sql, known)
      return known
    }
    const statement = database.prepare<unknown[], unknown>(sql)
    const rows = statement.reader
    if (rows) statement.raw(true).safeIntegers(true)
    const columns = rows && !sql.includes('*') ? columnsOf(statement) : undefined
    const entry = { statement, rows, columns }
    if (sql.length > cachedLength) return entry
    prepared.set(sql, entry)
    if (prepared.size > cachedStatements) prepared.delete(prepared.keys().next().value as string)
    return entry
  }

  function execute(request: Request & { op: 'execute' }): Result {
    if (!request.hasty) return run(request)
    if (request.begin || request.inside || database.inTransaction)
      throw new TypeError('in a transaction nothing is done hastily')
    // What is committed so stands in the log, which the next full commit brings to the disk from end to end. Measured: 0.1 ms
    // in place of 0.6, and of 3 and more where others write to the same disk.
    database.pragma('synchronous = normal')
    try {
      return run(request)
    } finally {
      database.pragma('synchronous = full')
      assertDurable()
    }
  }

  function run({ sql, parameters, each, begin, inside, hasty = false }: Request & { op: 'execute' }): Result {
    if (begin) {
      if (!database.inTransaction) prepare(role === 'writer' ? 'begin immediate' : 'begin').statement.run()
    } else if (inside && !database.inTransaction) {
      // SQLite itself rolls back on a full disk and the like; what follows must not be committed piece by piece.
      throw failure('SQLITE_ABORT_ROLLBACK', 'the transaction was rolled back')
    }
    const { statement, rows, columns } = prepare(sql)
    const bound = parameters.map(toSqlite)
    wrote ||= !statement.readonly
    if (each) {
      if (rows) throw new TypeError('a statement that gives rows takes no list')
      let changes = 0
      for (const value of each) changes += statement.run(toSqlite(value)).changes
      if (!hasty) assertDurable()
      return result({ changes })
    }
    if (!rows) {
      const { changes, lastInsertRowid } = statement.run(...bound)
      if (!hasty) assertDurable()
      return result({ changes, insertId: BigInt(lastInsertRowid) })
    }
    // All at once: stepping row by row costs 0.75 µs a row more, 10,000 rows of a search 7 ms. Whoever asks bounds the
    // result: rows that overflow the heap end the whole process (a worker's `resourceLimits` do not help: tried).
    const table = statement.all(...bound) as unknown[][]
    if (!hasty) assertDurable()
    const values: Value[] = []
    for (const row of table) for (const value of row) values.push(fromSqlite(value))
    return result({ columns: table.length === 0 ? [] : (columns ?? columnsOf(statement)), values })
  }

  /**
   * better-sqlite3 is built with NORMAL as its default for WAL, which SQLite puts in place at the first access to the
   * file unless the pragma was given on this very connection: commits would then survive a crash of the process, but
   * not a loss of power. A setting that only looks right is found out here.
   */
  function assertDurable(): void {
    if (durable || !wrote || database.inTransaction) return
    const level = database.pragma('synchronous', { simple: true })
    if (level !== 2) throw failure('SQLITE_NOT_DURABLE', `synchronous is ${level} after the first write, not 2 (FULL)`)
    durable = true
  }

  function result(fields: Partial<Result> = {}): Result {
    return { columns: [], values: [], changes: 0, insertId: undefined, ...fields }
  }

  /**
   * `vacuum into` and not the backup API: it is one read transaction, which the writes of other processes cannot make
   * start over; the copy holds nothing of deleted rows; and it reads every table, so that damage is an error here
   * and not a fact in the copy. Nor is it slower: 259 MB take 0.58 s, copying the pages in one step 0.63 to 0.98 s.
   */
  function snapshot(file: string): Result {
    closeSync(openSync(file, 'wx', 0o600))
    // The connection is read-only in any case; this pragma would also refuse the copy.
    database.pragma('query_only = off')
    database.prepare('vacuum into ?').run(file)
    const descriptor = openSync(file, 'r+')
    try {
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    return result()
  }

  function check(deep: boolean): Result {
    const found = database.pragma(deep ? 'integrity_check' : 'quick_check') as Record<string, string>[]
    const problems = found.flatMap(row => Object.values(row)).filter(text => text !== 'ok')
    return result({ columns: ['problem'], values: problems })
  }

  function close(): Result {
    if (database.open && role === 'writer' && !database.inTransaction) {
      // Without waiting for other processes that read: whoever comes last folds in the rest and removes the log. On a full
      // disk it stays beside the file, and nothing is lost.
      try {
        database.pragma('wal_checkpoint(passive)')
      } catch {}
    }
    database.close()
    return result()
  }

  return {
    vectors: withVectors,
    get open() {
      return database.open && database.inTransaction
    },
    handle(request) {
      switch (request.op) {
        case 'execute':
          return execute(request)
        case 'commit':
          prepare('commit').statement.run()
          assertDurable()
          return result()
        case 'rollback':
          if (database.inTransaction) prepare('rollback').statement.run()
          return result()
        case 'snapshot':
          return snapshot(request.file)
        case 'check':
          return check(request.deep)
        case 'close':
          return close()
      }
    },
  }
}

function configure(database: Database.Database, role: ThreadSettings['role']): void {
  const version = database.prepare('select sqlite_version()').pluck().get() as string
  if (isOlder(version, oldestVersion)) throw failure('SQLITE_TOO_OLD', version)
  const mode = role === 'writer' ? enterWal(database) : database.pragma('journal_mode', { simple: true })
  if (mode !== 'wal') throw failure('SQLITE_NO_WAL', `journal mode is ${mode}: is this a network drive?`)
  database.pragma('synchronous = full')
  database.pragma('foreign_keys = on')
  database.pragma('trusted_schema = off')
  database.pragma('cell_size_check = on')
  database.pragma('mmap_size = 0')
  database.pragma(`journal_size_limit = ${64 * 1024 * 1024}`)
  if (role === 'reader') database.pragma('query_only = on')
}

/**
 * sqlite-vec has no build for Windows on Arm and for musl. Nothing else can be loaded this way: better-sqlite3 never lets
 * SQL load extensions, and what this thread executes is SQL.
 */
function loadVectors(database: Database.Database): boolean {
  try {
    database.loadExtension(getLoadablePath())
    return true
  } catch {
    return false
  }
}

/** Changing a new file to WAL needs it alone and does not wait as other statements do: two first starts may meet. */
function enterWal(database: Database.Database): unknown {
  const deadline = Date.now() + busyTimeout
  for (;;) {
    try {
      return database.pragma('journal_mode = wal', { simple: true })
    } catch (error) {
      if (!isBusy(error) || Date.now() > deadline) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
    }
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')
}

/** Dotted versions, number by number. */
export function isOlder(version: string, than: string): boolean {
  const [left, right] = [version, than].map(text => text.split('.').map(Number))
  for (let at = 0; at < right.length; at++) {
    const difference = (left[at] ?? 0) - right[at]
    if (difference !== 0) return difference < 0
  }
  return false
}

function columnsOf(statement: Database.Statement<unknown[], unknown>): string[] {
  return statement.columns().map(column => column.name)
}

/**
 * better-sqlite3 binds every number as a float: 5 would be stored as '5.0' in a text column and as 5.0 in an untyped
 * one. Whole numbers go as integers.
 */
function toSqlite(value: Value): Value {
  return typeof value === 'number' && Number.isSafeInteger(value) && !Object.is(value, -0) ? BigInt(value) : value
}

function fromSqlite(value: unknown): Value {
  if (typeof value === 'bigint') {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : value
  }
  // A view on a shared pool would be cloned with the whole pool.
  if (value instanceof Uint8Array && value.byteLength !== value.buffer.byteLength) return new Uint8Array(value)
  return value as Value
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}
