import { expect, test } from 'vitest'
import { secondsLeft } from './estimate.ts'

const begun = { segments: 500, parsed: 0, indexed: 0, parseTime: 0, indexTime: 0 }

test('goes by the pace so far: of reading, and then of indexing', () => {
  // 100 of 500 pages in 10 s: 40 s more to read, and 25 s to index, of which nothing is measured yet.
  expect(secondsLeft({ ...begun, state: 'parsing', parsed: 100, parseTime: 10_000 })).toBe(65)
  const read = { ...begun, state: 'indexing', parsed: 500, parseTime: 50_000 } as const
  expect(secondsLeft(read)).toBe(25)
  expect(secondsLeft({ ...read, indexed: 250, indexTime: 5000 })).toBe(5)
  expect(secondsLeft({ ...read, indexed: 500, indexTime: 10_000 })).toBe(0)
})

test('says nothing where nothing can be said', () => {
  const some = { ...begun, parsed: 100, parseTime: 10_000 }
  expect(secondsLeft({ ...some, state: 'parsing', segments: null })).toBeNull()
  expect(secondsLeft({ ...begun, state: 'parsing', parsed: 2, parseTime: 9000 })).toBeNull()
  expect(secondsLeft({ ...begun, state: 'parsing', parsed: 9, parseTime: 100 })).toBeNull()
  for (const state of ['queued', 'ready', 'paused', 'failed', 'cancelled'] as const)
    expect(secondsLeft({ ...some, state })).toBeNull()
})
