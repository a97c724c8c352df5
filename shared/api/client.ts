import { type ClientContext, createORPCClient, getEventMeta, ORPCError } from '@orpc/client'
import type { AnyContractRouter, ContractRouterClient } from '@orpc/contract'
import { OpenAPILink } from '@orpc/openapi-client/fetch'
import { ApiError, isProblem } from './api-error.ts'
import type { contract } from './index.ts'

export type Client = ContractRouterClient<typeof contract>

export interface ClientOptions {
  /**
   * The `contract`, or what `minifyContractRouter(contract)` leaves of it: methods and paths are enough here, and a page
   * that is built with those does without zod.
   */
  routes: AnyContractRouter
  /** Where the server is: `http://127.0.0.1:3210`. */
  url: string
  /** Instead of the global one: over a socket, or through the window's own protocol. */
  fetch?: (request: Request, init?: RequestInit) => Promise<Response>
  /** In the browser the cookie does. */
  token?: string
  /** For the texts of errors; else the browser's. */
  language?: () => string
}

/** Milliseconds without a byte after which a stream is given up: the server sends a comment every 5 seconds. */
const silence = 20_000

/**
 * Calls as the contract has them. They throw `ApiError` with the server's code, values and text, or `server-unreachable`;
 * an aborted one throws what its signal says. Streams are async iterables: leaving the loop ends the request, and with it
 * the work on the server.
 */
export function createClient({ routes, url, fetch = globalThis.fetch, token, language }: ClientOptions): Client {
  const link = new OpenAPILink<ClientContext>(routes, {
    url,
    headers: () => ({
      // Pages of other sites cannot send it: see `server/http/strangers.ts`.
      'x-cloister': '1',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(language && { 'accept-language': language() }),
    }),
    async fetch(request, init) {
      let response: Response
      request.signal.throwIfAborted()
      try {
        response = await fetch(request, init)
      } catch (error) {
        request.signal.throwIfAborted()
        throw new ApiError({ code: 'server-unreachable', status: 0 }, { cause: error })
      }
      const type = response.headers.get('content-type') ?? ''
      if (type.startsWith('text/event-stream') && response.body) return watched(response, response.body, request.signal)
      // The link reads JSON only under its own name.
      if (!type.startsWith('application/problem+json')) return response
      const headers = { 'content-type': 'application/json' }
      return new Response(await response.text(), { status: response.status, headers })
    },
    customErrorResponseBodyDecoder: (body, { status }) => new ORPCError('PROBLEM', { status, data: body }),
    interceptors: [
      async ({ next, ...options }) => {
        try {
          const output = await next(options)
          return isStream(output) ? mapped(output, options.signal) : output
        } catch (error) {
          throw understood(error, options.signal)
        }
      },
    ],
  })
  return createORPCClient(link)
}

/**
 * Reads a stream on and on: when the connection breaks it is opened again after a growing pause, from the last event that
 * came. Ends with the signal, or when the server ends it; throws what the server refuses for good (a wrong token).
 */
export async function* follow<T>(
  open: (options: { lastEventId?: string; signal: AbortSignal }) => Promise<AsyncIterable<T>>,
  {
    signal,
    pauses = [250, 500, 1000, 2000, 5000],
    connected = () => {},
  }: {
    signal: AbortSignal
    /** Milliseconds before each new try; the last holds for all that follow. */
    pauses?: readonly number[]
    /** Hears whether there is a connection, when that changes. */
    connected?: (now: boolean) => void
  },
): AsyncGenerator<T, void> {
  let lastEventId: string | undefined
  let failures = 0
  let up: boolean | undefined
  const tell = (now: boolean) => {
    if (up !== now) connected(now)
    up = now
  }
  while (!signal.aborted) {
    try {
      const events = await open({ signal, ...(lastEventId !== undefined && { lastEventId }) })
      tell(true)
      for await (const event of events) {
        failures = 0
        lastEventId = getEventMeta(event)?.id ?? lastEventId
        yield event
      }
    } catch (error) {
      if (signal.aborted) return
      // A client's mistake stays one, however often it is made.
      if (error instanceof ApiError && error.status >= 400 && error.status < 500) throw error
    }
    tell(false)
    await rest(pauses[Math.min(failures, pauses.length - 1)] ?? 0, signal)
    failures += 1
  }
}

function rest(time: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, time)
    signal.addEventListener('abort', end, { once: true })
    if (signal.aborted) end()
  })
}

function understood(error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return signal.reason
  if (error instanceof ApiError) return error
  if (error instanceof ORPCError) {
    const body: unknown = error.data
    if (isProblem(body)) return new ApiError(body, { cause: error })
    return new ApiError({ code: 'internal', status: error.status }, { cause: error })
  }
  if (error instanceof Error && error.cause instanceof ApiError) return error.cause
  return new ApiError({ code: 'server-unreachable', status: 0 }, { cause: error })
}

function isStream(value: unknown): value is AsyncIterator<unknown> & AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value && 'next' in value
}

/** The same events; what goes wrong on the way is said in our words. */
async function* mapped(stream: AsyncIterable<unknown>, signal: AbortSignal | undefined): AsyncGenerator<unknown> {
  try {
    yield* stream
  } catch (error) {
    throw understood(error, signal)
  }
}

/** A connection that died without a word (a machine that slept) is an error, not a wait without end. */
function watched(response: Response, body: ReadableStream<Uint8Array<ArrayBuffer>>, signal: AbortSignal): Response {
  let timer: ReturnType<typeof setTimeout> | undefined
  let abort = () => {}
  const watch = (controller: TransformStreamDefaultController) => {
    clearTimeout(timer)
    timer = setTimeout(() => controller.error(new ApiError({ code: 'server-unreachable', status: 0 })), silence)
  }
  const end = () => {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
  }
  const through = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    start(controller) {
      watch(controller)
      abort = () => {
        clearTimeout(timer)
        controller.error(signal.reason)
      }
      signal.addEventListener('abort', abort, { once: true })
    },
    transform(chunk, controller) {
      watch(controller)
      controller.enqueue(chunk)
    },
    flush: end,
    cancel: end,
  })
  return new Response(body.pipeThrough(through), { status: response.status, headers: response.headers })
}
