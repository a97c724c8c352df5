import { type AppError, toAppError } from '../errors.ts'
import type { Clock, Job, JobOutcome, Log, Queue } from '../ports.ts'
import type { Store, Tx } from '../store/index.ts'

export interface JobKind {
  kind: string
  /** How many run at once in this process. */
  concurrency: number
  /**
   * Does the work and settles the job in the transaction of its last effect. What it throws is tried again later;
   * when the signal fires, it stops without settling.
   */
  run(job: Job, signal: AbortSignal): Promise<void>
  /** After the last attempt: inside the transaction that buries the job. */
  dead(tx: Tx, job: Job): Promise<void>
}

export interface Runner {
  /** There may be new work. */
  wake(): void
  /** Lets go of the jobs with these keys at once, if they run here. */
  interrupt(keys: readonly string[]): void
  /** Stops claiming, interrupts what runs, and waits for it to end. */
  stop(): Promise<void>
}

/** Jobs of other processes and those that wait for another try are looked for at this pace, in milliseconds. */
const pollTime = 1000
/** A third of the lease, so that one lost beat does not lose the job. */
const beatTime = 5000

/** Errors that come from the machine, whatever the job. */
const ofTheMachine: ReadonlySet<string> = new Set(['disk-full', 'database-busy'])

export function startRunner({
  queue,
  store,
  kinds,
  clock,
  log,
  troubled = () => {},
}: {
  queue: Queue
  store: Pick<Store, 'transaction' | 'executor'>
  kinds: readonly JobKind[]
  clock: Clock
  log: Log
  /** The work stands still because of the database or the disk; undefined when it goes on. */
  troubled?: (trouble: AppError | undefined) => void
}): Runner {
  const stopping = new AbortController()
  const running = new Map<string, AbortController>()
  const sleepers = new Set<() => void>()

  function wake(): void {
    for (const sleeper of sleepers) sleeper()
  }

  function sleep(time: number): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(done, time)
      function done() {
        clearTimeout(timer)
        sleepers.delete(done)
        resolve()
      }
      sleepers.add(done)
    })
  }

  async function work(kind: JobKind): Promise<void> {
    let failures = 0
    while (!stopping.signal.aborted) {
      try {
        const job = await queue.claim([kind.kind])
        if (job) await perform(kind, job)
        if (failures > 0) troubled(undefined)
        failures = 0
        if (job) continue
        const next = await queue.next([kind.kind])
        await sleep(Math.min(pollTime, Math.max(10, (next ?? Number.POSITIVE_INFINITY) - clock.now())))
      } catch (error) {
        // The database itself, or the disk: keep trying, ever more slowly, and say so once it is no passing moment.
        failures += 1
        if (failures === 1) log.error('queue', { error })
        if (failures === 2) troubled(toAppError(error))
        await sleep(Math.min(30_000, 100 * 2 ** failures))
      }
    }
  }

  async function perform(kind: JobKind, job: Job): Promise<void> {
    const control = new AbortController()
    const interrupt = () => control.abort()
    if (stopping.signal.aborted) interrupt()
    stopping.signal.addEventListener('abort', interrupt)
    running.set(job.key, control)
    const beat = setInterval(() => {
      store
        .transaction(tx => queue.renew(store.executor(tx), job, 'beat'))
        .catch(error => {
          if (toAppError(error).code === 'lease-lost') control.abort()
        })
    }, beatTime)
    try {
      if (job.exhausted) await settle(kind, job, { state: 'dead', error: 'its process died each time' })
      else await kind.run(job, control.signal)
      wake()
    } catch (error) {
      if (toAppError(error).code === 'lease-lost') return
      if (stopping.signal.aborted) return await settle(kind, job, { state: 'released' })
      // Interrupted: whoever did that has taken the job away.
      if (control.signal.aborted) return
      // Not the job's fault: it goes back as it was, and the worker waits a little.
      if (ofTheMachine.has(toAppError(error).code)) {
        await settle(kind, job, { state: 'released' })
        throw error
      }
      log.error('job failed', { kind: job.kind, key: job.key, attempt: job.attempt, error })
      await settle(kind, job, { state: 'retry', error: error instanceof Error ? error.message : String(error) })
    } finally {
      clearInterval(beat)
      // A newer run of the same key may have begun meanwhile.
      if (running.get(job.key) === control) running.delete(job.key)
      stopping.signal.removeEventListener('abort', interrupt)
    }
  }

  async function settle(kind: JobKind, job: Job, outcome: JobOutcome): Promise<void> {
    try {
      await store.transaction(async tx => {
        const { last } = await queue.settle(store.executor(tx), job, outcome)
        if (last) await kind.dead(tx, job)
      })
    } catch (error) {
      if (toAppError(error).code !== 'lease-lost') throw error
    }
  }

  const workers = kinds.flatMap(kind => Array.from({ length: kind.concurrency }, () => work(kind)))
  return {
    wake,
    interrupt(keys) {
      for (const key of keys) running.get(key)?.abort()
    },
    async stop() {
      stopping.abort()
      wake()
      await Promise.all(workers)
    },
  }
}
