/**
 * The Model Context Protocol over HTTP: its present revision without sessions, where each request stands for itself, and the ones before
 * it with sessions, so that a client can call off what it asked for by another request.
 */
import { randomUUID } from 'node:crypto'
import {
  createMcpHandler,
  isInitializeRequest,
  isJSONRPCRequest,
  type McpServer,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server'
import type { Request as ExpressRequest, Response as ExpressResponse } from 'express'
import { AppError } from '../../shared/errors.ts'
import type { Log } from '../../shared/ports.ts'
import { drained } from '../http/carry.ts'
import { leaving } from '../http/deadlines.ts'
import { whoAsks } from '../http/identity.ts'
import type { McpCore } from './library.ts'
import { createMcpServer } from './server.ts'

export interface McpEndpoint {
  /** Behind the check of who is asking: a request whose body was read as text. */
  handle(req: ExpressRequest, res: ExpressResponse): Promise<void>
  close(): Promise<void>
}

/** Sessions at once; the one that rested longest gives way, and before all those that are being answered. */
const mostSessions = 100
/** Milliseconds. */
const longestRest = 60 * 60 * 1000

interface Session {
  /** Whose it is: to everybody else it is none. */
  userId: string
  server: McpServer
  transport: WebStandardStreamableHTTPServerTransport
  /** When a request last began, or ended. */
  used: number
  /** Requests that are not answered yet; the stream for what a server says by itself is none of them. */
  open: number
}

export function createMcpEndpoint(
  core: Omit<McpCore, 'userId'>,
  { version, log }: { version: string; log: Log },
): McpEndpoint {
  const warn = (error: Error) => log.debug('mcp', { error })
  const serverOf = (userId: string) => createMcpServer({ with: run => run({ ...core, userId }) }, version)
  const handler = createMcpHandler(
    ({ authInfo }) => {
      // Without it nobody is asking, and nobody's library would be shown.
      if (authInfo === undefined) throw new AppError('unauthorized')
      return serverOf(authInfo.clientId)
    },
    { onerror: warn },
  )
  const sessions = new Map<string, Session>()

  function sessionOf(id: string | null, userId: string): Session | undefined {
    const session = id === null ? undefined : sessions.get(id)
    return session?.userId === userId ? session : undefined
  }

  async function end(id: string): Promise<void> {
    const session = sessions.get(id)
    sessions.delete(id)
    await session?.server.close().catch(warn)
  }

  async function begin(userId: string): Promise<WebStandardStreamableHTTPServerTransport> {
    const rested = [...sessions].sort(
      ([, one], [, other]) => Number(one.open > 0) - Number(other.open > 0) || one.used - other.used,
    )
    for (const [at, [id, { open, used }]] of rested.entries())
      if ((open === 0 && performance.now() - used > longestRest) || rested.length - at >= mostSessions) await end(id)
    const server = serverOf(userId)
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: id =>
        void sessions.set(id, { userId, server, transport, used: performance.now(), open: 0 }),
      onsessionclosed: id => void sessions.delete(id),
    })
    transport.onerror = warn
    await server.connect(transport)
    return transport
  }

  async function answer(request: Request, userId: string, body: string, left: AbortSignal): Promise<Response> {
    const id = request.headers.get('mcp-session-id')
    const session = sessionOf(id, userId)
    if (session) {
      const response = await session.transport.handleRequest(request)
      callOff(session, body, left)
      return response
    }
    // The client is to begin a new one then.
    if (id !== null) return refuse(404, -32001, 'Session not found')
    if (request.method === 'POST' && begins(body)) return (await begin(userId)).handleRequest(request)
    return handler.fetch(request, { authInfo: { token: '', clientId: userId, scopes: [] } })
  }

  async function handle(req: ExpressRequest, res: ExpressResponse): Promise<void> {
    const body = typeof req.body === 'string' ? req.body : ''
    const headers = new Headers()
    for (const [name, value] of Object.entries(req.headers))
      if (value !== undefined && name !== 'content-length') headers.set(name, [value].flat().join(', '))
    const left = leaving(res)
    const request = new Request(new URL(req.originalUrl, 'http://localhost'), {
      method: req.method,
      headers,
      signal: left,
      ...(req.method !== 'GET' && req.method !== 'HEAD' && { body }),
    })
    const { userId } = whoAsks(res)
    const session = sessionOf(headers.get('mcp-session-id'), userId)
    const change = req.method === 'POST' ? 1 : 0
    if (session) {
      session.open += change
      session.used = performance.now()
    }
    try {
      await send(res, await answer(request, userId, body, left))
    } finally {
      if (session) {
        session.open -= change
        session.used = performance.now()
      }
    }
  }

  return {
    handle,
    async close() {
      await Promise.all([handler.close(), ...[...sessions.keys()].map(end)])
    },
  }
}

/**
 * Ends what a request asked for when its connection ends. The revisions with sessions leave that to a request of its own, for streams that
 * can be taken up again; ours cannot, so nobody could read on, and the model would write to its end while the user waits for it.
 */
function callOff({ transport }: Session, body: string, left: AbortSignal): void {
  const stop = () => {
    for (const message of messagesOf(body))
      if (isJSONRPCRequest(message))
        transport.onmessage?.({
          jsonrpc: '2.0',
          method: 'notifications/cancelled',
          params: { requestId: message.id, reason: 'The connection ended' },
        })
  }
  if (left.aborted) stop()
  else left.addEventListener('abort', stop, { once: true })
}

const begins = (body: string) => messagesOf(body).some(isInitializeRequest)

/** Several in one, as earlier revisions allow; none where it is no JSON. */
function messagesOf(body: string): unknown[] {
  try {
    return [JSON.parse(body) as unknown].flat()
  } catch {
    return []
  }
}

function refuse(status: number, code: number, message: string): Response {
  return Response.json({ jsonrpc: '2.0', error: { code, message }, id: null }, { status })
}

async function send(res: ExpressResponse, response: Response): Promise<void> {
  res.on('error', () => {})
  res.writeHead(response.status, Object.fromEntries(response.headers))
  const reader = response.body?.getReader()
  if (!reader) {
    res.end()
    return
  }
  const leave = () => void reader.cancel().catch(() => {})
  res.once('close', leave)
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done || res.destroyed) break
      if (!res.write(value)) await drained(res)
    }
  } catch {
    // The head has gone out: all that is left is an end that does not look like one.
    res.destroy()
  } finally {
    res.off('close', leave)
    res.end()
  }
}
