/** What a core over PostgreSQL is made of: the database, its queue and its events, for one of any number of processes. */
import { openPostgres, type PostgresDatabase } from '../shared/db/postgres/index.ts'
import { createPostgresEvents, notifiers } from '../shared/events/postgres.ts'
import { jobKinds } from '../shared/ingest/jobs.ts'
import type { Clock, Events, Ids, Log, Queue } from '../shared/ports.ts'
import { createPgBossQueue } from '../shared/queue/pg-boss.ts'
import { openPgBoss } from '../shared/queue/pg-boss-open.ts'
import type { DatabaseConfig } from './config.ts'

export interface PostgresParts {
  database: PostgresDatabase
  /** Names the database wherever it is moved to: its files in a folder lie under this name. */
  installation: string
  createQueue(): Queue
  events: Events
  /** After the core, which closes the database itself. */
  close(): Promise<void>
}

/** Of the queue: what claims and tends is nobody's transaction, and waits for none. */
const jobConnections = 4
/** Which pg-boss makes for itself, as the login. */
const jobsSchema = 'pgboss'
/** The role that the store's transactions take; it enqueues and settles. */
const scopedRole = 'cloister_scoped'

/** Throws what `openPostgres` throws. */
export async function openPostgresParts({
  settings,
  jobRetention: retention,
  clock,
  ids,
  log,
  applicationName,
}: {
  settings: DatabaseConfig
  jobRetention: number
  clock: Clock
  ids: Ids
  log: Log
  /** Of all connections; without, what each is for. */
  applicationName?: string
}): Promise<PostgresParts> {
  const closers: (() => Promise<void>)[] = []
  const close = async () => {
    for (const each of closers.splice(0).reverse()) {
      await each().catch(error => log.warn('not closed in order', { error }))
    }
  }
  try {
    const named = applicationName === undefined ? {} : { applicationName }
    const database = await openPostgres({ ...settings, ...named, schemas: [jobsSchema] })
    closers.push(() => database.close())
    for (const { code, values } of database.notes)
      log.warn('the database can do less than it could', { code, ...values })
    const jobs = await openPostgres({
      ...settings,
      applicationName: 'cloister jobs',
      ...named,
      poolSize: jobConnections,
    })
    closers.push(() => jobs.close())
    const executeSql = (sql: string, values?: unknown[]) => jobs.query(sql, values)
    const connection = { db: { executeSql } }
    const opened = await openPgBoss({ connection, kinds: Object.values(jobKinds), retention, log, role: scopedRole })
    closers.push(() => opened.close())
    const installation = await nameOf(jobs)
    const events = await createPostgresEvents({ connect: notifiers(() => database.connect()), log })
    closers.push(() => events.close())
    return { database, installation, createQueue: () => createPgBossQueue({ opened, clock, ids }), events, close }
  } catch (error) {
    await close()
    throw error
  }
}

/**
 * Kept as the comment of pg-boss's schema, which a dump takes along: two libraries in one data directory must never take
 * each other's files for what nobody needs.
 */
export async function nameOf(database: PostgresDatabase): Promise<string> {
  const read = async () => {
    const { rows } = await database.query(`select obj_description('pgboss'::regnamespace, 'pg_namespace') as comment`)
    return /^cloister ([0-9a-f-]{36})$/.exec(String(rows[0]?.comment ?? ''))?.[1]
  }
  const known = await read()
  if (known !== undefined) return known
  await database.query(`do $$ begin
    perform pg_advisory_xact_lock(hashtextextended('cloister installation', 0));
    if obj_description('pgboss'::regnamespace, 'pg_namespace') is null then
      execute format('comment on schema pgboss is %L', 'cloister ' || gen_random_uuid());
    end if;
  end $$`)
  const made = await read()
  if (made === undefined) throw new Error('the schema of the jobs has a comment of somebody else')
  return made
}
