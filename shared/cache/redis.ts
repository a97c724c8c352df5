/** Redis, where the installation has one: every process of it finds the same. Lost, it is a cache that knows nothing, until it is back. */
import { Redis } from 'ioredis'
import { AppError } from '../errors.ts'
import type { Cache, CacheCounts, Log } from '../ports.ts'

export interface RedisConnection {
  /** A command as Redis reads it. Throws at once while there is no connection, and after `patience`. */
  command(name: string, ...parameters: (string | number | Uint8Array)[]): Promise<unknown>
  /** Whether there is a connection now. */
  isUp(): boolean
  close(): Promise<void>
}

/** Milliseconds for a command: making it again takes less than waiting longer. */
const patience = 250
const connectTime = 3000
/** Milliseconds between two tries to get the connection back, at most. */
const longestPause = 5000
/** Milliseconds between two lines in the log that say the same. */
const silence = 60_000

/** Connects in the background, and again whenever the connection is lost. Neither waits for it nor fails for want of it. */
export function openRedis({ url, log }: { url: string; log: Log }): RedisConnection {
  let told = Number.NEGATIVE_INFINITY
  const redis = new Redis(url, {
    // Addresses of private networks are often of IPv6 alone.
    family: 0,
    connectTimeout: connectTime,
    commandTimeout: patience,
    // What was meant for a lost connection is made again by whoever wanted it.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (tried: number) => Math.min(longestPause, 100 * 2 ** Math.min(tried, 10)),
    connectionName: 'cloister',
  })
  redis.on('error', error => {
    if (performance.now() - told < silence) return
    told = performance.now()
    log.warn('redis cannot be reached', { error: { message: error.message.replace(/\/\/[^/\s]*@/g, '//…@') } })
  })
  redis.on('ready', () => {
    told = Number.NEGATIVE_INFINITY
    log.info('redis is there')
  })
  return {
    async command(name, ...parameters) {
      // Refused here, it costs no stack and no timer.
      if (redis.status !== 'ready') throw new AppError('cancelled')
      return redis.callBuffer(
        name,
        parameters.map(one => (one instanceof Uint8Array ? Buffer.from(one) : one)),
      )
    },
    isUp: () => redis.status === 'ready',
    async close() {
      redis.disconnect()
    },
  }
}

/** All at once: what were in no group, because that was dropped in between, could never be taken back. */
const put = `redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('SADD', KEYS[2], KEYS[1])
redis.call('PEXPIRE', KEYS[2], ARGV[2] + ARGV[3])`

/** Keys of a group are removed so many at a time. */
const batch = 500

/** `prefix` keeps installations apart that share one Redis. */
export function createRedisCache({ connection, prefix }: { connection: RedisConnection; prefix: string }): Cache {
  const counts: CacheCounts = { hits: 0, misses: 0, failures: 0 }
  const keyOf = (key: string) => `${prefix}:c:${key}`
  const groupOf = (group: string) => `${prefix}:g:${group}`
  /** Taken back while Redis was lost: nothing of them is read before that was made up for. */
  const owed = new Map<string, Promise<boolean> | undefined>()

  async function asked<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work()
    } catch {
      counts.failures += 1
      return undefined
    }
  }

  async function remove(group: string): Promise<void> {
    for (;;) {
      const keys = (await connection.command('SPOP', groupOf(group), batch)) as Uint8Array[]
      if (keys.length === 0) return
      await connection.command('UNLINK', ...keys)
    }
  }

  /** Whether nothing is owed any more. */
  async function settle(): Promise<boolean> {
    for (const group of [...owed.keys()]) {
      const removing =
        owed.get(group) ??
        remove(group).then(
          () => owed.delete(group),
          () => {
            owed.set(group, undefined)
            return false
          },
        )
      owed.set(group, removing)
      if (!(await removing)) return false
    }
    return true
  }

  return {
    async get(key) {
      const value = await asked(async () => {
        if (owed.size > 0 && !(await settle())) throw new AppError('cancelled')
        return { found: (await connection.command('GET', keyOf(key))) as Uint8Array | null }
      })
      if (!value) return undefined
      if (value.found) counts.hits += 1
      else counts.misses += 1
      return value.found ?? undefined
    },
    async set(key, value, { time, group }) {
      if (time <= 0) return
      await asked(async () => {
        const milliseconds = Math.ceil(time)
        await connection.command('EVAL', put, 2, keyOf(key), groupOf(group), value, milliseconds, longestGroup)
      })
    },
    async drop(group) {
      if ((await asked(() => remove(group).then(() => true))) === undefined) owed.set(group, undefined)
    },
    counts: () => ({ ...counts }),
    async close() {},
  }
}

/** Milliseconds that a group outlives what was last added to it; entries live 30 days at most. */
const longestGroup = 30 * 86_400_000
