import { AppError } from '../../errors.ts'

/** Gives the turn back; a second call does nothing. */
export type Done = () => void

/** Some at a time, the others in order of asking. */
export interface Turns {
  /** Throws `database-busy` after `limit` milliseconds, and when the turns end. */
  take(limit: number): Promise<Done>
  /** Refuses all who wait. */
  end(): void
  /** Nobody has a turn or waits for one. */
  readonly idle: boolean
}

interface Waiting {
  resolve: (done: Done) => void
  reject: (error: Error) => void
  timer: NodeJS.Timeout
}

export function createTurns(count: number, onIdle: () => void = () => {}): Turns {
  const waiting = new Set<Waiting>()
  let free = count
  let ended = false

  function give(): Done {
    let given = true
    return () => {
      if (!given) return
      given = false
      const [next] = waiting
      if (!next) {
        free++
        if (free === count) onIdle()
        return
      }
      waiting.delete(next)
      clearTimeout(next.timer)
      next.resolve(give())
    }
  }

  return {
    async take(limit) {
      if (ended) throw busy('the database is closed')
      if (free > 0) {
        free--
        return give()
      }
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(entry)
          reject(busy(`no connection within ${limit} ms`))
        }, limit)
        const entry = { resolve, reject, timer }
        waiting.add(entry)
      })
    },
    end() {
      ended = true
      for (const { reject, timer } of waiting) {
        clearTimeout(timer)
        reject(busy('the database is closed'))
      }
      waiting.clear()
    },
    get idle() {
      return free === count
    },
  }
}

export function busy(why: string): AppError {
  return new AppError('database-busy', {}, { cause: new Error(why) })
}
