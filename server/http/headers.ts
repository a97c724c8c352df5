import { randomBytes, randomUUID } from 'node:crypto'
import type { RequestHandler } from 'express'
import helmet from 'helmet'
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

/** Names the request, and says what the page may load: its own, and nothing from elsewhere. */
export const prepare: RequestHandler = (req, res, next) => {
  res.locals.caller = { language: languageOf(req.headers['accept-language']), instance: `urn:uuid:${randomUUID()}` }
  res.locals.nonce = randomBytes(18).toString('base64')
  res.setHeader('X-Request-Id', res.locals.caller.instance)
  next()
}

const nonce = (_req: unknown, res: unknown) => `'nonce-${(res as { locals: { nonce: string } }).locals.nonce}'`

export const securityHeaders = helmet({
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
  crossOriginResourcePolicy: { policy: 'same-origin' },
  referrerPolicy: { policy: 'no-referrer' },
  // Plain HTTP on this machine: there is nothing to be strict about.
  strictTransportSecurity: false,
  xFrameOptions: { action: 'deny' },
})
