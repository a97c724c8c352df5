/** Which connections go through a proxy, as the usual variables of the environment say. */
import { AppError } from '../errors.ts'
import { addressOf, hostOf, inRange, isLocalName, isLoopback } from './address.ts'

/** As they were set. */
export interface ProxySettings {
  /** For addresses that begin with `https:`, and with `http:`. */
  https?: string
  http?: string
  /** Hosts that are reached without: names (with all below them), addresses, ranges of addresses, each with a port or not; `*` for all. */
  none?: string
}

export interface ProxyServer {
  /** Without its credentials. */
  origin: string
  /** What it is to be shown: `Basic …`. */
  authorization?: string
}

/**
 * Of each address its proxy, or undefined. This machine is never reached through one: it would be the proxy's own. Throws
 * `setting-invalid`; what is shown of a setting holds no credentials.
 */
export function createProxies(settings: ProxySettings): (url: URL) => ProxyServer | undefined {
  const https = readProxy('HTTPS_PROXY', settings.https)
  const http = readProxy('HTTP_PROXY', settings.http)
  const exceptions = (settings.none ?? '')
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean)
  return url => {
    const proxy = url.protocol === 'https:' ? https : http
    const host = hostOf(url)
    if (!proxy || isLocalName(host) || isLoopback(host)) return undefined
    const port = portOf(url)
    return exceptions.some(exception => isMeant(exception, host, port)) ? undefined : proxy
  }
}

export function portOf(url: URL): number {
  return Number(url.port) || (url.protocol === 'https:' ? 443 : 80)
}

function readProxy(variable: string, given: string | undefined): ProxyServer | undefined {
  const text = given?.trim()
  if (!text) return undefined
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`)
  try {
    if (!url || !['http:', 'https:'].includes(url.protocol) || url.hostname === '') throw new TypeError('no proxy')
    const { username, password, origin } = url
    if (username === '') return { origin }
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
    return { origin, authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }
  } catch {
    // Of what cannot be read it cannot be told which part is a password.
    throw new AppError('setting-invalid', { variable, given: '…', allowed: 'http://host:port, https://host:port' })
  }
}

function isMeant(exception: string, host: string, port: number): boolean {
  if (exception === '*') return true
  const { name, only } = readException(exception)
  if (only !== undefined && only !== port) return false
  if (addressOf(host) !== undefined) return name === host || inRange(host, name)
  const plain = name.replace(/^\*?\./, '')
  return host === plain || host.endsWith(`.${plain}`)
}

/** `example.org`, `.example.org:8080`, `10.0.0.0/8`, `::1`, `[::1]:8080` */
function readException(text: string): { name: string; only?: number } {
  const [, bracketed, named, port] = /^(?:\[([^\]]+)\]|([^:]*))(?::(\d+))?$/.exec(text) ?? []
  return { name: bracketed ?? named ?? text, ...(port !== undefined && { only: Number(port) }) }
}
