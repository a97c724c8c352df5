import { availableParallelism } from 'node:os'
import { AppError } from '../errors.ts'
import type { ChildProcess, Log, ParseEvent, ParseRequest, Parsers } from '../ports.ts'
import { formatOf } from './formats.ts'
import { createPool, type Member, type Pool } from './pool.ts'
import { DEFAULT_LIMITS, type FromParser, type ParserLimits, parseEvent, type ToParser, WINDOW } from './protocol.ts'

export interface ParsersOptions {
  /** Starts a process that runs `process.ts`. */
  spawn: () => ChildProcess
  log: Log
  /** How many at a time; one core is left to the rest. */
  processes?: number
  limits?: Partial<ParserLimits>
  /** Milliseconds a process waits for another file before it is ended. */
  idleTime?: number
}

const IDLE_TIME = 10_000

/** Parsers in processes of their own. */
export function createParsers(options: ParsersOptions): Parsers {
  const limits: ParserLimits = { ...DEFAULT_LIMITS, ...options.limits }
  const size = options.processes ?? Math.max(1, availableParallelism() - 1)
  const pool = createPool(options.spawn, size, options.idleTime ?? IDLE_TIME)
  const { log } = options

  async function* parse(request: ParseRequest, signal?: AbortSignal): AsyncGenerator<ParseEvent> {
    if (!formatOf(request.name)) throw new AppError('unsupported-type', { name: request.name })
    const { member, first } = await begin(request, signal)
    let sound = false
    let taken = 0
    try {
      for (let next: FromParser | undefined = first; ; next = undefined) {
        const message = next ?? (await nextMessage(pool, member, limits.segmentTime, signal))
        if (message.type === 'failed') {
          sound = true
          log.info('parser refused a file', { code: message.code, detail: message.detail })
          throw new AppError(message.code, message.values)
        }
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
    } finally {
      // Whoever left early (an error, an abort, a `break`) leaves a process behind that is still reading.
      pool.release(member, sound)
    }
  }

  /** Hands the file to a process and waits for its first word. */
  async function begin(request: ParseRequest, signal?: AbortSignal): Promise<{ member: Member; first: FromParser }> {
    for (;;) {
      const member = await pool.acquire(signal)
      try {
        await tell(member, { type: 'parse', request, limits })
        return { member, first: await nextMessage(pool, member, limits.segmentTime, signal) }
      } catch (error) {
        const { warm } = member
        pool.release(member, false)
        // A warm process may have died while it waited; that is nothing against the file. Nothing was handed on yet.
        if (!warm || !(error instanceof AppError) || error.code !== 'parser-crashed') throw error
      }
    }
  }

  return {
    parse,
    mediaType: name => formatOf(name)?.mediaType,
    isContainer: name => formatOf(name)?.container === true,
    close: () => pool.close(),
  }
}

async function tell(member: Member, message: ToParser) {
  // If it is gone, the next read says so, with the reason.
  await member.process.send(message).catch(() => {})
}

/** The next message, before time runs out, the signal fires or the process ends. */
async function nextMessage(pool: Pool, member: Member, time: number, signal?: AbortSignal): Promise<FromParser> {
  if (signal?.aborted) throw new AppError('cancelled')
  let timer: NodeJS.Timeout | undefined
  let onAbort: (() => void) | undefined
  const interrupted = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new AppError('parser-timeout', { seconds: Math.round(time / 1000) })), time)
    onAbort = () => reject(new AppError('cancelled'))
    signal?.addEventListener('abort', onAbort, { once: true })
  })
  try {
    const { value, done } = await Promise.race([member.messages.next(), interrupted])
    // A process killed because all are being closed says nothing against its file.
    if (done) throw new AppError(pool.closed ? 'cancelled' : 'parser-crashed')
    return value as FromParser
  } finally {
    clearTimeout(timer)
    if (onAbort) signal?.removeEventListener('abort', onAbort)
  }
}
