import { stat } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { AppError } from '../errors.ts'
import type { ChildProcess, Log, ParseEvent, ParseRequest, Parsers } from '../ports.ts'
import { formatOf } from './formats.ts'
import { createRecognizer } from './ocr/recognizer.ts'
import { createPool, type Member } from './pool.ts'
import { DEFAULT_LIMITS, type ParserLimits, parseEvent, WINDOW } from './protocol.ts'
import { type Answer, begin, nextMessage, patienceOf, tell } from './talk.ts'

export interface ParsersOptions {
  /** Starts a process that runs `process.ts`. */
  spawn: () => ChildProcess
  /** Starts one that runs `ocr/process.ts`; without it no text is recognised. */
  spawnRecognizer?: () => ChildProcess
  log: Log
  /** How many at a time; one core is left to the rest. */
  processes?: number
  limits?: Partial<ParserLimits>
  /** Milliseconds a small file waits for the others before it gets a process beside them. */
  smallWait?: number
  /** Milliseconds a process waits for another file before it is ended. */
  idleTime?: number
}

const IDLE_TIME = 10_000
/** Milliseconds to end the page that is being read; to start another process takes about as long. */
const STOP_TIME = 1_000

/**
 * A small file waits a second for the others, and then gets a process beside them: a huge one may take many before it can
 * give way (a workbook of 100,000 rows its first ten, for the strings all its cells share).
 */
const SMALL = 1024 * 1024
const SMALL_WAIT = 1_000

async function isSmall(file: string): Promise<boolean> {
  // One that is not there is for the reader to tell.
  const size = await stat(file).then(
    found => found.size,
    () => 0,
  )
  return size <= SMALL
}

/** Parsers in processes of their own. */
export function createParsers(options: ParsersOptions): Parsers {
  const limits: ParserLimits = { ...DEFAULT_LIMITS, ...options.limits }
  const size = options.processes ?? Math.max(1, availableParallelism() - 1)
  const pool = createPool(options.spawn, size, options.idleTime ?? IDLE_TIME)
  const { log, spawnRecognizer, smallWait = SMALL_WAIT } = options
  const recognizer = spawnRecognizer && createRecognizer({ spawn: spawnRecognizer, log, limits })

  async function* parse(request: ParseRequest, signal?: AbortSignal): AsyncGenerator<ParseEvent> {
    if (!formatOf(request.name)) throw new AppError('unsupported-type', { name: request.name })
    const patience = patienceOf(limits)
    const message = { type: 'parse' as const, request, limits }
    const { member, first } = await begin(
      pool,
      message,
      patience,
      signal,
      (await isSmall(request.file)) ? smallWait : undefined,
    )
    let sound = false
    let failed = false
    let taken = 0
    try {
      for (let next: Answer | undefined = first; ; next = undefined) {
        const message = next ?? (await nextMessage(pool, member, patience, signal))
        if (message.type === 'failed') {
          sound = true
          log.info('parser refused a file', { code: message.code, detail: message.detail })
          throw new AppError(message.code, message.values)
        }
        if (message.type === 'alive') continue
        if (message.type === 'note') {
          log.warn('parser lost something', { detail: message.detail })
          continue
        }
        if (message.type === 'ending') {
          log.warn('parser ended itself', { code: message.code, detail: message.detail })
          throw new AppError(message.code, message.code === 'parser-memory' ? { bytes: limits.memory } : {})
        }
        const event = parseEvent(message.json)
        if (event.type === 'finish') {
          sound = true
          yield event
          return
        }
        yield event
        if (event.type !== 'start' && ++taken === WINDOW / 2) {
          await tell(member, { type: 'more', count: taken })
          taken = 0
        }
      }
    } catch (error) {
      failed = true
      throw error
    } finally {
      // Whoever left early leaves a process behind that is still reading. After a `break` it is asked to stop, so that the
      // next file need not wait for another one to start.
      if (!sound && !failed && !signal?.aborted) sound = await stops(member)
      pool.release(member, sound)
    }
  }

  async function stops(member: Member): Promise<boolean> {
    const end = performance.now() + STOP_TIME
    try {
      await tell(member, { type: 'stop' })
      for (;;) {
        const message = await nextMessage(pool, member, { clock: Math.max(1, end - performance.now()) })
        if (message.type === 'failed') return true
        if (message.type === 'ending') return false
        if (message.type === 'event' && parseEvent(message.json).type === 'finish') return true
      }
    } catch {
      return false
    }
  }

  return {
    parse,
    async recognize(request, signal) {
      if (!recognizer) throw new AppError('recognition-off')
      return recognizer.recognize(request, signal)
    },
    mediaType: name => formatOf(name)?.mediaType,
    isContainer: name => formatOf(name)?.container === true,
    async close() {
      await Promise.all([pool.close(), recognizer?.close()])
    },
  }
}
