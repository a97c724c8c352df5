/** What is kept to be said again without being worked out again. */
import type { Environment, IgnoredSetting, NumberOf } from './config.ts'

export interface CacheConfig {
  on: boolean
  /** Where other processes of the installation find it too; in memory without. May hold a password: never shown. */
  redisUrl?: string
  /** Bytes in the memory of this process. */
  bytes: number
  /** Milliseconds: what a search found; what a model made of a question; whole answers. 0: not kept. */
  searches: number
  vectors: number
  answers: number
}

export function cacheOf(environment: Environment, number: NumberOf, ignored: IgnoredSetting[]): CacheConfig {
  const text = (name: string) => environment[name]?.trim() ?? ''
  const given = text('CACHE_ENABLED')
  const on = !/^(?:off|0|false|no)$/i.test(given)
  if (on && !/^(?:|on|1|true|yes)$/i.test(given))
    ignored.push({ variable: 'CACHE_ENABLED', given: given.slice(0, 80), inForce: 'on' })
  const redis = text('REDIS_URL')
  const redisUrl = /^rediss?:\/\/./i.test(redis) && URL.canParse(redis) ? redis : undefined
  if (redis !== '' && redisUrl === undefined) ignored.push({ variable: 'REDIS_URL', given: '…', inForce: '–' })
  const seconds = (variable: string, otherwise: number) =>
    number(variable, { otherwise, least: 0, most: 30 * 86_400 }) * 1000
  return {
    on,
    ...(redisUrl !== undefined && { redisUrl }),
    bytes: number('CACHE_MEMORY_MB', { otherwise: 16, least: 1, most: 100_000 }) * 1024 * 1024,
    searches: seconds('CACHE_DEFAULT_TTL', 300),
    vectors: seconds('CACHE_MODEL_TTL', 3600),
    answers: seconds('CACHE_PREDICTION_TTL', 0),
  }
}
