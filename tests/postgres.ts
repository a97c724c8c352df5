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
import { jobKinds } from '../shared/ingest/jobs.ts'
import type { Database, Log } from '../shared/ports.ts'
import { openPgBoss } from '../shared/queue/pg-boss-open.ts'
import { openStore } from '../shared/store/index.ts'
import { PgliteStream, startPglite, tell } from './pglite.ts'
import { emptyDatabase, type Original, readOriginal } from './postgres-spare.ts'
import { createReadyFile, openTestSqlite } from './sqlite.ts'

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
  /** A new database; the tables of the newest version may be in it already, as a start would have made them, with no row of a library. */
  openReady(): Promise<TestDatabase<D>>
}

/** Why a case skips on PGlite, to be put into its name. */
export const needsServer = 'needs a second connection, which PGlite does not have: set TEST_DATABASE_URL'

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }
const server = process.env.TEST_DATABASE_URL
const prefix = 'cloister_test_'
/** When the run began, and whose it is (`vitest.config.ts`). */
const run = process.env.CLOISTER_TEST_RUN
/** What tests that were killed left behind is removed after this time. */
const keep = 2 * 3600_000

export const sqlite: TestEngine = {
  name: 'SQLite',
  engine: 'sqlite',
  concurrent: true,
  open: () => openSqliteFile(async () => {}),
  openReady: () => openSqliteFile(createReadyFile),
}

async function openSqliteFile(create: (file: string) => Promise<void>): Promise<TestDatabase> {
  const folder = await mkdtemp(path.join(tmpdir(), 'cloister-database-'))
  const file = path.join(folder, 'cloister.db')
  await create(file)
  return holder(
    () => openTestSqlite({ file }),
    () => rm(folder, { recursive: true, force: true }),
  )
}

export const pglite: TestEngine<PostgresDatabase> = {
  name: 'PGlite',
  engine: 'postgres',
  concurrent: false,
  open: openInProcess,
  openReady: () => openInProcess(),
}

async function openInProcess(settings?: Partial<PostgresSettings>): Promise<TestDatabase<PostgresDatabase>> {
  const engine = idle.pop() ?? (await startPglite())
  const url = 'postgres://postgres@localhost/postgres'
  const stream = () => new PgliteStream(engine)
  return holder(
    more => openPostgres({ ...settings, ...more, url, poolSize: 1, stream }),
    () => empty(engine),
  )
}

/** The server's, where there is one. */
export const postgres: TestEngine<PostgresDatabase> = server === undefined ? pglite : onServer(server)

/** What a suite runs over, with `describe.each(engines)`: where it matters how rows are kept. What files hold is the same on both. */
export const engines: readonly TestEngine[] = [sqlite, postgres]

export const isPostgres = (engine: TestEngine): engine is TestEngine<PostgresDatabase> => engine.engine === 'postgres'

if (server === undefined && process.env.CI)
  process.stderr.write('TEST_DATABASE_URL is not set: Postgres is PGlite here\n')

function onServer(url: string): TestEngine<PostgresDatabase> {
  const addressOf = (name: string) => Object.assign(new URL(url), { pathname: name }).href
  const newName = () => `${prefix}${Date.now()}_${randomUUID().slice(0, 8)}`
  const drop = (name: string, client: pg.Client) => client.query(`drop database if exists ${name} with (force)`)
  async function make(settings = {}) {
    const name = newName()
    await asAdministrator(url, client => client.query(`create database ${name} ${fresh}`))
    return holder(
      more => openPostgres({ url: addressOf(name), poolSize: 6, ...settings, ...more }),
      () => asAdministrator(url, client => drop(name, client)),
      addressOf(name),
    )
  }
  return {
    name: 'Postgres',
    engine: 'postgres',
    concurrent: true,
    open: make,
    openReady: () => (run === undefined ? make() : openReadyOf(run)),
  }

  async function openReadyOf(run: string): Promise<TestDatabase<PostgresDatabase>> {
    const name = newName()
    const original = await asAdministrator(url, async client => {
      const template = await readyTemplate(run, client, addressOf)
      if (!(await takeSpare(run, client, name))) await client.query(`create database ${name} template ${template}`)
      return originalOf(template, client)
    })
    const giveBack = () =>
      asAdministrator(url, async client => {
        await client.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name])
        const keepEmptied = async () => {
          if (!(await emptyDatabase(addressOf(name), original))) return false
          await client.query(`alter database ${name} rename to ${spareOf(run)}${randomUUID().slice(0, 8)}`)
          return true
        }
        // Whatever is wrong with it, another one does.
        if (!(await keepEmptied().catch(() => false))) await drop(name, client)
      })
    return holder(more => openPostgres({ url: addressOf(name), poolSize: 6, ...more }), giveBack, addressOf(name))
  }
}

const spareOf = (run: string) => `${prefix}${run}_spare_`

/** One that another test has emptied, under this name; false where there is none. */
async function takeSpare(run: string, client: pg.Client, name: string): Promise<boolean> {
  const like = `${spareOf(run).replaceAll('_', '\\_')}%`
  const { rows } = await client.query<{ datname: string }>('select datname from pg_database where datname like $1', [
    like,
  ])
  for (const { datname } of rows) {
    try {
      await client.query(`alter database ${datname} rename to ${name}`)
      return true
    } catch (error) {
      // Somebody else was first, or is not gone yet.
      if (!['3D000', '55006'].includes((error as pg.DatabaseError).code ?? '')) throw error
    }
  }
  return false
}

let original: Promise<Original> | undefined

/** As whoever made the template has noted it there. */
function originalOf(template: string, client: pg.Client): Promise<Original> {
  original ??= client
    .query(`select shobj_description(oid, 'pg_database') as noted from pg_database where datname = $1`, [template])
    .then(({ rows }) => JSON.parse(rows[0].noted) as Original)
  return original
}

const fresh = `template template0 encoding 'UTF8'`

/**
 * The database with tables that all files of this run copy, made by whoever asks first: a core over a copy is there after 2.5 s where it took
 * 4.5 (both on a busy machine), and the server does less. It goes as what killed tests leave behind goes: with a later run. No row of a library
 * is in it, nor the mark that tells two libraries apart (`compose-postgres.ts`), so copies are as different as if each was made by itself.
 * What a test is through with is emptied for another one (`postgres-spare.ts`).
 */
async function readyTemplate(run: string, client: pg.Client, addressOf: (name: string) => string): Promise<string> {
  const name = `${prefix}${run}_ready`
  const exists = async () =>
    (await client.query('select 1 from pg_database where datname = $1', [name])).rows.length > 0
  // The files of a run ask at the same time.
  if (await exists()) return name
  await client.query('select pg_advisory_lock(hashtextextended($1, 0))', [name])
  if (await exists()) return name
  const unfinished = `${name}_unfinished`
  await client.query(`drop database if exists ${unfinished} with (force)`)
  await client.query(`create database ${unfinished} ${fresh}`)
  await makeTables(addressOf(unfinished))
  const original = await readOriginal(addressOf(unfinished))
  await client.query(`comment on database ${unfinished} is '${JSON.stringify(original).replaceAll("'", "''")}'`)
  // Whose closing the server has not heard of yet: only a database that nobody is in can be renamed and copied.
  await client.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [unfinished])
  await client.query(`alter database ${unfinished} rename to ${name}`)
  return name
}

async function makeTables(url: string): Promise<void> {
  const database = await openPostgres({ url, poolSize: 2 })
  const rest = { clock: { now: () => Date.now() }, ids: { next: () => randomUUID() }, log: silent }
  const backups = () => {
    throw new Error('nothing to keep of an empty database')
  }
  try {
    await (await openStore({ database, backups, ...rest })).close()
  } finally {
    await database.close()
  }
  const kinds = Object.values(jobKinds)
  const connection = { connectionString: url }
  const role = 'cloister_scoped'
  const jobs = await openPgBoss({ connection, kinds, retention: 86_400_000, log: silent, role, supervise: false })
  await jobs.close()
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
