/** Who may speak to the server: this machine's own pages and programs, and whoever holds the token. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { Request, RequestHandler } from 'express'
import { AppError } from '../../shared/errors.ts'

const loopbackNames = ['127.0.0.1', 'localhost', '[::1]']

/** Through the Unix socket: no browser reaches it by itself, so names and origins say nothing there. */
function isPrivate(req: Request): boolean {
  return req.socket.remoteAddress === undefined
}

/**
 * Refuses other names for this machine (a foreign name that was pointed at 127.0.0.1 would make another site's page ours:
 * DNS rebinding) and other sites' requests. A link from elsewhere to our page is fine.
 */
export const refuseStrangers: RequestHandler = (req, _res, next) => {
  if (isPrivate(req)) return next()
  const port = req.socket.localPort
  const own = [...loopbackNames, req.socket.localAddress ?? ''].flatMap(name => [
    `${name}:${port}`,
    ...(port === 80 ? [name] : []),
  ])
  if (!own.includes((req.headers.host ?? '').toLowerCase())) throw new AppError('foreign-site')
  const { origin } = req.headers
  if (origin !== undefined && !own.some(name => origin === `http://${name}`)) throw new AppError('foreign-site')
  const site = req.headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    const visit = req.method === 'GET' && req.headers['sec-fetch-mode'] === 'navigate' && !req.path.startsWith('/api/')
    if (!visit || req.headers['sec-fetch-dest'] !== 'document') throw new AppError('foreign-site')
  }
  next()
}

export interface Access {
  /** Throws `unauthorized` for everybody without the token. */
  demand: RequestHandler
  /** The cookie of whoever brings the right token. Throws `unauthorized`. */
  cookieFor(req: Request, token: string): string
  /** Takes the cookie away. */
  forget(req: Request): string
}

export function createAccess(token: string): Access {
  // The cookie is not the token: whoever reads the one does not have the other.
  const ticket = createHmac('sha256', token).update('cloister cookie').digest('base64url')
  const attributes = 'HttpOnly; SameSite=Strict; Path=/'

  return {
    demand(req, _res, next) {
      const bearer = /^Bearer +(\S+)$/i.exec(req.headers.authorization ?? '')?.[1]
      const known = bearer !== undefined ? same(bearer, token) : same(cookieOf(req), ticket)
      if (!known) throw new AppError('unauthorized')
      next()
    },
    cookieFor(req, given) {
      if (!same(given, token)) throw new AppError('unauthorized')
      return `${cookieName(req)}=${ticket}; ${attributes}`
    },
    forget: req => `${cookieName(req)}=; ${attributes}; Max-Age=0`,
  }
}

/** In the same time, whatever was given. */
function same(given: string | undefined, secret: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given ?? ''), digest(secret)) && given !== undefined
}

/** Cookies know no ports: two servers on one machine would take each other's. */
function cookieName(req: Request): string {
  return `cloister-${req.socket.localPort ?? 'socket'}`
}

function cookieOf(req: Request): string | undefined {
  const name = cookieName(req)
  for (const part of (req.headers.cookie ?? '').split(';')) {
    const [key, value] = part.trim().split('=', 2)
    if (key === name) return value
  }
  return undefined
}
