import { setTimeout as pause } from 'node:timers/promises'
import { type AppError, toAppError } from '../errors.ts'
import type { Access, Clock, Job, JobOutcome, Log, Queue } from '../ports.ts'
import type { Store, Tx } from '../store/index.ts'

export interface JobKind {
  kind: string
  /** How many run at once in this process. */
  concurrency: number
  /**
   * Does the work and settles the job in the transaction of its last effect. What it throws is tried again later;
   * when the signal fires, it stops without settling. `othersWait` asks the queue whether another job of this kind is
   * due: a long one may settle as `later` then, and goes on behind them.
   */
  run(job: Job, signal: AbortSignal, othersWait: () => Promise<boolean>): Promise<void>
  /** Kinds of which its end may have made jobs; all, where it is not said. */
  leadsTo?: readonly string[]
  /** Whose data the end of a job touches; of the installation itself where it is not said, or nobody's any more. */
  access?(job: Job): Promise<Access | undefined>
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
/** The same while something runs here, whose end is heard of: then nobody asks the queue when its next job is due. */
const busyTime = 100
/** A third of the lease, so that one lost beat does not lose the job. */
const beatTime = 5000

/** Errors that come from the machine, whatever the job. */
const ofTheMachine: ReadonlySet<string> = new Set([
  'disk-full',
  'disk-error',
  'data-unwritable',
  'out-of-memory',
  'database-busy',
  'database-unreachable',
  'database-connections',
  'database-read-only',
  'database-full',
  'blob-store-unreachable',
  'blob-store-refused',
  'blob-store-missing',
  'blob-store-full',
])

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
  const lanes: Lane[] = kinds.map(kind => ({ kind, busy: 0, failures: 0, resting: false, unsure: true }))
  const atWork = new Set<Promise<void>>()
  let woken = false
  let rouse = () => {}

  function wake(kinds?: readonly string[]): void {
    for (const lane of lanes) lane.unsure ||= kinds === undefined || kinds.includes(lane.kind.kind)
    woken = true
    rouse()
  }

  /** True when the time is over, false when woken before. */
  function sleep(time: number): Promise<boolean> {
    return new Promise(resolve => {
      const timer = setTimeout(() => resolve(true), time)
      rouse = () => {
        clearTimeout(timer)
        resolve(false)
      }
      if (woken) rouse()
    })
  }

  /**
   * One looks for work for all kinds that have room. When each slot looked for itself, a small file caused some twenty
   * looks that found nothing, each a transaction that keeps others from writing.
   */
  async function look(): Promise<void> {
    let failures = 0
    while (!stopping.signal.aborted) {
      woken = false
      const open = lanes.filter(lane => lane.busy < lane.kind.concurrency && !lane.resting && lane.unsure)
      const names = open.map(lane => lane.kind.kind)
      try {
        const job = open.length > 0 ? await queue.claim(names) : undefined
        if (failures > 0) troubled(undefined)
        failures = 0
        const lane = job && open.find(({ kind }) => kind.kind === job.kind)
        if (lane) {
          const work = take(lane, job).finally(() => atWork.delete(work))
          atWork.add(work)
          continue
        }
        for (const idle of open) {
          idle.unsure = false
          recovered(idle)
        }
        if (woken) {
          for (const idle of open) idle.unsure = true
          continue
        }
        const busy = lanes.some(lane => lane.busy > 0)
        const next = busy ? undefined : await queue.next(lanes.map(lane => lane.kind.kind))
        const due = (next ?? Number.POSITIVE_INFINITY) - clock.now()
        if (await sleep(Math.min(busy ? busyTime : pollTime, Math.max(10, due)))) wake()
      } catch (error) {
        // The database itself, or the disk: keep trying, ever more slowly, and say so once it is no passing moment.
        failures += 1
        if (failures === 1) log.error('queue', { error })
        if (failures === 2) troubled(toAppError(error))
        await rest(failures)
      }
    }
  }

  async function take(lane: Lane, job: Job): Promise<void> {
    lane.busy += 1
    try {
      await perform(lane.kind, job)
      recovered(lane)
    } catch (error) {
      lane.failures += 1
      if (lane.failures === 1) log.error('queue', { error })
      if (lane.failures === 2) troubled(toAppError(error))
      lane.resting = true
      await rest(lane.failures)
      lane.resting = false
    } finally {
      lane.busy -= 1
      wake(lane.kind.leadsTo && [lane.kind.kind, ...lane.kind.leadsTo])
    }
  }

  function recovered(lane: Lane): void {
    if (lane.failures > 0) troubled(undefined)
    lane.failures = 0
  }

  /** Longer with each failure; ends at once when all stops. */
  async function rest(failures: number): Promise<void> {
    await pause(Math.min(30_000, 100 * 2 ** failures), undefined, { signal: stopping.signal }).catch(() => {})
  }

  async function perform(kind: JobKind, job: Job): Promise<void> {
    const control = new AbortController()
    const interrupt = () => control.abort()
    if (stopping.signal.aborted) interrupt()
    stopping.signal.addEventListener('abort', interrupt)
    running.set(job.key, control)
    const othersWait = async () => ((await queue.next([kind.kind])) ?? Number.POSITIVE_INFINITY) <= clock.now()
    const beat = setInterval(() => {
      store
        .transaction('internal', tx => queue.renew(store.executor(tx), job, 'beat'))
        .catch(error => {
          if (toAppError(error).code === 'lease-lost') control.abort()
        })
    }, beatTime)
    try {
      if (job.exhausted) await settle(kind, job, { state: 'dead', error: 'its process died each time' })
      else await kind.run(job, control.signal, othersWait)
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
      const access = mayBeLast(outcome) ? await kind.access?.(job) : undefined
      await store.transaction(access ?? 'internal', async tx => {
        const { last } = await queue.settle(store.executor(tx), job, outcome)
        if (last) await kind.dead(tx, job)
      })
    } catch (error) {
      if (toAppError(error).code !== 'lease-lost') throw error
    }
  }

  const looking = look()
  return {
    wake,
    interrupt(keys) {
      for (const key of keys) running.get(key)?.abort()
    },
    async stop() {
      stopping.abort()
      wake()
      await looking
      await Promise.all(atWork)
    },
  }
}

function mayBeLast({ state }: JobOutcome): boolean {
  return state === 'retry' || state === 'dead'
}

/** A kind of job, and how it fares. */
interface Lane {
  readonly kind: JobKind
  busy: number
  /** In a row, all of the machine; after each it rests. */
  failures: number
  resting: boolean
  /** There may be work for it. */
  unsure: boolean
}
