/** `fetch` over a Unix socket or named pipe, for the typed client: the platform's own knows TCP only. */
import { request as httpRequest } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** Rejects with the system's error when nobody listens, with the signal's reason when it is aborted. */
export function createSocketFetch(socketPath: string): (request: Request) => Promise<Response> {
  return async request => {
    const { pathname, search } = new URL(request.url)
    const headers = Object.fromEntries(request.headers)
    const { signal, body } = request
    return new Promise((resolve, reject) => {
      const sent = httpRequest(
        {
          socketPath,
          path: pathname + search,
          method: request.method,
          headers: { ...headers, host: 'localhost' },
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
