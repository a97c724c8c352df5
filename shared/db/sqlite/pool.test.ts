import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createPool } from './pool.ts'
import type { Thread } from './remote.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('a pool of threads', () => {
  it('starts another one where two are needed for longer than a moment', async () => {
    const thread: Thread = {
      vectors: false,
      pending: 0,
      open: false,
      gone: false,
      send: async () => ({ columns: [], values: [], changes: 0, insertId: undefined }),
      close: async () => {},
      kill: async () => {},
    }
    let started = 0
    const start = async () => {
      started += 1
      return { ...thread }
    }
    const pool = createPool([thread], start, { size: 2, idleLimit: 30_000 })
    const first = await pool.borrow()
    const soon = pool.borrow()
    await vi.advanceTimersByTimeAsync(10)
    await first.release()
    const second = await soon
    await vi.advanceTimersByTimeAsync(1000)
    expect(started).toBe(0)

    const late = [pool.borrow(), pool.borrow()]
    await vi.advanceTimersByTimeAsync(1000)
    expect(started).toBe(1)
    const third = await late[0]
    await second.release()
    await (await late[1])?.release()
    await third?.release()
    // Both are there now.
    await Promise.all([pool.borrow(), pool.borrow()]).then(loans => Promise.all(loans.map(loan => loan.release())))
    expect(started).toBe(1)
    await pool.close(1000)
  })
})
