/**
 * Opens pg-boss in a database: its schema, which it creates and migrates by itself, a queue of its own for each kind of
 * job, and what Cloister adds: two indexes, and the rights of a role that enqueues and settles. Any number of processes
 * may do that at once.
 */
import { type ConstructorOptions, type Db, PgBoss } from 'pg-boss'
import type { Log } from '../ports.ts'
import { leaseTime, mostClaims } from './tries.ts'

const day = 24 * 60 * 60
/** Seconds a job may wait: pg-boss would take it away then (after 14 days, unasked), however long the machine was off. */
const longestWait = 10 * 365 * day
/**
 * Seconds between looks at what pg-boss tends by itself: silent jobs nobody claims, old ones, bloated indexes. Jobs of a
 * killed worker do not wait for it: `claim` takes them as soon as their time is over.
 */
const superviseTime = 30

export interface PgBossOptions {
  /** The address of the database (a connection for pg-boss itself, two at most), or statements on what is open already. */
  connection: Pick<ConstructorOptions, 'connectionString' | 'ssl' | 'connectionTimeoutMillis'> | { db: Db }
  /** All there are. */
  kinds: readonly string[]
  /** Milliseconds after which what is done or dead is forgotten; less than a second: never. */
  retention: number
  log: Log
  schema?: string
  /** A role, there already, that is given the right to enqueue, renew, settle and cancel. */
  role?: string
  /** Tend the queues from here. Not where the only connection is shared: it would come between others' statements. */
  supervise?: boolean
}

/** pg-boss at work. `schema` is safe to stand in SQL. */
export interface OpenPgBoss {
  readonly boss: PgBoss
  readonly kinds: readonly string[]
  readonly schema: string
  close(): Promise<void>
}

export async function openPgBoss({
  connection,
  kinds,
  retention,
  log,
  schema = 'pgboss',
  role,
  supervise = true,
}: PgBossOptions): Promise<OpenPgBoss> {
  const boss = new PgBoss({
    ...connection,
    max: 2,
    application_name: 'cloister jobs',
    schema,
    schedule: false,
    supervise,
    superviseIntervalSeconds: superviseTime,
    monitorIntervalSeconds: superviseTime,
    maintenanceIntervalSeconds: 60 * 60,
  })
  boss.on('error', error => log.error('job queue', { error }))
  boss.on('warning', ({ message, data }) => log.warn('job queue', { message, ...data }))
  try {
    await boss.start()
    for (const kind of kinds) await openKind(boss, kind, retention)
    const db = boss.getDb()
    await db.executeSql(indexes(schema))
    if (role !== undefined) await db.executeSql(grants(schema, role))
  } catch (error) {
    await boss.stop({ graceful: false }).catch(() => {})
    throw error
  }
  return { boss, kinds, schema, close: () => boss.stop({ graceful: false }) }
}

async function openKind(boss: PgBoss, kind: string, retention: number): Promise<void> {
  const settings = {
    // From a retry limit of pg-boss `attempt` is counted, see `pg-boss.ts`.
    retryLimit: mostClaims - 1,
    // Of a recurring job its interval stands here.
    retryDelay: 0,
    retryBackoff: false,
    heartbeatSeconds: leaseTime / 1000,
    // The longest there is; it starts anew whenever the job gets on.
    expireInSeconds: day,
    retentionSeconds: longestWait,
    deleteAfterSeconds: Math.floor(retention / 1000),
  }
  if (await boss.getQueue(kind)) await boss.updateQueue(kind, settings)
  // At most one job in created, retry or active has a key.
  else await boss.createQueue(kind, { ...settings, policy: 'exclusive' })
  // It keeps what it knows of a queue; asked for now, so that no transaction needs a second connection for it.
  await boss.findJobs(kind, { key: 'none' })
}

/**
 * `cloister_turn` finds the next job of the group whose turn it is (pg-boss knows how many of a group may run, not whose
 * turn it is); `cloister_dead` what died, by its key. A lock keeps processes that start together apart, and looking first
 * keeps a start from waiting for everybody's transactions.
 */
const indexes = (schema: string) => `
do $$ begin
  if to_regclass('${schema}.cloister_turn') is null or to_regclass('${schema}.cloister_dead') is null then
    perform pg_advisory_xact_lock(hashtextextended('${schema} indexes', 0));
    create index if not exists cloister_turn on ${schema}.job_common (name, group_id, start_after, id)
      where state < 'active';
    create index if not exists cloister_dead on ${schema}.job_common (singleton_key) where state = 'failed';
  end if;
end $$`

/**
 * The tables of jobs, and what its statements read beside them; a queue's settings stay out of reach. One process at a time:
 * of two that grant at the same moment, one fails (“tuple concurrently updated”).
 */
const grants = (schema: string, role: string) => `
do $$ begin
  perform pg_advisory_xact_lock(hashtextextended('${schema} grants', 0));
  if not (has_schema_privilege('${role}', '${schema}', 'usage')
    and has_table_privilege('${role}', '${schema}.job', 'delete')
    and has_table_privilege('${role}', '${schema}.job_common', 'delete')
    and has_table_privilege('${role}', '${schema}.job_dependency', 'update')
    and has_table_privilege('${role}', '${schema}.queue', 'select')) then
    grant usage on schema ${schema} to ${role};
    grant select, insert, update, delete on ${schema}.job, ${schema}.job_common to ${role};
    grant select, update on ${schema}.job_dependency to ${role};
    grant select on ${schema}.queue to ${role};
  end if;
end $$`
