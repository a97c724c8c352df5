/**
 * A worker of the bench `jobs`, to be killed: `node bench/jobs-worker.ts URL`. A `small` job leaves a row in `effect`, in
 * the transaction that ends it; a `held` one a row in `beginning`, and goes on until it is stopped.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { CompiledQuery, Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { v7 } from 'uuid'
import { type JobKind, startRunner } from '../shared/jobs/runner.ts'
import { createPgBossQueue } from '../shared/queue/pg-boss.ts'
import { openPgBoss } from '../shared/queue/pg-boss-open.ts'
import type { Store } from '../shared/store/index.ts'
import type { Schema } from '../shared/store/schema.ts'

const [url = ''] = process.argv.slice(2)
const clock = { now: () => Date.now() }
const say = (message: string, fields?: object) => process.stderr.write(`${message} ${JSON.stringify(fields ?? {})}\n`)
const log = { debug() {}, info() {}, warn: say, error: say }

const db = new Kysely<Schema>({
  dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: url, max: 6 }) }),
})
const store: Pick<Store, 'transaction' | 'executor'> = {
  transaction: (_access, run) => db.transaction().execute(run),
  executor: tx => ({
    execute: async <Row>(text: string, parameters: readonly unknown[]) =>
      (await tx.executeQuery(CompiledQuery.raw(text, [...parameters]))).rows as Row[],
  }),
}
const opened = await openPgBoss({ connection: { connectionString: url }, kinds: ['small', 'held'], retention: 0, log })
const queue = createPgBossQueue({ opened, clock, ids: { next: () => v7() } })

const small: JobKind = {
  kind: 'small',
  concurrency: 4,
  leadsTo: [],
  async run(job) {
    await store.transaction('internal', async tx => {
      await sql`insert into effect (key, owner) values (${job.key}, ${job.group})`.execute(tx)
      await queue.settle(store.executor(tx), job, { state: 'done' })
    })
  },
  async dead() {},
}
const held: JobKind = {
  kind: 'held',
  concurrency: 1,
  async run(_job, signal) {
    await sql`insert into beginning (pid) values (${process.pid})`.execute(db)
    await pause(600_000, undefined, { signal })
  },
  async dead() {},
}
startRunner({ queue, store, kinds: [small, held], clock, log })
