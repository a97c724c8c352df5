import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Processes } from '../../shared/ports.ts'
import { runServerTask } from './server-task.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

const never = new Promise<never>(() => {})

test('a process that hangs in the system, and cannot be ended, is not waited for', async () => {
  const kill = vi.fn()
  const processes: Processes = {
    spawn: () => ({
      pid: 1,
      send: async () => {},
      messages: { [Symbol.asyncIterator]: () => ({ next: () => never }) },
      kill,
      exit: never,
    }),
  }
  const cancel = new AbortController()
  const task = { type: 'check', dataDirectory: '/drive/library', settings: {} } as const
  const end = runServerTask(processes, task, { signal: cancel.signal })
  cancel.abort()
  await vi.advanceTimersByTimeAsync(3000)
  expect(kill).toHaveBeenCalledTimes(1)
  await vi.advanceTimersByTimeAsync(3000)
  expect(await end).toEqual({ type: 'cancelled' })
  expect(vi.getTimerCount()).toBe(0)
})
