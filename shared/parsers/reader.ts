/**
 * The thread that reads files, one at a time: it may loop, swallow memory or crash, and the process's main thread still
 * answers (see `process.ts`).
 */
import { open } from 'node:fs/promises'
import { flushCompileCache } from 'node:module'
import { parentPort } from 'node:worker_threads'
import { AppError } from '../errors.ts'
import type { ParseEvent, ParseRequest } from '../ports.ts'
import { contentOfFile, contentTypes } from './content.ts'
import { failure } from './failure.ts'
import { type Ending, type Format, formatOf, HEAD, type Source } from './formats.ts'
import { type FromParser, type ParserLimits, type ToParser, WINDOW } from './protocol.ts'

/** Milliseconds between two signs of life while segments are read that the host has. */
const LIFE_SIGN = 500

function start(port: NonNullable<typeof parentPort>) {
  // How many segments the host has not asked past yet, and who waits for it to do so.
  let outstanding = 0
  let wake: (() => void) | undefined
  // The host wants no more of this file.
  let stopped = false

  port.on('message', (message: ToParser) => {
    if (message.type === 'more') {
      outstanding -= message.count
      wake?.()
      return
    }
    if (message.type === 'stop') {
      stopped = true
      wake?.()
      return
    }
    if (message.type !== 'parse') return
    outstanding = 0
    stopped = false
    const { request } = message
    parse(request, message.limits)
      .catch(async (error: unknown) => post(failure(await clearer(error, request))))
      // Now, as the process is killed at its end; 0.1 ms where nothing is new.
      .finally(() => flushCompileCache())
  })

  function post(message: FromParser) {
    port.postMessage(message)
  }

  function emit(event: ParseEvent) {
    post({ type: 'event', json: JSON.stringify(event) })
  }

  async function parse(request: ParseRequest, limits: ParserLimits) {
    const format = await detect(request)
    const source = await format.open(request.file, {
      limits,
      note: detail => post({ type: 'note', detail }),
      ...(request.password !== undefined && { password: request.password }),
      ...(request.scratch !== undefined && { scratch: request.scratch }),
      ...(request.careful && { careful: request.careful }),
    })
    try {
      emit({ type: 'start', mediaType: format.mediaType, paged: format.paged, segments: source.segments })
      const { last, cut, reasons = [] } = await sendSegments(source, request)
      emit({ type: 'finish', segments: last, cut, reasons })
    } finally {
      await source.close()
    }
  }

  async function sendSegments(
    source: Source,
    { after, state, filesAfter }: ParseRequest,
  ): Promise<Ending & { last: number }> {
    let last = source.segments === null ? after : Math.min(after, source.segments)
    let alive = 0
    const segments = source.read(after, state, filesAfter)
    for (;;) {
      const { value, done } = await segments.next()
      if (done) return { last, ...value }
      if ('segment' in value && value.passed) {
        if (performance.now() - alive < LIFE_SIGN) continue
        alive = performance.now()
        post({ type: 'alive' })
        // What the host says is heard between two.
        await new Promise(resolve => setImmediate(resolve))
        if (!stopped) continue
      }
      while (outstanding >= WINDOW && !stopped)
        await new Promise<void>(resolve => {
          wake = resolve
        })
      if (stopped) {
        await segments.return({ cut: true })
        return { last, cut: true }
      }
      outstanding++
      if ('segment' in value) {
        last = value.segment.number
        emit({ type: 'segment', ...value })
      } else emit({ type: 'file', ...value })
    }
  }
}

/**
 * Of a file of another type than its name says: with what it is instead, where that can be told. One that begins as its name
 * says, and goes on as nothing of the kind, is `damaged`.
 */
async function clearer(error: unknown, { file, name }: ParseRequest): Promise<unknown> {
  if (!(error instanceof AppError) || error.code !== 'type-mismatch') return error
  const content = await contentOfFile(file)
  const own = formatOf(name)?.mediaType
  if (content !== undefined && own !== undefined && contentTypes[content] === own)
    return new AppError('damaged', {}, { cause: error })
  return content === undefined ? error : new AppError(error.code, { ...error.values, content }, { cause: error })
}

/** Extension and first bytes must agree. */
async function detect(request: ParseRequest): Promise<Format> {
  const format = formatOf(request.name)
  if (!format) throw new AppError('unsupported-type', { name: request.name })
  const file = await open(request.file, 'r')
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(HEAD), 0, HEAD, 0)
    if (bytesRead === 0) throw new AppError('empty-file')
    const head = buffer.subarray(0, bytesRead)
    if (!format.matches(head)) throw new AppError('type-mismatch', { type: format.mediaType })
    return format
  } finally {
    await file.close()
  }
}

if (parentPort) start(parentPort)
