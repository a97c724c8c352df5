/**
 * All that the window's page can reach: `app://bundle/`, which is the built screen and, below `/api/`, the server of this application. A
 * function from request to response, as Electron's `protocol.handle` wants one.
 */
import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import type { Log } from '../../shared/ports.ts'
import { contentSecurityPolicy } from './csp.ts'
import { type PageFiles, typeOf } from './files.ts'
import { isOwnOrigin, pageOrigin } from './origin.ts'

/** Stands in the built page wherever the nonce of a response belongs (`html.cspNonce` of Vite). */
const noncePlaceholder = '__NONCE__'
/** Files whose name holds a hash of what is in them. */
const hashed = /^\/assets\//
/** What was opened with Cloister, by an id that nobody can guess. */
const handedPath = /^\/handed\/([\da-f-]{36})$/
/** Nothing that says who asks, or from where: the server is told by us. What belongs to one connection is that connection's. */
const withheld =
  /^(?:authorization|cookie|host|origin|referer|connection|keep-alive|transfer-encoding|upgrade|te|trailer|proxy-.*|sec-.*|x-forwarded-.*|forwarded)$/i
/** Of an answer: what is for a browser at an address, and not for a page in our window. */
const dropped = ['set-cookie', 'strict-transport-security', 'connection', 'keep-alive', 'transfer-encoding']

const always = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
}

export interface AppRequestOptions {
  files: PageFiles
  /** To the server, as its owner; rejects where there is none. */
  server: (request: Request) => Promise<Response>
  /** The bytes of a file that the page was told of; undefined for any other. */
  handed: (id: string) => Promise<ReadableStream<Uint8Array> | undefined>
  log: Log
}

/** Never rejects. What cannot be answered because no server runs is an error of the network to the page, which then says so and tries again. */
export function createAppRequests({
  files,
  server,
  handed,
  log,
}: AppRequestOptions): (request: Request) => Promise<Response> {
  const index = files.get('/index.html')

  async function page(): Promise<Response> {
    if (index === undefined) return refuse(404)
    const nonce = randomBytes(18).toString('base64')
    const text = (await readFile(index, 'utf8')).replaceAll(noncePlaceholder, nonce)
    const headers = { 'Content-Type': typeOf(index), 'Cache-Control': 'no-store' }
    return new Response(text, {
      headers: { ...always, ...headers, 'Content-Security-Policy': contentSecurityPolicy(nonce) },
    })
  }

  function file(at: string, method: string): Response {
    const found = files.get(at)
    if (found === undefined) return refuse(404)
    const body = method === 'HEAD' ? null : (Readable.toWeb(createReadStream(found)) as ReadableStream<Uint8Array>)
    return new Response(body, {
      headers: {
        ...always,
        'Content-Type': typeOf(found),
        'Cache-Control': hashed.test(at) ? 'public, max-age=31536000, immutable' : 'no-cache',
        // A picture or a script that is opened by itself does nothing.
        'Content-Security-Policy': contentSecurityPolicy('none'),
      },
    })
  }

  async function handedFile(id: string): Promise<Response> {
    const body = await handed(id)
    if (!body) return refuse(404)
    const headers = { 'Content-Type': 'application/octet-stream', 'Cache-Control': 'no-store' }
    return new Response(body, {
      headers: { ...always, ...headers, 'Content-Security-Policy': contentSecurityPolicy('none') },
    })
  }

  async function forward(request: Request, url: URL): Promise<Response> {
    const headers = new Headers([...request.headers].filter(([name]) => !withheld.test(name)))
    const { method, body, signal } = request
    const answer = await server(
      new Request(`http://localhost${url.pathname}${url.search}`, {
        method,
        headers,
        signal,
        body,
        ...(body && { duplex: 'half' }),
      }),
    )
    const received = new Headers(answer.headers)
    for (const name of dropped) received.delete(name)
    for (const [name, value] of Object.entries(always)) received.set(name, value)
    return new Response(answer.body, { status: answer.status, headers: received })
  }

  return async request => {
    try {
      const url = new URL(request.url)
      if (!isOwnOrigin(request.url)) return refuse(404)
      const { method } = request
      const origin = request.headers.get('origin')
      const site = request.headers.get('sec-fetch-site')
      if (origin !== null && origin !== pageOrigin) return refuse(403)
      if (site !== null && site !== 'same-origin' && site !== 'none') return refuse(403)
      if (url.pathname.startsWith('/api/')) return await forward(request, url)
      if (method !== 'GET' && method !== 'HEAD') return refuse(405)
      const id = handedPath.exec(url.pathname)?.[1]
      if (id !== undefined) return method === 'GET' ? await handedFile(id) : refuse(405)
      return url.pathname === '/' || url.pathname === '/index.html' ? await page() : file(url.pathname, method)
    } catch (error) {
      if (!request.signal.aborted) log.debug('not answered', { path: pathOf(request.url), error })
      return Response.error()
    }
  }
}

function refuse(status: number): Response {
  return new Response(null, { status, headers: { ...always, 'Content-Security-Policy': "default-src 'none'" } })
}

/** Without what is asked for, which may be anybody's secret. */
function pathOf(url: string): string {
  try {
    return new URL(url).pathname
  } catch {
    return ''
  }
}
