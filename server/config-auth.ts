/** Accounts: who may use this installation, and how they are known. */
import { AppError } from '../shared/errors.ts'
import type { Environment, IgnoredSetting, NumberOf } from './config.ts'
import { isLoopback } from './loopback.ts'

export type Registration = 'invite' | 'open' | 'closed'

export interface AuthConfig {
  /** `local`: one user and no accounts. */
  mode: 'local' | 'server'
  /** As they were set; `demandServerMode` looks at them. */
  publicUrl?: string
  secret?: string
  registration: Registration
  /** Milliseconds. */
  linkAge: number
  sessionAge: number
  github?: GitHubConfig
}

export interface GitHubConfig {
  id: string
  secret: string
  /** Other than GitHub's own, for one of a company's. */
  url: string
  apiUrl: string
}

/** What a server with accounts is made of. */
export interface ServerMode extends Omit<AuthConfig, 'mode' | 'publicUrl' | 'secret'> {
  /** An origin: no path, no slash at its end. */
  publicUrl: string
  secret: string
}

const minute = 60_000
const day = 24 * 60 * minute
const leastSecret = 32

export function authOf(environment: Environment, number: NumberOf, ignored: IgnoredSetting[]): AuthConfig {
  const text = (name: string) => environment[name]?.trim() || undefined
  const choice = <Value extends string>(variable: string, values: readonly Value[]): Value => {
    const given = text(variable)
    const known = values.find(value => value === given?.toLowerCase())
    if (given !== undefined && known === undefined)
      ignored.push({ variable, given: given.slice(0, 80), inForce: values[0] as string })
    return known ?? (values[0] as Value)
  }
  const [publicUrl, secret, id, key] = ['PUBLIC_URL', 'AUTH_SECRET', 'GITHUB_ID', 'GITHUB_SECRET'].map(text)
  const url = (text('GITHUB_URL') ?? 'https://github.com').replace(/\/+$/, '')
  const apiUrl = url === 'https://github.com' ? 'https://api.github.com' : `${url}/api/v3`
  return {
    mode: choice('MODE', ['local', 'server']),
    ...(publicUrl !== undefined && { publicUrl }),
    ...(secret !== undefined && { secret }),
    registration: choice('REGISTRATION', ['invite', 'open', 'closed']),
    linkAge: number('MAGIC_LINK_EXPIRY_MINUTES', { otherwise: 15, least: 1, most: 1440 }) * minute,
    sessionAge: number('SESSION_EXPIRY_DAYS', { otherwise: 30, least: 0.01, most: 400 }) * day,
    ...(id !== undefined && key !== undefined && { github: { id, secret: key, url, apiUrl } }),
  }
}

/**
 * What a server with accounts needs, or undefined in local mode, which listens on this machine alone. Throws `mode-server-needed`,
 * `public-url-missing`, `public-url-invalid`, `auth-secret-missing`, `auth-secret-weak`.
 */
export function demandServerMode(config: AuthConfig, host: string): ServerMode | undefined {
  if (config.mode === 'local') {
    if (!isLoopback(host)) throw new AppError('mode-server-needed', { host })
    return undefined
  }
  const { publicUrl, secret, mode: _, ...rest } = config
  if (publicUrl === undefined) throw new AppError('public-url-missing')
  const url = URL.parse(publicUrl)
  const onlyOrigin = url?.pathname === '/' && url.search === '' && url.hash === '' && url.username === ''
  const name = url?.hostname.replace(/^\[|\]$/g, '') ?? ''
  const safe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(name))
  if (!url || !onlyOrigin || !safe) {
    // What stands before an @ may be a password.
    throw new AppError('public-url-invalid', { given: publicUrl.replace(/\/\/[^/]*@/, '//…@').slice(0, 200) })
  }
  if (secret === undefined) throw new AppError('auth-secret-missing', { min: leastSecret })
  if (secret.length < leastSecret || new Set(secret).size < 8)
    throw new AppError('auth-secret-weak', { count: secret.length, min: leastSecret })
  return { ...rest, publicUrl: url.origin, secret }
}
