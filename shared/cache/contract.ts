import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Cache } from '../ports.ts'

export interface OpenedCache {
  cache: Cache
  close(): Promise<void>
}

const bytes = (text: string) => new TextEncoder().encode(text)
const textOf = (value: Uint8Array | undefined) => value && new TextDecoder().decode(value)

/** What every cache does. `open` gives one that holds nothing of ours. */
export function contract(name: string, open: () => Promise<OpenedCache>): void {
  describe(name, () => {
    let opened: OpenedCache
    let cache: Cache
    beforeEach(async () => {
      opened = await open()
      cache = opened.cache
    })
    afterEach(() => opened.close())

    const group = () => randomUUID()

    it('gives what was set, byte for byte, and nothing else', async () => {
      const value = Uint8Array.from({ length: 256 }, (_, at) => at)
      await cache.set('a', value, { time: 60_000, group: 'g' })
      expect([...((await cache.get('a')) ?? [])]).toEqual([...value])
      expect(await cache.get('b')).toBeUndefined()
      expect(cache.counts()).toEqual({ hits: 1, misses: 1, failures: 0 })
    })

    it('takes a second value for the first, and an empty one for one', async () => {
      await cache.set('a', bytes('one'), { time: 60_000, group: 'g' })
      await cache.set('a', bytes(''), { time: 60_000, group: 'h' })
      expect(textOf(await cache.get('a'))).toBe('')
    })

    it('does not give what was changed in the hands of whoever set it', async () => {
      const value = bytes('one')
      await cache.set('a', value, { time: 60_000, group: 'g' })
      value[0] = 0
      expect(textOf(await cache.get('a'))).toBe('one')
    })

    it('forgets when the time is over', async () => {
      await cache.set('a', bytes('one'), { time: 40, group: 'g' })
      const end = Date.now() + 5000
      while ((await cache.get('a')) !== undefined) {
        if (Date.now() > end) throw new Error('still there')
        await new Promise(resolve => setTimeout(resolve, 10))
      }
      await cache.set('b', bytes('one'), { time: 0, group: 'g' })
      expect(await cache.get('b')).toBeUndefined()
    })

    it('takes back a group, all of it and nothing beside it', async () => {
      const [one, other] = [group(), group()]
      const keys = Array.from({ length: 1200 }, (_, at) => `${one}-${at}`)
      await Promise.all(keys.map(key => cache.set(key, bytes('x'), { time: 60_000, group: one })))
      await cache.set('other', bytes('y'), { time: 60_000, group: other })
      await cache.drop(one)
      const left = await Promise.all(keys.map(key => cache.get(key)))
      expect(left.filter(value => value !== undefined)).toEqual([])
      expect(textOf(await cache.get('other'))).toBe('y')
      await cache.drop('never heard of')
      await cache.set(`${one}-0`, bytes('again'), { time: 60_000, group: one })
      expect(textOf(await cache.get(`${one}-0`))).toBe('again')
    })
  })
}
