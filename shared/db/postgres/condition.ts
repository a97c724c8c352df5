/** How a database is, for whoever looks after it: what `doctor` tells beside `check`. Nothing is changed. */
import { randomUUID } from 'node:crypto'
import { CompiledQuery, Kysely } from 'kysely'
import { scopedRole } from './access.ts'
import type { PostgresDatabase } from './index.ts'

export interface Condition {
  login: string
  /** Sees past every policy: what is the tenant's alone then hangs on the role that each transaction takes. */
  superuser: boolean
  /** Who else may connect, and read what the other role may read, which is everything, as the tenant is whoever one says. */
  others: string[]
  /** Tables that show rows to whom they should not: without a policy in force, or, asked as a stranger, with rows. */
  open: string[]
  /** The pgvector in use. */
  vectors: string | null
  bytes: number
  /** Of all databases of the server. */
  connections: { used: number; most: number }
  /** Milliseconds by which the clock of the server is ahead of ours. */
  ahead: number
  /** Seconds for which the oldest one waits that is due, and how many are under way; null before the first start. */
  jobs: { waiting: number; active: number } | null
}

/** What everybody shares: which migrations were made, what this installation is called, which indexes of vectors there are. */
const shared = ['migration', 'replica', 'vector_index']
/** Rows that belong to the installation are everybody's to see. */
const partlyShared: ReadonlySet<string> = new Set(['egress'])

const facts = `select current_user::text as login, rolsuper or rolbypassrls as superuser,
  array_to_json(array(select rolname from pg_roles r where rolcanlogin and not rolsuper and rolname <> current_user
    and not pg_has_role(current_user, r.oid, 'member') and pg_has_role(r.oid, to_regrole('${scopedRole}'), 'member')
    and has_database_privilege(r.oid, current_database(), 'connect') order by 1)) as others,
  (select extversion from pg_extension where extname = 'vector') as vectors,
  pg_database_size(current_database())::float8 as bytes,
  (select count(*) from pg_stat_activity where backend_type = 'client backend')::int as used,
  current_setting('max_connections')::int as most,
  (extract(epoch from clock_timestamp()) * 1000)::float8 as now, to_regclass('pgboss.job') is not null as started
  from pg_roles where rolname = current_user`

const tables = `select c.relname::text as name, format('%I.%I', n.nspname, c.relname) as quoted,
  c.relrowsecurity and c.relforcerowsecurity
    and exists (select from pg_policy where polrelid = c.oid and polname = 'internal')
    and exists (select from pg_policy where polrelid = c.oid and to_regrole('${scopedRole}')::oid = any (polroles))
    and not exists (select from pg_policy where polrelid = c.oid and 0::oid = any (polroles)) as forced
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind = 'r' and n.nspname = current_schema() and c.relname <> all ($1)
    -- What the role of scoped transactions has no right to, as the tables of accounts, is shut whatever its policies say.
    and (to_regrole('${scopedRole}') is null
      or has_table_privilege(to_regrole('${scopedRole}'), c.oid, 'select, insert, update, delete')) order by 1`

const work = `select coalesce(extract(epoch from now() - min(start_after) filter (
    where state < 'active' and start_after <= now())), 0)::float8 as waiting,
  count(*) filter (where state = 'active')::int as active from pgboss.job`

export async function readCondition(database: PostgresDatabase): Promise<Condition> {
  const stranger = new Kysely({
    dialect: database.reader({ userId: `nobody ${randomUUID()}`, projectId: randomUUID() }),
  })
  const before = Date.now()
  const [row] = (await database.query(facts)).rows
  const middle = (before + Date.now()) / 2
  const open: string[] = []
  for (const { name, quoted, forced } of (await database.query(tables, [shared])).rows) {
    const look = CompiledQuery.raw(`select 1 from ${quoted} limit 1`)
    const looked = forced === true && !partlyShared.has(String(name))
    const seen = looked ? (await stranger.executeQuery(look)).rows : []
    if (forced !== true || seen.length > 0) open.push(String(name))
  }
  const [jobs] = row.started === true ? (await database.query(work)).rows : []
  return {
    login: String(row.login),
    superuser: row.superuser === true,
    others: row.others as string[],
    open,
    vectors: row.vectors === null ? null : String(row.vectors),
    bytes: Number(row.bytes),
    connections: { used: Number(row.used), most: Number(row.most) },
    ahead: Number(row.now) - middle,
    jobs: jobs ? { waiting: Number(jobs.waiting), active: Number(jobs.active) } : null,
  }
}

/** Whether what one connection tells another one hears, within so many milliseconds. */
export async function isHeard(database: PostgresDatabase, time = 5000): Promise<boolean> {
  const channel = `cloister_doctor_${randomUUID().replaceAll('-', '')}`
  const client = await database.connect()
  try {
    const heard = new Promise<true>(resolve => client.on('notification', () => resolve(true)))
    await client.query(`listen ${channel}`)
    await database.query('select pg_notify($1, $2)', [channel, ''])
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<false>(resolve => {
      timer = setTimeout(() => resolve(false), time)
    })
    return await Promise.race([heard, late]).finally(() => clearTimeout(timer))
  } finally {
    await client.end().catch(() => {})
  }
}
