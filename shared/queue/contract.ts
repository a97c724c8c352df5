/** What every queue keeps. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Clock, Job, NewJob, Queue, RunTransaction, SqlExecutor } from '../ports.ts'

/** One process with the database open. */
export interface QueueHost {
  transaction: RunTransaction
  queue: Queue
  close(): Promise<void>
}

export interface QueueHarness {
  /**
   * Opens the database that goes with this folder, with its table for jobs of the kinds `parse` and `index`, as a process
   * that is alive. Where time is the database's, this clock is what it goes by.
   */
  open(folder: string, clock: Clock): Promise<QueueHost>
  /** How long a claim holds without renewal, and how often a job is tried. */
  leaseTime: number
  mostAttempts: number
  /** Milliseconds after which the try after any number of failures is certainly due. */
  longestPause: number
}

export function queueContract({ open, leaseTime, mostAttempts, longestPause }: QueueHarness, name = ''): void {
  describe(`queue contract ${name}`.trim(), () => {
    let folder: string
    let now: number
    const clock: Clock = { now: () => now }
    const hosts: QueueHost[] = []
    let host: QueueHost

    async function another(): Promise<QueueHost> {
      const opened = await open(folder, clock)
      hosts.push(opened)
      return opened
    }
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'queue-'))
      now = 1_700_000_000_000
      host = await another()
    })
    afterEach(async () => {
      for (const each of hosts.splice(0)) await each.close()
      await rm(folder, { recursive: true, force: true })
    })

    const job = (key: string, kind = 'parse'): NewJob => ({
      kind,
      key,
      payload: { about: key, deep: { list: [1, 'ü'] } },
    })
    const add = (...jobs: NewJob[]) =>
      host.transaction(async tx => {
        for (const each of jobs) await host.queue.enqueue(tx, each)
      })
    const within = <T>(run: (tx: SqlExecutor) => Promise<T>) => host.transaction(run)
    const claim = async (kinds: readonly string[] = ['parse']) => {
      const claimed = await host.queue.claim(kinds)
      if (!claimed) expect.fail('nothing to claim')
      return claimed
    }
    const settle = (claimed: Job, state: 'done' | 'retry' | 'dead') =>
      within(tx => host.queue.settle(tx, claimed, state === 'done' ? { state } : { state, error: 'it broke' }))
    const lost = { code: 'lease-lost' }

    it('hands out what was enqueued, once', async () => {
      await add(job('a'))
      const claimed = await claim()
      expect(claimed).toMatchObject({ ...job('a'), attempt: 1 })
      expect(await host.queue.claim(['parse'])).toBeUndefined()
      expect(await settle(claimed, 'done')).toEqual({ last: false })
      expect(await host.queue.claim(['parse'])).toBeUndefined()
      expect(await host.queue.next()).toBeUndefined()
    })

    it('enqueues in the transaction of its cause', async () => {
      const failing = within(async tx => {
        await host.queue.enqueue(tx, job('a'))
        throw new Error('the cause failed')
      })
      await expect(failing).rejects.toThrow('the cause failed')
      expect(await host.queue.claim(['parse'])).toBeUndefined()
    })

    it('has a key open once: waiting, running, waiting again', async () => {
      await add(job('a'), job('a'), { ...job('a'), payload: { other: true } })
      const first = await claim()
      expect(first.payload).toEqual(job('a').payload)
      await add(job('a'))
      expect(await host.queue.claim(['parse'])).toBeUndefined()
      await settle(first, 'retry')
      await add(job('a'))
      now += longestPause
      await claim()
      expect(await host.queue.claim(['parse'])).toBeUndefined()
    })

    it('takes a key again when it is done', async () => {
      await add(job('a'))
      await settle(await claim(), 'done')
      await add(job('a'))
      expect((await claim()).attempt).toBe(1)
    })

    it('puts a job off until its time, which counts as no try', async () => {
      await add(job('a'))
      for (let time = 0; time < 12; time++) {
        const claimed = await claim()
        expect(claimed.exhausted).toBe(false)
        await within(tx => host.queue.settle(tx, claimed, { state: 'later', until: now + 500 }))
        expect(await host.queue.claim(['parse'])).toBeUndefined()
        now += 499
        expect(await host.queue.claim(['parse'])).toBeUndefined()
        expect(await host.queue.next(['parse'])).toBe(now + 1)
        now += 1
      }
      // Never longer than a clock that was set back could be told from.
      const last = await claim()
      await within(tx => host.queue.settle(tx, last, { state: 'later', until: now + 1e9 }))
      expect(await host.queue.claim(['parse'])).toBeUndefined()
      now += 100_000
      await claim()
    })

    it('gives the oldest due first, of the kinds asked for', async () => {
      await add(job('a'))
      now += 5
      await add(job('x', 'index'), job('b'))
      now += 5
      await add(job('c'), job('d'))
      expect(await host.queue.claim([])).toBeUndefined()
      expect(await host.queue.claim(['nothing'])).toBeUndefined()
      expect((await claim(['index'])).key).toBe('x')
      const keys = []
      for (let time = 0; time < 4; time++) keys.push((await claim(['index', 'parse'])).key)
      expect(keys).toEqual(['a', 'b', 'c', 'd'])
    })

    it('never gives one job to two, though many ask at once', async () => {
      const other = await another()
      await add(...Array.from({ length: 60 }, (_, at) => job(`j${at}`)))
      const taken: string[] = []
      const work = async ({ queue, transaction }: QueueHost) => {
        for (;;) {
          const claimed = await queue.claim(['parse'])
          if (!claimed) return
          taken.push(claimed.key)
          await transaction(tx => queue.settle(tx, claimed, { state: 'done' }))
        }
      }
      await Promise.all([work(host), work(other), work(host), work(other)])
      expect(taken.length).toBe(60)
      expect(new Set(taken).size).toBe(60)
    })

    it('keeps a claim as long as it is renewed', async () => {
      const other = await another()
      await add(job('a'))
      const claimed = await claim()
      for (let time = 0; time < 6; time++) {
        now += leaseTime - 1
        expect(await other.queue.claim(['parse'])).toBeUndefined()
        await within(tx => host.queue.renew(tx, claimed))
      }
      await settle(claimed, 'done')
    })

    it('passes a claim on when its time is over, and refuses the first holder from then on', async () => {
      const other = await another()
      await add(job('a'))
      const first = await claim()
      now += leaseTime + 1
      const second = await other.queue.claim(['parse'])
      expect(second).toMatchObject({ id: first.id, attempt: 2 })
      expect(second?.lease).not.toBe(first.lease)
      await expect(within(tx => host.queue.renew(tx, first))).rejects.toMatchObject(lost)
      for (const state of ['done', 'retry', 'dead'] as const)
        await expect(settle(first, state)).rejects.toMatchObject(lost)
      await other.transaction(tx => other.queue.settle(tx, second as Job, { state: 'done' }))
    })

    it('undoes what the holder of a lost claim wrote in the same transaction', async () => {
      const other = await another()
      await add(job('a'))
      const first = await claim()
      now += leaseTime + 1
      await other.queue.claim(['parse'])
      const late = within(async tx => {
        await host.queue.enqueue(tx, job('follows', 'index'))
        await host.queue.settle(tx, first, { state: 'done' })
      })
      await expect(late).rejects.toMatchObject(lost)
      expect(await host.queue.claim(['index'])).toBeUndefined()
    })

    it('refuses a second settling', async () => {
      await add(job('a'))
      const claimed = await claim()
      await settle(claimed, 'retry')
      await expect(settle(claimed, 'done')).rejects.toMatchObject(lost)
    })

    it('tries again after growing pauses, then lets it die; the dead can be enqueued anew', async () => {
      await add(job('a'))
      const pauses: number[] = []
      for (let attempt = 1; attempt <= mostAttempts; attempt++) {
        const claimed = await claim()
        expect(claimed.attempt).toBe(attempt)
        expect(await settle(claimed, 'retry')).toEqual({ last: attempt === mostAttempts })
        if (attempt === mostAttempts) break
        const due = (await host.queue.next()) as number
        pauses.push(due - now)
        now = due - 1
        expect(await host.queue.claim(['parse'])).toBeUndefined()
        now = due
      }
      for (const [at, pause] of pauses.entries()) expect(pause).toBeGreaterThan(at === 0 ? 0 : pauses[at - 1])
      now += longestPause * 10
      expect(await host.queue.claim(['parse'])).toBeUndefined()
      expect(await host.queue.next()).toBeUndefined()
      await add(job('a'))
      expect((await claim()).attempt).toBe(1)
    })

    it('lets a job die at once when told', async () => {
      await add(job('a'))
      expect(await settle(await claim(), 'dead')).toEqual({ last: true })
      now += longestPause
      expect(await host.queue.claim(['parse'])).toBeUndefined()
      await add(job('a'))
      await claim()
    })

    it('cancels waiting and running jobs, and only those', async () => {
      await add(job('a'), job('b'), job('c'), job('x', 'index'))
      const running = await claim()
      await within(tx => host.queue.cancel(tx, []))
      await within(tx => host.queue.cancel(tx, ['a', 'b', 'never', "' or 1=1 --"]))
      await expect(within(tx => host.queue.renew(tx, running))).rejects.toMatchObject(lost)
      await expect(settle(running, 'done')).rejects.toMatchObject(lost)
      expect((await claim()).key).toBe('c')
      expect((await claim(['index'])).key).toBe('x')
      await add(job('a'))
      const again = await claim()
      expect(again).toMatchObject({ key: 'a', attempt: 1 })
      await expect(settle({ ...running, id: again.id }, 'done')).rejects.toMatchObject(lost)
    })

    it('cancels thousands at once, and not at all when the transaction fails', async () => {
      const keys = Array.from({ length: 3000 }, (_, at) => `j${at}`)
      await add(...keys.map(key => job(key)))
      const failing = within(async tx => {
        await host.queue.cancel(tx, keys)
        throw new Error('no')
      })
      await expect(failing).rejects.toThrow('no')
      expect((await claim()).key).toBe('j0')
      await within(tx => host.queue.cancel(tx, keys))
      expect(await host.queue.next()).toBeUndefined()
    })

    it('says when the next job is due', async () => {
      expect(await host.queue.next()).toBeUndefined()
      await add(job('a'))
      expect(await host.queue.next()).toBeLessThanOrEqual(now)
      const claimed = await claim()
      expect(await host.queue.next()).toBe(now + leaseTime)
      await settle(claimed, 'retry')
      const due = (await host.queue.next()) as number
      expect(due).toBeGreaterThan(now)
      expect(due).toBeLessThanOrEqual(now + longestPause)
    })

    it('is not held up by a clock that goes back', async () => {
      await add(job('failed'), job('held'))
      await settle(await claim(), 'retry')
      const held = await claim()
      await add(job('fresh'))
      now -= 24 * 60 * 60 * 1000
      expect((await claim()).key).toBe('fresh')
      expect((await claim()).key).toBe('failed')
      expect(await host.queue.claim(['parse'])).toBeUndefined()
      await within(tx => host.queue.renew(tx, held))
      now += leaseTime + 1
      const keys = [await claim(), await claim(), await claim()].map(claimed => claimed.key)
      expect(keys.sort()).toEqual(['failed', 'fresh', 'held'])
    })

    it('does not take a job from its holder because the clock went back', async () => {
      const other = await another()
      await add(job('a'))
      const claimed = await claim()
      now -= 24 * 60 * 60 * 1000
      expect(await other.queue.claim(['parse'])).toBeUndefined()
      expect(await other.queue.next()).toBeLessThanOrEqual(now + leaseTime)
      await settle(claimed, 'done')
    })

    it('counts only claims without progress, and hands out for burial what did not get on', async () => {
      await add(job('a'))
      for (let time = 0; time < 2 * mostAttempts; time++) {
        const claimed = await claim()
        expect(claimed.exhausted).toBe(false)
        await within(tx => host.queue.renew(tx, claimed))
        now += leaseTime + 1
      }
      for (let time = 2; time <= mostAttempts; time++) {
        const claimed = await claim()
        expect([claimed.attempt, claimed.exhausted]).toEqual([time, false])
        // A sign of life is no progress.
        await within(tx => host.queue.renew(tx, claimed, 'beat'))
        now += leaseTime + 1
      }
      const poison = await claim()
      expect([poison.attempt, poison.exhausted]).toEqual([mostAttempts + 1, true])
      expect(await within(tx => host.queue.settle(tx, poison, { state: 'dead', error: 'killed' }))).toEqual({
        last: true,
      })
      expect(await host.queue.dead()).toMatchObject([{ key: 'a', error: 'killed' }])
    })

    it('ends what kills whoever is to bury it', async () => {
      await add(job('a'))
      for (let time = 1; time <= 2 * mostAttempts; time++) {
        await claim()
        now += 100_000
      }
      expect(await host.queue.claim(['parse'])).toBeUndefined()
      expect(await host.queue.dead()).toMatchObject([{ key: 'a', error: 'its process died each time' }])
    })

    it('gives back what was not begun without counting it', async () => {
      await add(job('a'))
      for (let time = 0; time < 3 * mostAttempts; time++) {
        const claimed = await claim()
        expect(claimed.attempt).toBe(1)
        await within(tx => host.queue.settle(tx, claimed, { state: 'released' }))
      }
    })

    it('lists what died, the latest first, until it is enqueued anew or cancelled', async () => {
      await add(...['a', 'b', 'c'].map(key => ({ ...job(key), group: 'g' })))
      expect(await host.queue.dead()).toEqual([])
      for (const error of ['first', 'second \0 \ud800', 'x'.repeat(10_000)]) {
        now += 10
        const claimed = await claim()
        await within(tx => host.queue.settle(tx, claimed, { state: 'dead', error }))
      }
      const dead = await host.queue.dead()
      expect(dead.map(each => each.error.slice(0, 10))).toEqual(['xxxxxxxxxx', 'second  \ufffd', 'first'])
      expect(dead[0].error.length).toBe(2000)
      const [, , { id, error, diedAt, ...first }] = dead
      expect([id !== '', error, diedAt, first]).toEqual([true, 'first', now - 20, { ...job('a'), group: 'g' }])
      await add(job('b'))
      await within(tx => host.queue.cancel(tx, ['c']))
      expect((await host.queue.dead()).map(each => each.key)).toEqual(['a'])
    })

    it('revives what died, as if it had never been tried, once', async () => {
      await add(job('a'))
      for (let attempt = 1; attempt <= mostAttempts; attempt++) {
        now += longestPause
        await settle(await claim(), 'retry')
      }
      const [{ id }] = await host.queue.dead()
      const failing = within(async tx => {
        expect(await host.queue.revive(tx, id)).toBe(true)
        throw new Error('no')
      })
      await expect(failing).rejects.toThrow('no')
      expect(await host.queue.claim(['parse'])).toBeUndefined()
      expect(await within(tx => host.queue.revive(tx, 'none'))).toBe(false)
      expect(await within(tx => host.queue.revive(tx, id))).toBe(true)
      expect(await within(tx => host.queue.revive(tx, id))).toBe(false)
      expect(await host.queue.dead()).toEqual([])
      await add(job('a'))
      for (let attempt = 1; attempt <= mostAttempts; attempt++) {
        now += longestPause
        const claimed = await claim()
        expect([claimed.attempt, claimed.key, claimed.exhausted]).toEqual([attempt, 'a', false])
        await settle(claimed, 'retry')
      }
      expect(await host.queue.claim(['parse'])).toBeUndefined()
    })

    it('lets groups take turns, each its oldest first, however many jobs one of them has', async () => {
      await add(...Array.from({ length: 300 }, (_, at) => ({ ...job(`many-${at}`), group: 'many' })))
      now += 1000
      await add(...['few-0', 'few-1', 'few-2'].map(key => ({ ...job(key), group: 'few' })), job('nobody-0'))
      const keys: string[] = []
      for (let time = 0; time < 9; time++) {
        const claimed = await claim()
        expect(claimed.group).toBe({ m: 'many', f: 'few', n: undefined }[claimed.key[0]])
        keys.push(claimed.key)
        await settle(claimed, 'done')
      }
      const of = (group: string) => keys.filter(key => key.startsWith(group))
      // Whoever comes later waits for a round, not for those 300.
      expect(of('few')).toEqual(['few-0', 'few-1', 'few-2'])
      expect(of('nobody')).toEqual(['nobody-0'])
      expect(of('many')).toEqual(Array.from({ length: 5 }, (_, at) => `many-${at}`))
      expect(keys.indexOf('few-2')).toBeLessThan(7)
    })

    it('passes over a group of which nothing is due', async () => {
      await add({ ...job('a'), group: 'a' }, { ...job('b'), group: 'b' }, { ...job('c'), group: 'a' })
      const first = await claim()
      await settle(first, 'retry')
      const second = await claim()
      const third = await claim()
      expect([first.key, second.key, third.key]).toEqual(['a', 'b', 'c'])
      await settle(second, 'done')
      await settle(third, 'done')
      now += longestPause
      expect((await claim()).key).toBe('a')
    })

    it('brings a recurring job again after each end, once, until it is cancelled', async () => {
      const every = 3_600_000
      const recurring = { ...job('sweep'), every }
      await add(recurring, recurring)
      for (const state of ['done', 'dead', 'done'] as const) {
        const claimed = await claim()
        expect(claimed).toMatchObject({ ...recurring, attempt: 1 })
        await add(recurring)
        expect(await settle(claimed, state)).toEqual({ last: state === 'dead' })
        expect(await host.queue.claim(['parse'])).toBeUndefined()
        expect(await host.queue.next()).toBe(now + every)
        expect(await host.queue.dead()).toEqual([])
        now += every - 1
        await add(recurring)
        expect(await host.queue.claim(['parse'])).toBeUndefined()
        now += 1
      }
      await settle(await claim(), 'retry')
      now += longestPause
      const again = await claim()
      expect(again.attempt).toBe(2)
      await settle(again, 'done')
      // Another interval holds from now on.
      await add({ ...recurring, every: 60_000 })
      expect(await host.queue.next()).toBe(now + 60_000)
      await within(tx => host.queue.cancel(tx, ['sweep']))
      expect(await host.queue.next()).toBeUndefined()
    })
  })
}
