/** The core behind HTTP: one Express application, listening on this machine alone or on a Unix socket. */
import type { Server } from 'node:http'
import { ORPCError } from '@orpc/server'
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express'
import type { Issue, Session } from '../../shared/api/index.ts'
import type { Core } from '../../shared/core.ts'
import { AppError, toAppError } from '../../shared/errors.ts'
import type { Downloads } from '../../shared/models/download.ts'
import { FORMATS } from '../../shared/parsers/formats.ts'
import type { Log } from '../../shared/ports.ts'
import { createAccess, refuseStrangers } from './access.ts'
import { createCarry } from './carry.ts'
import { createEventHub } from './events.ts'
import { prepare, securityHeaders } from './headers.ts'
import { createLedgerExport } from './ledger-export.ts'
import type { ModelShelf } from './model-shelf.ts'
import { createServer as createHttpServer } from './node-http.ts'
import { createOpenUploads, type OpenUploads } from './open-uploads.ts'
import { createPage } from './page.ts'
import { problemOf, rawProblem, sendProblem } from './problems.ts'
import { type CallContext, createRouter } from './router.ts'
import { allowedMethods } from './routes.ts'
import { createTransfers } from './transfers.ts'

export interface ServerDependencies {
  core: Core
  userId: string
  models: ModelShelf
  log: Log
  downloads: Downloads
  token: string
  version: string
  /** Bytes. */
  maxFileSize: number
  /** Documents a user may keep; null: no limit. */
  maxFiles: number | null
  /** Passages that `POST /api/v1/chat` answers from, where the call does not say. */
  topK: number
  /** The folder of the built screen. */
  page?: string
}

export interface CloisterServer {
  /** A listener for one address; all of them are one server. */
  open(): Server
  /**
   * Stops accepting, ends running answers with `interrupted` and streams in order, lets short requests finish, and then
   * closes what is still there after `grace` milliseconds.
   */
  stop(grace: number): Promise<void>
}

/** Bytes of a request that is no upload. */
const bodyLimit = 1024 * 1024
const textLimit = 10 * 1024 * 1024
/** A client must send its headers in so many milliseconds, and may be silent between requests for so many. */
const headerTime = 10_000
/** Bytes. Cookies know no ports: a browser sends us those of every program it uses on this machine. */
const headerLimit = 64 * 1024
const silence = 30_000
const sweepTime = 50

export function createServer(deps: ServerDependencies): CloisterServer {
  const { core, log, version, maxFileSize, maxFiles, userId } = deps
  const hub = createEventHub({ core, downloads: deps.downloads, userId, log })
  core.answers.start()
  const session: Session = {
    version,
    maxFileSize,
    maxFiles,
    extensions: FORMATS.flatMap(({ extensions }) => extensions),
  }
  const stopping = new AbortController()
  const isStopping = () => stopping.signal.aborted
  const router = createRouter({ ...deps, hub, session, stopping: stopping.signal })
  const uploads = createOpenUploads()
  const app = createApp(deps, createTransfers({ ...deps, hub }), router, uploads, isStopping)
  const servers = new Set<Server>()

  return {
    open() {
      const server = createHttpServer(
        { headersTimeout: headerTime, keepAliveTimeout: silence, requestTimeout: 0, maxHeaderSize: headerLimit },
        app,
      )
      // A client that talks no HTTP gets a plain word and the door.
      server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
        if (!socket.writable) socket.destroy()
        else if (error.code !== 'HPE_HEADER_OVERFLOW')
          socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
        else socket.end(rawProblem(new AppError('headers-too-large', { limit: headerLimit / 1024 })))
      })
      servers.add(server)
      return server
    },
    async stop(grace) {
      stopping.abort(new AppError('server-stopping'))
      const answered = core.answers.stopAll()
      hub.close()
      const closed = [...servers].map(
        server =>
          new Promise<void>(resolve => {
            server.close(() => resolve())
          }),
      )
      // A connection whose answer began before would be kept for the next request, which will not come.
      uploads.refuse()
      const sweeping = setInterval(() => {
        uploads.refuse()
        for (const server of servers) server.closeIdleConnections()
      }, sweepTime)
      let timer: ReturnType<typeof setTimeout> | undefined
      const late = new Promise<void>(resolve => {
        timer = setTimeout(() => {
          for (const server of servers) server.closeAllConnections()
          resolve()
        }, grace)
      })
      // What nobody reads any more is kept too.
      await Promise.all([...closed, Promise.race([answered, late])])
      clearInterval(sweeping)
      clearTimeout(timer)
    },
  }
}

function createApp(
  { core, userId, log, token, version, page }: ServerDependencies,
  transfers: ReturnType<typeof createTransfers>,
  router: ReturnType<typeof createRouter>,
  uploads: OpenUploads,
  isStopping: () => boolean,
): Express {
  const access = createAccess(token)
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.set('query parser', 'simple')
  app.use(prepare, securityHeaders, refuseStrangers)
  app.use((_req, res, next) => {
    if (isStopping()) res.setHeader('Connection', 'close')
    next()
  })

  // Few ever ask, and what writes it takes memory: it comes with the first question.
  let described: ReturnType<typeof import('./openapi.ts').describeApi> | undefined
  const describe = async () => {
    const { describeApi } = await import('./openapi.ts')
    described ??= describeApi(version)
    return described
  }
  app.get('/openapi.json', async (_req, res) => {
    res.setHeader('Cache-Control', 'no-cache')
    res.json(await describe())
  })
  app.get('/docs', async (_req, res) => {
    res.setHeader('Cache-Control', 'no-cache')
    const { docsPage } = await import('./docs.ts')
    res.type('html').send(docsPage(await describe(), res.locals.nonce))
  })
  app.get('/redoc', (_req, res) => res.redirect(308, '/docs'))

  app.use('/api', (req, res, next) => {
    res.setHeader('Cache-Control', 'no-store')
    if (req.method === 'POST' && req.path === '/v1/session') next()
    else access.demand(req, res, next)
  })
  app.use('/api', (_req, _res, next) => {
    if (isStopping()) throw new AppError('server-stopping')
    next()
  })
  app.use(['/api', '/health'], (req, res, next) => {
    const methods = allowedMethods(`${req.baseUrl}${req.path}`)
    if (methods.length === 0) throw new AppError('route-not-found')
    if (methods.includes('GET')) methods.push('HEAD')
    if (!methods.includes(req.method)) {
      res.setHeader('Allow', methods.join(', '))
      throw new AppError('method-not-allowed', { method: req.method, allowed: methods.join(', ') })
    }
    next()
  })
  app.post('/api/v1/projects/:projectId/documents', uploads.keep, transfers.upload)
  app.get('/api/v1/projects/:projectId/documents/:documentId/original', transfers.original)
  app.post('/api/v1/models', uploads.keep, transfers.addModel)
  app.get('/api/v1/ledger/export', createLedgerExport(core, userId))
  app.use(['/api', '/health'], readBody)

  const carry = createCarry<CallContext>(router, {
    interceptors: [
      async ({ next, ...options }) => {
        try {
          return await next(options)
        } catch (error) {
          const { caller } = options.context
          const { known, issues } = understand(error)
          if (known.code === 'internal') log.error('request failed', { request: caller.instance, error })
          const problem = problemOf(known, caller, issues)
          throw new ORPCError('PROBLEM', {
            status: problem.status,
            message: problem.title,
            data: problem,
            cause: error,
          })
        }
      },
    ],
    customErrorResponseBodyEncoder: error => error.data as unknown,
  })
  app.use(['/api', '/health'], async (req, res, next) => {
    nameProblems(res)
    const matched = await carry(req, res, {
      caller: res.locals.caller,
      identify: given =>
        void res.setHeader('Set-Cookie', given === undefined ? access.forget(req) : access.cookieFor(req, given)),
    })
    if (!matched) next(new AppError('route-not-found'))
  })

  app.use(createPage(page))
  app.use((req, res) => {
    res.setHeader('Allow', 'GET, HEAD')
    throw req.method === 'GET' || req.method === 'HEAD'
      ? new AppError('route-not-found')
      : new AppError('method-not-allowed', { method: req.method, allowed: 'GET, HEAD' })
  })
  const answerError: ErrorRequestHandler = (error, _req, res, _next) => {
    const { caller } = res.locals
    const { known: reason } = understand(error)
    // An upload that was refused for it: whoever went away by himself hears nothing.
    const known = reason.code === 'cancelled' && isStopping() ? new AppError('server-stopping') : reason
    if (known.code === 'internal') log.error('request failed', { request: caller.instance, error })
    sendProblem(res, problemOf(known, caller))
  }
  app.use(answerError)
  return app
}

const json = 'application/json'

/** JSON alone, and not too much of it. */
const readBody: RequestHandler = (req, res, next) => {
  const empty = req.headers['transfer-encoding'] === undefined && Number(req.headers['content-length'] ?? 0) === 0
  if (empty) return next()
  if (!req.is(json)) throw new AppError('media-type', { type: json })
  const limit = /\/(?:documents\/text|v1\/ingest)\/?$/.test(req.path) ? textLimit : bodyLimit
  readers[limit === textLimit ? 'text' : 'other'](req, res, (error?: unknown) => next(error && bodyError(error)))
}

/** What is said to be compressed and is not comes without a type, as zlib threw it. */
function bodyError(error: unknown): unknown {
  const { type, status } = error as { type?: unknown; status?: unknown }
  return status === 400 && type === undefined ? new AppError('body-malformed', { type: json }, { cause: error }) : error
}

const readers = {
  text: express.json({ limit: textLimit, strict: false }),
  other: express.json({ limit: bodyLimit, strict: false }),
}

/** Under its own content type, the page could not tell a problem from an answer. */
function nameProblems(res: express.Response): void {
  const writeHead = res.writeHead.bind(res) as (status: number, headers: Record<string, string>) => typeof res
  res.writeHead = ((status: number, headers: Record<string, string> = {}) => {
    if (status === 503) res.setHeader('Retry-After', '1')
    if (status === 401) res.setHeader('WWW-Authenticate', 'Bearer')
    return writeHead(
      status,
      status < 400 ? headers : { ...headers, 'content-type': 'application/problem+json; charset=utf-8' },
    )
  }) as typeof res.writeHead
}

/** Errors of the libraries in our words; what of the input is wrong, in theirs. */
function understand(error: unknown): { known: AppError; issues?: Issue[] } {
  if (error instanceof AppError) return { known: error }
  if (error instanceof ORPCError && error.status === 400) {
    const issues = issuesOf(error.data)
    const field = issues.map(issue => issue.path || issue.message).join(', ')
    return issues.length > 0
      ? { known: new AppError('input-invalid', { field: field.slice(0, 200) }), issues }
      : { known: new AppError('body-malformed', { type: json }) }
  }
  const type = error instanceof Error && 'type' in error ? error.type : undefined
  if (type === 'entity.too.large') {
    const limit = 'limit' in (error as object) ? Number((error as { limit: unknown }).limit) : bodyLimit
    return { known: new AppError('body-too-large', { limit: Math.round(limit / 1024 / 1024) }) }
  }
  if (type === 'request.aborted') return { known: new AppError('cancelled') }
  if (typeof type === 'string' && /^(entity|encoding|charset|request)\./.test(type))
    return { known: new AppError('body-malformed', { type: json }) }
  // An address that is no address: a broken percent sign, most likely.
  if (error instanceof URIError) return { known: new AppError('route-not-found') }
  return { known: toAppError(error) }
}

function issuesOf(data: unknown): Issue[] {
  if (typeof data !== 'object' || data === null || !('issues' in data) || !Array.isArray(data.issues)) return []
  return (data.issues as { message?: unknown; path?: readonly unknown[] }[])
    .slice(0, 20)
    .map(({ message, path = [] }) => ({
      path: path
        .map(part => (typeof part === 'object' && part !== null && 'key' in part ? String(part.key) : String(part)))
        .join('.'),
      message: String(message),
    }))
}
