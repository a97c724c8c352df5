/** What stands between a server and the network, and what it keeps to say again: out of the configuration, with Redis where there is one. */
import { createHash } from 'node:crypto'
import type { Store } from 'express-rate-limit'
import { createMemoryCache } from '../shared/cache/memory.ts'
import type { Cache, Log } from '../shared/ports.ts'
import type { Config } from './config.ts'
import { demandOrigins, demandProxies, usualRequestTimeout } from './config-edge.ts'
import type { EdgeSettings } from './http/edge.ts'

export interface OpenedEdge {
  edge: EdgeSettings
  close(): Promise<void>
}

/**
 * `publicUrl`: of a server in server mode; without it, it is this machine's own, whose requests nobody counts. Throws `cors-any`,
 * `trust-proxy-missing`.
 */
export async function openEdge(
  { edge: config, cache }: Pick<Config, 'edge' | 'cache'>,
  log: Log,
  publicUrl: string | undefined,
): Promise<OpenedEdge> {
  const { maxRequestSize, requestTimeout, maxConnections, metricsToken, rates } = config
  const served = publicUrl !== undefined
  // On a machine of one's own, `*` lets nobody in either.
  const corsOrigins = served ? demandOrigins(config) : config.corsOrigins.filter(origin => origin !== '*')
  const trustProxy = served ? demandProxies(config, publicUrl) : 0
  const time = requestTimeout ?? (served ? usualRequestTimeout : undefined)
  const counted = served && rates.on
  const redis = counted && cache.redisUrl !== undefined ? await openCounts(cache.redisUrl, log, publicUrl) : undefined
  return {
    edge: {
      ...(served && { publicUrl }),
      corsOrigins,
      trustProxy,
      ...(maxRequestSize !== undefined && { maxRequestSize }),
      ...(time !== undefined && { requestTimeout: time }),
      maxConnections,
      ...(metricsToken !== undefined && { metricsToken }),
      ...(counted && { rates }),
      ...(redis && { rateStore: redis.storeOf }),
      metrics: served || metricsToken !== undefined,
    },
    close: async () => redis?.close(),
  }
}

/** Counts that all processes of the installation share, and no other one that uses the same Redis: it is known by where it is opened. */
async function openCounts(
  url: string,
  log: Log,
  publicUrl: string,
): Promise<{ storeOf(name: string): Store; close(): Promise<void> }> {
  // Loaded by those alone who have one.
  const [{ openRedis }, { RedisStore }, { withFallback }] = await Promise.all([
    import('../shared/cache/redis.ts'),
    import('rate-limit-redis'),
    import('./http/limits.ts'),
  ])
  const connection = openRedis({ url, log })
  const installation = createHash('sha256').update(publicUrl).digest('hex').slice(0, 12)
  const plain = (value: unknown): unknown =>
    value instanceof Uint8Array ? Buffer.from(value).toString() : Array.isArray(value) ? value.map(plain) : value
  return {
    storeOf: name =>
      withFallback(
        new RedisStore({
          prefix: `cloister:r:${installation}:${name}:`,
          sendCommand: async (command: string, ...parameters: string[]) =>
            plain(await connection.command(command, ...parameters)) as string,
        }),
        log,
      ),
    close: () => connection.close(),
  }
}

/** The cache of a process, and for how long what is kept; undefined where nothing is to be kept. */
export async function openCache(
  { cache: config, database }: Pick<Config, 'cache' | 'database'>,
  installation: string,
  log: Log,
): Promise<{ cache: Cache; close(): Promise<void> } | undefined> {
  if (!config.on) return undefined
  // Where one process alone works on the data, nobody else would find it there.
  if (config.redisUrl === undefined || !database) {
    const cache = createMemoryCache({ bytes: config.bytes })
    return { cache, close: () => cache.close() }
  }
  const { createRedisCache, openRedis } = await import('../shared/cache/redis.ts')
  const connection = openRedis({ url: config.redisUrl, log })
  const cache = createRedisCache({ connection, prefix: `cloister:${installation}` })
  return { cache, close: () => connection.close() }
}
