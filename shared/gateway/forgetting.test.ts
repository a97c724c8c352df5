import { expect, test } from 'vitest'
import { createMemoryCache } from '../cache/memory.ts'
import type { AppEvent, Cache } from '../ports.ts'
import { createForgetting } from './forgetting.ts'
import { createMemo } from './memo.ts'

const scope = { userId: 'u', projectId: 'p' }
const minute = 60_000

/** A process with a cache of its own; `hold` keeps what is set on its way. */
function open(told: AppEvent[] = []) {
  const memory = createMemoryCache({ bytes: 1e6 })
  let held: Promise<void> | undefined
  const cache: Cache = {
    ...memory,
    async set(...given) {
      await held
      await memory.set(...given)
    },
  }
  const forgetting = createForgetting({ cache, announce: event => void told.push(event) })
  const memo = createMemo(cache, 'answers', minute, forgetting)
  if (!memo) throw new Error('no memo')
  const hold = () => {
    let release = () => {}
    held = new Promise(resolve => {
      release = resolve
    })
    return release
  }
  return { memory, forgetting, memo, hold }
}

test('what was begun before something was taken back is not kept after it', async () => {
  const { memory, forgetting, memo } = open()
  const other = { ...scope, projectId: 'q' }
  const begun = [memo.begin(scope), memo.begin(other)]
  await forgetting.forget('p')
  // Whether it was there already is asked only when what it is made of is known.
  expect(await memo.recall(scope, 'Was?')).toBeUndefined()
  await memo.keep(scope, 'Was?', 'of a document that is gone', begun[0])
  expect(memory.size()).toBe(0)
  // Of another project it does no harm.
  await memo.keep(other, 'Was?', 1, begun[1])
  expect(await memo.recall(other, 'Was?')).toBe(1)
})

test('nor what was on its way into the cache', async () => {
  const { memory, forgetting, memo, hold } = open()
  const release = hold()
  const keeping = memo.keep(scope, 'Was?', 'text', memo.begin(scope))
  await forgetting.forget('p')
  release()
  await keeping
  expect(memory.size()).toBe(0)
})

test('other processes take it back when they hear of it, and all of theirs where they did not', async () => {
  const told: AppEvent[] = []
  const [one, other] = [open(told), open()]
  const keepIn = (within: typeof scope) => other.memo.keep(within, 'Was?', within.projectId, other.memo.begin(within))
  const keep = () => Promise.all(['p', 'q'].map(projectId => keepIn({ ...scope, projectId })))
  await keep()
  await one.forgetting.forget('p')
  expect(told).toEqual([{ type: 'purged', projectId: 'p' }])
  other.forgetting.hear({ type: 'purged', projectId: 'p' })
  expect(await other.memo.recall(scope, 'Was?')).toBeUndefined()
  expect(await other.memo.recall({ ...scope, projectId: 'q' }, 'Was?')).toBe('q')
  await keep()
  other.forgetting.hear({ type: 'missed' })
  expect(other.memory.size()).toBe(0)
})
