/**
 * Fresh databases for tests, of each engine. Postgres is the server that TEST_DATABASE_URL names (its user must be allowed
 * to create databases); without one it is PGlite, which has no second connection.
 */
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { PGlite } from '@electric-sql/pglite'
import pg from 'pg'
import { openPostgres, type PostgresDatabase, type PostgresSettings } from '../shared/db/postgres/index.ts'
import { openSqlite } from '../shared/db/sqlite/index.ts'
import type { Database } from '../shared/ports.ts'
import { PgliteStream, startPglite, tell } from './pglite.ts'

export interface TestDatabase<D extends Database = Database> {
  database: D
  /** Of one on a server. */
  url?: string
  /** Opens the same database once more, as another process would. */
  again(settings?: Partial<PostgresSettings>): Promise<D>
  /** Closes all that was opened here and removes the database; to be said after failed tests too. */
  drop(): Promise<void>
}

export interface TestEngine<D extends Database = Database> {
  name: 'SQLite' | 'Postgres' | 'PGlite'
  engine: Database['engine']
  /** Whether several connections can be at work at once. */
  concurrent: boolean
  /** A new, empty database. */
  open(settings?: Partial<PostgresSettings>): Promise<TestDatabase<D>>
}

/** Why a case skips on PGlite, to be put into its name. */
export const needsServer = 'needs a second connection, which PGlite does not have: set TEST_DATABASE_URL'

const server = process.env.TEST_DATABASE_URL
const prefix = 'cloister_test_'
/** What tests that were killed left behind is removed after this time. */
const keep = 2 * 3600_000

export const sqlite: TestEngine = {
  name: 'SQLite',
  engine: 'sqlite',
  concurrent: true,
  async open() {
    const folder = await mkdtemp(path.join(tmpdir(), 'cloister-database-'))
    return holder(
      () => openSqlite({ file: path.join(folder, 'cloister.db') }),
      () => rm(folder, { recursive: true, force: true }),
    )
  },
}

export const pglite: TestEngine<PostgresDatabase> = {
  name: 'PGlite',
  engine: 'postgres',
  concurrent: false,
  async open(settings) {
    const engine = idle.pop() ?? (await startPglite())
    const url = 'postgres://postgres@localhost/postgres'
    const stream = () => new PgliteStream(engine)
    return holder(
      more => openPostgres({ ...settings, ...more, url, poolSize: 1, stream }),
      () => empty(engine),
    )
  },
}

/** The server's, where there is one. */
export const postgres: TestEngine<PostgresDatabase> = server === undefined ? pglite : onServer(server)

/** What a suite runs over, with `describe.each(engines)`. */
export const engines: readonly TestEngine[] = [sqlite, postgres]

export const isPostgres = (engine: TestEngine): engine is TestEngine<PostgresDatabase> => engine.engine === 'postgres'

if (server === undefined && process.env.CI)
  process.stderr.write('TEST_DATABASE_URL is not set: Postgres is PGlite here\n')

function onServer(url: string): TestEngine<PostgresDatabase> {
  return {
    name: 'Postgres',
    engine: 'postgres',
    concurrent: true,
    async open(settings) {
      const name = `${prefix}${Date.now()}_${randomUUID().slice(0, 8)}`
      const at = new URL(url)
      at.pathname = name
      await asAdministrator(url, client => client.query(`create database ${name} template template0 encoding 'UTF8'`))
      return holder(
        more => openPostgres({ url: at.href, poolSize: 6, ...settings, ...more }),
        () => asAdministrator(url, client => client.query(`drop database if exists ${name} with (force)`)),
        at.href,
      )
    },
  }
}

async function holder<D extends Database>(
  open: (settings?: Partial<PostgresSettings>) => Promise<D>,
  remove: () => Promise<unknown>,
  url?: string,
): Promise<TestDatabase<D>> {
  const opened: D[] = []
  const again = async (settings?: Partial<PostgresSettings>) => {
    const database = await open(settings)
    opened.push(database)
    return database
  }
  try {
    return {
      database: await again(),
      ...(url !== undefined && { url }),
      again,
      async drop() {
        await Promise.all(opened.splice(0).map(database => database.close()))
        await remove()
      },
    }
  } catch (error) {
    await remove()
    throw error
  }
}

let swept: Promise<unknown> | undefined

async function asAdministrator<T>(url: string, run: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    swept ??= sweep(client)
    await swept
    return await run(client)
  } finally {
    await client.end()
  }
}

async function sweep(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ datname: string }>(
    `select datname from pg_database where datname like '${prefix.replaceAll('_', '\\_')}%'`,
  )
  for (const { datname } of rows)
    if (Number(datname.split('_')[2]) < Date.now() - keep)
      await client.query(`drop database if exists ${datname} with (force)`)
}

/** Emptied and kept: PGlite takes 3 to 20 s to start and 500 MB, emptying it a tenth of a second. */
const idle: PGlite[] = []

async function empty(engine: PGlite): Promise<void> {
  await tell(engine, 'drop schema if exists pgboss cascade')
  await tell(engine, 'drop schema public cascade; create schema public; grant usage on schema public to public')
  await tell(engine, 'drop owned by cloister_scoped; drop role cloister_scoped')
  idle.push(engine)
}
