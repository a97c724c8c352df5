/** The real adapters, with faults in between. */
import type { CompiledQuery, DatabaseConnection, Dialect, Driver } from 'kysely'
import { toAppError } from '../../shared/errors.ts'
import type { Blobs, Database } from '../../shared/ports.ts'
import type { Faults } from './faults.ts'

export function faultyBlobs(blobs: Blobs, faults: Faults): Blobs {
  /** As the adapter itself tells what the system says. */
  async function call<T>(label: string, run: () => Promise<T>): Promise<T> {
    try {
      return await faults.call('blobs', label, run)
    } catch (error) {
      const known = toAppError(error)
      throw known.code === 'internal' ? error : known
    }
  }
  return {
    put: (bytes, options) => call('put', () => blobs.put(bytes, options)),
    file: hash => call('file', () => blobs.file(hash)),
    remove: hash => call('remove', () => blobs.remove(hash)),
    async *list() {
      await call('list', async () => {})
      yield* blobs.list()
    },
  }
}

/** Statements and commits fail; what ends or gives back does not. */
export function faultyDatabase(database: Database, faults: Faults): Database {
  // One object for each, as the adapter has it.
  const writer = faultyDialect(database.writer('internal'), faults)
  const reader = faultyDialect(database.reader('internal'), faults)
  return { ...database, writer: () => writer, reader: () => reader }
}

interface Wrapped extends DatabaseConnection {
  readonly real: DatabaseConnection
  inside: boolean
  last: CompiledQuery | undefined
}

function faultyDialect(dialect: Dialect, faults: Faults): Dialect {
  return {
    createAdapter: () => dialect.createAdapter(),
    createIntrospector: db => dialect.createIntrospector(db),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createDriver: () => faultyDriver(dialect.createDriver(), faults),
  }
}

function faultyDriver(driver: Driver, faults: Faults): Driver {
  const of = (connection: DatabaseConnection) => connection as Wrapped
  return {
    init: () => driver.init(),
    destroy: () => driver.destroy(),
    async acquireConnection() {
      return wrap(await driver.acquireConnection(), faults)
    },
    async beginTransaction(connection, settings) {
      await driver.beginTransaction(of(connection).real, settings)
      of(connection).inside = true
    },
    async commitTransaction(connection) {
      const { real } = of(connection)
      await faults.call(
        'database',
        'commit',
        () => driver.commitTransaction(real),
        () => rollBack(of(connection)),
      )
      of(connection).inside = false
    },
    async rollbackTransaction(connection) {
      of(connection).inside = false
      await driver.rollbackTransaction(of(connection).real)
    },
    releaseConnection: connection => driver.releaseConnection(of(connection).real),
  }
}

function wrap(real: DatabaseConnection, faults: Faults): Wrapped {
  const connection: Wrapped = {
    real,
    inside: false,
    last: undefined,
    executeQuery(query) {
      connection.last = query
      return faults.call(
        'database',
        query.sql.slice(0, 60).replaceAll(/\s+/g, ' '),
        () => real.executeQuery(query),
        async () => {
          if (connection.inside) await rollBack(connection)
        },
      )
    },
    streamQuery: (query, size) => real.streamQuery(query, size),
  }
  return connection
}

/** Under the driver, which goes on thinking that the transaction is open. */
async function rollBack({ real, last }: Wrapped): Promise<void> {
  if (last) await real.executeQuery({ ...last, sql: 'rollback', parameters: [] }).catch(() => {})
}
