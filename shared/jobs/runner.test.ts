import { v7 } from 'uuid'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openTestStore, silent } from '../../tests/open-store.ts'
import { until } from '../../tests/until.ts'
import { AppError } from '../errors.ts'
import type { Job, Queue } from '../ports.ts'
import { createLeaseQueue, currentOwner } from '../queue/lease.ts'
import { type JobKind, type Runner, startRunner } from './runner.ts'

let open: Awaited<ReturnType<typeof openTestStore>>
let queue: Queue
let runner: Runner | undefined
const clock = { now: () => Date.now() }

beforeEach(async () => {
  open = await openTestStore()
  queue = newQueue()
})
afterEach(async () => {
  await runner?.stop()
  runner = undefined
  await open.close()
})

function newQueue(): Queue {
  return createLeaseQueue({
    transaction: run => open.store.transaction('internal', tx => run(open.store.executor(tx))),
    clock,
    ids: { next: () => v7() },
    owner: currentOwner(),
  })
}

const enqueue = (key: string) =>
  open.store.transaction('internal', tx => queue.enqueue(open.store.executor(tx), { kind: 'work', key, payload: {} }))
const settle = (job: Job) =>
  open.store.transaction('internal', async tx => {
    await queue.settle(open.store.executor(tx), job, { state: 'done' })
  })

function start(run: JobKind['run'], options: Partial<JobKind> = {}): void {
  const kind: JobKind = { kind: 'work', concurrency: 1, run, dead: async () => {}, ...options }
  runner = startRunner({ queue, store: open.store, kinds: [kind], clock, log: silent })
}

test('runs jobs in order, as many at once as allowed', async () => {
  const order: string[] = []
  let running = 0
  let most = 0
  for (const key of ['a', 'b', 'c', 'd']) await enqueue(key)
  start(
    async job => {
      most = Math.max(most, ++running)
      order.push(job.key)
      await new Promise(resolve => setTimeout(resolve, 20))
      await settle(job)
      running -= 1
    },
    { concurrency: 2 },
  )
  await until(() => order.length === 4 && running === 0)
  expect(order).toEqual(['a', 'b', 'c', 'd'])
  expect(most).toBe(2)
})

test('an interrupted job stops at once and is not run again when it was taken away', async () => {
  let runs = 0
  let stopped = false
  await enqueue('a')
  start(async (_job, signal) => {
    runs += 1
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  })
  await until(() => runs === 1)
  await open.store.transaction('internal', tx => queue.cancel(open.store.executor(tx), ['a']))
  runner?.interrupt(['a'])
  await runner?.stop().then(() => {
    stopped = true
  })
  expect([runs, stopped, await queue.next()]).toEqual([1, true, undefined])
})

test('stopping gives the job back at once, and the try does not count', async () => {
  await enqueue('a')
  let begun = false
  start(async (_job, signal) => {
    begun = true
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  })
  await until(() => begun)
  await runner?.stop()
  expect(await newQueue().claim(['work'])).toMatchObject({ key: 'a', attempt: 1 })
})

test('what fails is tried again', async () => {
  let runs = 0
  let buried = false
  await enqueue('a')
  start(
    async () => {
      runs += 1
      throw new Error('no')
    },
    {
      dead: async () => {
        buried = true
      },
    },
  )
  await until(() => runs === 2)
  expect(buried).toBe(false)
})

test('an error of the machine is told after the second time, does not count as a try, and passes', async () => {
  let runs = 0
  const told: (string | undefined)[] = []
  await enqueue('a')
  const run: JobKind['run'] = async job => {
    expect(job.attempt).toBe(1)
    if (++runs < 4) throw new AppError('disk-full')
    await settle(job)
  }
  const kinds = [{ kind: 'work', concurrency: 1, run, dead: async () => {} }]
  const troubled = (trouble: AppError | undefined) => told.push(trouble?.code)
  runner = startRunner({ queue, store: open.store, kinds, clock, log: silent, troubled })
  await until(() => told.length === 2)
  expect([runs, told]).toEqual([4, ['disk-full', undefined]])
})

test('a job whose processes all died is buried without being run', async () => {
  await enqueue('a')
  for (let death = 0; death < 5; death++) {
    // Each claim by an owner that is gone.
    const gone = createLeaseQueue({
      transaction: run => open.store.transaction('internal', tx => run(open.store.executor(tx))),
      clock,
      ids: { next: () => v7() },
      owner: { ...currentOwner(), pid: 2 ** 22 + 1 },
    })
    expect(await gone.claim(['work'])).toMatchObject({ key: 'a', exhausted: false })
  }
  let runs = 0
  let buried = false
  start(
    async () => {
      runs += 1
    },
    {
      dead: async () => {
        buried = true
      },
    },
  )
  await until(() => buried)
  expect(runs).toBe(0)
})
