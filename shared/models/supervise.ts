/** Keeps the model process: started when needed, ended when idle, killed when it hangs, started again after a crash. */
import { AppError } from '../errors.ts'
import type { ErrorCode } from '../model/index.ts'
import type { ChildProcess, Log, Processes } from '../ports.ts'
import { createLanes, type Lane, type Queued } from './lanes.ts'
import type { Granted } from './memory.ts'
import type { Piece } from './pieces.ts'
import type { FromModel, ModelFile, ProcessSettings, Result, Results, Task, ToModel } from './protocol.ts'
import { createRests } from './rests.ts'
import { createWatch } from './watch.ts'

export interface Limits {
  /** Milliseconds without a token, a prompt batch or a vector. */
  workTime: number
  /** Milliseconds without progress while the process starts or loads a model: its event loop stands still for seconds then. */
  loadTime: number
  /** Milliseconds of a model without work until it is unloaded; the process ends with the last. Infinite: never. */
  idleTime: number
  /** Milliseconds between two signs of life that are asked of an idle process. */
  pingTime: number
  /** Milliseconds a model rests after its second failure in a row, doubled with each further one up to the longest. */
  firstRest: number
  longestRest: number
}

export const DEFAULT_LIMITS: Limits = {
  workTime: 60_000,
  loadTime: 180_000,
  idleTime: 600_000,
  pingTime: 30_000,
  firstRest: 1_000,
  longestRest: 60_000,
}

export interface RunOptions {
  signal?: AbortSignal | undefined
  urgent?: boolean
  piece?: (kind: Piece['kind'], text: string) => void
}

export interface Supervisor {
  /** Waits its turn. Throws what the port names. */
  run<T extends Task>(file: ModelFile, task: T, options?: RunOptions): Promise<Results[T['type']]>
  /** What is loaded, as far as this process was told. */
  held(): readonly Held[]
  /** Somebody waits for this file, or it is loaded. */
  uses(key: string): boolean
  /** At once; whoever waits is refused with `cancelled`. */
  close(): Promise<void>
}

/**
 * Questions that wait in the process rather than here, so that it need not be told of the next one when one is done. With a
 * small model on a busy machine the telling takes ten times as long as the embedding: 40 questions a second were not embedded
 * in 1.3 s each, one by one.
 */
const questionsAhead = 8

/** A model that is loaded, and what it takes. */
export interface Held {
  file: ModelFile
  granted: Granted
}

interface Work extends Queued {
  id: number
  file: ModelFile
  task: Task
  /** Milliseconds since it last got on. */
  silence: number
  /** The process said a word on it. */
  started: boolean
  /** Some of the answer was shown: it cannot be begun again. */
  spoke: boolean
  /** It was lost with a process that may have ended for another's fault. */
  lost: boolean
  piece: RunOptions['piece']
  /** Nobody waits for it any more. */
  settled: boolean
  resolve(result: Result): void
  reject(error: AppError): void
}

interface Running {
  child: ChildProcess
  messages: AsyncIterator<unknown>
  working: Map<number, Work>
  /** Being loaded now. */
  loading: Set<string>
  /** By key. */
  held: Map<string, Held>
  /** When each loaded model is unloaded, if nobody asks for it. */
  idle: Map<string, NodeJS.Timeout>
  /** It said something. */
  up: boolean
  /** Milliseconds since it was asked for a sign of life. */
  pinged: number | undefined
  reading: boolean
  /** Why it is being killed. */
  killed?: 'timeout' | 'idle'
}

export function createSupervisor({
  processes,
  log,
  settings,
  limits,
}: {
  processes: Processes
  log: Log
  settings: ProcessSettings
  limits: Limits
}): Supervisor {
  const { threads } = settings
  const lanes = createLanes<Work>({ chat: 1, embed: threads, rank: threads, count: 1 }, { embed: questionsAhead })
  const rests = createRests(limits)
  const watch = createWatch(Math.min(limits.workTime, limits.loadTime, limits.pingTime), look)
  /** The one that gets the work, and others that are being killed. */
  let running: Running | undefined
  const living = new Set<Running>()
  let closed = false
  let lastId = 0
  let nextPing: NodeJS.Timeout | undefined

  /** Gives out what can be done now. */
  function dispatch(): void {
    for (;;) {
      const work = closed ? undefined : lanes.take(running?.working.values() ?? [])
      if (!work) break
      const rest = rests.left(work.file.key)
      if (rest > 0) {
        work.reject(new AppError('model-unavailable', { name: work.file.name, seconds: Math.ceil(rest / 1000) }))
        continue
      }
      try {
        running ??= start()
      } catch (error) {
        log.error('the model process cannot be started', { error })
        rests.failed(work.file.key)
        work.reject(new AppError('model-crashed', { name: work.file.name }, { cause: error }))
        continue
      }
      clearTimeout(running.idle.get(work.file.key))
      running.working.set(work.id, work)
      send(running, { type: 'run', id: work.id, file: work.file, task: work.task })
    }
    if (running && running.working.size === 0) rest(running)
    else clearTimeout(nextPing)
    watch.on(running !== undefined && (running.working.size > 0 || running.pinged !== undefined))
  }

  function start(): Running {
    const child = processes.spawn('model')
    log.debug('model process started', { pid: child.pid })
    const process: Running = {
      child,
      messages: child.messages[Symbol.asyncIterator](),
      working: new Map(),
      loading: new Set(),
      held: new Map(),
      idle: new Map(),
      up: false,
      pinged: undefined,
      reading: false,
    }
    living.add(process)
    void child.exit.then(() => {
      // Its last words are read first, if somebody reads.
      if (!process.reading) ended(process)
    })
    send(process, { type: 'start', settings })
    return process
  }

  function send(process: Running, message: ToModel): void {
    // When it cannot be sent the process is gone, which is told by its end.
    process.child.send(message).catch(() => {})
    void read(process)
  }

  /** Only while something is expected: a process that is read keeps the host alive. */
  async function read(process: Running): Promise<void> {
    if (process.reading) return
    process.reading = true
    while (process.working.size > 0 || process.pinged !== undefined) {
      const { value, done } = await process.messages.next()
      if (done) {
        ended(process)
        break
      }
      hear(process, value as FromModel)
    }
    process.reading = false
  }

  function hear(process: Running, message: FromModel): void {
    process.up = true
    process.pinged = undefined
    if (message.type === 'loading' || message.type === 'loaded') {
      if (message.type === 'loading') process.loading.add(message.key)
      else {
        process.loading.delete(message.key)
        hold(process, message)
      }
      for (const work of process.working.values()) {
        work.silence = 0
        if (work.file.key === message.key) work.started = true
      }
      return
    }
    if (message.type === 'pong') {
      dispatch()
      return
    }
    if (message.type === 'note') {
      log.warn('a model is not used as its file says', { name: message.name, detail: message.detail })
      return
    }
    const work = process.working.get(message.id)
    if (!work) return
    work.silence = 0
    work.started = true
    if (message.type === 'piece') {
      work.spoke = true
      work.piece?.(message.kind, message.text)
    }
    if (message.type !== 'done' && message.type !== 'failed') return
    process.working.delete(work.id)
    if (message.type === 'done') {
      rests.succeeded(work.file.key)
      work.resolve(message.result)
    } else {
      const { code, values, detail } = message
      if (detail !== '') log.warn('a model failed', { name: work.file.name, code, detail })
      work.reject(new AppError(code, { name: work.file.name, ...values }))
    }
    if (![...process.working.values()].some(({ file }) => file.key === work.file.key))
      unloadLater(process, work.file.key)
    dispatch()
  }

  function hold({ held, working }: Running, { key, granted }: Extract<FromModel, { type: 'loaded' }>): void {
    const file = [...working.values()].find(work => work.file.key === key)?.file
    if (!granted || !file) return
    // One that answers or ranks takes the place of the one before; so does a file that was replaced.
    for (const other of held.values())
      if (other.file.path === file.path || (other.file.role === file.role && file.role !== 'embedding'))
        held.delete(other.file.key)
    held.set(key, { file, granted })
  }

  function unloadLater(process: Running, key: string): void {
    clearTimeout(process.idle.get(key))
    if (limits.idleTime === Number.POSITIVE_INFINITY) return
    const timer = setTimeout(() => {
      process.idle.delete(key)
      process.held.delete(key)
      if (process.idle.size > 0 || process.working.size > 0) send(process, { type: 'unload', key })
      else kill(process, 'idle')
    }, limits.idleTime)
    timer.unref()
    process.idle.set(key, timer)
  }

  /** Nothing to do: a sign of life now and then, so that nobody's question finds a process that hangs. */
  function rest(process: Running): void {
    clearTimeout(nextPing)
    nextPing = setTimeout(() => {
      if (process !== running || process.working.size > 0) return
      process.pinged = 0
      send(process, { type: 'ping' })
      watch.on(true)
    }, limits.pingTime)
    nextPing.unref()
  }

  /** Called again and again while somebody waits for the process; `elapsed` milliseconds since the last time. */
  function look(elapsed: number): void {
    const process = running
    if (!process) return
    const limit = !process.up || process.loading.size > 0 ? limits.loadTime : limits.workTime
    if (process.pinged !== undefined) process.pinged += elapsed
    for (const work of process.working.values()) work.silence += elapsed
    const silence = Math.max(process.pinged ?? 0, ...[...process.working.values()].map(work => work.silence))
    if (silence < limit) return
    log.warn('the model process stands still', { pid: process.child.pid, silence, loading: process.loading.size > 0 })
    kill(process, 'timeout')
  }

  function kill(process: Running, why: 'timeout' | 'idle'): void {
    process.killed = why
    process.child.kill()
    // Whoever comes now gets a new one.
    if (process === running) running = undefined
  }

  function ended(process: Running): void {
    living.delete(process)
    for (const timer of process.idle.values()) clearTimeout(timer)
    if (process === running) running = undefined
    const lost = [...process.working.values()]
    process.working.clear()
    process.pinged = undefined
    const code: ErrorCode = process.killed === 'timeout' ? 'model-timeout' : 'model-crashed'
    const guilty = blame(process, lost)
    // What was called off says nothing of its model: whoever stopped it may have stopped the process too.
    const failed = guilty.filter(work => !work.settled || process.killed === 'timeout')
    for (const key of new Set(failed.map(({ file }) => file.key))) rests.failed(key)
    for (const work of lost.reverse())
      if (work.settled) continue
      else if (closed) work.reject(new AppError('cancelled'))
      else if (guilty.includes(work) || work.spoke) work.reject(new AppError(code, { name: work.file.name }))
      else {
        work.lost = true
        work.silence = 0
        lanes.putBack(work)
      }
    dispatch()
  }

  /**
   * Whose work most likely ended the process; the others are tried once more. What was being loaded; else the answer, the
   * longest piece of work; else all. What was lost twice is guilty too.
   */
  function blame({ loading, killed }: Running, lost: readonly Work[]): Work[] {
    const started = lost.filter(work => work.started)
    const suspects = [
      started.filter(work => killed === 'timeout' && loading.size === 0 && work.silence >= limits.workTime),
      started.filter(work => loading.has(work.file.key)),
      started.filter(work => work.lane === 'chat'),
      started,
    ].find(some => some.length > 0)
    return lost.filter(work => work.lost || suspects?.includes(work))
  }

  return {
    run<T extends Task>(file: ModelFile, task: T, { signal, urgent = true, piece }: RunOptions = {}) {
      return new Promise<Results[T['type']]>((resolve, reject) => {
        if (closed || signal?.aborted) return reject(new AppError('cancelled'))
        function settle() {
          signal?.removeEventListener('abort', stop)
          work.settled = true
          work.piece = undefined
        }
        const work: Work = {
          id: ++lastId,
          lane: task.type satisfies Lane,
          urgent,
          file,
          task,
          silence: 0,
          started: false,
          spoke: false,
          lost: false,
          settled: false,
          piece,
          resolve(result) {
            settle()
            // The process answers a task with its own kind of result.
            resolve(result as Results[T['type']])
          },
          reject(error) {
            settle()
            reject(error)
          },
        }
        function stop() {
          lanes.remove(work)
          work.reject(new AppError('cancelled'))
          // Its place is free when the process says so.
          if (running?.working.has(work.id)) send(running, { type: 'stop', id: work.id })
        }
        signal?.addEventListener('abort', stop, { once: true })
        lanes.add(work)
        dispatch()
      })
    },
    held: () => [...(running?.held.values() ?? [])],
    uses: key =>
      running?.held.has(key) === true ||
      [...lanes.waiting, ...(running?.working.values() ?? [])].some(({ file }) => file.key === key),
    async close() {
      closed = true
      clearTimeout(nextPing)
      watch.on(false)
      for (const work of [...lanes.waiting]) {
        lanes.remove(work)
        work.reject(new AppError('cancelled'))
      }
      const leaving = [...living]
      for (const { child } of leaving) child.kill()
      await Promise.all(leaving.map(({ child }) => child.exit))
      for (const process of leaving) ended(process)
    },
  }
}
