import { randomBytes, randomUUID } from 'node:crypto'
import type { RequestHandler } from 'express'
import helmet from 'helmet'
import type { Log } from '../../shared/ports.ts'
import type { Caller } from './problems.ts'
import { languageOf } from './problems.ts'

declare global {
  // Express is extended this way.
  namespace Express {
    interface Locals {
      caller: Caller
      /** For what the page's own scripts and styles are known by; new for every response. */
      nonce: string
    }
  }
}

/** What proxies call requests by: UUIDs, numbers, traces. Nothing that could be read as something else in a log or an address. */
const requestId = /^[\w.-]{8,128}$/
const uuid = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i

const mostListeners = 30

/** Names the request: as the proxy before us did, where there is one that may. */
export function prepare({ trustProxy }: { trustProxy: boolean }): RequestHandler {
  return (req, res, next) => {
    const from = req.headers['x-forwarded-for']
    if (trustProxy && typeof from === 'string') req.headers['x-forwarded-for'] = withoutPorts(from)
    const given = trustProxy ? req.headers['x-request-id'] : undefined
    const known = typeof given === 'string' && requestId.test(given) ? given : undefined
    const instance = known !== undefined && !uuid.test(known) ? known : `urn:uuid:${known ?? randomUUID()}`
    res.locals.caller = { language: languageOf(req.headers['accept-language']), instance }
    res.locals.nonce = randomBytes(18).toString('base64')
    res.setHeader('X-Request-Id', instance)
    // Limits, figures, the session and whoever writes a file wait for its end, each by a listener; with all of them Node speaks of a leak.
    res.setMaxListeners(mostListeners)
    next()
  }
}

/** Some proxies write `203.0.113.1:4711`: with each connection another one, and so another address to whoever counts. */
function withoutPorts(from: string): string {
  const bare = (one: string) => one.trim().replace(/^(\d+(?:\.\d+){3}):\d+$|^\[([\da-f:.]+)\](?::\d+)?$/i, '$1$2')
  return from.split(',').map(bare).join(', ')
}

/** Says once that a proxy stands before us which nobody counted: all who come through it are one address. */
export function warnOfProxies(log: Log): RequestHandler {
  let told = false
  return (req, _res, next) => {
    if (!told && req.headers['x-forwarded-for'] !== undefined) {
      told = true
      log.warn('a request came with X-Forwarded-For, but TRUST_PROXY is 0: all who come through a proxy count as one')
    }
    next()
  }
}

const nonce = (_req: unknown, res: unknown) => `'nonce-${(res as { locals: { nonce: string } }).locals.nonce}'`
/** Seconds of a year. */
const year = 365 * 24 * 60 * 60

/** What the page may load: its own, and nothing from elsewhere. `https`: whether browsers shall never again come without. */
export function securityHeaders({ https }: { https: boolean }): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        // PDF.js decodes some images by WebAssembly.
        scriptSrc: ["'self'", nonce, "'wasm-unsafe-eval'"],
        styleSrc: ["'self'", nonce],
        imgSrc: ["'self'", 'data:', 'blob:'],
        fontSrc: ["'self'", 'data:'],
        connectSrc: ["'self'"],
        workerSrc: ["'self'", 'blob:'],
        manifestSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    crossOriginEmbedderPolicy: false,
    crossOriginOpenerPolicy: { policy: 'same-origin' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
    referrerPolicy: { policy: 'no-referrer' },
    // Plain HTTP on this machine: there is nothing to be strict about.
    strictTransportSecurity: https && { maxAge: 2 * year, includeSubDomains: false },
    xFrameOptions: { action: 'deny' },
  })
}
