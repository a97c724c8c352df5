/**
 * `fetch` to a server of this machine, for the typed client: the platform's own knows no sockets, and takes a request to
 * 127.0.0.1, with the token, to a proxy of the environment (`NODE_USE_ENV_PROXY`, `HTTP_PROXY`).
 */
import { Agent, request as httpRequest } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/**
 * Over this Unix socket or named pipe; null: to the request's own address.
 * Rejects with the system's error when nobody listens, with the signal's reason when it is aborted.
 */
export function createSocketFetch(socketPath: string | null): (request: Request) => Promise<Response> {
  // The global one follows the environment.
  const agent = new Agent()
  return async request => {
    const { pathname, search, hostname, host, port } = new URL(request.url)
    const place = socketPath === null ? { host: hostname.replace(/^\[|\]$/g, ''), port: port || 80 } : { socketPath }
    const headers = Object.fromEntries(request.headers)
    const { signal, body } = request
    return new Promise((resolve, reject) => {
      const sent = httpRequest(
        {
          ...place,
          agent,
          path: pathname + search,
          method: request.method,
          headers: { ...headers, host: socketPath === null ? host : 'localhost' },
          signal,
        },
        answer => {
          const received = new Headers()
          for (const [name, values] of Object.entries(answer.headersDistinct))
            for (const value of values ?? []) received.append(name, value)
          const status = answer.statusCode ?? 500
          const empty = status === 204 || status === 304
          if (empty) answer.resume()
          resolve(
            new Response(empty ? null : (Readable.toWeb(answer) as ReadableStream<Uint8Array<ArrayBuffer>>), {
              status,
              headers: received,
            }),
          )
        },
      )
      sent.on('error', error => reject(signal.aborted ? signal.reason : error))
      if (!body) sent.end()
      // An answer that comes before all was sent is an answer: what can no longer be sent is not needed.
      else pipeline(Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]), sent).catch(() => {})
    })
  }
}
