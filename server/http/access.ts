/** Who is let in on a machine of one's own: whoever holds the token. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { Request, RequestHandler } from 'express'
import { AppError } from '../../shared/errors.ts'
import type { Identity } from './identity.ts'

export interface Access {
  /** Says who asks, in `res.locals.who`. Throws `unauthorized` for everybody without the token. */
  demand: RequestHandler
  /** Who that is by now, which is no use of what they bring; undefined for nobody. Absent where whoever was let in stays in. */
  identify?(req: Request): Promise<Identity | undefined>
  /** The cookie of whoever brings the right token. Throws `unauthorized`. */
  cookieFor(req: Request, token: string): string
  /** Takes the cookie away. */
  forget(req: Request): string
}

/** Everybody who has the token is the one user there is. */
export function createAccess(token: string, userId: string): Access {
  // The cookie is not the token: whoever reads the one does not have the other.
  const ticket = createHmac('sha256', token).update('cloister cookie').digest('base64url')
  const attributes = 'HttpOnly; SameSite=Strict; Path=/'

  return {
    demand(req, res, next) {
      const bearer = bearerOf(req)
      const known = bearer !== undefined ? same(bearer, token) : same(cookieOf(req), ticket)
      if (!known) throw new AppError('unauthorized')
      res.locals.who = { userId, role: 'owner', via: 'token' }
      next()
    },
    cookieFor(req, given) {
      if (!same(given, token)) throw new AppError('unauthorized')
      return `${cookieName(req)}=${ticket}; ${attributes}`
    },
    forget: req => `${cookieName(req)}=; ${attributes}; Max-Age=0`,
  }
}

export const bearerOf = (req: Request): string | undefined =>
  /^Bearer +(\S+)$/i.exec(req.headers.authorization ?? '')?.[1]

/** In the same time, whatever was given. */
export function same(given: string | undefined, secret: string): boolean {
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
