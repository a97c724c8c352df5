/**
 * Who was let in is asked for again while their request lasts: streams, uploads and long answers end with the session, the key or the role
 * that they began with. At once when something is said to have changed, here or at another server; and at least once a minute, since what
 * is said may be lost, and a session also ends by itself.
 */
import type { Request, RequestHandler, Response } from 'express'
import type { Core } from '../../shared/core.ts'
import { AppError, toAppError } from '../../shared/errors.ts'
import type { ErrorCode } from '../../shared/model/index.ts'
import type { Log } from '../../shared/ports.ts'
import type { Access } from './access.ts'
import { giveUp } from './deadlines.ts'
import type { Identity, Role } from './identity.ts'
import { refuse } from './refuse.ts'

declare global {
  // Express is extended this way.
  namespace Express {
    interface Locals {
      /** Throws `unauthorized`, `role-needed`: whoever asked would not be let in any more. Absent where nobody can lose that. */
      stillIn?: () => Promise<void>
      /** Why the request was ended from outside. */
      ended?: AppError
    }
  }
}

export interface Standing {
  /** Behind `Access.demand`. */
  keep: RequestHandler
  close(): void
}

interface Open {
  req: Request
  res: Response
  who: Identity
  /** By the process's own clock. */
  since: number
}

/** Milliseconds between two looks at what has lasted for as long: a minute is the most that passes in between. */
const usualLookTime = 30_000
/** Cookies and keys that are asked for at once, so that many open streams do not keep requests from the database. */
const atOnce = 4
/** Milliseconds that a stream has for an end in order. */
const cutTime = 1000
/** What is done there changes just that, and is short: whoever ends the session that asks for it is to hear that it has ended. */
const ofOneself = /^\/api\/v1\/(?:auth|session|users)(?:\/|$)/
const out: readonly ErrorCode[] = ['unauthorized', 'role-needed', 'account-blocked']
const rank: Record<Role, number> = { member: 0, admin: 1, owner: 2 }

export function createStanding({
  core,
  access,
  log,
  lookTime = usualLookTime,
}: {
  core: Pick<Core, 'watch'>
  access: Access
  log: Log
  lookTime?: number | undefined
}): Standing {
  const { identify } = access
  const open = new Set<Open>()
  const closing = new AbortController()

  async function demand(one: Open): Promise<void> {
    demandSame(one, await identify?.(one.req))
  }

  function demandSame({ who }: Open, now: Identity | undefined): void {
    if (now?.userId !== who.userId) throw new AppError('unauthorized', { mode: 'server' })
    if (rank[now.role] < rank[who.role]) throw new AppError('role-needed')
  }

  /** At all that were let in by the same. */
  async function look(all: Open[]): Promise<void> {
    const [first] = all
    const now = first && identify?.(first.req)
    for (const one of all)
      try {
        demandSame(one, await now)
      } catch (error) {
        const why = toAppError(error)
        // A database that is away lets nobody in, and throws nobody out.
        if (!out.includes(why.code)) log.warn('it was not asked again who is let in', { error })
        else if (open.delete(one)) end(one, why)
      }
  }

  async function lookAt(concerns: (one: Open) => boolean): Promise<void> {
    const concerned = [...open].filter(concerns)
    const groups = Map.groupBy(concerned, ({ req: { headers } }) => `${headers.authorization}\n${headers.cookie}`)
    const left = [...groups.values()]
    const lookOn = async () => {
      for (let next = left.pop(); next; next = left.pop()) await look(next)
    }
    await Promise.all(Array.from({ length: atOnce }, lookOn))
  }

  async function listen(): Promise<void> {
    for await (const event of core.watch(closing.signal)) {
      if (event.type === 'access') void lookAt(({ who }) => who.userId === event.userId)
      if (event.type === 'missed') void lookAt(() => true)
    }
  }

  let busy = false
  let looking: ReturnType<typeof setInterval> | undefined
  if (identify) {
    void listen().catch(error => log.error('nothing is heard of who is let in', { error }))
    looking = setInterval(() => {
      if (busy) return
      busy = true
      const before = performance.now() - lookTime
      void lookAt(({ since }) => since <= before).finally(() => {
        busy = false
      })
    }, lookTime)
    looking.unref()
  }

  return {
    keep(req, res, next) {
      const { who } = res.locals
      if (!identify || !who || ofOneself.test(req.originalUrl)) return next()
      const one = { req, res, who, since: performance.now() }
      res.locals.stillIn = () => demand(one)
      open.add(one)
      res.once('close', () => void open.delete(one))
      next()
    },
    close() {
      clearInterval(looking)
      closing.abort()
    },
  }
}

function end({ req, res }: Open, why: AppError): void {
  res.locals.ended = why
  if (!res.headersSent) {
    res.setHeader('Connection', 'close')
    refuse(req, res, why)
  }
  giveUp(res)
  if (!req.complete) {
    // Whoever reads it hears of a broken connection; where nobody does, it must harm nobody.
    req.on('error', () => {})
    req.emit('error', why)
  }
  const timer = setTimeout(() => res.destroy(), cutTime)
  timer.unref()
  res.once('close', () => clearTimeout(timer))
}
