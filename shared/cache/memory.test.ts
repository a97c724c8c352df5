import { expect, it } from 'vitest'
import { contract } from './contract.ts'
import { createMemoryCache } from './memory.ts'

contract('the cache in memory', async () => {
  const cache = createMemoryCache({ bytes: 10_000_000 })
  return { cache, close: () => cache.close() }
})

it('stays below its bytes: what was not asked for longest goes first', async () => {
  const cache = createMemoryCache({ bytes: 10_000 })
  const value = new Uint8Array(2000)
  for (const key of ['a', 'b', 'c']) await cache.set(key, value, { time: 60_000, group: 'g' })
  await cache.get('a')
  for (const key of ['d', 'e']) await cache.set(key, value, { time: 60_000, group: 'g' })
  const left = await Promise.all(
    ['a', 'b', 'c', 'd', 'e'].map(async key => [key, (await cache.get(key)) !== undefined]),
  )
  expect(Object.fromEntries(left)).toEqual({ a: true, b: false, c: true, d: true, e: true })
  expect(cache.size()).toBeLessThanOrEqual(10_000)
  await cache.set('huge', new Uint8Array(20_000), { time: 60_000, group: 'g' })
  expect(await cache.get('huge')).toBeUndefined()
  expect(await cache.get('a')).toBeDefined()
  await cache.drop('g')
  expect(cache.size()).toBe(0)
})

it('counts time by a clock that it is handed', async () => {
  let now = 0
  const cache = createMemoryCache({ bytes: 10_000, now: () => now })
  await cache.set('a', new Uint8Array(1), { time: 1000, group: 'g' })
  now = 999
  expect(await cache.get('a')).toBeDefined()
  now = 1000
  expect(await cache.get('a')).toBeUndefined()
  expect(cache.size()).toBe(0)
})
