import type { LedgerEntry } from '../model/index.ts'
import type { Log } from '../ports.ts'

export interface LedgerWriter {
  /**
   * Resolves when the entry stands in the ledger and outlives this process; rejects, and forgets it, when it could not be written.
   * On its way to the disk, for the case that the power fails, it is then at once.
   */
  begin(entry: LedgerEntry): Promise<void>
  /** The same, but resolves when it outlives a loss of power too. */
  put(entry: LedgerEntry): Promise<void>
  /** The same soon, with the next one that is waited for, and again until it succeeds. */
  putLater(entry: LedgerEntry): void
  /** What is left, tried once more. */
  flush(): Promise<void>
}

interface Settle {
  resolve(): void
  reject(error: unknown): void
}

interface Waiting {
  entry: LedgerEntry
  settle?: Settle
}

/** Entries of one write, and of those that could not be written: more are not kept. */
const mostAtOnce = 500
const mostWaiting = 10_000

/**
 * Writes entries, several at once where several wait. A beginning is written twice: hastily, which its request waits for, and
 * `haste` milliseconds later in full, which brings all that was written before to the disk. At once would take what the request itself
 * needs at that moment: on two cores 0.5 ms until it is sent.
 *
 * `pause`: milliseconds in which the end of a request may wait for the beginning of the next, and go to the disk with it.
 */
export function createLedgerWriter({
  write,
  log,
  haste = 10,
  pause = 100,
}: {
  write(entries: readonly LedgerEntry[], how?: 'hastily'): Promise<void>
  log: Log
  haste?: number
  pause?: number
}): LedgerWriter {
  const beginning: Required<Waiting>[] = []
  const waiting = new Map<string, Waiting>()
  let running: Promise<void> | undefined
  let timer: { id: ReturnType<typeof setTimeout>; at: number } | undefined
  let due = false

  async function run(): Promise<void> {
    for (;;) {
      if (beginning.length > 0) await writeBeginnings()
      if (waiting.size > 0 && (due || awaited())) await writeWaiting()
      else if (beginning.length === 0) return
    }
  }

  async function writeBeginnings(): Promise<void> {
    const batch = beginning.splice(0, mostAtOnce)
    const entries = batch.map(({ entry }) => entry)
    try {
      await write(entries, 'hastily')
      // Any of them takes the others to the disk.
      const [{ id }] = entries
      if (!waiting.has(id)) waiting.set(id, { entry: entries[0] })
      for (const { settle } of batch) settle.resolve()
      soon(haste)
    } catch (error) {
      for (const { settle } of batch) settle.reject(error)
    }
  }

  async function writeWaiting(): Promise<void> {
    clearTimeout(timer?.id)
    timer = undefined
    const batch = [...waiting.values()].slice(0, mostAtOnce)
    for (const { entry } of batch) waiting.delete(entry.id)
    due = waiting.size > 0
    try {
      await write(batch.map(({ entry }) => entry))
      for (const { settle } of batch) settle?.resolve()
    } catch (error) {
      const left = batch.filter(({ settle }) => !settle)
      for (const { settle } of batch) settle?.reject(error)
      for (const each of left) if (!waiting.has(each.entry.id)) waiting.set(each.entry.id, each)
      for (const id of [...waiting.keys()].slice(0, Math.max(0, waiting.size - mostWaiting))) waiting.delete(id)
      if (left.length > 0) log.warn('the ledger cannot be written', { entries: waiting.size, error })
      due = false
      soon(pause * 10)
    }
  }

  const awaited = () => [...waiting.values()].some(({ settle }) => settle)

  function start(): Promise<void> {
    running ??= run().finally(() => {
      running = undefined
      // What came in the moment between.
      if (beginning.length > 0 || awaited()) void start()
    })
    return running
  }

  /** The earliest of those who ask is heard. */
  function soon(time: number): void {
    const at = performance.now() + time
    if (timer && timer.at <= at) return
    clearTimeout(timer?.id)
    const id = setTimeout(() => {
      timer = undefined
      due = true
      void start()
    }, time)
    id.unref()
    timer = { id, at }
  }

  return {
    begin(entry) {
      return new Promise((resolve, reject) => {
        beginning.push({ entry: { ...entry }, settle: { resolve, reject } })
        void start()
      })
    },
    put(entry) {
      return new Promise((resolve, reject) => {
        waiting.set(entry.id, { entry: { ...entry }, settle: { resolve, reject } })
        void start()
      })
    },
    putLater(entry) {
      waiting.set(entry.id, { entry: { ...entry } })
      soon(pause)
    },
    async flush() {
      for (const _ of ['what runs', 'what came meanwhile']) {
        due = true
        await start()
      }
    },
  }
}
