import { type Outcome, type Statement, statement } from './batch.ts'
import { isPassing } from './failure.ts'
import type { Loan } from './pool.ts'

/** How reading statements of one access reach the database. */
interface Reading {
  borrow(): Promise<Loan>
  begin(): readonly Statement[]
  limit: number | undefined
}

interface Asked {
  one: Statement
  resolve(outcome: Outcome): void
  reject(error: unknown): void
}

export const commit = statement('commit', [], false, 'any')
/** Statements of one message at most: the others take another connection, beside it. */
const most = 4
/** Milliseconds before a read is asked again: a server that restarts is back after a second or two. */
const pauses = [20, 200, 1000]

/**
 * Statements outside of a transaction that only read. Those asked for at the same moment (`Promise.all`) travel in one message,
 * see one moment of the database, and share what it takes to open and end a transaction; each is answered as soon as it is done.
 * One that fails takes none of the others along. What was lost with its connection is asked again.
 */
export function createTogether(way: Reading): (one: Statement) => Promise<Outcome> {
  let waiting: Asked[] = []

  return one =>
    new Promise((resolve, reject) => {
      waiting.push({ one, resolve, reject })
      // After all that goes on by itself at this moment.
      if (waiting.length === 1) process.nextTick(flush)
      if (waiting.length === most) flush()
    })

  function flush(): void {
    const asked = waiting
    waiting = []
    if (asked.length > 0) void ask(asked)
  }

  async function ask(asked: readonly Asked[]): Promise<void> {
    let loan: Loan
    try {
      loan = await way.borrow()
    } catch (error) {
      for (const { reject } of asked) reject(error)
      return
    }
    let left = asked
    try {
      for (let attempt = 0; left.length > 0; attempt++) {
        const error = await send(loan, left, attempt > 0, answered => {
          left = left.filter(each => each !== answered)
        })
        if (left.length === 0) {
          // All are answered, and the commit was refused: the connection may not say yet in what state that left it.
          if (error !== undefined) await loan.rollback()
          return
        }
        if (isPassing(error) && attempt < pauses.length) {
          await new Promise(resolve => setTimeout(resolve, pauses[attempt]))
          continue
        }
        await loan.rollback()
        // The first that got no answer is the one that failed; the server skipped those behind it.
        left[0]?.reject(error)
        left = left.slice(1)
        attempt = -1
      }
    } finally {
      loan.release()
    }
  }

  /** What went wrong. */
  async function send(
    loan: Loan,
    asked: readonly Asked[],
    again: boolean,
    onAnswer: (asked: Asked) => void,
  ): Promise<unknown> {
    const begin = way.begin()
    const each = (outcome: Outcome, at: number) => {
      const one = asked[at - begin.length]
      if (!one) return
      onAnswer(one)
      one.resolve(outcome)
    }
    const limit = way.limit === undefined ? undefined : way.limit * asked.length
    try {
      if (again) await loan.renew()
      await loan.send([...begin, ...asked.map(({ one }) => one), commit], { ...(limit && { limit }), each })
      return undefined
    } catch (error) {
      return error
    }
  }
}
