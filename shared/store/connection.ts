import { setTimeout as pause } from 'node:timers/promises'
import { type Dialect, Kysely } from 'kysely'
import { AppError, toAppError } from '../errors.ts'
import type { Access, Database } from '../ports.ts'
import type { Read, ReadAs, Schema, Tx } from './schema.ts'

/** How often a transaction is run again that failed for a reason that passes. */
const mostRetries = 5
/** Milliseconds before the first of them; twice as many before each one that follows. */
const firstPause = 10

/** The ways of the store to the database. */
export interface Connection {
  read: ReadAs
  write: ReadAs
  /** Single statements: see `Database.hastyWriter`. */
  writeHastily: ReadAs
  transaction<T>(access: Access, run: (tx: Tx) => Promise<T>): Promise<T>
  close(): void
}

/** A Kysely lives as long as its dialect does, which an engine that knows no access keeps for ever. */
export function connect(database: Database, random: () => number = Math.random): Connection {
  const known = new WeakMap<Dialect, Read>()
  let closed = false

  function over(dialect: Dialect): Read {
    if (closed) throw new AppError('database-busy', {}, { cause: new Error('the store is closed') })
    const before = known.get(dialect)
    if (before) return before
    const db: Read = new Kysely<Schema>({ dialect })
    known.set(dialect, db)
    return db
  }

  const read: ReadAs = access => over(database.reader(access))
  const write: ReadAs = access => over(database.writer(access))
  const writeHastily: ReadAs = access => over(database.hastyWriter(access))

  return {
    read,
    write,
    writeHastily,
    async transaction(access, run) {
      for (let retry = 0; ; retry++) {
        try {
          return await write(access).transaction().execute(run)
        } catch (error) {
          if (retry < mostRetries && database.isPassing?.(error)) {
            // Not all who met at the same moment together again.
            await pause(firstPause * 2 ** retry * (0.5 + random()))
            continue
          }
          const known = toAppError(error)
          throw known.code === 'database-busy' ? known : error
        }
      }
    },
    close() {
      closed = true
    },
  }
}
