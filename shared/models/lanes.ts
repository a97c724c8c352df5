/**
 * Who is next. Work waits on the host's side, and only as much is given to the model process as it can do at once: what
 * waits survives a crash there, can be taken back, and a question overtakes the passages of a long document.
 */
export type Lane = 'chat' | 'embed' | 'rank' | 'count'

export interface Queued {
  lane: Lane
  /** Of somebody who waits for it, before all that is not. */
  urgent: boolean
}

export interface Lanes<W extends Queued> {
  add(work: W): void
  /** What was taken, but not done, goes back to where it was. */
  putBack(work: W): void
  /** Not waiting any more; nothing when it was not. */
  remove(work: W): void
  /** What can be done now, taken out. `busy`: what is being done. */
  take(busy: Iterable<W>): W | undefined
  readonly waiting: readonly W[]
}

/** `ahead`: so many more of the urgent are given out than can be done at once. */
export function createLanes<W extends Queued>(
  capacity: Record<Lane, number>,
  ahead: Partial<Record<Lane, number>> = {},
): Lanes<W> {
  const waiting: W[] = []

  function insert(work: W, first: boolean): void {
    // Urgent work stands before the rest; in either part the old before the new.
    const from = work.urgent ? 0 : waiting.filter(({ urgent }) => urgent).length
    const to = work.urgent ? waiting.filter(({ urgent }) => urgent).length : waiting.length
    waiting.splice(first ? from : to, 0, work)
  }

  return {
    add: work => insert(work, false),
    putBack: work => insert(work, true),
    remove(work) {
      const at = waiting.indexOf(work)
      if (at !== -1) waiting.splice(at, 1)
    },
    take(busy) {
      const free = { ...capacity }
      for (const { lane } of busy) free[lane] -= 1
      const answering = free.chat < capacity.chat
      const at = waiting.findIndex(
        // The cores belong to the answer somebody reads; a document can wait.
        ({ lane, urgent }) => (urgent ? free[lane] + (ahead[lane] ?? 0) > 0 : free[lane] > 0 && !answering),
      )
      return at === -1 ? undefined : waiting.splice(at, 1)[0]
    },
    get waiting() {
      return waiting
    },
  }
}
