import { type ChildProcess, fork, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createReadyFile, openTestSqlite } from '../../tests/sqlite.ts'
import type { Clock, Job, RunTransaction } from '../ports.ts'
import { openStore } from '../store/index.ts'
import { queueContract } from './contract.ts'
import { createLeaseQueue, currentOwner, type Owner } from './lease.ts'
import { leaseTime, mostAttempts, pauseAfter } from './tries.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }

/** On the store's own tables, so that a migration that would break the queue breaks this. */
async function openHost(folder: string, clock: Clock, owner: Owner = currentOwner()) {
  const file = join(folder, 'queue.db')
  if (!existsSync(file)) await createReadyFile(file)
  const database = await openTestSqlite({ file, readers: 1 })
  const unused = { next: () => expect.fail('the store makes no ids here') }
  const store = await openStore({ database, clock, ids: unused, log: silent, backups: name => join(folder, name) })
  const transaction: RunTransaction = run => store.transaction('internal', tx => run(store.executor(tx)))
  let last = 0
  const ids = { next: () => `${String(++last).padStart(8, '0')}-${owner.instance}` }
  const queue = createLeaseQueue({ transaction, clock, ids, owner, random: () => 0.5 })
  const rows = () =>
    transaction(tx =>
      tx.execute<{ key: string; state: string; attempts: number; error: string }>('select * from job order by id', []),
    )
  return { transaction, queue, rows, close: () => database.close() }
}

queueContract({ open: openHost, leaseTime, mostAttempts, longestPause: pauseAfter(mostAttempts - 1, 1) })

describe('lease queue', () => {
  let folder: string
  let now = 1_700_000_000_000
  const clock: Clock = { now: () => now }
  const hosts: { close(): Promise<void> }[] = []
  const children: ChildProcess[] = []

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lease-'))
  })
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL')
    for (const each of hosts.splice(0)) await each.close()
    await rm(folder, { recursive: true, force: true })
  })
  async function open(owner?: Owner) {
    const host = await openHost(folder, clock, owner)
    hosts.push(host)
    return host
  }
  const job = { kind: 'parse', key: 'a', payload: {} }

  it('frees the jobs of a process that was killed at once', async () => {
    const script = join(folder, 'claim.mjs')
    await writeFile(
      script,
      `import { createLeaseQueue, currentOwner } from '${new URL('./lease.ts', import.meta.url).href}'
       import { openSqlite } from '${new URL('../db/sqlite/index.ts', import.meta.url).href}'
       import { CompiledQuery, Kysely } from '${import.meta.resolve('kysely')}'
       const database = await openSqlite({ file: process.argv[2] })
       const db = new Kysely({ dialect: database.writer('internal') })
       const transaction = run => db.transaction().execute(tx => run({
         execute: async (text, parameters) => (await tx.executeQuery(CompiledQuery.raw(text, parameters))).rows
       }))
       const ids = { next: () => crypto.randomUUID() }
       const queue = createLeaseQueue({ transaction, clock: { now: () => ${now} }, ids, owner: currentOwner() })
       process.send((await queue.claim(['parse'])).key)
       setInterval(() => {}, 1000)`,
    )
    const host = await open()
    await host.transaction(tx => host.queue.enqueue(tx, job))
    for (let death = 1; death <= mostAttempts; death++) {
      const child = fork(script, [join(folder, 'queue.db')], { execArgv: [] })
      children.push(child)
      expect(await new Promise(resolve => child.once('message', resolve))).toBe('a')
      expect(await host.queue.claim(['parse'])).toBeUndefined()
      expect(await host.queue.next()).toBe(now + leaseTime)
      const ended = new Promise(resolve => child.once('exit', resolve))
      child.kill('SIGKILL')
      await ended
      expect(await host.queue.next()).toBe(now)
    }
    // Poison: five claims in a row died. It is handed out to be buried.
    const poison = (await host.queue.claim(['parse'])) as Job
    expect(poison).toMatchObject({ key: 'a', attempt: mostAttempts + 1, exhausted: true })
    expect(await host.transaction(tx => host.queue.settle(tx, poison, { state: 'dead', error: 'killed' }))).toEqual({
      last: true,
    })
    expect(await host.rows()).toMatchObject([{ state: 'dead', error: 'killed' }])
  })

  it('waits for the lease where death is not certain', async () => {
    const host = await open()
    const child = spawn(process.execPath, ['-e', '0'])
    await new Promise(resolve => child.once('exit', resolve))
    const dead = { ...currentOwner(), pid: child.pid as number }
    const claimedBy = async (owner: Owner) => {
      const other = await open(owner)
      await host.transaction(tx => host.queue.enqueue(tx, job))
      expect(await other.queue.claim(['parse'])).toBeDefined()
      const early = await host.queue.claim(['parse'])
      await host.transaction(tx => host.queue.cancel(tx, ['a']))
      return early ? 'free' : 'held'
    }
    expect(await claimedBy(dead)).toBe('free')
    // Another machine or container, a number that is taken again, our own number (1 in a container) from before.
    expect(await claimedBy({ ...dead, host: 'elsewhere' })).toBe('held')
    expect(await claimedBy({ ...currentOwner(), pid: 1, instance: randomUUID() })).toBe('held')
    expect(await claimedBy({ ...currentOwner(), instance: randomUUID() })).toBe('held')
  })

  it('counts only claims without progress', async () => {
    const host = await open()
    await host.transaction(tx => host.queue.enqueue(tx, job))
    for (let time = 0; time < 4 * mostAttempts; time++) {
      const claimed = (await host.queue.claim(['parse'])) as Job
      expect(claimed.exhausted).toBe(false)
      await host.transaction(tx => host.queue.renew(tx, claimed))
      now += leaseTime + 1
    }
  })

  it('does not take a sign of life for progress', async () => {
    const host = await open()
    await host.transaction(tx => host.queue.enqueue(tx, job))
    for (let time = 1; time <= mostAttempts; time++) {
      const claimed = (await host.queue.claim(['parse'])) as Job
      expect([claimed.attempt, claimed.exhausted]).toEqual([time, false])
      await host.transaction(tx => host.queue.renew(tx, claimed, 'beat'))
      now += leaseTime + 1
    }
    // Whoever is to bury it dies of that too: it ends all the same.
    for (let time = 1; time <= mostAttempts; time++) {
      expect((await host.queue.claim(['parse']))?.exhausted).toBe(true)
      now += leaseTime + 1
    }
    expect(await host.queue.claim(['parse'])).toBeUndefined()
    expect(await host.rows()).toMatchObject([{ state: 'dead' }])
  })

  it('gives back what was not begun without counting it', async () => {
    const host = await open()
    await host.transaction(tx => host.queue.enqueue(tx, job))
    for (let time = 0; time < 3 * mostAttempts; time++) {
      const claimed = (await host.queue.claim(['parse'])) as Job
      expect(claimed.attempt).toBe(1)
      await host.transaction(tx => host.queue.settle(tx, claimed, { state: 'released' }))
    }
  })

  it('keeps one row for a key, with the last error, cut to a bearable length', async () => {
    const host = await open()
    for (let time = 0; time < 3; time++) {
      await host.transaction(tx => host.queue.enqueue(tx, job))
      const claimed = (await host.queue.claim(['parse'])) as Job
      await host.transaction(tx => host.queue.settle(tx, claimed, { state: 'dead', error: 'ä'.repeat(100_000) }))
    }
    expect(await host.rows()).toMatchObject([{ state: 'dead', error: 'ä'.repeat(2000) }])
    await host.transaction(tx => host.queue.cancel(tx, ['a']))
    expect(await host.rows()).toEqual([])
  })

  it('waits 1, 4, 16 and 64 seconds, half as long to one and a half times', () => {
    expect([1, 2, 3, 4].map(attempts => pauseAfter(attempts, 0.5))).toEqual([1000, 4000, 16_000, 64_000])
    expect([pauseAfter(4, 0), pauseAfter(4, 1)]).toEqual([32_000, 96_000])
  })

  it('asks one kind when the next job is due', async () => {
    const host = await open()
    await host.transaction(tx => host.queue.enqueue(tx, job))
    expect(await host.queue.next(['parse'])).toBe(now)
    expect(await host.queue.next(['index'])).toBeUndefined()
  })

  it('follows a simple model through any sequence of events', async () => {
    const host = await open()
    const other = await open()
    const queues = [host.queue, other.queue]
    const keys = ['a', 'b', 'c']
    interface Model {
      state: 'waiting' | 'running' | 'dead'
      attempts: number
      due: number
      until: number
      lease: string
      order: number
    }
    const event = fc.oneof(
      fc.record({ do: fc.constant('enqueue' as const), key: fc.constantFrom(...keys), undo: fc.boolean() }),
      fc.record({ do: fc.constant('claim' as const), who: fc.nat(1) }),
      fc.record({
        do: fc.constantFrom(
          'renew' as const,
          'beat' as const,
          'done' as const,
          'retry' as const,
          'dead' as const,
          'released' as const,
        ),
        which: fc.nat(5),
      }),
      fc.record({ do: fc.constant('cancel' as const), key: fc.constantFrom(...keys) }),
      fc.record({ do: fc.constant('wait' as const), time: fc.constantFrom(1, 700, leaseTime - 1, leaseTime, 100_000) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 5, maxLength: 40 }), async events => {
        await host.transaction(tx => tx.execute('delete from job', []))
        const model = new Map<string, Model>()
        const claims: Job[] = []
        let order = 0
        for (const step of events) {
          if (step.do === 'wait') now += step.time
          else if (step.do === 'enqueue') {
            const run = host.transaction(async tx => {
              await host.queue.enqueue(tx, { kind: 'parse', key: step.key, payload: {} })
              if (step.undo) throw new Error('undone')
            })
            await run.catch(() => {})
            const known = model.get(step.key)
            if (!step.undo && (!known || known.state === 'dead'))
              model.set(step.key, { state: 'waiting', attempts: 0, due: now, until: 0, lease: '', order: order++ })
          } else if (step.do === 'cancel') {
            await host.transaction(tx => host.queue.cancel(tx, [step.key]))
            model.delete(step.key)
          } else if (step.do === 'claim') {
            const claimed = await queues[step.who].claim(['parse'])
            const free = [...model].filter(([, each]) =>
              each.state === 'waiting'
                ? each.attempts === 0 || each.due <= now
                : each.state === 'running' && each.until <= now,
            )
            const alive = free.filter(([, each]) => each.attempts < 2 * mostAttempts)
            const [expected] = alive.sort(([, a], [, b]) => a.due - b.due || a.order - b.order)
            for (const [, each] of free) {
              const before =
                !expected ||
                each.due < expected[1].due ||
                (each.due === expected[1].due && each.order < expected[1].order)
              if (each.attempts >= 2 * mostAttempts && before) each.state = 'dead'
            }
            expect(claimed?.key).toBe(expected?.[0])
            if (!claimed || !expected) continue
            const [, each] = expected
            expect([claimed.attempt, claimed.exhausted]).toEqual([each.attempts + 1, each.attempts >= mostAttempts])
            Object.assign(each, {
              state: 'running',
              attempts: each.attempts + 1,
              until: now + leaseTime,
              lease: claimed.lease,
            })
            claims.push(claimed)
          } else {
            const claimed = claims.at(-1 - (step.which % Math.max(1, claims.length)))
            if (!claimed) continue
            const each = model.get(claimed.key)
            const holds = each?.state === 'running' && each.lease === claimed.lease
            const result = host.transaction<unknown>(tx => {
              if (step.do === 'renew') return host.queue.renew(tx, claimed)
              if (step.do === 'beat') return host.queue.renew(tx, claimed, 'beat')
              if (step.do === 'done' || step.do === 'released')
                return host.queue.settle(tx, claimed, { state: step.do })
              return host.queue.settle(tx, claimed, { state: step.do, error: 'e' })
            })
            if (!holds) {
              await expect(result).rejects.toMatchObject({ code: 'lease-lost' })
              continue
            }
            await result
            if (step.do === 'done') model.delete(claimed.key)
            else if (step.do === 'dead' || (step.do === 'retry' && each.attempts >= mostAttempts)) each.state = 'dead'
            else if (step.do === 'retry')
              Object.assign(each, { state: 'waiting', due: now + pauseAfter(each.attempts, 0.5) })
            else if (step.do === 'released') Object.assign(each, { state: 'waiting', attempts: each.attempts - 1 })
            else Object.assign(each, { until: now + leaseTime, attempts: step.do === 'renew' ? 1 : each.attempts })
          }
        }
        const kept = new Map((await host.rows()).map(row => [row.key, [row.state, row.attempts]]))
        expect(kept).toEqual(new Map([...model].map(([key, each]) => [key, [each.state, each.attempts]])))
      }),
      { numRuns: 60 },
    )
  })
})
