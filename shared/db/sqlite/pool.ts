import { AppError } from '../../errors.ts'
import type { Request, Result } from './protocol.ts'
import type { Thread } from './remote.ts'

/** A thread lent to one caller, with its connection. */
export interface Loan {
  send(request: Request): Promise<Result>
  /** Whatever transaction is still open is rolled back. */
  release(): Promise<void>
}

export interface Pool {
  /** In order of asking. Throws `database-busy` after `close`. */
  borrow(): Promise<Loan>
  /** Lets what was asked for finish, for `patience` milliseconds at most; rolls the rest back; ends the threads. */
  close(patience: number): Promise<void>
}

interface Slot {
  thread: Thread | undefined
}

interface Waiting {
  resolve(slot: Slot): void
  reject(error: Error): void
}

const lives = (slot: Slot) => slot.thread?.gone === false

interface Lent {
  slot: Slot
  /** When it last asked or was answered. */
  touched: number
  over: 'released' | 'expired' | undefined
}

/**
 * Milliseconds that a caller waits for a thread that is there before another one is started. That takes 55 ms, and as many of the processor,
 * while most of what is asked takes less than one: a short command did with two threads what it began three for (0.33 s of the processor,
 * now 0.27).
 */
const grace = 20

/**
 * Threads for callers who each need one alone, `size` of them at most: those that are there already, the others when so many are needed at
 * once, for longer than a moment. Who was used last is used next, so that one thread is enough for whoever asks one thing after the other. A
 * caller who keeps one for `idleLimit` milliseconds without asking anything loses it, so that a promise that never settles cannot hold the
 * write lock for ever.
 */
export function createPool(
  threads: readonly Thread[],
  start: () => Promise<Thread>,
  { size, idleLimit }: { size: number; idleLimit: number },
): Pool {
  const slots: Slot[] = Array.from({ length: size }, (_, at) => ({ thread: threads[size - 1 - at] }))
  const idle = [...slots]
  const lent = new Set<Lent>()
  const waiting: Waiting[] = []
  let closing: Promise<void> | undefined
  let drained = () => {}

  const watch = setInterval(() => {
    const before = performance.now() - idleLimit
    for (const loan of lent) if (loan.touched < before && loan.slot.thread?.pending === 0) void expire(loan)
  }, idleLimit / 4)
  watch.unref()

  async function expire(loan: Lent): Promise<void> {
    if (loan.over) return
    loan.over = 'expired'
    await giveBack(loan)
  }

  async function giveBack(loan: Lent): Promise<void> {
    // A thread that cannot roll back is gone; the slot gets another one when it is asked for.
    const { thread } = loan.slot
    if (thread && (thread.open || thread.pending > 0)) await thread.send({ op: 'rollback' }).catch(() => {})
    lent.delete(loan)
    const next = waiting.shift()
    if (next) return next.resolve(loan.slot)
    idle.push(loan.slot)
    if (idle.length === slots.length) drained()
  }

  /** One with a thread if there is one soon, otherwise one to start a thread in. */
  async function take(): Promise<Slot> {
    const ready = idle.findLastIndex(lives)
    const [slot] = ready >= 0 ? idle.splice(ready, 1) : slots.some(lives) ? [] : idle.splice(-1)
    if (slot) return slot
    let timer: NodeJS.Timeout | undefined
    try {
      return await new Promise<Slot>((resolve, reject) => {
        const own = { resolve, reject }
        waiting.push(own)
        timer = setTimeout(() => {
          const empty = idle.pop()
          if (!empty) return
          waiting.splice(waiting.indexOf(own), 1)
          resolve(empty)
        }, grace)
      })
    } finally {
      clearTimeout(timer)
    }
  }

  return {
    async borrow() {
      if (closing) throw new AppError('database-busy', {}, { cause: new Error('the database is closed') })
      const slot = await take()
      const loan: Lent = { slot, touched: performance.now(), over: undefined }
      lent.add(loan)
      let { thread } = slot
      try {
        if (!thread || thread.gone) thread = slot.thread = await start()
      } catch (error) {
        loan.over = 'released'
        await giveBack(loan)
        throw error
      }
      const connection = thread
      return {
        async send(request) {
          if (loan.over) throw lost(loan.over)
          loan.touched = performance.now()
          try {
            return await connection.send(request)
          } finally {
            loan.touched = performance.now()
          }
        },
        async release() {
          if (loan.over) return
          loan.over = 'released'
          await giveBack(loan)
        },
      }
    },
    close(patience) {
      closing ??= (async () => {
        if (idle.length < slots.length) {
          let timer: NodeJS.Timeout | undefined
          await new Promise<void>(resolve => {
            drained = resolve
            timer = setTimeout(resolve, patience)
          })
          clearTimeout(timer)
        }
        clearInterval(watch)
        for (const { reject } of waiting.splice(0)) reject(lost('expired'))
        for (const loan of lent) loan.over ??= 'expired'
        await Promise.all(slots.map(({ thread }) => thread?.close(patience)))
      })()
      return closing
    },
  }
}

function lost(why: 'released' | 'expired'): Error {
  const text =
    why === 'released' ? 'the connection was given back' : 'the connection was idle for too long and was taken away'
  return new AppError('database-busy', {}, { cause: new Error(text) })
}
