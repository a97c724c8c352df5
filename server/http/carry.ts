/**
 * The contract's router behind Express. oRPC has an adapter of its own for Node, but what that brings along and never uses
 * (fetch, forms, a table of all media types) is a tenth of what an idle server keeps in memory: see `node-http.ts`; and its
 * streams take each event through four streams of the web and copy it on the way.
 */
import { toORPCError } from '@orpc/client'
import { StandardOpenAPICodec, StandardOpenAPIMatcher } from '@orpc/openapi/standard'
import {
  StandardBracketNotationSerializer,
  StandardOpenAPIJsonSerializer,
  StandardOpenAPISerializer,
} from '@orpc/openapi-client/standard'
import { type Context, getEventMeta, type ORPCError } from '@orpc/server'
import { StandardHandler, type StandardHandlerOptions } from '@orpc/server/standard'
import type { Request, Response } from 'express'
import { leaving } from './deadlines.ts'

export interface CarryOptions<Given extends Context> extends StandardHandlerOptions<Given> {
  /** The body of a refusal. */
  customErrorResponseBodyEncoder(error: ORPCError<string, unknown>): unknown
}

/** Milliseconds of silence after which a stream says that it is still there. */
const heartbeat = 5000
const comment = ': \n\n'

/** Answers a request whose body is read; false when the contract has no route for it. */
export function createCarry<Given extends Context>(
  router: ConstructorParameters<typeof StandardHandler<Given>>[0],
  options: CarryOptions<Given>,
): (req: Request, res: Response, context: Given) => Promise<boolean> {
  const codec = new StandardOpenAPICodec(new PlainSerializer(), options)
  const handler = new StandardHandler(router, new StandardOpenAPIMatcher(), codec, options)
  return async (req, res, context) => {
    const request = {
      // The contract knows no HEAD: it is a GET whose body stays here.
      method: req.method === 'HEAD' ? 'GET' : req.method,
      // What is before the path says nothing here, and may be anything.
      url: new URL(req.originalUrl.replace(/^\/*/, '/'), 'http://localhost'),
      headers: req.headers,
      body: async () => req.body as unknown,
      signal: leaving(res),
    }
    const { matched, response } = await handler.handle(request, { context })
    if (!matched) return false
    const { status, body } = response
    if (isEvents(body) && req.method === 'HEAD') {
      await body.return?.()
      res.writeHead(status, { 'content-type': 'text/event-stream' }).end()
    } else if (isEvents(body)) await sendEvents(res, status, body)
    else if (!res.destroyed && !res.headersSent) send(res, status, body)
    return true
  }
}

/** Whatever we say is JSON as it is: no dates, sets or files, which oRPC looks for in every value, and in every input. */
class PlainSerializer extends StandardOpenAPISerializer {
  readonly query: StandardBracketNotationSerializer

  constructor() {
    const query = new StandardBracketNotationSerializer()
    super(new StandardOpenAPIJsonSerializer(), query)
    this.query = query
  }

  override serialize(data: unknown): unknown {
    return data
  }

  override deserialize(data: unknown): unknown {
    return data instanceof URLSearchParams ? this.query.deserialize([...data]) : data
  }
}

function send(res: Response, status: number, body: unknown): void {
  if (body === undefined) {
    res.writeHead(status, {}).end()
    return
  }
  const text = JSON.stringify(body)
  res.writeHead(status, { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) })
  res.end(text)
}

type Events = AsyncIterator<unknown>

function isEvents(value: unknown): value is Events {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value && 'next' in value
}

/** Ends with the events, or with the reader: then they are told to end. A reader who is slow is waited for. */
async function sendEvents(res: Response, status: number, events: Events): Promise<void> {
  const leave = () => void events.return?.().catch(() => {})
  if (res.closed || res.destroyed || res.headersSent) return leave()
  res.once('close', leave)
  // Without a listener, a connection that breaks would be an error that nobody caught; `close` follows.
  res.on('error', () => {})
  // Proxies that keep what comes until they have much of it are asked not to (nginx, and those that took it over).
  res.setHeader('X-Accel-Buffering', 'no')
  res.writeHead(status, { 'content-type': 'text/event-stream' })
  res.write(comment)
  const beating = setInterval(() => void (res.writableNeedDrain || res.write(comment)), heartbeat)
  try {
    while (!res.destroyed) {
      const { done, value } = await events.next()
      if (done && value === undefined) break
      const room = res.write(frame(done ? 'done' : 'message', value, value))
      if (done) break
      if (!room && !res.destroyed) await drained(res)
      beating.refresh()
    }
  } catch (error) {
    if (!res.destroyed) res.write(frame('error', toORPCError(error).toJSON(), error))
  } finally {
    clearInterval(beating)
    res.off('close', leave)
    res.end()
  }
}

/** Resolves when there is room again, or nobody there. */
export function drained(res: Response): Promise<void> {
  return new Promise(resolve => {
    const end = () => {
      res.off('drain', end)
      res.off('close', end)
      resolve()
    }
    res.on('drain', end)
    res.on('close', end)
  })
}

/** As the client of the contract reads it. `named` may carry an id to go on from. */
function frame(event: 'message' | 'done' | 'error', data: unknown, named: unknown): string {
  const { id, retry } = getEventMeta(named) ?? {}
  const head = `event: ${event}\n${retry === undefined ? '' : `retry: ${retry}\n`}${id === undefined ? '' : `id: ${id}\n`}`
  return `${head}data: ${JSON.stringify(data)}\n\n`
}
