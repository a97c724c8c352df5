/**
 * How often one may ask: by the address before anybody is known, by the account after that, and by what is asked for. Whoever tries ways
 * in is counted by address, and by address and account together, so that nobody can lock somebody else out of an account.
 */
import type { Request, RequestHandler, Response } from 'express'
import { ipKeyGenerator, MemoryStore, rateLimit, type Store } from 'express-rate-limit'
import { AppError } from '../../shared/errors.ts'
import type { Log } from '../../shared/ports.ts'
import type { RateConfig } from '../config-edge.ts'

export interface Limits {
  /** First of all. */
  byAddress: RequestHandler
  /** Once it is known who asks. */
  byAccount: RequestHandler
  /** Once the body is read: the account that somebody wants into. */
  byWantedAccount: RequestHandler
}

/** Where requests are counted; of each class in a place of its own. */
export type StoreOf = (name: string) => Store

const minute = 60_000
const signInWindow = 15 * minute

/** What asks for a password, a code or a mail, with a session or without; each of the calls that need none. */
const waysIn =
  /^\/api\/v1\/auth\/(?:register|login(?:\/passkey(?:\/begin)?)?|second-factor|forgot-password|reset-password|verify-email|magic-link(?:\/redeem)?|set-up|invitation|github|password|prove|delete|totp(?:\/(?:confirm|recovery-codes|off))?)\/?$|^\/api\/v1\/session\/?$/
/** What makes a model work. */
const asks =
  /^\/api\/v1\/(?:chat|generate(?:\/stream)?|projects\/[^/]+\/(?:ask|answer|chats\/[^/]+\/regenerate))\/?$|^\/v1\/(?:chat\/completions|embeddings)\/?$/
const uploads = /^\/api\/v1\/(?:models|ingest|projects\/[^/]+\/documents(?:\/text)?)\/?$/
/** What may go on for as long as its reader likes. */
const streams =
  /^\/api\/v1\/(?:events|generate\/stream|projects\/[^/]+\/(?:ask|answer|answers\/[^/]+|chats\/[^/]+\/regenerate))\/?$|^\/v1\/chat\/completions\/?$/
/** Of one account at once. All windows of a browser share one, and each question on its way has one more. */
const mostStreams = 20
/** Asked by probes, from one address, as often as they like; it costs next to nothing. */
const free = /^\/health(?:\/liveness|\/readiness)?$|^\/api\/v1\/(?:live|ready|health)$/

export type RateClass = 'sign-in' | 'ask' | 'upload' | 'other'

export function classOf({ method, path }: Pick<Request, 'method' | 'path'>): RateClass {
  if (method !== 'POST') return 'other'
  if (waysIn.test(path)) return 'sign-in'
  return asks.test(path) ? 'ask' : uploads.test(path) ? 'upload' : 'other'
}

export function createLimits(rates: RateConfig, storeOf: StoreOf = () => new MemoryStore()): Limits {
  const addressOf = ({ ip }: Request) => (ip === undefined ? 'here' : ipKeyGenerator(ip))
  // Behind a router, a path is only what is left of it.
  const pathOf = ({ originalUrl }: Request) => originalUrl.split('?', 1)[0] ?? ''
  const kindOf = (req: Request) => classOf({ method: req.method, path: pathOf(req) })

  const limit = (
    name: string,
    most: number,
    window: number,
    keyOf: (req: Request, res: Response) => string,
    applies: (req: Request, res: Response) => boolean,
  ) =>
    rateLimit({
      windowMs: window,
      limit: most,
      keyGenerator: keyOf,
      skip: (req, res) => !applies(req, res),
      store: storeOf(name),
      identifier: name,
      standardHeaders: 'draft-8',
      legacyHeaders: false,
      // Counting must never be what fails.
      passOnStoreError: true,
      // They look at every request for what does not change after the first.
      validate: false,
      handler(_req, res, next) {
        const seconds = Number(res.getHeader('Retry-After') ?? Math.ceil(window / 1000))
        next(new AppError('too-many-requests', { seconds }))
      },
    })
  const each = (...handlers: RequestHandler[]): RequestHandler =>
    handlers.reduceRight<RequestHandler>(
      (after, handler) => (req, res, next) =>
        handler(req, res, error => (error === undefined ? after(req, res, next) : next(error))),
      (_req, _res, next) => next(),
    )
  const accountOf = (_req: Request, res: Response) => res.locals.who?.userId ?? ''
  const isKnown = (_req: Request, res: Response) => res.locals.who !== undefined

  return {
    byAddress: each(
      limit('address', rates.perAddress, minute, addressOf, req => !free.test(pathOf(req))),
      limit('sign-in', rates.signIn, signInWindow, addressOf, req => kindOf(req) === 'sign-in'),
    ),
    byAccount: each(
      limitStreams(req => streams.test(pathOf(req)) || (req.method === 'GET' && /^\/mcp\/?$/.test(pathOf(req)))),
      limit('account', rates.perAccount, minute, accountOf, isKnown),
      limit('ask', rates.asking, minute, accountOf, (req, res) => isKnown(req, res) && kindOf(req) === 'ask'),
      limit('upload', rates.uploads, minute, accountOf, (req, res) => isKnown(req, res) && kindOf(req) === 'upload'),
    ),
    byWantedAccount: limit(
      'sign-in-account',
      rates.signInToAccount,
      signInWindow,
      req => `${addressOf(req)} ${wantedOf(req)}`,
      req => kindOf(req) === 'sign-in' && wantedOf(req) !== '',
    ),
  }
}

/** Throws `too-many-streams` past 20 of one account at once, in this process. */
function limitStreams(isStream: (req: Request) => boolean): RequestHandler {
  const open = new Map<string, number>()
  return (req, res, next) => {
    const { who } = res.locals
    if (!who || !isStream(req)) return next()
    const count = open.get(who.userId) ?? 0
    if (count >= mostStreams) throw new AppError('too-many-streams', { limit: mostStreams })
    open.set(who.userId, count + 1)
    res.once('close', () => {
      const left = (open.get(who.userId) ?? 1) - 1
      if (left > 0) open.set(who.userId, left)
      else open.delete(who.userId)
    })
    next()
  }
}

function wantedOf({ body }: Request): string {
  const email: unknown = typeof body === 'object' && body !== null && 'email' in body ? body.email : undefined
  return typeof email === 'string' ? email.trim().toLowerCase().slice(0, 254) : ''
}

/** A count that others share, and one of this process for as long as that cannot be reached. */
export function withFallback(shared: Store, log: Log, now = () => performance.now()): Store {
  const own = new MemoryStore()
  let told = Number.NEGATIVE_INFINITY
  /** Not asked again before. */
  let until = Number.NEGATIVE_INFINITY
  /** What it needs there is made anew after each failure. */
  let prepare: (() => unknown) | undefined
  let prepared: Promise<unknown> | undefined

  function failed(error: unknown): void {
    prepared = undefined
    until = now() + pause
    if (now() - told < silence) return
    told = now()
    log.warn('requests are counted by this process alone', { error })
  }

  return {
    init(options) {
      own.init(options)
      prepare = () => shared.init?.(options)
    },
    async increment(key) {
      if (now() >= until)
        try {
          prepared ??= (async () => prepare?.())()
          await prepared
          return await shared.increment(key)
        } catch (error) {
          failed(error)
        }
      return own.increment(key)
    },
    decrement: key => own.decrement(key),
    async resetKey(key) {
      await own.resetKey(key)
      await (async () => shared.resetKey(key))().catch(failed)
    },
    shutdown: () => own.shutdown(),
  }
}

/** Milliseconds until what failed is asked again, and between two lines in the log. */
const pause = 1000
const silence = 60_000
