/** The host's side of the talk with a process of a pool. */
import { AppError } from '../errors.ts'
import type { Member, Pool } from './pool.ts'
import type { FromParser, ToParser } from './protocol.ts'

export async function tell(member: Member, message: ToParser): Promise<void> {
  // If it is gone, the next read says so, with the reason.
  await member.process.send(message).catch(() => {})
}

/** The next message, before time runs out, the signal fires or the process ends. */
export async function nextMessage(pool: Pool, member: Member, time: number, signal?: AbortSignal): Promise<FromParser> {
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

/**
 * A process that was given the message, with its first answer. A warm process may have died while it waited; that says
 * nothing against what it was given, so another one gets it.
 */
export async function begin(
  pool: Pool,
  message: ToParser,
  time: number,
  signal?: AbortSignal,
): Promise<{ member: Member; first: FromParser }> {
  for (;;) {
    const member = await pool.acquire(signal)
    try {
      await tell(member, message)
      return { member, first: await nextMessage(pool, member, time, signal) }
    } catch (error) {
      const { warm } = member
      pool.release(member, false)
      if (!warm || !(error instanceof AppError) || error.code !== 'parser-crashed') throw error
    }
  }
}
