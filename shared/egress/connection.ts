import type { Socket } from 'node:net'
import type { FailureReason, LedgerEntry, RefusalReason } from '../model/index.ts'
import type { EgressConnection } from '../ports.ts'
import { reasonOfFailure } from './failure.ts'

export interface Tally {
  /** The bytes as they are now. */
  count(): void
  /** It came to nothing before it began. */
  fail(error: Error): void
  opened(socket: Socket): EgressConnection
  /** Breaks it off. */
  cut(): void
}

/**
 * Fills the entry of a connection in that speaks something else than HTTP: all bytes of it count, with what TLS adds, which
 * its holder may begin at any time. `ended` is called once.
 */
export function createTally(
  entry: LedgerEntry,
  ended: (outcome: { refused?: RefusalReason; failed?: FailureReason }) => void,
): Tally {
  let socket: Socket | undefined
  let failed: FailureReason | undefined
  let open = true

  function count(): void {
    if (!socket) return
    entry.sent = socket.bytesWritten
    entry.received = socket.bytesRead
  }

  function end(outcome: { refused?: RefusalReason; failed?: FailureReason }): void {
    if (!open) return
    open = false
    count()
    ended(outcome)
  }

  return {
    count,
    fail: error => end(reasonOfFailure(error)),
    opened(connected) {
      socket = connected
      entry.address = connected.remoteAddress ?? null
      connected.on('error', error => {
        failed ??= reasonOfFailure(error).failed ?? 'broken'
      })
      connected.once('close', () => end(failed ? { failed } : {}))
      return {
        socket: connected,
        fail(why) {
          failed ??= why
        },
      }
    },
    cut() {
      failed ??= 'cancelled'
      socket?.destroy()
    },
  }
}
