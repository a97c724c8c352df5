import type { Socket } from 'node:net'
import type { Dispatcher } from 'undici'
import type { FailureReason, LedgerEntry, RefusalReason } from '../model/index.ts'
import { reasonOfFailure } from './failure.ts'

type Handler = Dispatcher.DispatchHandler

/** What `pools.ts` tells of a request that is about to be written: on which connection, which carries nothing else meanwhile. */
export interface OnConnection {
  socket: Socket
}

export interface Meter {
  handler: Handler
  /** The bytes as they are now. */
  count(): void
  /** It came to nothing before it began. */
  fail(error: Error): void
}

const redirects = [301, 302, 303, 307, 308]

/**
 * Fills the entry in while the request runs, by the counters of its connection: what goes over it between the request's
 * first byte and the answer's last is the request's. `ended` is called once.
 *
 * `redirected`, where `fetch` follows, is asked when an answer leads elsewhere; what it gives ends the request.
 */
export function createMeter(
  entry: LedgerEntry,
  inner: Handler,
  {
    ended,
    redirected,
    isCancelled,
  }: {
    ended(outcome: { refused?: RefusalReason; failed?: FailureReason }): void
    redirected?: (location: string) => Error | undefined
    isCancelled(): boolean
  },
): Meter {
  let socket: Socket | undefined
  const before = { sent: 0, received: 0 }
  let open = true

  function count(): void {
    if (!socket) return
    entry.sent = socket.bytesWritten - before.sent
    entry.received = socket.bytesRead - before.received
  }

  function end(outcome: { refused?: RefusalReason; failed?: FailureReason } = {}): void {
    if (!open) return
    open = false
    count()
    socket = undefined
    ended(outcome)
  }

  return {
    count,
    fail(error) {
      end(reasonOfFailure(error))
    },
    handler: {
      onRequestStart(controller, context: OnConnection) {
        socket = context.socket
        before.sent = socket.bytesWritten
        before.received = socket.bytesRead
        entry.address = socket.remoteAddress ?? null
        inner.onRequestStart?.(controller, context)
      },
      onResponseStart(controller, status, headers, message) {
        const { location } = headers
        if (redirected && redirects.includes(status) && typeof location === 'string') {
          const refusal = redirected(location)
          // `fetch` breaks the connection off before it follows.
          end()
          if (refusal) return controller.abort(refusal)
        }
        inner.onResponseStart?.(controller, status, headers, message)
      },
      onResponseEnd(controller, trailers) {
        end()
        inner.onResponseEnd?.(controller, trailers)
      },
      onResponseError(controller, error) {
        const cancelled = controller?.aborted || isCancelled()
        end(cancelled ? { failed: 'cancelled' } : reasonOfFailure(error))
        inner.onResponseError?.(controller, error)
      },
      onResponseStarted: () => inner.onResponseStarted?.(),
      onResponseData: (controller, chunk) => inner.onResponseData?.(controller, chunk),
      onRequestUpgrade: (controller, status, headers, upgraded) =>
        inner.onRequestUpgrade?.(controller, status, headers, upgraded),
      onBodySent: chunk => inner.onBodySent?.(chunk),
      onRequestSent: () => inner.onRequestSent?.(),
    },
  }
}
