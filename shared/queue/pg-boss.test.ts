import { randomUUID } from 'node:crypto'
import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'
import { fromPglite } from 'pg-boss'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Clock, RunTransaction, SqlExecutor } from '../ports.ts'
import { type QueueHost, queueContract } from './contract.ts'
import { createPgBossQueue } from './pg-boss.ts'
import { openPgBoss, type PgBossOptions } from './pg-boss-open.ts'
import { leaseTime, mostAttempts, pauseAfter } from './tries.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }
const kinds = ['parse', 'index']
const server = process.env.TEST_DATABASE_URL

/** A database to open schemas of pg-boss in, one for each folder. */
interface Place {
  connection: PgBossOptions['connection']
  transaction: RunTransaction
  query(sql: string): Promise<Record<string, unknown>[]>
  close(): Promise<void>
}

const makers: Record<string, () => Promise<Place>> = server
  ? { Postgres: () => onServer(server) }
  : { PGlite: onPglite }

for (const [name, make] of Object.entries(makers)) {
  describe(`pg-boss on ${name}`, () => {
    let place: Place
    const schemas = new Map<string, string>()
    beforeAll(async () => {
      place = await make()
    }, 120_000)
    afterAll(async () => {
      await place?.close()
    }, 60_000)

    /** Each folder is a schema, in which pg-boss reads the time from the clock of the suite. */
    async function open(folder: string, clock: Clock): Promise<QueueHost> {
      const known = schemas.get(folder)
      const schema = known ?? `boss_${schemas.size}`
      schemas.set(folder, schema)
      const transaction: RunTransaction = run =>
        place.transaction(async tx => {
          await tx.execute(`select set_config('test.now', $1, true)`, [String(clock.now())])
          return run(tx)
        })
      const timed = async (sql: string, values: unknown[]) => ({
        rows: await transaction(tx => tx.execute(sql, values)),
      })
      const opened = await openPgBoss({
        connection: {
          db: {
            // Without values it is the making of tables, several statements at once.
            executeSql: async (sql, values) => (values?.length ? timed(sql, values) : { rows: await place.query(sql) }),
          },
        },
        kinds,
        retention: 1000 * 86_400,
        log: silent,
        schema,
        supervise: false,
      })
      if (!known) await place.query(settableClock(schema))
      return {
        transaction,
        queue: createPgBossQueue({ opened, clock, ids: orderedIds(), random: () => 0.5 }),
        close: opened.close,
      }
    }

    queueContract({ open, leaseTime, mostAttempts, longestPause: pauseAfter(mostAttempts - 1, 1) })

    it('opens where it was opened before, with other settings', async () => {
      const options = { connection: place.connection, kinds, log: silent, schema: 'twice', supervise: false }
      const first = await openPgBoss({ ...options, retention: 1000 * 86_400 })
      await first.close()
      const second = await openPgBoss({ ...options, retention: 2000 * 86_400 })
      expect(await second.boss.getQueue('parse')).toMatchObject({
        policy: 'exclusive',
        deleteAfterSeconds: 2 * 86_400,
        heartbeatSeconds: 15,
        retryLimit: 2 * mostAttempts - 1,
      })
      await second.close()
    })

    it('forgets what is done or dead after the days of retention, and never what waits', async () => {
      const opened = await openPgBoss({
        connection: place.connection,
        kinds,
        retention: 1000 * 86_400,
        log: silent,
        schema: 'retention',
        supervise: false,
      })
      const clock = { now: () => Date.now() }
      const { transaction } = place
      const queue = createPgBossQueue({ opened, clock, ids: orderedIds() })
      for (const key of ['done', 'dead', 'waits']) {
        await transaction(tx => queue.enqueue(tx, { kind: 'parse', key, payload: {} }))
        if (key === 'waits') continue
        const job = await queue.claim(['parse'])
        if (!job) expect.fail('nothing to claim')
        await transaction(tx =>
          queue.settle(tx, job, key === 'done' ? { state: 'done' } : { state: 'dead', error: 'e' }),
        )
      }
      const left = async () =>
        (await place.query('select singleton_key as key from retention.job order by key')).map(row => row.key)
      const age = (days: number) =>
        place.query(`update retention.job set created_on = created_on - interval '${days} days',
          start_after = start_after - interval '${days} days', completed_on = completed_on - interval '${days} days',
          keep_until = keep_until - interval '${days} days';
          update retention.queue set maintain_on = null, monitor_on = null, monitor_claim_on = null`)
      await age(0.9)
      await opened.boss.supervise()
      expect(await left()).toEqual(['dead', 'done', 'waits'])
      await age(100)
      await opened.boss.supervise()
      expect(await left()).toEqual(['waits'])
      await opened.close()
    })

    it('lets a role that owns nothing enqueue, beat, settle and cancel', async () => {
      const role = `queue_test_${randomUUID().slice(0, 8)}`
      await place.query(`create role ${role} nologin`)
      const opened = await openPgBoss({
        connection: place.connection,
        kinds,
        retention: 1000 * 86_400,
        log: silent,
        schema: 'scoped',
        role,
        supervise: false,
      })
      try {
        const { transaction } = place
        const queue = createPgBossQueue({ opened, clock: { now: () => Date.now() }, ids: orderedIds() })
        const scoped: RunTransaction = run =>
          transaction(async tx => {
            await tx.execute(`set local role ${role}`, [])
            return run(tx)
          })
        const claimed = async () => (await queue.claim(['parse'])) ?? expect.fail('nothing to claim')
        const add = (key: string) => scoped(tx => queue.enqueue(tx, { kind: 'parse', key, payload: {} }))
        await add('a')
        const first = await claimed()
        await scoped(tx => queue.renew(tx, first))
        await scoped(tx => queue.renew(tx, first, 'beat'))
        await scoped(tx => queue.settle(tx, first, { state: 'done' }))
        await add('b')
        const second = await claimed()
        await scoped(tx => queue.settle(tx, second, { state: 'dead', error: 'e' }))
        await scoped(tx => queue.revive(tx, second.id))
        await scoped(tx => queue.cancel(tx, ['b']))
        expect(await queue.next()).toBeUndefined()
        await expect(scoped(tx => tx.execute('update scoped.queue set deletion_seconds = 1', []))).rejects.toThrow(
          'permission denied',
        )
      } finally {
        await opened.close()
        await place.query(`drop schema scoped cascade; drop role ${role}`)
      }
    })

    it.skipIf(name === 'PGlite')('opens from many sides at once (one connection cannot race)', async () => {
      const role = `queue_test_${randomUUID().slice(0, 8)}`
      await place.query(`create role ${role} nologin`)
      const { connection } = place
      const options = { connection, kinds, log: silent, schema: 'many', role, retention: 1000, supervise: false }
      const opened = await Promise.allSettled(Array.from({ length: 8 }, () => openPgBoss(options)))
      expect(opened.flatMap(each => (each.status === 'rejected' ? [String(each.reason)] : []))).toEqual([])
      for (const each of opened) if (each.status === 'fulfilled') await each.value.close()
      await place.query(`drop schema many cascade; drop role ${role}`)
    })

    it.skipIf(name === 'PGlite')(
      'needs no second connection inside a transaction, and keeps a key open once among many (one connection cannot race)',
      async () => {
        const opened = await openPgBoss({
          connection: place.connection,
          kinds,
          retention: 1000 * 86_400,
          log: silent,
          schema: 'races',
          supervise: false,
        })
        const { transaction } = place
        const queue = createPgBossQueue({ opened, clock: { now: () => Date.now() }, ids: orderedIds() })
        const add = () => transaction(tx => queue.enqueue(tx, { kind: 'parse', key: 'a', payload: {} }))
        await Promise.all(Array.from({ length: 8 }, add))
        // Whoever enqueues while it is being settled waits for that, and is not lost.
        const job = (await queue.claim(['parse'])) ?? expect.fail('nothing to claim')
        let late: Promise<void> | undefined
        await transaction(async tx => {
          await queue.settle(tx, job, { state: 'done' })
          late = add()
          for (let waits = 0; waits === 0; )
            waits = Number((await place.query(`select count(*) from pg_locks where not granted`))[0].count)
        })
        await late
        expect((await queue.claim(['parse']))?.attempt).toBe(1)
        expect(await queue.claim(['parse'])).toBeUndefined()
        await opened.close()
      },
    )
  })
}

/** pg-boss reads its clock in one place, so that tests can set it. */
const settableClock = (schema: string) => `
  create or replace function ${schema}.job_now() returns timestamp with time zone as $$
    select coalesce(timestamptz 'epoch' + nullif(current_setting('test.now', true), '')::bigint * interval '1 ms',
      pg_catalog.now())
  $$ language sql stable`

/** UUIDs that sort in the order in which they were made, in one process. */
function orderedIds() {
  let last = 0
  return { next: () => `${(++last).toString(16).padStart(8, '0')}-0000-7000-8000-${randomUUID().slice(-12)}` }
}

async function onServer(url: string): Promise<Place> {
  const name = `queue_${randomUUID().replaceAll('-', '')}`
  const admin = new pg.Client({ connectionString: url })
  await admin.connect()
  await admin.query(`create database ${name}`)
  const own = new URL(url)
  own.pathname = `/${name}`
  const pool = new pg.Pool({ connectionString: own.href, max: 10 })
  return {
    connection: { connectionString: own.href },
    async query(sql) {
      const results = await pool.query(sql)
      return [results].flat().flatMap(result => result.rows)
    },
    async transaction(run) {
      const client = await pool.connect()
      const tx: SqlExecutor = {
        execute: async <Row>(sql: string, parameters: readonly unknown[]) =>
          (await client.query(sql, [...parameters])).rows as Row[],
      }
      try {
        await client.query('begin')
        const result = await run(tx)
        await client.query('commit')
        return result
      } catch (error) {
        await client.query('rollback')
        throw error
      } finally {
        client.release()
      }
    },
    async close() {
      await pool.end()
      // Both ends of a connection do not close at once, and one that is cut off raises an error where nobody listens.
      const open = `select from pg_stat_activity where datname = '${name}'`
      for (const end = Date.now() + 20_000; (await admin.query(open)).rowCount !== 0; )
        if (Date.now() > end) throw new Error('connections stay open')
      await admin.query(`drop database ${name}`)
      await admin.end()
    },
  }
}

async function onPglite(): Promise<Place> {
  const pglite = await PGlite.create()
  return {
    connection: { db: fromPglite(pglite) },
    query: async sql => (await pglite.exec(sql)).flatMap(result => result.rows as Record<string, unknown>[]),
    transaction: run =>
      pglite.transaction(tx =>
        run({
          execute: async <Row>(sql: string, parameters: readonly unknown[]) =>
            (await tx.query<Row>(sql, [...parameters])).rows,
        }),
      ),
    close: () => pglite.close(),
  }
}
