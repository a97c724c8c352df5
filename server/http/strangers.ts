/** From where requests may come: under which names, from which sites, and with what sign that a page of ours sent them. */
import type { Request, RequestHandler } from 'express'
import { AppError } from '../../shared/errors.ts'
import { bearerOf } from './access.ts'

const loopbackNames = ['127.0.0.1', 'localhost', '[::1]']
/** What programs ask, and no page. */
const forPrograms = /^\/(?:v1|mcp)(?:\/|$)/
/** What probes ask, by whatever address they have of this machine; it says next to nothing, and nothing of anybody. */
const forProbes = /^\/health\/(?:liveness|readiness)$|^\/health$|^\/api\/v1\/(?:live|ready|health)$/
/** What no other site can make a browser send without asking us first. */
export const ownHeader = 'x-cloister'

/** Through the Unix socket: no browser reaches it by itself, so names and origins say nothing there. */
const isPrivate = (req: Request) => req.socket.remoteAddress === undefined
const changes = ({ method }: Request) => method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS'

export interface Surroundings {
  /** The one origin that the screen is opened at, of a server in server mode; without it, the server is this machine's own. */
  publicUrl?: string
  /** Names that containers have for this machine, in small letters: programs may use them, but no page is shown under them. */
  allowedHosts: readonly string[]
  /** Other origins whose pages may ask us. */
  corsOrigins: readonly string[]
  /** Whether a proxy stands before us, which says under which name it was asked. */
  trustProxy: boolean
}

/**
 * Refuses other names than ours (a foreign name that was pointed at our address would make another site's page ours: DNS rebinding) and
 * other sites' requests. A link from elsewhere to our page is fine. In server mode, what changes something on the word of a cookie alone
 * must also come with a header that pages of other sites cannot send: their forms go out with our cookies, too.
 */
export function refuseStrangers(surroundings: Surroundings): RequestHandler {
  const { publicUrl, allowedHosts, corsOrigins, trustProxy } = surroundings
  const own = publicUrl === undefined ? undefined : new URL(publicUrl)

  function isKnownName(req: Request): boolean {
    const { localPort: port, localAddress } = req.socket
    const withPort = (names: readonly string[]) =>
      names.flatMap(name => [`${name}:${port}`, ...(port === 80 ? [name] : [])])
    const host = (req.headers.host ?? '').toLowerCase()
    if (forPrograms.test(req.path) && withPort(allowedHosts).includes(host)) return true
    const machine = () => withPort([...loopbackNames, localAddress ?? '']).includes(host)
    if (!own) return machine()
    if (forProbes.test(req.path)) return true
    const forwarded = trustProxy ? req.headers['x-forwarded-host'] : undefined
    const asked = typeof forwarded === 'string' ? forwarded.split(',', 1)[0]?.trim().toLowerCase() : undefined
    if ((asked ?? host) === own.host || host === own.host) return true
    // No browser brings these by itself, whatever name it believes us to have.
    return bearerOf(req) !== undefined && machine()
  }

  function isKnownOrigin(req: Request, origin: string): boolean {
    if (own) return origin === own.origin || corsOrigins.includes(origin)
    const { localPort: port, localAddress } = req.socket
    const names = [...loopbackNames, localAddress ?? ''].flatMap(name => [
      `http://${name}:${port}`,
      ...(port === 80 ? [`http://${name}`] : []),
    ])
    return names.includes(origin) || corsOrigins.includes(origin)
  }

  return (req, _res, next) => {
    if (isPrivate(req)) return next()
    if (!isKnownName(req)) throw new AppError('foreign-site')
    const { origin } = req.headers
    if (origin !== undefined && !isKnownOrigin(req, origin)) throw new AppError('foreign-site')
    const site = req.headers['sec-fetch-site']
    // Of an origin that was let in by name, it may say what it likes.
    const invited = origin !== undefined && corsOrigins.includes(origin)
    if (site !== undefined && site !== 'same-origin' && site !== 'none' && !invited) {
      const visit =
        req.method === 'GET' &&
        req.headers['sec-fetch-mode'] === 'navigate' &&
        !isOfApi(req) &&
        req.headers['sec-fetch-dest'] === 'document'
      if (!visit) throw new AppError('foreign-site')
    }
    // Another scheme than ours is no key: a browser sends one by itself, where a name and a password stand in a link.
    const byCookie = req.headers.cookie !== undefined && bearerOf(req) === undefined
    if (own && changes(req) && byCookie && req.headers[ownHeader] === undefined) throw new AppError('foreign-site')
    next()
  }
}

/** Where GitHub sends a browser back to: a page of another site leads there, and nothing happens without what we gave it before. */
const callback = /^\/api\/v1\/auth\/(?:callback|oauth2\/callback)\//
const isOfApi = ({ path }: Request) => path.startsWith('/api/') && !callback.test(path)

const methods = 'GET, HEAD, POST, PUT, PATCH, DELETE'
const headers = `authorization, content-type, accept, accept-language, last-event-id, mcp-protocol-version, mcp-session-id, ${ownHeader}`
const shown = 'Retry-After, X-Request-Id, RateLimit, RateLimit-Policy, Content-Disposition, Mcp-Session-Id'
/** Seconds for which a browser need not ask again. */
const remembered = 600

/**
 * Lets pages of these origins read what we say. Cookies come along only from pages of our own site (another name under the same domain):
 * ours are `SameSite`, and browsers keep them back from all others, which ask with a key.
 */
export function allowOrigins(origins: readonly string[]): RequestHandler {
  return (req, res, next) => {
    if (origins.length === 0) return next()
    // Whatever keeps answers keeps one for each.
    res.vary('Origin')
    const { origin } = req.headers
    if (origin === undefined || !origins.includes(origin)) return next()
    res.setHeader('Access-Control-Allow-Origin', origin)
    res.setHeader('Access-Control-Allow-Credentials', 'true')
    res.setHeader('Access-Control-Expose-Headers', shown)
    if (req.method !== 'OPTIONS' || req.headers['access-control-request-method'] === undefined) return next()
    res.setHeader('Access-Control-Allow-Methods', methods)
    res.setHeader('Access-Control-Allow-Headers', headers)
    res.setHeader('Access-Control-Max-Age', String(remembered))
    res.status(204).end()
  }
}
