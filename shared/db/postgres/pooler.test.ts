import type pg from 'pg'
import { expect, it } from 'vitest'
import { poolingOf } from './pooler.ts'

/** A connection that has the next free process for a transaction, and gives it back to either end of those that are free. */
function lent(processID: number, free: number[], back: 'first' | 'last'): pg.Client {
  let held: number | undefined
  const giveBack = (process: number) => void (back === 'first' ? free.unshift(process) : free.push(process))
  const client = {
    processID,
    async query(sql: string) {
      const process = held ?? free.shift() ?? expect.fail('it waits for ever')
      held = sql === 'begin' || (held !== undefined && sql !== 'rollback') ? process : undefined
      if (held === undefined) giveBack(process)
      return { rows: [{ process }] }
    },
    async end() {},
  }
  return client as unknown as pg.Client
}
const own = (processID: number, process: number) => lent(processID, [process], 'last')
const never = () => expect.fail('it was settled before')

it('knows the server itself by the number of its process', async () => {
  expect(await poolingOf(own(4711, 4711), never)).toBe('none')
})

it('knows a pooler that keeps a process for each connection', async () => {
  expect(await poolingOf(own(1, 4711), async () => own(2, 4712))).toBe('session')
})

it.each(['first', 'last'] as const)(
  'knows a pooler that lends processes for a transaction, the one given back goes %s',
  async back => {
    for (const processes of [1, 2, 3, 4]) {
      const free = Array.from({ length: processes }, (_, at) => 4711 + at)
      const found = await poolingOf(lent(1, free, back), async () => lent(2, free, back))
      expect([processes, found]).toEqual([processes, 'transaction'])
    }
  },
)

it('knows a pooler that takes no transactions', async () => {
  const refusing = {
    async query() {
      throw Object.assign(new Error('transaction blocks not allowed in statement pooling mode'), { code: '08P01' })
    },
    async end() {},
  }
  expect(await poolingOf(own(1, 4711), async () => refusing as unknown as pg.Client)).toBe('transaction')
})
