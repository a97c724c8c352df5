import { AppError } from '../errors.ts'

export interface Turns {
  /**
   * Resolves when it is this one's turn; what it gives ends the turn. `waiting` hears how many come before, whenever that
   * changes, and 0 at last. Throws `cancelled`.
   */
  take(who: string, options?: { signal?: AbortSignal; waiting?: (place: number) => void }): Promise<() => void>
}

interface Waiting {
  who: string
  place: number
  go(): void
  waiting?: (place: number) => void
}

/**
 * So many at a time, and fair: whoever was served longest ago is next, so that ten questions of one user do not make another
 * wait for all ten. Among one's own, the oldest.
 */
export function createTurns(atOnce = 1): Turns {
  const queue: Waiting[] = []
  /** When each was last served, as a count; forgotten when nobody waits any more. */
  const served = new Map<string, number>()
  let count = 0
  let busy = 0

  function start(who: string): void {
    busy += 1
    count += 1
    served.set(who, count)
  }

  /** The order in which they will be served, if nobody else comes. */
  function order(): Waiting[] {
    const last = new Map(served)
    const left = [...queue]
    const ordered: Waiting[] = []
    for (let at = count; left.length > 0; ) {
      let next = 0
      for (const [index, entry] of left.entries())
        if ((last.get(entry.who) ?? 0) < (last.get(left[next].who) ?? 0)) next = index
      const [entry] = left.splice(next, 1)
      at += 1
      last.set(entry.who, at)
      ordered.push(entry)
    }
    return ordered
  }

  function tell(): void {
    if (!queue.some(({ waiting }) => waiting)) return
    for (const [index, entry] of order().entries()) {
      // The one who is being answered comes before them all.
      const place = index + 1
      if (entry.place === place) continue
      entry.place = place
      entry.waiting?.(place)
    }
  }

  function end(): void {
    busy -= 1
    const [first] = queue
    if (!first) {
      if (busy === 0) served.clear()
      return
    }
    let next = first
    for (const entry of queue) if ((served.get(entry.who) ?? 0) < (served.get(next.who) ?? 0)) next = entry
    queue.splice(queue.indexOf(next), 1)
    start(next.who)
    next.go()
    tell()
  }

  return {
    async take(who, { signal, waiting } = {}) {
      if (signal?.aborted) throw new AppError('cancelled')
      if (busy >= atOnce) {
        await new Promise<void>((resolve, reject) => {
          const entry: Waiting = { who, place: 0, go: () => {}, ...(waiting && { waiting }) }
          const leave = () => {
            queue.splice(queue.indexOf(entry), 1)
            reject(new AppError('cancelled'))
            tell()
          }
          entry.go = () => {
            signal?.removeEventListener('abort', leave)
            resolve()
          }
          signal?.addEventListener('abort', leave, { once: true })
          queue.push(entry)
          tell()
        })
      } else start(who)
      waiting?.(0)
      let ended = false
      return () => {
        if (ended) return
        ended = true
        end()
      }
    },
  }
}

/**
 * How many searches ask the database at the same moment. All at once they hold each other up until all are late. With 40 a second
 * beside two workers on two cores the middle one took 4 s when six went at a time (each waits more than it computes), 0.2 s with
 * twelve, 4 s with thirty.
 */
const searchesAtOnce = 12

/** Fair among users, as answers are. */
export function createSearchTurns(atOnce = searchesAtOnce) {
  const turns = createTurns(atOnce)
  return async <T>({ userId }: { userId: string }, run: () => Promise<T>, signal?: AbortSignal): Promise<T> => {
    const end = await turns.take(userId, { ...(signal && { signal }) })
    try {
      return await run()
    } finally {
      end()
    }
  }
}
