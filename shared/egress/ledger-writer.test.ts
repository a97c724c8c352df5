import { expect, test } from 'vitest'
import { silent } from '../../tests/open-store.ts'
import type { LedgerEntry } from '../model/index.ts'
import { createLedgerWriter } from './ledger-writer.ts'

const entry = (id: string, sent = 0): LedgerEntry => ({
  id,
  startedAt: 1,
  endedAt: null,
  userId: null,
  projectId: null,
  purpose: 'model',
  host: 'x',
  port: 1,
  address: null,
  sent,
  received: 0,
  outcome: 'open',
  why: null,
})

/** Writes that are let go one by one. */
function slowly() {
  const batches: [string, number][][] = []
  const hows: string[] = []
  const waiting: { resolve(): void; reject(error: Error): void }[] = []
  const write = (entries: readonly LedgerEntry[], how?: 'hastily') => {
    hows.push(how ?? 'in full')
    batches.push(entries.map(({ id, sent }) => [id, sent]))
    return new Promise<void>((resolve, reject) => void waiting.push({ resolve, reject }))
  }
  const next = async (error?: Error) => {
    for (const deadline = Date.now() + 10_000; waiting.length === 0; ) {
      if (Date.now() > deadline) throw new Error('nothing is written')
      await new Promise(resolve => setTimeout(resolve, 1))
    }
    const { resolve, reject } = waiting.shift()!
    if (error) reject(error)
    else resolve()
  }
  return { batches, hows, write, next }
}

test('a beginning is written hastily, and soon in full, as it is by then', async () => {
  const { batches, hows, write, next } = slowly()
  const writer = createLedgerWriter({ write, log: silent, haste: 5, pause: 60_000 })
  const both = [writer.begin(entry('a')), writer.begin(entry('b'))]
  await next()
  await both[0]
  writer.putLater(entry('a', 7))
  await next()
  await both[1]
  await next()
  expect(hows).toEqual(['hastily', 'hastily', 'in full'])
  expect(batches.slice(0, 2)).toEqual([[['a', 0]], [['b', 0]]])
  expect(batches[2]).toContainEqual(['a', 7])
  await writer.flush()
  expect(hows.length).toBe(3)
})

test('a beginning waits for nobody else’s pause, and one that cannot be written is forgotten', async () => {
  const { batches, hows, write, next } = slowly()
  const writer = createLedgerWriter({ write, log: silent, haste: 60_000, pause: 60_000 })
  const first = expect(writer.begin(entry('a'))).rejects.toThrow('full')
  await next(new Error('full'))
  await first
  const second = writer.begin(entry('b'))
  const refused = writer.put(entry('c'))
  await next()
  await second
  await next()
  await refused
  await writer.flush()
  expect(hows).toEqual(['hastily', 'hastily', 'in full'])
  expect(batches.flat().filter(([id]) => id === 'a')).toEqual([['a', 0]])
  expect(batches[2]?.map(([id]) => id).sort()).toEqual(['b', 'c'])
})

test('who comes while one is written is written with all the others that came', async () => {
  const { batches, write, next } = slowly()
  const writer = createLedgerWriter({ write, log: silent })
  const all = ['a', 'b', 'c', 'd'].map(id => writer.put(entry(id)))
  await next()
  await all[0]
  await next()
  await Promise.all(all)
  expect(batches).toEqual([
    [['a', 0]],
    [
      ['b', 0],
      ['c', 0],
      ['d', 0],
    ],
  ])
})

test('an end goes with the next beginning, and only its latest; alone after a while', async () => {
  const { batches, write, next } = slowly()
  const writer = createLedgerWriter({ write, log: silent, pause: 20 })
  writer.putLater(entry('a', 1))
  writer.putLater(entry('a', 2))
  const beginning = writer.put(entry('b'))
  await next()
  await beginning
  expect(batches).toEqual([
    [
      ['a', 2],
      ['b', 0],
    ],
  ])
  writer.putLater(entry('b', 3))
  await next()
  expect(batches[1]).toEqual([['b', 3]])
})

test('what is noted is what was said then', async () => {
  const { batches, write, next } = slowly()
  const writer = createLedgerWriter({ write, log: silent })
  const one = entry('a', 1)
  const done = writer.put(one)
  const two = entry('b', 1)
  const later = writer.put(two)
  two.sent = 99
  await next()
  await next()
  await Promise.all([done, later])
  expect(batches.flat()).toEqual([
    ['a', 1],
    ['b', 1],
  ])
})

test('who cannot be noted hears it, and is forgotten; an end is kept until it can', async () => {
  const { batches, write, next } = slowly()
  const writer = createLedgerWriter({ write, log: silent, pause: 5 })
  writer.putLater(entry('a', 1))
  const beginning = writer.put(entry('b'))
  const heard = expect(beginning).rejects.toThrow('full')
  await next(new Error('full'))
  await heard
  await next(new Error('full'))
  await next()
  expect(batches).toEqual([
    [
      ['a', 1],
      ['b', 0],
    ],
    [['a', 1]],
    [['a', 1]],
  ])
  await writer.flush()
  expect(batches.length).toBe(3)
})

test('at the end everything is written', async () => {
  const { batches, write, next } = slowly()
  const writer = createLedgerWriter({ write, log: silent, pause: 60_000 })
  const first = writer.put(entry('a'))
  writer.putLater(entry('b', 1))
  const end = writer.flush()
  await next()
  await next()
  await Promise.all([first, end])
  expect(batches.flat().map(([id]) => id)).toEqual(['a', 'b'])
})
