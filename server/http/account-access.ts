/** Who is let in on a server with accounts: by a session, by an API key, and who holds the token of this machine. */
import type { Request } from 'express'
import { AppError } from '../../shared/errors.ts'
import { localUser } from '../../shared/workspace/projects.ts'
import type { Accounts } from '../auth/accounts.ts'
import type { Visit } from '../auth/visit.ts'
import { type Access, bearerOf, same } from './access.ts'
import { leaving } from './deadlines.ts'
import type { Identity } from './identity.ts'
import { demandScope } from './key-scopes.ts'

/**
 * Whoever holds the token may read the database itself: it stands for the first owner, and before there is one for local mode's user. It
 * is for commands on this machine, so no cookie is made of it.
 */
export function createAccountAccess(accounts: Accounts, token: string): Access {
  async function identify(req: Request, looking?: 'looking'): Promise<Identity | undefined> {
    const bearer = bearerOf(req)
    if (bearer !== undefined && same(bearer, token))
      return { userId: (await accounts.people.firstOwner()) ?? localUser, role: 'owner', via: 'token' }
    return accounts.identify({ cookie: req.headers.cookie, bearer }, looking)
  }

  return {
    async demand(req, res, next) {
      const who = await identify(req)
      if (!who) throw new AppError('unauthorized', { mode: 'server' })
      demandScope(who, req.method, req.originalUrl.split('?', 1)[0] ?? '')
      res.locals.who = who
      next()
    },
    identify: req => identify(req, 'looking'),
    cookieFor() {
      throw new AppError('unauthorized', { mode: 'server' })
    },
    forget: () => `${accounts.sessions.cookie}=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax`,
  }
}

/** A request as accounts see it. */
export function visitOf(
  req: Parameters<Access['demand']>[0],
  res: Parameters<Access['demand']>[1],
  language: Visit['language'],
): Visit {
  return {
    cookie: req.headers.cookie,
    userAgent: req.headers['user-agent'],
    address: req.ip,
    signal: leaving(res),
    language,
    setCookies: lines => {
      for (const line of lines) res.append('Set-Cookie', line)
    },
  }
}
