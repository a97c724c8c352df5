import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import type { Loan, Pool } from './pool.ts'
import type { Result, Value } from './protocol.ts'

/** Kysely over a pool of database threads. Who destroys a Kysely on it leaves the threads alone: the database owns them. */
export function createDialect(pool: Pool, { hasty = false } = {}): Dialect {
  return {
    createAdapter: () => new PooledAdapter(),
    createDriver: () => createDriver(pool, hasty),
    createIntrospector: db => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  }
}

/** The pool queues; Kysely's own lock would know only one of several Kysely objects on the same threads. */
class PooledAdapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true
  }
}

class ThreadConnection implements DatabaseConnection {
  readonly loan: Loan
  readonly hasty: boolean
  /** `due`: asked for, goes out with the first statement. */
  transaction: 'none' | 'due' | 'begun' = 'none'

  constructor(loan: Loan, hasty: boolean) {
    this.loan = loan
    this.hasty = hasty
  }

  async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    // A list as the only parameter stands for one run with each of its values: see `SqliteDatabase`.
    const list = parameters.length === 1 && isList(parameters[0]) ? parameters[0] : undefined
    const values = list ? [] : parameters.map(toValue)
    const each = list && { each: list.map(toValue) }
    const begin = this.transaction === 'due'
    const inside = this.transaction === 'begun'
    const { hasty } = this
    if (begin) this.transaction = 'begun'
    try {
      const result = await this.loan.send({ op: 'execute', sql, parameters: values, ...each, begin, inside, hasty })
      return { rows: toRows<Row>(result), numAffectedRows: BigInt(result.changes), insertId: result.insertId }
    } catch (error) {
      // It was made where the answer arrived; who asked is what one wants to read.
      if (error instanceof Error) Error.captureStackTrace(error)
      throw error
    }
  }

  // biome-ignore lint/correctness/useYield: the interface asks for a generator.
  async *streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new Error('results are not streamed: a thread would be kept while the reader dawdles. Page by key instead.')
  }
}

function createDriver(pool: Pool, hasty: boolean): Driver {
  const of = (connection: DatabaseConnection) => connection as ThreadConnection
  const savepoint = async (connection: DatabaseConnection, command: string, name: string) => {
    await connection.executeQuery(CompiledQuery.raw(`${command} "${name.replaceAll('"', '""')}"`))
  }
  return {
    async init() {},
    async acquireConnection() {
      return new ThreadConnection(await pool.borrow(), hasty)
    },
    async beginTransaction(connection) {
      of(connection).transaction = 'due'
    },
    async commitTransaction(connection) {
      // A transaction without a statement was never begun.
      if (of(connection).transaction === 'begun') await of(connection).loan.send({ op: 'commit' })
      of(connection).transaction = 'none'
    },
    async rollbackTransaction(connection) {
      // What cannot be rolled back was rolled back already: taken away, or gone with its thread. The caller gets the
      // error that led here, not this one.
      const begun = of(connection).transaction === 'begun'
      of(connection).transaction = 'none'
      if (begun)
        await of(connection)
          .loan.send({ op: 'rollback' })
          .catch(() => {})
    },
    savepoint: (connection, name) => savepoint(connection, 'savepoint', name),
    rollbackToSavepoint: (connection, name) => savepoint(connection, 'rollback to', name),
    releaseSavepoint: (connection, name) => savepoint(connection, 'release', name),
    async releaseConnection(connection) {
      await of(connection).loan.release()
    },
    async destroy() {},
  }
}

function toRows<Row>({ columns, values }: Result): Row[] {
  const rows: Row[] = []
  for (let at = 0; at < values.length; at += columns.length) {
    const row: Record<string, Value> = {}
    for (let column = 0; column < columns.length; column++) row[columns[column]] = values[at + column]
    rows.push(row as Row)
  }
  return rows
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length > 0
}

/** Refuses what SQLite would store as something else without a word: NaN (as NULL), a date, an object. */
function toValue(value: unknown): Value {
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'number' && !Number.isNaN(value)) return value
  if (typeof value === 'bigint' && BigInt.asIntN(64, value) === value) return value
  if (typeof value === 'string' || value === null) return value
  if (value instanceof Uint8Array) {
    // A view is cloned with the whole buffer behind it.
    return value.byteLength === value.buffer.byteLength ? value : new Uint8Array(value)
  }
  const what = typeof value === 'object' ? Object.prototype.toString.call(value) : `${typeof value} ${String(value)}`
  throw new TypeError(`SQLite cannot store this parameter: ${what}`)
}
