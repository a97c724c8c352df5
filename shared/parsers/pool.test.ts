import { afterEach, expect, test, vi } from 'vitest'
import type { ChildProcess } from '../ports.ts'
import { createPool, type Pool } from './pool.ts'

let pool: Pool
afterEach(async () => {
  vi.useRealTimers()
  await pool.close()
})

function spawn(): ChildProcess {
  let end = () => {}
  const exit = new Promise<{ code: number | null; signal: string | null }>(resolve => {
    end = () => resolve({ code: null, signal: 'SIGKILL' })
  })
  const silence = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) }
  return { pid: 1, send: async () => {}, messages: silence, kill: end, exit }
}

/** What has been given out by now, in the order of the asking. */
async function states(asked: readonly Promise<unknown>[]): Promise<string[]> {
  await vi.advanceTimersByTimeAsync(0)
  return Promise.all(
    asked.map(each =>
      Promise.race([
        each.then(() => 'has one'),
        Promise.resolve()
          .then(() => {})
          .then(() => 'waits'),
      ]),
    ),
  )
}

test('who is in a hurry gets one process more, one at a time, and gives it up again', async () => {
  vi.useFakeTimers()
  pool = createPool(spawn, 1, 10_000)
  const huge = await pool.acquire()
  const patient = pool.acquire()
  const small = [pool.acquire(undefined, 1000), pool.acquire(undefined, 1000)]
  await vi.advanceTimersByTimeAsync(999)
  expect(await states([patient, ...small])).toEqual(['waits', 'waits', 'waits'])
  await vi.advanceTimersByTimeAsync(1)
  expect(await states([patient, ...small])).toEqual(['waits', 'has one', 'waits'])
  pool.release(await small[0]!, true)
  expect(await states([patient, small[1]!])).toEqual(['waits', 'has one'])
  pool.release(await small[1]!, true)
  expect(await states([patient])).toEqual(['waits'])
  pool.release(huge, true)
  await patient
})

test('who is in a hurry gets his turn before, where there is one', async () => {
  vi.useFakeTimers()
  pool = createPool(spawn, 1, 10_000)
  const huge = await pool.acquire()
  const small = pool.acquire(undefined, 1000)
  pool.release(huge, true)
  const had = await small
  await vi.advanceTimersByTimeAsync(2000)
  const next = pool.acquire()
  expect(await states([next])).toEqual(['waits'])
  pool.release(had, true)
  await next
})
