/** The host's side of the talk with a process of a pool. */
import { AppError } from '../errors.ts'
import type { Member, Pool } from './pool.ts'
import type { FromParser, ParserLimits, ToParser } from './protocol.ts'

/** How long a message is waited for. How much work it may cost is watched inside the process (see `guard.ts`). */
export interface Patience {
  /** Milliseconds by the clock, whatever the process does. */
  clock: number
  /** Milliseconds in which it does no work at all: it hangs, or the system has stopped it. Without: not asked. */
  still?: number
}

export function patienceOf({ clockTime, stillTime }: ParserLimits): Patience {
  return { clock: clockTime, still: stillTime }
}

/** What concerns the file. */
export type Answer = Exclude<FromParser, { type: 'work' }>

/**
 * So many times in `still` the process is asked how much it has worked. They are counted, not timed: after a sleep of the
 * machine only one has passed.
 */
const beats = 10
/** Of a beat: less than this is no work. */
const noWork = 1 / 1_000

export async function tell(member: Member, message: ToParser): Promise<void> {
  // If it is gone, the next read says so, with the reason.
  await member.process.send(message).catch(() => {})
}

/** The next message, before patience runs out, the signal fires or the process ends. */
export async function nextMessage(
  pool: Pool,
  member: Member,
  { clock, still = Number.POSITIVE_INFINITY }: Patience,
  signal?: AbortSignal,
): Promise<Answer> {
  if (signal?.aborted) throw new AppError('cancelled')
  const beat = Math.min(clock, still / beats)
  let beaten = 0
  let stillFor = 0
  let work = Number.NEGATIVE_INFINITY
  let timer: NodeJS.Timeout | undefined
  let onAbort: (() => void) | undefined
  const interrupted = new Promise<never>((_, reject) => {
    timer = setInterval(() => {
      beaten += 1
      stillFor += 1
      if (beaten * beat >= clock || stillFor > beats) reject(new AppError('parser-timeout'))
      else void tell(member, { type: 'work' })
    }, beat)
    onAbort = () => reject(new AppError('cancelled'))
    signal?.addEventListener('abort', onAbort, { once: true })
  })
  try {
    for (;;) {
      const { value, done } = await Promise.race([member.messages.next(), interrupted])
      // A process killed because all are being closed says nothing against its file.
      if (done) throw new AppError(pool.closed ? 'cancelled' : 'parser-crashed')
      const message = value as FromParser
      if (message.type !== 'work') return message
      if (message.time - work < beat * noWork) continue
      work = message.time
      stillFor = 0
    }
  } finally {
    clearInterval(timer)
    if (onAbort) signal?.removeEventListener('abort', onAbort)
  }
}

/**
 * A process that was given the message, with its first answer. A warm process may have died while it waited; that says
 * nothing against what it was given, so another one gets it. `atTheDoor`: milliseconds to wait for a process, see `Pool`.
 */
export async function begin(
  pool: Pool,
  message: ToParser,
  patience: Patience,
  signal?: AbortSignal,
  atTheDoor?: number,
): Promise<{ member: Member; first: Answer }> {
  for (;;) {
    const member = await pool.acquire(signal, atTheDoor)
    try {
      await tell(member, message)
      return { member, first: await nextMessage(pool, member, patience, signal) }
    } catch (error) {
      const { warm } = member
      pool.release(member, false)
      if (!warm || !(error instanceof AppError) || error.code !== 'parser-crashed') throw error
    }
  }
}
