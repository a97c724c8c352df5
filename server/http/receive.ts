/** Reads files out of a multipart request as they come, without keeping them. */

import type { Readable } from 'node:stream'
import busboy from 'busboy'
import type { Request, Response } from 'express'
import { AppError } from '../../shared/errors.ts'
import { cleanPath } from '../../shared/ingest/file-name.ts'

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
/** For every file that is taken, so many more are answered for; after them, the request is not read on. */
const mostRefused = 10

export interface ReceiveOptions<T> {
  take(file: IncomingFile, signal: AbortSignal): Promise<T>
  /** Files of one request. */
  most: number
  /**
   * What is said of each file after the `most`th. Without it there must be no more: what `take` reads then ends only when
   * the request has, and fails with `too-many-at-once` where another file follows.
   */
  refuse?(path: string, error: AppError): T
  /** Bytes: a request that says it has more is refused before it is read, as `tooLarge` says. */
  limit?: number
  tooLarge?(): AppError
}

/**
 * Hands the files of a request to `take`, one after the other. A file that `take` does not read to its end is skipped,
 * unless much of the request is still to come: then the rest is not waited for (`complete: false`), and the connection
 * ends after the answer. Throws `media-type`, `body-malformed`, `file-absent`, `cancelled`, and what `take` throws.
 */
export async function receiveFiles<T>(
  req: Request,
  res: Response,
  {
    take,
    most,
    refuse,
    limit = Number.POSITIVE_INFINITY,
    tooLarge = () => new AppError('body-too-large', { limit }),
  }: ReceiveOptions<T>,
): Promise<{ results: T[]; complete: boolean }> {
  if (Number(req.headers['content-length'] ?? 0) > limit) {
    linger(req, res)
    throw tooLarge()
  }
  const gone = new AbortController()
  const waiting: { stream: Readable; name: string }[] = []
  const refused: string[] = []
  const tooMany = () => new AppError('too-many-at-once', { limit: most })
  let count = 0
  let complete = true
  let received = 0
  let ended = false
  let failure: unknown
  let wake = () => {}
  const news = () => wake()

  const parser = openParser(req, refuse ? most * (1 + mostRefused) : most + 1)
  parser.on('file', (_field, stream, { filename }) => {
    // Whoever reads it hears of the error too; one that nobody reads must not end the process.
    stream.on('error', () => {})
    count += 1
    if (count > most) {
      refused.push(filename ?? '')
      stream.resume()
    } else waiting.push({ stream, name: filename ?? '' })
    news()
  })
  parser.on('filesLimit', () => {
    complete = false
  })
  parser.on('error', error => {
    failure ??= error
    news()
  })
  parser.on('close', () => {
    ended = true
    news()
  })
  const counted = (chunk: Buffer) => {
    received += chunk.length
  }
  const leave = () => {
    if (req.complete) return
    gone.abort(new AppError('cancelled'))
    parser.destroy(new AppError('cancelled'))
  }
  req.on('data', counted)
  req.once('close', leave)
  req.once('error', leave)
  req.pipe(parser)

  const remaining = () => Number(req.headers['content-length'] ?? Number.POSITIVE_INFINITY) - received
  const results: T[] = []

  /** The same bytes, which end when it is certain that no other file follows. */
  async function* alone(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    yield* bytes
    while (refused.length === 0) {
      if (gone.signal.aborted) throw new AppError('cancelled')
      if (failure !== undefined) throw malformed(failure)
      if (ended) return
      await next()
    }
    throw tooMany()
  }

  function next(): Promise<void> {
    return new Promise(resolve => {
      wake = resolve
    })
  }

  try {
    for (;;) {
      const file = waiting.shift()
      if (file) {
        const bytes = read(file.stream, () => failure)
        results.push(await take({ ...namesOf(file.name), bytes: refuse ? bytes : alone(bytes) }, gone.signal))
        if (file.stream.readableEnded) continue
        if (remaining() > drainable) return { results, complete: false }
        file.stream.resume()
      } else if (gone.signal.aborted) throw new AppError('cancelled')
      else if (failure !== undefined) throw malformed(failure)
      else if (ended) break
      else await next()
    }
    if (results.length === 0) throw new AppError('file-absent')
    if (refuse) results.push(...refused.map(name => refuse(namesOf(name).path, tooMany())))
    return { results, complete }
  } catch (error) {
    throw gone.signal.aborted ? new AppError('cancelled', {}, { cause: error }) : error
  } finally {
    req.off('data', counted)
    req.off('close', leave)
    if (!req.complete) linger(req, res, parser)
  }
}

function openParser(req: Request, mostFiles: number): busboy.Busboy {
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
function linger(req: Request, res: Response, parser?: busboy.Busboy): void {
  if (parser) req.unpipe(parser)
  parser?.destroy()
  if (req.destroyed) return
  if (!res.headersSent) res.setHeader('Connection', 'close')
  req.resume()
  const timer = setTimeout(() => req.destroy(), lingering)
  timer.unref()
  req.once('close', () => clearTimeout(timer))
}

/** Only a whole path of Windows, as some clients send it, has its backslashes for folders: elsewhere they are letters. */
function namesOf(given: string): { name: string; path: string } {
  const windows = /^(?:[a-z]:\\|\\\\)/i.test(given)
  const path = cleanPath(windows ? given.replaceAll('\\', '/').replace(/^[a-z]:/i, '') : given)
  return { name: path.slice(path.lastIndexOf('/') + 1), path }
}
