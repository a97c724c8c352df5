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
import type { Loan } from './pool.ts'
import { commit, createTogether } from './together.ts'

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

type Together = ReturnType<typeof createTogether>

/** Kysely over a pool. Who destroys a Kysely on it leaves the connections alone: the database owns them. */
export function createDialect(way: Way): Dialect {
  const together = way.reads ? createTogether(way) : undefined
  return {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => createDriver(way, together),
    createIntrospector: db => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  }
}

class PostgresConnection implements DatabaseConnection {
  readonly way: Way
  /** `due`: asked for, goes out with the first statement. */
  transaction: 'none' | 'due' | 'begun' = 'none'
  readonly #together: Together | undefined
  #loan: Loan | undefined
  #last: Promise<unknown> = Promise.resolve()

  /** With `together`, nothing is borrowed before a transaction needs it. */
  constructor(way: Way, { loan, together }: { loan?: Loan; together?: Together }) {
    this.way = way
    this.#loan = loan
    this.#together = together
  }

  async borrow(): Promise<Loan> {
    this.#loan ??= await this.way.borrow()
    return this.#loan
  }

  release(): void {
    this.#loan?.release()
  }

  /** One after the other, in order of asking. */
  queue<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#last.then(run)
    this.#last = result.catch(() => {})
    return result
  }

  async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    const alone = this.transaction === 'none'
    const one = statement(sql, parameters, true, alone && this.way.bare ? undefined : this.way.kind)
    try {
      const { rows, changes } = await (alone ? this.#alone(one) : this.#within(one))
      return { rows: rows as Row[], ...(changes !== undefined && { numAffectedRows: changes }) }
    } catch (error) {
      // It was made where the answer arrived; who asked is what one wants to read.
      if (error instanceof Error) Error.captureStackTrace(error)
      throw error
    }
  }

  #alone(one: Statement): Promise<Outcome> {
    if (this.#together) return this.#together(one)
    const { way } = this
    return this.queue(async () => {
      const loan = await this.borrow()
      if (way.bare) return lastOf(await loan.send([one], { limit: way.limit, commit: true }))
      try {
        const outcomes = await loan.send([...way.begin(), one, commit], { limit: way.limit, commit: true })
        return outcomes[outcomes.length - 2]
      } catch (error) {
        await loan.rollback()
        throw error
      }
    })
  }

  /** Kysely asks one after the other in a transaction. */
  #within(one: Statement): Promise<Outcome> {
    const { way } = this
    return this.queue(async () => {
      const loan = await this.borrow()
      // Whoever ended the transaction by SQL of their own: what follows must not be kept piece by piece.
      if (this.transaction === 'begun' && loan.outside)
        throw Object.assign(new Error('the transaction is over'), { code: '25P01' })
      const begin = this.transaction === 'due' ? way.begin() : []
      this.transaction = 'begun'
      return lastOf(await loan.send([...begin, one], { limit: way.limit }))
    })
  }

  // biome-ignore lint/correctness/useYield: the interface asks for a generator.
  async *streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new Error(
      'results are not streamed: a connection would be kept while the reader dawdles. Page by key instead.',
    )
  }
}

function createDriver(way: Way, together: Together | undefined): Driver {
  const of = (connection: DatabaseConnection) => connection as PostgresConnection
  const savepoint = async (connection: DatabaseConnection, command: string, name: string) => {
    await connection.executeQuery(CompiledQuery.raw(`${command} "${name.replaceAll('"', '""')}"`))
  }
  return {
    async init() {},
    async acquireConnection() {
      return new PostgresConnection(way, together ? { together } : { loan: await way.borrow() })
    },
    async beginTransaction(connection) {
      of(connection).transaction = 'due'
    },
    async commitTransaction(connection) {
      const one = of(connection)
      await one.queue(async () => {
        const begun = one.transaction === 'begun'
        // A transaction without a statement was never begun.
        const loan = await one.borrow()
        if (begun && lastOf(await loan.send([commit], { limit: way.limit, commit: true })).command !== 'COMMIT') {
          const why = 'a statement of this transaction failed, and whoever asked went on: nothing of it was kept'
          throw new AppError('internal', {}, { cause: new Error(why) })
        }
        one.transaction = 'none'
      })
    },
    async rollbackTransaction(connection) {
      const one = of(connection)
      await one.queue(async () => {
        if (one.transaction === 'begun') await (await one.borrow()).rollback()
        one.transaction = 'none'
      })
    },
    savepoint: (connection, name) => savepoint(connection, 'savepoint', name),
    rollbackToSavepoint: (connection, name) => savepoint(connection, 'rollback to savepoint', name),
    releaseSavepoint: (connection, name) => savepoint(connection, 'release savepoint', name),
    async releaseConnection(connection) {
      of(connection).release()
    },
    async destroy() {},
  }
}

function lastOf(outcomes: Outcome[]): Outcome {
  return outcomes[outcomes.length - 1]
}
