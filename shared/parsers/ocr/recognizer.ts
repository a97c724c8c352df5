import { AppError } from '../../errors.ts'
import type { Segment } from '../../model/index.ts'
import type { ChildProcess, Log, RecognizeRequest } from '../../ports.ts'
import { formatOf } from '../formats.ts'
import { createPool } from '../pool.ts'
import { type ParserLimits, parseEvent } from '../protocol.ts'
import { type Answer, begin, nextMessage, patienceOf } from '../talk.ts'

/** Milliseconds the process waits for another page: its start takes two seconds. */
const idleTime = 20_000

/** How much longer than its own time a page may take by the clock, where others keep the machine busy. */
const slowness = 10

/** Recognises text in a process of its own, one page at a time; whoever comes meanwhile waits. */
export function createRecognizer(options: { spawn: () => ChildProcess; log: Log; limits: ParserLimits }) {
  const { log, limits } = options
  const pool = createPool(options.spawn, 1, idleTime)

  async function recognize(request: RecognizeRequest, signal?: AbortSignal): Promise<Segment> {
    if (!formatOf(request.name)?.paged) throw new AppError('unsupported-type', { name: request.name })
    const patience = { ...patienceOf(limits), clock: slowness * limits.recognitionTime }
    const { member, first } = await begin(pool, { type: 'recognize', request, limits }, patience, signal)
    let sound = false
    try {
      for (let next: Answer | undefined = first; ; next = undefined) {
        const message = next ?? (await nextMessage(pool, member, patience, signal))
        if (message.type === 'failed') {
          sound = true
          log.info('a page was not recognised', { code: message.code, detail: message.detail })
          throw new AppError(message.code, message.values)
        }
        if (message.type === 'ending') {
          log.warn('recognizer ended itself', { code: message.code, detail: message.detail })
          throw new AppError(message.code, message.code === 'parser-memory' ? { bytes: limits.memory } : {})
        }
        if (message.type === 'note') log.debug('recognizer', { detail: message.detail })
        if (message.type === 'event') {
          const event = parseEvent(message.json)
          if (event.type !== 'segment') continue
          sound = true
          return event.segment
        }
      }
    } finally {
      pool.release(member, sound)
    }
  }

  return { recognize, close: () => pool.close() }
}
