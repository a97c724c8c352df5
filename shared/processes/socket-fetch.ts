/**
 * `fetch` to a server of this machine, for the typed client: the platform's own knows no sockets, and takes a request to
 * 127.0.0.1, with the token, to a proxy of the environment (`NODE_USE_ENV_PROXY`, `HTTP_PROXY`).
 */
import { Agent, type ClientRequest, request as httpRequest } from 'node:http'
import { Readable } from 'node:stream'

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
      // What goes wrong with the body: the server must not take what came for all of it.
      else pump(body, sent).catch(error => sent.destroy(error instanceof Error ? error : undefined))
    })
  }
}

/**
 * An answer that comes before all was sent is an answer: what can no longer be sent is not needed, and is left where it is. The stream of a
 * `FormData` that is cancelled while it is read ends the process (Node 24: it goes on and writes to what is closed, which nobody can catch).
 */
async function pump(body: ReadableStream<Uint8Array>, sent: ClientRequest): Promise<void> {
  const reader = body.getReader()
  // Not one promise that all pieces race with: it would hold each of them until the end, and with them the whole file.
  let wake = () => {}
  sent.once('close', () => wake())
  for (;;) {
    const next = await new Promise<Awaited<ReturnType<typeof reader.read>> | undefined>((resolve, reject) => {
      wake = () => resolve(undefined)
      reader.read().then(resolve, reject)
    })
    if (!next || sent.destroyed) return
    if (next.done) {
      sent.end()
      return
    }
    if (sent.write(next.value)) continue
    await new Promise<void>(resolve => {
      wake = resolve
      sent.once('drain', resolve)
    })
  }
}
