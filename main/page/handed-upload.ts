/** A file that was handed over, on its way to the server: from the disk into the request that adds documents, piece by piece as they are taken. */
import { randomUUID } from 'node:crypto'
import { type AppError, toAppError } from '../../shared/errors.ts'
import type { HandedFiles, OpenedFile } from '../bridge/handed-files.ts'
import { problemOf } from './problem.ts'
import type { Transfer } from './transfers.ts'

export interface HandedUploadPorts {
  handed: Pick<HandedFiles, 'open'>
  server(request: Request): Promise<Response>
}

/** `request`: where documents are added, as the page asked, without a body. Rejects as `server` does, and where the signal says so. */
export async function sendHanded(
  { handed, server }: HandedUploadPorts,
  { id, request, progress }: { id: string; request: Request; progress: Pick<Transfer, 'sent' | 'left'> },
): Promise<Response> {
  let file: OpenedFile
  try {
    file = await handed.open(id)
  } catch (error) {
    return problemOf(toAppError(error), 409)
  }
  let wrong: AppError | undefined
  const { head, tail, type } = wrap(file.name)
  async function* body(): AsyncGenerator<Uint8Array> {
    yield head
    try {
      for await (const bytes of file.bytes()) {
        yield bytes
        progress.sent(bytes.length)
      }
    } catch (error) {
      wrong = toAppError(error)
      throw error
    }
    progress.left()
    // Not before it is certain that this was the file: without it the server takes nothing.
    yield tail
  }
  try {
    const headers = new Headers(request.headers)
    headers.set('content-type', type)
    headers.set('content-length', String(head.length + file.size + tail.length))
    const { url, method, signal } = request
    const answer = await server(new Request(url, { method, headers, signal, body: pulled(body()), duplex: 'half' }))
    // What is not needed any more is still being sent while the answer comes: only then the file is closed.
    const text = await answer.text()
    if (answer.ok) file.settle('added')
    else if (answer.status < 500) file.settle('refused')
    return new Response(text, { status: answer.status, headers: answer.headers })
  } catch (error) {
    if (!wrong) throw error
    file.settle('refused')
    return problemOf(wrong, 409)
  } finally {
    await file.close()
  }
}

/** Nothing is read before it is asked for. */
function pulled(parts: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await parts.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
    },
    { highWaterMark: 0 },
  )
}

/** As a browser sends a file; the name so that no letter of it means anything. */
function wrap(name: string): { head: Uint8Array; tail: Uint8Array; type: string } {
  const boundary = `cloister-${randomUUID()}`
  const encoded = encodeURIComponent(name.toWellFormed()).replaceAll("'", '%27')
  const heading = `Content-Disposition: form-data; name="files"; filename*=UTF-8''${encoded}`
  return {
    head: Buffer.from(`--${boundary}\r\n${heading}\r\nContent-Type: application/octet-stream\r\n\r\n`),
    tail: Buffer.from(`\r\n--${boundary}--\r\n`),
    type: `multipart/form-data; boundary=${boundary}`,
  }
}
