/**
 * Jobs on Postgres: two workers drain 10,000 small ones while one of them is killed every five seconds. Needs DATABASE_URL or
 * TEST_DATABASE_URL, a server on which databases may be made; it makes one of its own and drops it.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { v7 } from 'uuid'
import type { RunTransaction } from '../shared/ports.ts'
import { createPgBossQueue } from '../shared/queue/pg-boss.ts'
import { openPgBoss } from '../shared/queue/pg-boss-open.ts'
import { atMost, type Bench, told } from './figure.ts'
import { createOwnDatabase } from './own-database.ts'

const killTime = 5000
const patience = 600_000
const silent = { debug() {}, info() {}, warn() {}, error() {} }

export const bench: Bench = async ({ note, args }) => {
  const count = Number(args[args.indexOf('--count') + 1]) || 10_000
  await using database = await createOwnDatabase('jobs')
  const workers = new Set<ChildProcess>()
  try {
    return await measure({ url: database.url, count, workers, note })
  } finally {
    for (const worker of workers) await kill(worker)
  }
}

async function measure({
  url,
  count,
  workers,
  note,
}: {
  url: string
  count: number
  workers: Set<ChildProcess>
  note: (line: string) => void
}) {
  const db = new pg.Pool({ connectionString: url, max: 2 })
  const opened = await openPgBoss({
    connection: { connectionString: url },
    kinds: ['small', 'held'],
    retention: 0,
    log: silent,
  })
  try {
    await db.query(`create table effect (key text not null, owner text, at timestamptz not null default clock_timestamp());
      create table beginning (pid integer not null, at timestamptz not null default clock_timestamp())`)
    const transaction = transactionsOf(db)
    const clock = { now: () => Date.now() }
    const queue = createPgBossQueue({ opened, clock, ids: { next: () => v7() } })
    const add = (owner: string, first: number, jobs: number) =>
      transaction(async tx => {
        for (let at = first; at < first + jobs; at++)
          await queue.enqueue(tx, { kind: 'small', key: `${owner}-${at}`, payload: { at }, group: owner })
      })
    const number = async (sql: string) => Number((await db.query(sql)).rows[0].number)
    const done = () => number('select count(*) as number from effect')
    const start = () => {
      const worker = startWorker(url)
      workers.add(worker)
      return worker
    }

    const some = Math.ceil(count / 5)
    await add('alone', 0, some)
    const alone = start()
    await until(async () => (await done()) > 0)
    const begun = { at: performance.now(), done: await done() }
    await until(async () => (await done()) >= some)
    const perSecond = (some - begun.done) / ((performance.now() - begun.at) / 1000)
    await kill(alone)
    note(`one worker: ${Math.round(perSecond)} jobs a second`)

    await db.query('truncate effect')
    const enqueued = performance.now()
    await add('many', 0, count)
    const enqueueTime = (performance.now() - enqueued) / 1000
    note(`${count} jobs enqueued in ${enqueueTime.toFixed(1)} s`)
    const started = performance.now()
    const pair = [start(), start()]
    let kills = 0
    const killer = setInterval(() => {
      const at = kills++ % 2
      void kill(pair[at])
      pair[at] = start()
    }, killTime)
    let fewTime = 0
    try {
      await until(async () => (await done()) > 0)
      await add('few', 0, 5)
      const since = performance.now()
      await until(async () => (await number(`select count(*) as number from effect where owner = 'few'`)) >= 5)
      fewTime = (performance.now() - since) / 1000
      await until(async () => {
        note(`${await done()} done, ${kills} kills`)
        return (await number(`select count(*) as number from pgboss.job where state <= 'active'`)) === 0
      }, 1000)
    } finally {
      clearInterval(killer)
    }
    const drainTime = (performance.now() - started) / 1000
    const [{ rows, keys }] = (
      await db.query('select count(*)::int as rows, count(distinct key)::int as keys from effect')
    ).rows
    const dead = await queue.dead()

    await transaction(tx => queue.enqueue(tx, { kind: 'held', key: 'held', payload: {} }))
    const holder = async () => (await db.query('select pid from beginning order by at desc limit 1')).rows[0]?.pid
    await until(async () => (await holder()) !== undefined)
    const first = await holder()
    const killed = performance.now()
    for (const worker of pair) if (worker.pid === first) await kill(worker)
    await until(async () => (await holder()) !== first)
    const resumeTime = (performance.now() - killed) / 1000

    return [
      atMost(`${count} small jobs, two workers, a kill every 5 s`, drainTime, 's', 120),
      atMost('effects missing or twice', count + 5 - keys + (rows - keys), '', 0),
      atMost('jobs that died', dead.length, '', 0),
      atMost('the job of a killed worker goes on after', resumeTime, 's', 30),
      atMost("five jobs of another user, behind the first one's", fewTime, 's', 30),
      told('workers killed', kills, ''),
      told('jobs a second, one worker, undisturbed', perSecond, 'jobs/s'),
      told('jobs enqueued a second, in one transaction', count / enqueueTime, 'jobs/s'),
    ]
  } finally {
    await opened.close()
    await db.end()
  }
}

function startWorker(url: string): ChildProcess {
  const script = path.join(import.meta.dirname, 'jobs-worker.ts')
  return spawn(process.execPath, ['--no-warnings', script, url], { stdio: ['ignore', 'ignore', 'inherit'] })
}

async function kill(worker: ChildProcess): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return
  const ended = new Promise(resolve => worker.once('exit', resolve))
  worker.kill('SIGKILL')
  await ended
}

async function until(condition: () => Promise<boolean>, pace = 50): Promise<void> {
  for (const end = performance.now() + patience; !(await condition()); await pause(pace))
    if (performance.now() > end) throw new Error(`it did not come to pass in ${patience / 1000} s`)
}

function transactionsOf(pool: pg.Pool): RunTransaction {
  return async run => {
    const client = await pool.connect()
    try {
      await client.query('begin')
      const result = await run({
        execute: async <Row>(sql: string, parameters: readonly unknown[]) =>
          (await client.query(sql, [...parameters])).rows as Row[],
      })
      await client.query('commit')
      return result
    } catch (error) {
      await client.query('rollback')
      throw error
    } finally {
      client.release()
    }
  }
}
