/**
 * PostgreSQL as the database. Each statement or transaction is one on the server, opened on behalf of its access (see
 * `access.ts`), and what opens and ends it travels with the statements: a statement by itself is one round trip, and so are
 * those that read and are asked for at the same moment (`together.ts`); a transaction of n statements is n + 1. What is asked
 * for again is kept by a name (`named.ts`). A reader's smallest statement takes 0.07 ms of the server's processor and 0.2 of
 * ours, on two cores beside other work.
 */
import type { Dialect } from 'kysely'
import pg from 'pg'
import { AppError, toAppError } from '../../errors.ts'
import type { Access, Database } from '../../ports.ts'
import { beginAs, checkAccess, hastily, type Limits, lockOf, turnOf } from './access.ts'
import { sendBatch, statement } from './batch.ts'
import { check } from './check.ts'
import { createDialect, type Way } from './dialect.ts'
import { createDoubts } from './doubts.ts'
import { isPassing, type Peer, toFailure } from './failure.ts'
import { clientConfig, createPool, type Loan, type Pool } from './pool.ts'
import { poolingOf } from './pooler.ts'
import { type Ask, prepare } from './prepare.ts'
import { type PostgresSettings, readTarget, type Target } from './settings.ts'
import { createTurns, type Turns } from './turns.ts'

export type { PostgresSettings } from './settings.ts'

export interface PostgresDatabase extends Database {
  readonly engine: 'postgres'
  /** What works here, but less than it could: `database-vectors`. */
  readonly notes: readonly AppError[]
  isPassing(error: unknown): boolean
  /**
   * Runs while no other process does so on this database: migrations. Transactions of `internal` have no time limit meanwhile.
   * Throws `database-busy` after a quarter of an hour.
   */
  exclusive<T>(run: () => Promise<T>): Promise<T>
  /** A connection of its own, outside of the pool, for whoever listens to notifications. Its user ends it. */
  connect(): Promise<pg.Client>
  /** SQL with several statements, or with one and its parameters, as the login role: for libraries with tables of their own. */
  query(sql: string, parameters?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>
}

const exclusiveLimit = 15 * 60_000
/** Accesses whose reader is remembered. */
const mostReaders = 1000
/** Beyond the server's own limit, for an answer on its way. */
const grace = 10_000

/**
 * Opens an existing database and makes it ready (see `prepare`). Throws `database-url`, `database-unreachable`,
 * `database-refused`, `database-not-found`, `database-tls`, `database-too-old`, `database-encoding`, `database-rights`,
 * `database-busy`, `database-elsewhere`, `database-pooled`, `database-direct`.
 *
 * Statements reject with Postgres' own code (`23505`) or with `database-busy`, `database-unreachable`, `database-read-only`,
 * `database-full`, `out-of-memory`, `data-damaged`, `disk-error`. After a statement that failed, its transaction takes no
 * others and cannot be committed: there is no going on as with SQLite.
 */
export async function openPostgres(settings: PostgresSettings): Promise<PostgresDatabase> {
  const { poolSize = 10, statementTimeout = 30_000, idleInTransactionTimeout = 30_000 } = settings
  const { waitLimit = 30_000, patience = 5000, named = true } = settings
  const target = await readTarget(settings)
  const address = target.host.startsWith('/') ? target.host : `${target.host}:${target.port}`
  const peer: Peer = { address, user: target.user, database: target.database, unnamed: target.unnamed }

  const { client: first, config } = await connectFirst(target, peer)
  const { prepared, pooling, direct } = await look(first, config, settings, peer).finally(() => first.end())
  const { searchPath, vectors, notes } = prepared
  // A pooler tells numbers of its own; and what lies behind it, it looks after itself.
  const doubts = pooling === 'none' && !target.stream ? createDoubts(config) : undefined

  // Apart, so that a transaction that also reads outside of itself can always do so.
  const reads = poolSize > 1 ? Math.ceil(poolSize / 2) : 1
  const shared = { peer, waitLimit, named: named && pooling !== 'transaction', doubts }
  const reading = createPool(config, { ...shared, size: reads, writes: false })
  const writing = poolSize > 1 ? createPool(config, { ...shared, size: poolSize - reads, writes: true }) : reading
  const turns = new Map<string, { turns: Turns; users: number }>()
  let unlimited = 0

  /** Who would wait for the lock of the database waits here instead: without a connection that others could use. */
  async function borrowInTurn(pool: Pool, key: string): Promise<Loan> {
    const entry = turns.get(key) ?? { turns: createTurns(1), users: 0 }
    turns.set(key, entry)
    entry.users++
    const leave = () => {
      if (--entry.users === 0) turns.delete(key)
    }
    const done = await entry.turns.take(waitLimit).catch(error => {
      leave()
      throw error
    })
    const end = () => {
      done()
      leave()
    }
    try {
      const loan = await pool.borrow()
      return {
        ...loan,
        get outside() {
          return loan.outside
        },
        release() {
          loan.release()
          end()
        },
      }
    } catch (error) {
      end()
      throw error
    }
  }

  function limitsOf(access: Access): Limits {
    const free = access === 'internal' && unlimited > 0
    return {
      searchPath,
      statementTimeout: free ? 0 : statementTimeout,
      idleInTransactionTimeout: free ? 0 : idleInTransactionTimeout,
    }
  }

  function way(access: Access, role: 'reader' | 'writer'): Way {
    checkAccess(access)
    const pool = role === 'reader' ? reading : writing
    const key = role === 'writer' ? turnOf(access) : undefined
    return {
      borrow: () => (key === undefined ? pool.borrow() : borrowInTurn(pool, key)),
      begin: () => beginAs(access, role, limitsOf(access)),
      bare: role === 'writer' && access === 'internal',
      kind: `${role} ${access === 'internal' ? access : 'scoped'}`,
      reads: role === 'reader',
      limit: access === 'internal' ? undefined : statementTimeout + grace,
    }
  }

  /** The server's process keeps what ours was told; its log, which is one for all, goes to the disk with the next full commit. */
  function hastyWay(access: Access): Way {
    const usual = way(access, 'writer')
    return { ...usual, bare: false, begin: () => [...usual.begin(), hastily] }
  }

  /** The same one for the same access: what is asked for through it at the same moment travels together. */
  const readers = new Map<string, Dialect>()
  function reader(access: Access): Dialect {
    checkAccess(access)
    const key = access === 'internal' ? access : JSON.stringify([access.userId, access.projectId, access.memberId])
    const before = readers.get(key)
    if (before) return before
    if (readers.size >= mostReaders) readers.clear()
    const dialect = createDialect(way(access, 'reader'))
    readers.set(key, dialect)
    return dialect
  }

  async function connect(): Promise<pg.Client> {
    return (await open(direct ?? config, peer)).client
  }

  async function withLoan<T>(pool: Pool, run: (loan: Loan) => Promise<T>): Promise<T> {
    const loan = await pool.borrow()
    try {
      return await run(loan)
    } finally {
      loan.release()
    }
  }

  let closing: Promise<void> | undefined
  return {
    engine: 'postgres',
    vectors,
    notes,
    isPassing,
    writer: access => createDialect(way(access, 'writer')),
    hastyWriter: access => createDialect(hastyWay(access)),
    reader,
    check: deep =>
      withLoan(reading, async loan => {
        const path = statement("select set_config('search_path', $1, true)", [searchPath], false)
        const begin = statement('begin isolation level read committed read only', [], false)
        const commit = statement('commit', [], false)
        return check(async (sql, parameters) => {
          const batch = [begin, path, statement(sql, parameters), commit]
          try {
            return (await loan.send(batch))[2].rows
          } catch (error) {
            await loan.rollback()
            throw error
          }
        }, deep)
      }),
    async exclusive(run) {
      // A database inside this process has no other.
      const client = target.stream ? undefined : await connect()
      unlimited++
      try {
        if (client) await takeLock(client, peer)
        return await run()
      } finally {
        unlimited--
        await client?.end()
      }
    },
    connect,
    query: (sql, parameters) => withLoan(writing, loan => loan.query(sql, parameters)),
    close() {
      closing ??= (async () => {
        // Whoever asked just before may not have got as far as the pool.
        await new Promise(resolve => setImmediate(resolve))
        await Promise.all([reading.close(patience), writing.close(patience)])
      })()
      return closing
    },
  }
}

/** What is known of the way before anything is asked for: throws `database-pooled` and what `prepare` does. */
async function look(first: pg.Client, config: pg.ClientConfig, settings: PostgresSettings, peer: Peer) {
  const { stream, directUrl, schemas } = settings
  const others = async () => (await open(config, peer)).client
  const pooling = stream ? 'none' : await failing(poolingOf(first, others), peer)
  if (pooling === 'transaction' && directUrl === undefined) throw new AppError('database-pooled')
  const direct = directUrl === undefined ? undefined : await openDirectly(first, { ...settings, url: directUrl })
  return { pooling, direct, prepared: await prepare(asker(first, peer), schemas) }
}

/** Throws `database-direct` where it is another database, or its own pooler. */
async function openDirectly(first: pg.Client, settings: PostgresSettings) {
  const target = await readTarget(settings)
  const { user, database } = target
  const peer: Peer = { address: `${target.host}:${target.port}`, user, database }
  const { client, config } = await connectFirst(target, peer).catch(error => {
    // One that is not there is none that the other leads to.
    throw toAppError(error).code === 'database-not-found'
      ? new AppError('database-direct', { address: peer.address })
      : error
  })
  try {
    const others = async () => (await open(config, peer)).client
    const [here, there] = await Promise.all([first, client].map(each => identify(asker(each, peer))))
    const pooled = (await failing(poolingOf(client, others), peer)) === 'transaction'
    if (here === there && !pooled) return config
    throw new AppError('database-direct', { address: peer.address })
  } finally {
    await client.end()
  }
}

async function failing<T>(promise: Promise<T>, peer: Peer): Promise<T> {
  return promise.catch(error => {
    throw toFailure(error, peer)
  })
}

/** The same for connections to one database of one server since it was started. */
async function identify(ask: Ask): Promise<string> {
  const [row] = await ask(`select pg_postmaster_start_time()::text || ' ' || oid as identity
    from pg_database where datname = current_database()`)
  return String(row?.identity)
}

async function takeLock(client: pg.Client, peer: Peer): Promise<void> {
  const ask = asker(client, peer)
  // A lock of the transaction, which poolers between us and the server keep apart; of the session they would not.
  await ask('begin')
  await ask(
    `select set_config('lock_timeout', $1, true), set_config('statement_timeout', '0', true),
    set_config('idle_in_transaction_session_timeout', '0', true)`,
    [exclusiveLimit],
  )
  await ask('select pg_advisory_xact_lock($1)', [lockOf('exclusive')])
}

function asker(client: pg.Client, peer: Peer): Ask {
  return async (sql, parameters) => {
    try {
      return (await sendBatch(client, [statement(sql, parameters)]))[0].rows
    } catch (error) {
      throw toFailure(error, peer)
    }
  }
}

/** `prefer` is settled here, once: what the server offers today it offers to all connections. */
async function connectFirst(target: Target, peer: Peer): Promise<{ client: pg.Client; config: pg.ClientConfig }> {
  if (target.tls !== 'prefer') return open(clientConfig(target, target.tls !== 'disable'), peer)
  try {
    return await open(clientConfig(target, true), peer)
  } catch (error) {
    const { cause } = error as Error
    if (!(cause instanceof Error && cause.message.includes('does not support SSL'))) throw error
    return open(clientConfig(target, false), peer)
  }
}

async function open(config: pg.ClientConfig, peer: Peer): Promise<{ client: pg.Client; config: pg.ClientConfig }> {
  const client = new pg.Client(config)
  // Whoever uses it hears of a lost connection by its next statement.
  client.on('error', () => {})
  try {
    await client.connect()
  } catch (error) {
    await client.end().catch(() => {})
    throw toFailure(error, peer)
  }
  return { client, config }
}
