import type { Socket } from 'node:net'
import type { Agent, Client, Dispatcher, Pool } from 'undici'
import type { Connect } from './connect.ts'
import type { OnConnection } from './meter.ts'

export interface Undici {
  Agent: typeof Agent
  Client: typeof Client
  Pool: typeof Pool
}

/**
 * Milliseconds. A model on a processor may read a long prompt for minutes before it says its first word, and says then one
 * after the other.
 */
const headersTimeout = 15 * 60_000
const bodyTimeout = 5 * 60_000

/**
 * Connections that stay open for the next request to the same origin, each with one request at a time, so that its bytes can
 * be told apart: HTTP/1.1 and no pipelining. A handler hears on which it runs: see `OnConnection`.
 */
export function createPools({ Agent, Client, Pool }: Undici, connect: Connect): Agent {
  function createClient(origin: string | URL, options: object): Client {
    let socket: Socket | undefined
    const client = new Client(origin, {
      ...options,
      allowH2: false,
      pipelining: 1,
      connect(target, callback) {
        connect(target, (...[error, connected]: [Error, null] | [null, Socket]) => {
          if (error) return callback(error, null)
          socket = connected
          callback(null, connected)
        })
      },
    })
    const dispatch = client.dispatch.bind(client)
    client.dispatch = (request, handler) =>
      dispatch(
        request,
        onConnection(handler, () => socket as Socket),
      )
    return client
  }
  return new Agent({
    allowH2: false,
    headersTimeout,
    bodyTimeout,
    factory: (origin: string | URL, options: object) => new Pool(origin, { ...options, factory: createClient }),
  })
}

function onConnection(handler: Dispatcher.DispatchHandler, socketOf: () => Socket): Dispatcher.DispatchHandler {
  return Object.assign(Object.create(handler) as Dispatcher.DispatchHandler, {
    onRequestStart(controller: Dispatcher.DispatchController) {
      handler.onRequestStart?.(controller, { socket: socketOf() } satisfies OnConnection)
    },
  })
}
