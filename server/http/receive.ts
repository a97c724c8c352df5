/** Reads files out of a multipart request as they come, without keeping them. */

import type { Readable } from 'node:stream'
import busboy from 'busboy'
import type { Request, Response } from 'express'
import { AppError } from '../../shared/errors.ts'

export interface IncomingFile {
  name: string
  /** With the folders it came from. */
  path: string
  /** Once; whoever stops reading early refuses the rest. */
  bytes: AsyncIterable<Uint8Array>
}

const multipart = 'multipart/form-data'
/** Bytes still to come that are read and thrown away so that the files after a refused one are reached. */
const drainable = 1024 * 1024
/** Milliseconds in which what a client still sends is read after an early answer, so that it gets to read it. */
const lingering = 3000
const mostFiles = 1000
const longestName = 255
const longestPath = 1000

/**
 * Hands the files of a request to `take`, one after the other. A file that `take` does not read to its end is skipped,
 * unless much of the request is still to come: then the rest is not waited for (`complete: false`), and the connection
 * ends after the answer. Throws `media-type`, `body-malformed`, `file-absent`, `cancelled`, and what `take` throws.
 */
export async function receiveFiles<T>(
  req: Request,
  res: Response,
  take: (file: IncomingFile, signal: AbortSignal) => Promise<T>,
): Promise<{ results: T[]; complete: boolean }> {
  const gone = new AbortController()
  const waiting: { stream: Readable; name: string }[] = []
  let received = 0
  let ended = false
  let failure: unknown
  let wake = () => {}
  const news = () => wake()

  const parser = openParser(req)
  parser.on('file', (_field, stream, { filename }) => {
    // Whoever reads it hears of the error too; one that nobody reads must not end the process.
    stream.on('error', () => {})
    waiting.push({ stream, name: filename ?? '' })
    news()
  })
  parser.on('error', error => {
    failure ??= error
    news()
  })
  parser.on('close', () => {
    ended = true
    news()
  })
  const count = (chunk: Buffer) => {
    received += chunk.length
  }
  const leave = () => {
    if (req.complete) return
    gone.abort(new AppError('cancelled'))
    parser.destroy(new AppError('cancelled'))
  }
  req.on('data', count)
  req.once('close', leave)
  req.once('error', leave)
  req.pipe(parser)

  const remaining = () => Number(req.headers['content-length'] ?? Number.POSITIVE_INFINITY) - received
  const results: T[] = []
  try {
    for (;;) {
      const next = waiting.shift()
      if (next) {
        const bytes = read(next.stream, () => failure)
        results.push(await take({ ...namesOf(next.name), bytes }, gone.signal))
        if (next.stream.readableEnded) continue
        if (remaining() > drainable) return { results, complete: false }
        next.stream.resume()
      } else if (gone.signal.aborted) throw new AppError('cancelled')
      else if (failure !== undefined) throw malformed(failure)
      else if (ended) break
      else
        await new Promise<void>(resolve => {
          wake = resolve
        })
    }
    if (results.length === 0) throw new AppError('file-absent')
    return { results, complete: true }
  } catch (error) {
    throw gone.signal.aborted ? new AppError('cancelled', {}, { cause: error }) : error
  } finally {
    req.off('data', count)
    req.off('close', leave)
    if (!req.complete) linger(req, res, parser)
  }
}

function openParser(req: Request): busboy.Busboy {
  if (!req.is(multipart)) throw new AppError('media-type', { type: multipart })
  try {
    return busboy({
      headers: req.headers,
      preservePath: true,
      defParamCharset: 'utf8',
      limits: { fields: 100, fieldSize: 64 * 1024, files: mostFiles, headerPairs: 100 },
    })
  } catch (error) {
    throw malformed(error)
  }
}

function malformed(cause: unknown): AppError {
  return cause instanceof AppError ? cause : new AppError('body-malformed', { type: multipart }, { cause })
}

/** Leaves the stream as it is when reading ends early: the parser still needs it to find the next file. */
async function* read(stream: Readable, failure: () => unknown): AsyncGenerator<Uint8Array> {
  try {
    yield* stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>
  } catch (error) {
    throw malformed(failure() ?? error)
  }
}

/**
 * The answer goes out before the request has come to its end. Closing at once would make the system throw the answer away
 * with the bytes that nobody read, so reading goes on for a moment.
 */
function linger(req: Request, res: Response, parser: busboy.Busboy): void {
  req.unpipe(parser)
  parser.destroy()
  if (req.destroyed) return
  if (!res.headersSent) res.setHeader('Connection', 'close')
  req.resume()
  const timer = setTimeout(() => req.destroy(), lingering)
  timer.unref()
  req.once('close', () => clearTimeout(timer))
}

function namesOf(given: string): { name: string; path: string } {
  const parts = given
    .replaceAll('\\', '/')
    .replace(/[\p{Cc}\p{Bidi_Control}]/gu, '')
    .split('/')
    .filter(part => part !== '' && part !== '.' && part !== '..')
  return { name: (parts.at(-1) ?? '').slice(-longestName), path: parts.join('/').slice(-longestPath) }
}
