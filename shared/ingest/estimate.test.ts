import { expect, test } from 'vitest'
import { secondsLeft } from './estimate.ts'

const begun = { segments: 500, parsed: 0, indexed: 0, toRecognize: 0, recognized: 0, parseTime: 0, indexTime: 0 }

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

test('goes by the pages recognised so far, where recognising them is most of the work', () => {
  const scan = { ...begun, state: 'ready', segments: 10, parsed: 10, toRecognize: 10 } as const
  expect(secondsLeft({ ...scan, recognized: 2, parseTime: 14_000 })).toBe(56)
  expect(secondsLeft({ ...scan, recognized: 1, parseTime: 7000 })).toBeNull()
  // Of 100 pages two are pictures: what the time went to is not known.
  expect(secondsLeft({ ...scan, segments: 100, toRecognize: 4, recognized: 2, parseTime: 14_000 })).toBeNull()
  expect(secondsLeft({ ...scan, recognized: 10, parseTime: 70_000 })).toBeNull()
})
