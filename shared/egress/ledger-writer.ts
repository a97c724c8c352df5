import type { LedgerEntry } from '../model/index.ts'
import type { Log } from '../ports.ts'

export interface LedgerWriter {
  /** Resolves when the entry stands in the ledger; rejects, and forgets it, when it could not be written. */
  put(entry: LedgerEntry): Promise<void>
  /** The same soon, with the next one that is waited for, and again until it succeeds. */
  putLater(entry: LedgerEntry): void
  /** What is left, tried once more. */
  flush(): Promise<void>
}

interface Waiting {
  entry: LedgerEntry
  settle?: { resolve(): void; reject(error: unknown): void }
}

/** Entries of one write, and of those that could not be written: more are not kept. */
const mostAtOnce = 500
const mostWaiting = 10_000

/**
 * Writes entries, several at once where several wait. `pause`: milliseconds in which the end of a request may wait for the
 * beginning of the next. Measured on SQLite, with requests one after the other: one write a request instead of two, since a
 * write takes as long as the disk needs to keep it.
 */
export function createLedgerWriter({
  write,
  log,
  pause = 100,
}: {
  write(entries: readonly LedgerEntry[]): Promise<void>
  log: Log
  pause?: number
}): LedgerWriter {
  const waiting = new Map<string, Waiting>()
  let running: Promise<void> | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  async function run(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    while (waiting.size > 0) {
      const batch = [...waiting.values()].slice(0, mostAtOnce)
      for (const { entry } of batch) waiting.delete(entry.id)
      try {
        await write(batch.map(({ entry }) => entry))
        for (const { settle } of batch) settle?.resolve()
      } catch (error) {
        const left = batch.filter(({ settle }) => !settle)
        for (const { settle } of batch) settle?.reject(error)
        for (const each of left) if (!waiting.has(each.entry.id)) waiting.set(each.entry.id, each)
        for (const id of [...waiting.keys()].slice(0, Math.max(0, waiting.size - mostWaiting))) waiting.delete(id)
        if (left.length > 0) log.warn('the ledger cannot be written', { entries: waiting.size, error })
        if (!awaited()) return
      }
    }
  }

  const awaited = () => [...waiting.values()].some(({ settle }) => settle)

  function start(): Promise<void> {
    running ??= run().finally(() => {
      running = undefined
      // What came in the moment between, and what could not be written.
      if (awaited()) void start()
      else if (waiting.size > 0) soon(pause * 10)
    })
    return running
  }

  function soon(time: number): void {
    timer ??= setTimeout(start, time)
    timer.unref()
  }

  return {
    put(entry) {
      return new Promise((resolve, reject) => {
        waiting.set(entry.id, { entry: { ...entry }, settle: { resolve, reject } })
        void start()
      })
    },
    putLater(entry) {
      waiting.set(entry.id, { entry: { ...entry } })
      if (!running) soon(pause)
    },
    async flush() {
      await start()
      await start()
    },
  }
}
