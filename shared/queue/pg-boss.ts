/**
 * Jobs on Postgres, kept by pg-boss: each kind is a queue of its. It enqueues, ends, beats and tends them; what it has no
 * call for is SQL on its table `job` here, in the caller's transaction:
 * - `claim`: its `fetch` asks one queue, and a group may starve behind another's 10,000 jobs. Here groups take turns, and
 *   of all kinds the job comes first that has been due for longest.
 * - `settle` otherwise than done: its `fail` knows no other pause than its own and no giving back.
 * - `cancel`, `dead`, `revive` by key: its calls want to know the queue and the number of each job.
 *
 * A claim is told by pg-boss's own fence, `retry_count`, which each claim makes one greater and nothing makes smaller: a
 * lease is `id:retry_count`. How often a job was tried without getting on is what is left to `retry_limit`, which grows
 * when a job gets on or is given back. So pg-boss itself ends a job whose claims all died, after `mostClaims`.
 *
 * Time is the database's (`job_now()`), so processes whose clocks differ agree; what goes in and out by the caller's clock
 * is told by the difference.
 */
import type { Db } from 'pg-boss'
import { AppError } from '../errors.ts'
import type { Clock, DeadJob, Ids, Job, Queue, SqlExecutor } from '../ports.ts'
import type { OpenPgBoss } from './pg-boss-open.ts'
import { keptError, leaseTime, longestPause, mostAttempts, mostClaims, mostListed, pauseAfter } from './tries.ts'

/** pg-boss wants a group that has a name. */
const noGroup = '-'
const mendTime = 60_000

interface ClaimedRow {
  id: string
  name: string
  key: string
  payload: string
  group_id: string
  every: number
  attempts: number
  claims: number
}

export function createPgBossQueue({
  opened: { boss, kinds: allKinds, schema },
  clock,
  ids,
  random = Math.random,
}: {
  opened: OpenPgBoss
  clock: Clock
  /** UUIDs in the order in which they were made. */
  ids: Ids
  random?: () => number
}): Queue {
  const sql = statements(schema)
  let mended = Number.NEGATIVE_INFINITY
  /** Of each kind the group served last here; the ones behind it come first. */
  const served = new Map<string, string>()

  /**
   * A statement by itself, on the connection of pg-boss: what claims and looks is nobody's transaction, and so takes one
   * round trip instead of three.
   */
  async function ask<Row>(text: string, ...values: unknown[]): Promise<Row[]> {
    return (await boss.getDb().executeSql(text, values)).rows
  }

  /** Changes the job while this claim holds, and locks it until the transaction ends; throws where it was lost. */
  async function whileHeld(tx: SqlExecutor, job: Job, set: string, ...parameters: unknown[]): Promise<number> {
    const [row] = await tx.execute<{ attempts: number }>(
      `update ${schema}.job_common set ${set} where name = $1 and id = $2::uuid and state = 'active' and retry_count = $3
       returning ${attempts} as attempts`,
      [job.kind, ...claimOf(job), ...parameters],
    )
    if (!row) throw new AppError('lease-lost')
    return row.attempts
  }

  /** A clock that was set back leaves times behind that would hold jobs up for as long as it went back. */
  async function mend(kinds: readonly string[]): Promise<boolean> {
    const now = clock.now()
    if (now >= mended && now < mended + mendTime) return false
    mended = now
    const [row] = await ask<{ mended: number }>(sql.mend, kinds, longestPause)
    return row !== undefined && row.mended > 0
  }

  return {
    async enqueue(tx, { kind, key, payload, group, every }) {
      const added = await boss.send(kind, payload, {
        id: ids.next(),
        singletonKey: key,
        group: { id: group || noGroup },
        retryDelay: seconds(every),
        db: over(tx),
      })
      if (added !== null) await tx.execute(sql.forget, [key])
      else if (every !== undefined) await tx.execute(sql.every, [kind, key, seconds(every)])
    },

    async claim(kinds) {
      if (kinds.length === 0) return undefined
      const after = kinds.map(kind => served.get(kind) ?? '')
      let [row] = await ask<ClaimedRow>(sql.claim, kinds, after)
      if (!row && (await mend(kinds))) [row] = await ask<ClaimedRow>(sql.claim, kinds, after)
      if (!row) return undefined
      served.set(row.name, row.group_id)
      const lease = `${row.id}:${row.claims}`
      return { ...described(row), attempt: row.attempts, lease, exhausted: row.attempts > mostAttempts }
    },

    async renew(tx, job, beat) {
      if (!beat) {
        const limit = `retry_limit = retry_count + ${mostClaims - 1}`
        await whileHeld(tx, job, `heartbeat_on = ${schema}.job_now(), started_on = ${schema}.job_now(), ${limit}`)
        return
      }
      const [id, retryCount] = claimOf(job)
      heldBy(await boss.touch(job.kind, { id, retryCount }, { db: over(tx) }))
    },

    async settle(tx, job, outcome) {
      const free = `state = 'retry', heartbeat_on = null`
      const again = `${free}, start_after = ${schema}.job_now() + retry_delay * interval '1 s',
        retry_limit = retry_count + ${mostClaims}, completed_on = null`
      if (outcome.state === 'done' && job.every !== undefined) await whileHeld(tx, job, `${again}, output = null`)
      else if (outcome.state === 'done') {
        const [id, retryCount] = claimOf(job)
        heldBy(await boss.complete(job.kind, { id, retryCount }, null, { db: over(tx) }))
      } else if (outcome.state === 'released') await whileHeld(tx, job, `${free}, retry_limit = retry_limit + 1`)
      else if (outcome.state === 'later') {
        const pause = Math.min(Math.max(0, outcome.until - clock.now()), longestPause)
        const then = `start_after = ${schema}.job_now() + $4 * interval '1 ms'`
        await whileHeld(tx, job, `${free}, retry_limit = retry_limit + 1, ${then}`, pause)
      } else {
        const error = JSON.stringify({ message: keptError(outcome.error) })
        const output = `heartbeat_on = null, output = $4::text::jsonb`
        const died = `state = 'failed', completed_on = ${schema}.job_now(), ${output}`
        const tried = await whileHeld(tx, job, died, error)
        const last = outcome.state === 'dead' || tried >= mostAttempts
        const row = [job.kind, claimOf(job)[0]]
        const where = 'where name = $1 and id = $2::uuid'
        if (!last) await tx.execute(sql.retry, [...row, pauseAfter(tried, random())])
        else if (job.every !== undefined) await tx.execute(`update ${schema}.job_common set ${again} ${where}`, row)
        return { last }
      }
      return { last: false }
    },

    async cancel(tx, keys) {
      if (keys.length > 0) await tx.execute(sql.cancel, [allKinds, keys])
    },

    async next(kinds = allKinds) {
      const [row] = await ask<{ wait: number | null }>(sql.next, kinds)
      return row && row.wait !== null ? clock.now() + Math.ceil(row.wait) : undefined
    },

    async dead() {
      const rows = await ask<ClaimedRow & { error: string | null; died_at: number }>(sql.dead, allKinds, mostListed)
      return rows.map(
        (row): DeadJob => ({ ...described(row), error: row.error ?? '', diedAt: Math.floor(row.died_at) }),
      )
    },

    async revive(tx, id) {
      return (await tx.execute(sql.revive, [allKinds, id])).length > 0
    },
  }
}

const attempts = `retry_count - retry_limit + ${mostClaims}`

const seconds = (every: number | undefined) => Math.ceil((every ?? 0) / 1000)

/** The job this claim is of, and which of its claims it is. */
function claimOf({ lease }: Job): [id: string, claim: number] {
  const [id = '', claim] = lease.split(':')
  return [id, Number(claim)]
}

function heldBy(response: object): void {
  if (!('affected' in response) || response.affected !== 1) throw new AppError('lease-lost')
}

function over(tx: SqlExecutor): Db {
  return { executeSql: async (text, values = []) => ({ rows: await tx.execute(text, values) }) }
}

function described(row: ClaimedRow) {
  return {
    id: row.id,
    kind: row.name,
    key: row.key,
    payload: JSON.parse(row.payload) as Record<string, unknown>,
    ...(row.group_id !== noGroup && { group: row.group_id }),
    ...(row.every > 0 && { every: row.every * 1000 }),
  }
}

function statements(schema: string) {
  // Not the partitioned table above it, `job`: a claim, most of which is planning, takes 2.2 ms of the server instead of 2.7.
  const job = `${schema}.job_common`
  const now = `${schema}.job_now()`
  // Never tried means due, whatever the clock did since.
  const due = `(state = 'created' or start_after <= ${now})`
  const silent = `state = 'active' and group_id is not null and heartbeat_on + heartbeat_seconds * interval '1 s' < ${now}`
  const row = `id::text, name, singleton_key as key, data::text as payload, group_id, retry_delay as every`
  const first = (asked: string, than: string) => `select job.* from ${asked} cross join lateral (
    select name, id, start_after from ${job} where name = asked.name and state < 'active' and group_id ${than} asked.after
      and ${due} order by group_id, start_after, id limit 1 for update skip locked) job`
  return {
    // `ahead`: of each kind the first of the group whose turn it is; `around`: else of the groups served in this round.
    // `silent`: of a holder that gave no sign of life. Two seeks in `cloister_turn` for a kind, however many jobs wait.
    claim: `with asked as (select * from unnest($1::text[], $2::text[]) as asked (name, after)),
      ahead as materialized (${first('asked', '>')}),
      around as materialized (
        ${first('(select * from asked where name not in (select name from ahead)) asked', '<=')}),
      silent as materialized (select name, id, start_after from ${job}
        where name = any($1) and ${silent} and retry_count < retry_limit
        order by start_after, id limit 1 for update skip locked),
      one as materialized (select * from (
        select * from ahead union all select * from around union all select * from silent) any_of
        order by start_after, id limit 1)
      update ${job} job set state = 'active', started_on = ${now}, heartbeat_on = ${now},
        retry_count = case when started_on is null then retry_count else retry_count + 1 end
      from one where job.name = one.name and job.id = one.id
      returning ${row.replace('id::text, name', 'job.id::text, job.name')}, ${attempts} as attempts, retry_count as claims`,
    // What nobody could bury; recurring jobs are left to pg-boss, which gives them another try after their interval.
    mend: `with waiting as (
        update ${job} set start_after = ${now} where name = any($1) and state < 'active'
          and start_after > ${now} + greatest($2 * interval '1 ms', retry_delay * interval '1 s') returning id),
      active as (update ${job} set heartbeat_on = ${now} where name = any($1) and state = 'active'
        and group_id is not null and heartbeat_on > ${now} + interval '${leaseTime} ms'),
      silent as (update ${job} set state = 'failed', completed_on = ${now}, heartbeat_on = null,
        output = '{"message": "its process died each time"}'
        where name = any($1) and ${silent} and retry_count >= retry_limit and retry_delay = 0)
      select count(*)::int as mended from waiting`,
    retry: `update ${job} set state = 'retry', completed_on = null, start_after = ${now} + $3 * interval '1 ms'
      where name = $1 and id = $2::uuid`,
    forget: `delete from ${job} where singleton_key = $1 and state = 'failed'`,
    every: `update ${job} set retry_delay = $3::int, start_after = least(start_after, ${now} + $3::int * interval '1 s')
      where name = $1 and coalesce(singleton_key, '') = $2 and state <= 'active' and policy = 'exclusive'`,
    cancel: `with dead as (delete from ${job} where singleton_key = any($2) and state = 'failed')
      delete from ${job} where name = any($1) and coalesce(singleton_key, '') = any($2) and state <= 'active'
        and policy = 'exclusive'`,
    next: `select (case when exists (select 1 from ${job} where name = any($1) and state < 'active' and ${due}) then 0
      else extract(epoch from least(
        (select min(start_after) from ${job} where name = any($1) and state < 'active'),
        (select min(least(heartbeat_on, ${now}) + heartbeat_seconds * interval '1 s') from ${job}
          where name = any($1) and state = 'active' and group_id is not null)) - ${now}) * 1000 end)::float8 as wait`,
    dead: `select ${row}, coalesce(output ->> 'message', output #>> '{value,message}') as error,
        (extract(epoch from completed_on) * 1000)::float8 as died_at
      from ${job} where name = any($1) and state = 'failed' order by completed_on desc, id desc limit $2`,
    revive: `update ${job} job set state = 'retry', start_after = ${now}, completed_on = null, output = null,
        retry_limit = retry_count + ${mostClaims}
      where name = any($1) and id::text = $2 and state = 'failed' and not exists (select 1 from ${job} open
        where open.name = job.name and coalesce(open.singleton_key, '') = job.singleton_key and open.state <= 'active'
          and open.policy = 'exclusive')
      returning id`,
  }
}
