import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silent } from '../../tests/open-store.ts'
import { openTestRedis, type TestRedis, withoutRedis } from '../../tests/redis.ts'
import { until } from '../../tests/until.ts'
import { contract } from './contract.ts'
import { createRedisCache, openRedis, type RedisConnection } from './redis.ts'

describe.skipIf(withoutRedis)(`the cache in Redis${withoutRedis ? `: ${withoutRedis}` : ''}`, () => {
  let redis: TestRedis
  beforeAll(async () => {
    redis = await openTestRedis()
  })
  afterAll(() => redis.remove())

  async function open() {
    const connection = openRedis({ url: redis.url, log: silent })
    await until(() => connection.isUp(), 'connected')
    const cache = createRedisCache({ connection, prefix: `t${randomUUID()}` })
    return { cache, connection, close: () => connection.close() }
  }

  contract('with a server', open)

  it('keeps installations apart', async () => {
    const [one, other] = [await open(), await open()]
    await one.cache.set('a', new Uint8Array([1]), { time: 60_000, group: 'g' })
    expect(await other.cache.get('a')).toBeUndefined()
    await other.cache.drop('g')
    expect(await one.cache.get('a')).toBeDefined()
    await Promise.all([one.close(), other.close()])
  })

  it('fails nobody when it is lost, comes back by itself, and does not give what was taken back meanwhile', async () => {
    const { cache, connection, close } = await open()
    const options = { time: 60_000, group: 'g' }
    await cache.set('a', new Uint8Array([1]), options)
    await redis.kill()
    await until(() => !connection.isUp(), 'lost')
    const began = performance.now()
    expect(await cache.get('a')).toBeUndefined()
    await cache.set('b', new Uint8Array([2]), options)
    await cache.drop('g')
    // Waiting for it would take 3 s each.
    expect(performance.now() - began).toBeLessThan(3000)
    expect(cache.counts().failures).toBe(3)
    await redis.start()
    await until(() => connection.isUp(), 'back')
    // As if it had kept what was in it.
    const other: RedisConnection = openRedis({ url: redis.url, log: silent })
    await until(() => other.isUp(), 'connected')
    await cache.set('a', new Uint8Array([3]), options)
    expect(await cache.get('a')).toBeUndefined()
    await cache.set('a', new Uint8Array([4]), options)
    expect(await cache.get('a')).toEqual(Buffer.from([4]))
    await Promise.all([close(), other.close()])
  })

  it('what is put while its group is dropped is taken back, then or by the next drop', async () => {
    const { connection, close } = await open()
    const prefix = `t${randomUUID()}`
    const options = { time: 60_000, group: 'g' }
    const other = createRedisCache({ connection, prefix })
    // Between any two commands of one, the other one comes.
    const interrupted: RedisConnection = {
      ...connection,
      async command(...given) {
        const result = await connection.command(...given)
        await other.drop('g')
        return result
      },
    }
    const cache = createRedisCache({ connection: interrupted, prefix })
    await cache.set('a', new Uint8Array([1]), options)
    await other.drop('g')
    expect(await other.get('a')).toBeUndefined()
    await close()
  })

  it('is no error before it is there', async () => {
    const connection = openRedis({ url: 'redis://:secret@127.0.0.1:1', log: silent })
    const cache = createRedisCache({ connection, prefix: 'x' })
    expect(await cache.get('a')).toBeUndefined()
    await cache.set('a', new Uint8Array(1), { time: 1000, group: 'g' })
    expect(connection.isUp()).toBe(false)
    await connection.close()
  })
})
