/** What a database thread does: one connection, requests answered in order. */
import type { MessagePort } from 'node:worker_threads'
import { type Connection, openConnection } from './connection.ts'
import type { Failure, Reply, Request, ThreadSettings } from './protocol.ts'

/** Bytes from which on it is worth it; smaller ones may share a buffer. */
const large = 64 * 1024

const nothing = { columns: [], values: [], changes: 0, insertId: undefined }

/** Opens the connection, says so or why not, and answers what comes through the port, which it closes with the connection. */
export function serve(port: MessagePort, settings: ThreadSettings): void {
  let connection: Connection | undefined

  function answer(id: number, run: () => Reply): void {
    let reply: Reply
    try {
      reply = run()
    } catch (error) {
      reply = { id, open: connection?.open ?? false, failure: toFailure(error) }
    }
    port.postMessage(reply, 'result' in reply ? largeBuffers(reply.result.values) : [])
  }

  // Request 0 is the opening, which the settings ask for.
  answer(0, () => {
    connection = openConnection(settings)
    return { id: 0, open: false, vectors: connection.vectors, result: nothing }
  })

  // Without a listener a thread has nothing left to do and ends: after a failed opening, and after the closing.
  if (!connection) {
    port.close()
    return
  }
  port.on('message', ({ id, request }: { id: number; request: Request }) => {
    answer(id, () => {
      if (!connection) throw new Error('the connection is closed')
      const result = connection.handle(request)
      return { id, open: connection.open, result }
    })
    if (request.op === 'close') port.close()
  })
}

/** Handed over, not copied: nobody needs them here any more, and they need not be collected. */
function largeBuffers(values: readonly unknown[]): ArrayBuffer[] {
  return values.flatMap(value =>
    value instanceof Uint8Array && value.byteLength >= large && value.buffer instanceof ArrayBuffer
      ? [value.buffer]
      : [],
  )
}

function toFailure(error: unknown): Failure {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), code: undefined }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  return { name: error.name, message: error.message, code }
}
