/**
 * All that the window's page can reach: `app://bundle/`, which is the built screen and, below `/api/`, the server of this application. A
 * function from request to response, as Electron's `protocol.handle` wants one.
 */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { handedHeader, transferHeader } from '../../shared/api/desktop-headers.ts'
import { AppError } from '../../shared/errors.ts'
import type { Log } from '../../shared/ports.ts'
import type { HandedFiles } from '../bridge/handed-files.ts'
import { contentSecurityPolicy } from './csp.ts'
import { type PageFiles, typeOf } from './files.ts'
import { sendHanded } from './handed-upload.ts'
import { isOwnOrigin, pageOrigin } from './origin.ts'
import { problemOf } from './problem.ts'
import type { Transfer, Transfers } from './transfers.ts'

/** Stands in the built page wherever the nonce of a response belongs (`html.cspNonce` of Vite). */
const noncePlaceholder = '__NONCE__'
/** Files whose name holds a hash of what is in them. */
const hashed = /^\/assets\//
/** Where files are added that were handed over, and nowhere else. */
const documents = /^\/api\/v1\/projects\/[^/]+\/documents$/
/** Nothing that says who asks, or from where: the server is told by us. What belongs to one connection is that connection's. */
const withheld =
  /^(?:authorization|cookie|host|origin|referer|connection|keep-alive|transfer-encoding|upgrade|te|trailer|proxy-.*|sec-.*|x-forwarded-.*|forwarded|x-cloister-.+)$/i
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
  /** To the server, as its owner; rejects where there is none. An `AppError` is told as the server would tell it. */
  server: (request: Request) => Promise<Response>
  handed: Pick<HandedFiles, 'open'>
  transfers: Pick<Transfers, 'begin'>
  log: Log
}

/** Never rejects. What cannot be answered because no server runs is an error of the network to the page, which then says so and tries again. */
export function createAppRequests({
  files,
  server,
  handed,
  transfers,
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

  async function file(at: string, method: string): Promise<Response> {
    const found = files.get(at)
    if (found === undefined) return refuse(404)
    // Whole: none is large, an error comes before an answer does, and each time the archive holds it against its sum. A stream of a file in
    // an archive is one of a copy in the system's temporary folder, up to Electron 44.
    const body = method === 'HEAD' ? null : new Uint8Array(await readFile(found))
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

  async function forward(request: Request, url: URL): Promise<Response> {
    const name = request.headers.get(transferHeader)
    if (name === null) return pass(request, url)
    const transfer = transfers.begin(name)
    // Its page is gone, or did not want it any more before it came.
    if (!transfer) return Response.error()
    try {
      return await pass(request, url, transfer)
    } finally {
      transfer.end()
    }
  }

  async function pass(request: Request, url: URL, transfer?: Transfer): Promise<Response> {
    const headers = new Headers([...request.headers].filter(([name]) => !withheld.test(name)))
    const { method } = request
    const signal = transfer ? AbortSignal.any([request.signal, transfer.signal]) : request.signal
    const to = `http://localhost${url.pathname}${url.search}`
    const id = request.headers.get(handedHeader)
    if (id !== null) {
      if (!transfer || request.body || method !== 'POST' || !documents.test(url.pathname)) return refuse(400)
      const asked = new Request(to, { method, headers, signal })
      return received(await sendHanded({ handed, server }, { id, request: asked, progress: transfer }))
    }
    const body = request.body && transfer ? createPassage(request.body, transfer) : undefined
    try {
      const sent = body?.stream ?? request.body
      const asked = new Request(to, { method, headers, signal, body: sent, ...(sent && { duplex: 'half' }) })
      return received(await server(asked))
    } finally {
      body?.drain()
    }
  }

  function received(answer: Response): Response {
    const headers = new Headers(answer.headers)
    for (const name of dropped) headers.delete(name)
    for (const [name, value] of Object.entries(always)) headers.set(name, value)
    return new Response(answer.body, { status: answer.status, headers })
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
      return url.pathname === '/' || url.pathname === '/index.html' ? await page() : await file(url.pathname, method)
    } catch (error) {
      if (error instanceof AppError) return received(problemOf(error, 503))
      if (!request.signal.aborted) log.debug('not answered', { path: pathOf(request.url), error })
      return Response.error()
    }
  }
}

/** A body on its way. */
function createPassage(body: ReadableStream<Uint8Array>, transfer: Transfer) {
  const reader = body.getReader()
  return {
    stream: new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const { done, value } = await reader.read()
          if (done) {
            transfer.left()
            controller.close()
          } else {
            controller.enqueue(value)
            transfer.sent(value.length)
          }
        },
      },
      { highWaterMark: 0 },
    ),
    /**
     * What is left goes nowhere. Electron reads files of the page from their disk, and closes one at its end and no sooner, whatever is cancelled:
     * a stick could not be taken out.
     */
    drain(): void {
      const rest = async () => {
        while (!(await reader.read()).done);
      }
      rest().catch(() => {})
    },
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
