import { toAppError } from '../errors.ts'
import type { Clock, Log } from '../ports.ts'
import type { AnswerRun, Store } from '../store/index.ts'
import { createTakeover } from './takeover.ts'

/** Milliseconds between two looks at the answers of other servers, and without a sign of life until one counts as dead. */
export interface WatchTimes {
  look: number
  lease: number
}
const usual: WatchTimes = { look: 1000, lease: 5000 }
/** Milliseconds that what was said of an answer can be read behind its end, and between two times to forget what is older. */
const grace = 5 * 60_000
const forgetTime = 60_000

/**
 * Ends the answers of processes that died. No two clocks are compared: whoever watches sees that nothing of an answer changes.
 * `alone`: there is no other process that could live, so what is there at the start is dead.
 */
export function createWatch({
  store,
  clock,
  server,
  log,
  alone,
  isOurs,
  ended,
  times = usual,
}: {
  store: Store
  clock: Clock
  server: string
  log: Log
  alone: boolean
  isOurs(id: string): boolean
  ended(run: AnswerRun): void
  times?: WatchTimes
}): { start(): void; stop(): Promise<void> } {
  const takeOver = createTakeover({ store, clock, server })
  /** Since when each has looked as it does. */
  const seen = new Map<string, { beat: number; server: string; since: number }>()
  let lookedAt = Number.NEGATIVE_INFINITY
  const timers: ReturnType<typeof setInterval>[] = []
  let working: Promise<void> | undefined
  let failing = false

  async function look(patience: number): Promise<void> {
    // What is read is no older than this, and no newer than when it has come.
    const asked = performance.now()
    const open = (await store.answers.open()).filter(({ id }) => !isOurs(id))
    const came = performance.now()
    // While the database was out of reach, nobody could give a sign of life.
    if (asked - lookedAt > times.lease / 2) seen.clear()
    lookedAt = came
    for (const id of seen.keys()) if (!open.some(run => run.id === id)) seen.delete(id)
    for (const run of open) {
      const { id, beat, server } = run
      const before = seen.get(id)
      if (before?.beat !== beat || before.server !== server) seen.set(id, { beat, server, since: came })
      if (asked - (seen.get(id)?.since ?? came) < patience) continue
      seen.delete(id)
      if (!(await takeOver(run))) continue
      log.warn('an answer was ended whose server is gone', { answer: id, server })
      ended(run)
    }
  }

  function again(work: () => Promise<void>): void {
    // One that takes its time is not overtaken.
    working ??= work()
      .then(() => {
        failing = false
      })
      .catch(error => {
        if (!failing) log.warn('answers of other servers are not watched', { error: toAppError(error) })
        failing = true
      })
      .finally(() => {
        working = undefined
      })
  }

  return {
    start() {
      if (timers.length > 0) return
      if (alone) again(() => look(Number.NEGATIVE_INFINITY))
      else timers.push(setInterval(() => again(() => look(times.lease)), times.look))
      timers.push(setInterval(() => again(() => store.answers.forget(clock.now() - grace)), forgetTime))
      for (const timer of timers) timer.unref()
    },
    async stop() {
      for (const timer of timers.splice(0)) clearInterval(timer)
      await working
    },
  }
}
