import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely'
import { AppError } from '../../errors.ts'
import { type Outcome, type Statement, statement } from './batch.ts'
import { isPassing } from './failure.ts'
import type { Loan } from './pool.ts'

/** How the statements of one access reach the database. */
export interface Way {
  borrow(): Promise<Loan>
  /** Opens a transaction with all that belongs to it; travels with the first statement. */
  begin(): readonly Statement[]
  /** A statement outside a transaction goes as it is: what cannot run inside one (`vacuum`) can then be asked. */
  bare: boolean
  /** What plans of statements depend on, beside their text. */
  kind: string
  /** Nothing is changed, so a statement outside a transaction is asked again where the connection was lost. */
  reads: boolean
  /** Milliseconds after which no answer means that the server is out of reach. */
  limit: number | undefined
}

const commit = statement('commit', [], false, 'any')
/** Milliseconds before a read is asked again: a server that restarts is back after a second or two. */
const pauses = [20, 200, 1000]

/** Kysely over a pool. Who destroys a Kysely on it leaves the connections alone: the database owns them. */
export function createDialect(way: Way): Dialect {
  return {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => createDriver(way),
    createIntrospector: db => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  }
}

class PostgresConnection implements DatabaseConnection {
  readonly loan: Loan
  readonly way: Way
  /** `due`: asked for, goes out with the first statement. */
  transaction: 'none' | 'due' | 'begun' = 'none'
  #last: Promise<unknown> = Promise.resolve()

  constructor(loan: Loan, way: Way) {
    this.loan = loan
    this.way = way
  }

  /** One after the other, in order of asking. */
  queue<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#last.then(run)
    this.#last = result.catch(() => {})
    return result
  }

  async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    const kind = this.way.bare && this.transaction === 'none' ? undefined : this.way.kind
    const one = statement(sql, parameters, true, kind)
    try {
      const { rows, changes } = await this.queue(() => this.#execute(one))
      return { rows: rows as Row[], ...(changes !== undefined && { numAffectedRows: changes }) }
    } catch (error) {
      // It was made where the answer arrived; who asked is what one wants to read.
      if (error instanceof Error) Error.captureStackTrace(error)
      throw error
    }
  }

  async #execute(one: Statement): Promise<Outcome> {
    const { way, loan } = this
    const options = { limit: way.limit }
    if (this.transaction === 'none') return await this.#alone(one)
    if (this.transaction === 'due') {
      this.transaction = 'begun'
      return lastOf(await loan.send([...way.begin(), one], options))
    }
    // Whoever ended the transaction by SQL of their own: what follows must not be kept piece by piece.
    if (loan.outside) throw Object.assign(new Error('the transaction is over'), { code: '25P01' })
    return lastOf(await loan.send([one], options))
  }

  async #alone(one: Statement): Promise<Outcome> {
    const { way, loan } = this
    if (way.bare) return lastOf(await loan.send([one], { limit: way.limit, commit: true }))
    for (let attempt = 0; ; attempt++) {
      try {
        if (attempt > 0) await loan.renew()
        const outcomes = await loan.send([...way.begin(), one, commit], { limit: way.limit, commit: !way.reads })
        return outcomes[outcomes.length - 2]
      } catch (error) {
        if (!isPassing(error) || !way.reads || attempt === pauses.length) {
          await loan.rollback()
          throw error
        }
        await new Promise(resolve => setTimeout(resolve, pauses[attempt]))
      }
    }
  }

  // biome-ignore lint/correctness/useYield: the interface asks for a generator.
  async *streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new Error(
      'results are not streamed: a connection would be kept while the reader dawdles. Page by key instead.',
    )
  }
}

function createDriver(way: Way): Driver {
  const of = (connection: DatabaseConnection) => connection as PostgresConnection
  const savepoint = async (connection: DatabaseConnection, command: string, name: string) => {
    await connection.executeQuery(CompiledQuery.raw(`${command} "${name.replaceAll('"', '""')}"`))
  }
  return {
    async init() {},
    async acquireConnection() {
      return new PostgresConnection(await way.borrow(), way)
    },
    async beginTransaction(connection) {
      of(connection).transaction = 'due'
    },
    async commitTransaction(connection) {
      const one = of(connection)
      await one.queue(async () => {
        const begun = one.transaction === 'begun'
        // A transaction without a statement was never begun.
        if (begun && lastOf(await one.loan.send([commit], { limit: way.limit, commit: true })).command !== 'COMMIT') {
          const why = 'a statement of this transaction failed, and whoever asked went on: nothing of it was kept'
          throw new AppError('internal', {}, { cause: new Error(why) })
        }
        one.transaction = 'none'
      })
    },
    async rollbackTransaction(connection) {
      const one = of(connection)
      await one.queue(async () => {
        if (one.transaction === 'begun') await one.loan.rollback()
        one.transaction = 'none'
      })
    },
    savepoint: (connection, name) => savepoint(connection, 'savepoint', name),
    rollbackToSavepoint: (connection, name) => savepoint(connection, 'rollback to savepoint', name),
    releaseSavepoint: (connection, name) => savepoint(connection, 'release savepoint', name),
    async releaseConnection(connection) {
      of(connection).loan.release()
    },
    async destroy() {},
  }
}

function lastOf(outcomes: Outcome[]): Outcome {
  return outcomes[outcomes.length - 1]
}
