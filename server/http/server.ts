/** The core behind HTTP: one Express application, listening on this machine alone or on a Unix socket. */
import type { Server } from 'node:http'
import { ORPCError } from '@orpc/server'
import express, { type ErrorRequestHandler, type Express, type RequestHandler, type Router } from 'express'
import type { Issue, Session } from '../../shared/api/index.ts'
import type { Core } from '../../shared/core.ts'
import { AppError, toAppError } from '../../shared/errors.ts'
import type { Downloads } from '../../shared/models/download.ts'
import { FORMATS } from '../../shared/parsers/formats.ts'
import type { Log } from '../../shared/ports.ts'
import type { Accounts } from '../auth/accounts.ts'
import type { Access } from './access.ts'
import { visitOf } from './account-access.ts'
import { createCarry } from './carry.ts'
import { endUnread, limitBodyTime, limitSilence, limitTime } from './deadlines.ts'
import { aliases, type EdgeSettings } from './edge.ts'
import { createEventHub } from './events.ts'
import { createGitHubCallback } from './github-callback.ts'
import { prepare, securityHeaders, warnOfProxies } from './headers.ts'
import { createLedgerExport } from './ledger-export.ts'
import { createLimits } from './limits.ts'
import { demandMetricsRight, type Metrics, openMetrics } from './metrics.ts'
import type { ModelShelf } from './model-shelf.ts'
import { createServer as createHttpServer } from './node-http.ts'
import { isOpen } from './open-routes.ts'
import { createOpenUploads, type OpenUploads } from './open-uploads.ts'
import { createOpenAi, Refusal, sendError } from './openai/index.ts'
import { createPage } from './page.ts'
import { problemOf, rawProblem } from './problems.ts'
import { refuse } from './refuse.ts'
import { type CallContext, createRouter } from './router.ts'
import { allowedMethods } from './routes.ts'
import { createStanding, type Standing } from './standing.ts'
import { allowOrigins, refuseStrangers } from './strangers.ts'
import { createTransfers } from './transfers.ts'

export interface ServerDependencies {
  core: Core
  /** Says who asks. */
  access: Access
  /** In server mode. */
  accounts?: Accounts
  models: ModelShelf
  log: Log
  downloads: Downloads
  version: string
  /** Bytes. */
  maxFileSize: number
  /** Documents a user may keep; null: no limit. */
  maxFiles: number | null
  /** Passages that `POST /api/v1/chat` answers from, where the call does not say. */
  topK: number
  /** Other names for this machine that programs may ask it by, in small letters. */
  allowedHosts: readonly string[]
  edge?: EdgeSettings
  /** The folder of the built screen. */
  page?: string
  /** Files of the channel of updates; on the desktop. */
  updateFiles?: RequestHandler
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
const usualConnections = 5000

export function createServer(deps: ServerDependencies): CloisterServer {
  const { core, log, version, maxFileSize, maxFiles, edge = {} } = deps
  const hub = createEventHub({ core, downloads: deps.downloads, log })
  core.answers.start()
  const session: Session = {
    version,
    maxFileSize,
    maxFiles,
    keeps: core.keeps,
    extensions: FORMATS.flatMap(({ extensions }) => extensions),
  }
  const stopping = new AbortController()
  const isStopping = () => stopping.signal.aborted
  const router = createRouter({ ...deps, hub, session, stopping: stopping.signal })
  const uploads = createOpenUploads()
  const standing = createStanding({ ...deps, lookTime: edge.lookTime })
  const openai = createOpenAi({ ...deps, stopping: stopping.signal })
  // Few use it, and it takes memory: it comes with the first request.
  let opening: ReturnType<typeof openMcp> | undefined
  const openMcp = async () => {
    const { createMcpEndpoint } = await import('../mcp/http.ts')
    return createMcpEndpoint(core, { version, log })
  }
  const mcp: RequestHandler = async (req, res) => {
    opening ??= openMcp()
    await (await opening).handle(req, res)
  }
  const ownExport: RequestHandler = async (req, res, next) => {
    const { createOwnExport } = await import('./own-export.ts')
    return createOwnExport({ ...deps, stopping: stopping.signal })(req, res, next)
  }
  const transfers = { ...createTransfers({ ...deps, hub }), ownExport }
  const app = createApp(deps, transfers, router, { openai, mcp }, { uploads, standing }, isStopping)
  const servers = new Set<Server>()

  return {
    open() {
      const server = createHttpServer(
        {
          headersTimeout: headerTime,
          // How often it looks whose headers are late.
          connectionsCheckingInterval: headerTime / 2,
          keepAliveTimeout: silence,
          requestTimeout: 0,
          maxHeaderSize: headerLimit,
        },
        app,
      )
      // A client that talks no HTTP gets a plain word and the door.
      server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
        if (!socket.writable) socket.destroy()
        else if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') socket.end(rawProblem(new AppError('request-slow')))
        else if (error.code !== 'HPE_HEADER_OVERFLOW')
          socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
        else socket.end(rawProblem(new AppError('headers-too-large', { limit: headerLimit / 1024 })))
      })
      server.maxConnections = edge.maxConnections ?? usualConnections
      servers.add(server)
      return server
    },
    async stop(grace) {
      stopping.abort(new AppError('server-stopping'))
      const answered = core.answers.stopAll()
      void opening?.then(endpoint => endpoint.close()).catch(error => log.warn('mcp did not close', { error }))
      hub.close()
      standing.close()
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
  { access, accounts, allowedHosts, core, log, version, page, updateFiles, edge = {} }: ServerDependencies,
  { ownExport, ...transfers }: ReturnType<typeof createTransfers> & { ownExport: RequestHandler },
  router: ReturnType<typeof createRouter>,
  { openai, mcp }: { openai: Router; mcp: RequestHandler },
  { uploads, standing }: { uploads: OpenUploads; standing: Standing },
  isStopping: () => boolean,
): Express {
  const app = express()
  // What is checked by an address knows it in small letters alone.
  app.enable('case sensitive routing')
  app.disable('x-powered-by')
  app.disable('etag')
  app.set('query parser', 'simple')
  // By their number, and never by name: what stands behind the last of them is the sender's own word.
  app.set('trust proxy', edge.trustProxy ?? 0)
  const { publicUrl, corsOrigins = [], rates } = edge
  const trustProxy = (edge.trustProxy ?? 0) > 0
  const limits = rates?.on ? createLimits(rates, edge.rateStore) : undefined
  // Few want them of a server of their own, and they take memory.
  let figures: Promise<Metrics> | undefined
  const openFigures = () => {
    figures ??= openMetrics({ core, log })
    return figures
  }
  if (edge.metrics) void openFigures()

  app.use(endUnread(), prepare({ trustProxy }), securityHeaders({ https: publicUrl?.startsWith('https:') === true }))
  if (edge.metrics) app.use(async (req, res, next) => (await openFigures()).watch(req, res, next))
  app.use(refuseStrangers({ allowedHosts, corsOrigins, trustProxy, ...(publicUrl !== undefined && { publicUrl }) }))
  app.use(allowOrigins(corsOrigins))
  if (publicUrl !== undefined && !trustProxy) app.use(warnOfProxies(log))
  if (limits) app.use(limits.byAddress)
  if (edge.requestTimeout !== undefined) app.use(['/api', '/v1', '/mcp'], limitTime(edge.requestTimeout))
  app.use((req, _res, next) => {
    const meant = aliases[req.path]
    if (meant !== undefined) {
      req.url = req.url.replace(req.path, meant)
      req.originalUrl = req.url
    }
    next()
  })
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

  if (accounts) app.get(accounts.callbackPath, createGitHubCallback(accounts, log))
  app.use('/api', (req, res, next) => {
    res.setHeader('Cache-Control', 'no-store')
    if (isOpen(req.method, req.path)) return next()
    // Given back: a refusal that nobody waits for would end the process.
    return access.demand(req, res, next)
  })
  app.use(['/v1', '/mcp'], (_req, res, next) => {
    res.setHeader('Cache-Control', 'no-store')
    next()
  })
  app.use(['/v1', '/mcp'], access.demand)
  app.use(['/api', '/v1', '/mcp'], standing.keep)
  if (limits) app.use(['/api', '/v1', '/mcp'], limits.byAccount)
  app.use(['/api', '/v1', '/mcp'], (_req, _res, next) => {
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
  app.use(['/v1', '/mcp'], limitBodyTime())
  app.use('/v1', openai)
  app.all('/mcp', express.text({ type: () => true, limit: bodyLimit }), mcp)
  app.post('/api/v1/projects/:projectId/documents', limitSilence(), uploads.keep, transfers.upload)
  app.get('/api/v1/projects/:projectId/documents/:documentId/original', transfers.original)
  app.post('/api/v1/models', limitSilence(), uploads.keep, transfers.addModel)
  // Beside the contract: the desktop's main process asks, and no page or program gets there.
  if (updateFiles) app.use('/desktop/updates', access.demand, updateFiles)
  app.get('/api/v1/ledger/export', createLedgerExport(core))
  app.get('/api/v1/export', ownExport)
  app.get('/health/metrics', demandMetricsRight(edge.metricsToken, access.demand), async (_req, res) => {
    const { type, text } = await (await openFigures()).text()
    res.setHeader('Cache-Control', 'no-store')
    res.setHeader('Content-Type', type)
    res.end(text)
  })
  app.use(['/health/workers', '/health/caches'], demandMetricsRight(edge.metricsToken, access.demand))
  app.use(['/api', '/health'], limitBodyTime(), createBodyReader(edge.maxRequestSize))
  if (limits) app.use('/api', limits.byWantedAccount)

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
      who: res.locals.who,
      visit: visitOf(req, res, res.locals.caller.language),
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
  const answerError: ErrorRequestHandler = (error, req, res, _next) => {
    const { caller } = res.locals
    if (/^\/v1(?:\/|$)/.test(req.path) && error instanceof Refusal) return sendError(res, error, caller)
    const { known: reason } = understand(error)
    // An upload that was refused for it: whoever went away by himself hears nothing.
    const why = res.locals.ended ?? (isStopping() ? new AppError('server-stopping') : reason)
    const known = reason.code === 'cancelled' ? why : reason
    if (known.code === 'internal') log.error('request failed', { request: caller.instance, error })
    refuse(req, res, known)
  }
  app.use(answerError)
  return app
}

const json = 'application/json'

/** JSON alone, and not too much of it. `most`: as it was set. */
function createBodyReader(most = textLimit): RequestHandler {
  const reader = (limit: number) => ({ limit, read: express.json({ limit, strict: false }) })
  const text = reader(most)
  const other = reader(Math.min(most, bodyLimit))
  return (req, res, next) => {
    const empty = req.headers['transfer-encoding'] === undefined && Number(req.headers['content-length'] ?? 0) === 0
    if (empty) return next()
    if (!req.is(json)) throw new AppError('media-type', { type: json })
    const { read } = /\/(?:documents\/text|v1\/ingest)\/?$/.test(req.path) ? text : other
    read(req, res, (error?: unknown) => next(error && bodyError(error)))
  }
}

/** What is said to be compressed and is not comes without a type, as zlib threw it. */
function bodyError(error: unknown): unknown {
  const { type, status } = error as { type?: unknown; status?: unknown }
  return status === 400 && type === undefined ? new AppError('body-malformed', { type: json }, { cause: error }) : error
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
