/** What stands between this server and the network: who may ask from where, how often, how much and for how long. */
import { AppError } from '../shared/errors.ts'
import type { Environment, IgnoredSetting, NumberOf } from './config.ts'

export interface EdgeConfig {
  /** Origins whose pages may ask us. `*` as it was set: `demandOrigins` looks at it. */
  corsOrigins: readonly string[]
  /** How many proxies stand before us, each of which adds to `X-Forwarded-For`; 0: none, and what the header says is anybody's. */
  trustProxy: number
  /** Whether that was said. */
  proxiesSaid: boolean
  /** Bytes of a request that is no upload; as it is built in, where nothing is set. */
  maxRequestSize?: number
  /** Milliseconds until a request must have begun to be answered, streams and files apart; unset: `usualRequestTimeout` in server mode. */
  requestTimeout?: number
  maxConnections: number
  /** Who shows it may read the figures of the server, and nothing else. */
  metricsToken?: string
  rates: RateConfig
}

/** Requests a minute, where nothing else is said; `false`: not counted at all. */
export interface RateConfig {
  on: boolean
  /** Of one address, whoever asks. */
  perAddress: number
  /** Of one account. */
  perAccount: number
  /** Questions, and texts that models write, of one account. */
  asking: number
  /** Requests with files, of one account. */
  uploads: number
  /** Ways in, in 15 minutes: of one address; and of one address for one account. */
  signIn: number
  signInToAccount: number
}

/** A model on a processor may take minutes to an answer that is sent as a whole. */
export const usualRequestTimeout = 300_000
const units = { '': 1, b: 1, kb: 1024, k: 1024, mb: 1024 ** 2, m: 1024 ** 2, gb: 1024 ** 3, g: 1024 ** 3 } as const
const leastToken = 16

export function edgeOf(environment: Environment, number: NumberOf, ignored: IgnoredSetting[]): EdgeConfig {
  const text = (name: string) => environment[name]?.trim() || undefined
  const refuse = (variable: string, inForce: string) =>
    void ignored.push({ variable, given: (text(variable) ?? '').slice(0, 80), inForce })
  const rate = (variable: string, otherwise: number) =>
    number(variable, { otherwise, least: 1, most: 1e9, whole: true })

  const size = sizeOf(text('MAX_REQUEST_SIZE'))
  if (size === null) refuse('MAX_REQUEST_SIZE', '–')
  const timeout = timeOf(text('REQUEST_TIMEOUT'))
  if (timeout === null) refuse('REQUEST_TIMEOUT', '–')
  const metricsToken = text('METRICS_TOKEN')
  const token = metricsToken !== undefined && metricsToken.length >= leastToken ? metricsToken : undefined
  // It is a secret: not even a bad one is repeated.
  if (metricsToken !== undefined && token === undefined)
    ignored.push({ variable: 'METRICS_TOKEN', given: '…', inForce: '–' })
  const given = text('RATE_LIMIT')
  const on = !/^(?:off|0|false|no)$/i.test(given ?? '')
  if (given !== undefined && on && !/^(?:on|1|true|yes)$/i.test(given)) refuse('RATE_LIMIT', 'on')

  return {
    corsOrigins: originsOf(text('CORS_ORIGINS'), ignored),
    proxiesSaid: /^\d+$/.test(text('TRUST_PROXY') ?? ''),
    trustProxy: number('TRUST_PROXY', { otherwise: 0, least: 0, most: 10, whole: true }),
    ...(size && { maxRequestSize: size }),
    ...(timeout && { requestTimeout: timeout }),
    maxConnections: number('MAX_CONNECTIONS', { otherwise: 5000, least: 10, most: 1_000_000, whole: true }),
    ...(token !== undefined && { metricsToken: token }),
    rates: {
      on,
      perAddress: rate('RATE_LIMIT_ADDRESS', 1200),
      perAccount: rate('RATE_LIMIT_ACCOUNT', 600),
      asking: rate('RATE_LIMIT_ASK', 30),
      uploads: rate('RATE_LIMIT_UPLOAD', 120),
      signIn: rate('RATE_LIMIT_SIGN_IN', 60),
      signInToAccount: rate('RATE_LIMIT_SIGN_IN_ACCOUNT', 20),
    },
  }
}

/** Origins as browsers write them; `*` stays, so that it can be refused by name. */
function originsOf(given: string | undefined, ignored: IgnoredSetting[]): string[] {
  return (given ?? '')
    .split(/[\s,]+/)
    .filter(Boolean)
    .flatMap(one => {
      if (one === '*') return ['*']
      const url = URL.parse(one)
      const plain = url && /^https?:$/.test(url.protocol) && url.pathname === '/' && `${url.search}${url.hash}` === ''
      if (plain && url.username === '' && !one.includes('*')) return [url.origin]
      ignored.push({ variable: 'CORS_ORIGINS', given: one.replace(/\/\/[^/]*@/, '//…@').slice(0, 80), inForce: '–' })
      return []
    })
}

/** Throws `cors-any` where every site in the world was let in. */
export function demandOrigins({ corsOrigins }: Pick<EdgeConfig, 'corsOrigins'>): readonly string[] {
  if (corsOrigins.includes('*')) throw new AppError('cors-any')
  return corsOrigins
}

/**
 * How many proxies stand before a server that is opened at this address. Throws `trust-proxy-missing` where https is spoken and nobody said:
 * whoever speaks it for us is one, and counted as none, all who come through it would be one address, with the tries of one.
 */
export function demandProxies({ trustProxy, proxiesSaid }: EdgeConfig, publicUrl: string): number {
  if (!proxiesSaid && publicUrl.startsWith('https:')) throw new AppError('trust-proxy-missing')
  return trustProxy
}

/** Bytes of `1000000`, `10mb`, `512 KB`; null where it is nothing of the kind. */
function sizeOf(given: string | undefined): number | null | undefined {
  if (given === undefined) return undefined
  const [, count, unit = ''] = /^(\d+(?:\.\d+)?)\s*([kmg]?b?)$/i.exec(given) ?? []
  const size = Math.round(Number(count) * units[unit.toLowerCase() as keyof typeof units])
  return size >= 1024 && size <= 1024 ** 3 ? size : null
}

/** Milliseconds of `30`, `30s`, `2m`, `30000ms`. Without a unit it is seconds, and milliseconds from 1000 on: nobody means hours. */
function timeOf(given: string | undefined): number | null | undefined {
  if (given === undefined) return undefined
  const [, count, unit = ''] = /^(\d+(?:\.\d+)?)\s*(ms|s|m)?$/i.exec(given) ?? []
  const value = Number(count)
  const factor = { '': value >= 1000 ? 1 : 1000, ms: 1, s: 1000, m: 60_000 }[unit.toLowerCase()] ?? Number.NaN
  const time = value * factor
  return time >= 1000 && time <= 3_600_000 ? time : null
}
