/**
 * What a parser process does on its main thread. The reading happens in a thread of its own; this one stays free to watch:
 *
 * - the host's life: when the channel closes, the host is gone, and so is this process, even while the thread loops;
 * - memory: past the limit the host is told why, then the process ends. An operating system's limit on address space
 *   would kill Node at its start, and V8's own limit knows nothing of buffers and WebAssembly.
 * - time: past the limit for one segment likewise. The processor's and not the clock's: on a busy machine (load 15 on two
 *   cores) good files that take 3 to 7 s of work were given up after 60 s.
 *
 * The process ends by signal, not by `process.exit`, which would wait for the looping thread.
 */
import { flushCompileCache } from 'node:module'
import { Worker } from 'node:worker_threads'
import { DEFAULT_LIMITS, type FromParser, type ToParser } from './protocol.ts'

// A page that allocates as fast as it can grows by less than 200 MB between two looks.
const LOOK = 100
const LAST_WORDS = 1_000

export function guardReader(module: URL) {
  let reader: Worker | undefined
  let memory = DEFAULT_LIMITS.memory
  let ending = false
  /** The segment or page that is being read: when it began, and how long it may take. */
  let current: { began: number; time: number } | undefined

  process.on('disconnect', die)
  process.on('message', (message: ToParser) => {
    if (message.type === 'work') return void process.send?.({ type: 'work', time: workTime() } satisfies FromParser)
    if ('limits' in message) {
      const { recognitionTime, segmentTime } = message.limits
      memory = message.limits.memory
      current = { began: workTime(), time: message.type === 'recognize' ? recognitionTime : segmentTime }
    }
    reader ??= startReader()
    reader.postMessage(message)
  })
  setInterval(() => {
    if (process.memoryUsage.rss() > memory) end('parser-memory', `more than ${memory} bytes`)
    if (current && workTime() - current.began > current.time)
      end('parser-timeout', `more than ${current.time} ms of work without getting on`)
  }, LOOK)

  function startReader(): Worker {
    const worker = new Worker(module, {
      // The process's limit holds for everything in it; V8's default would be less on a small machine, more on a big one.
      resourceLimits: { maxOldGenerationSizeMb: Math.ceil(memory / 1024 ** 2) },
    })
    // Node would do it at an end in order, which this process never has.
    worker.once('message', () => flushCompileCache())
    worker.on('message', (message: FromParser) => {
      // Between segments the reader waits for the host, which takes no work.
      if (current && message.type !== 'note') current.began = workTime()
      process.send?.(message)
    })
    worker.on('error', error => {
      const full = 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY'
      end(full ? 'parser-memory' : 'parser-crashed', String(error.stack))
    })
    worker.on('exit', code => end('parser-crashed', `reader left with ${code}`))
    return worker
  }

  function end(code: Extract<FromParser, { type: 'ending' }>['code'], detail: string) {
    if (ending) return
    ending = true
    const message: FromParser = { type: 'ending', code, detail }
    process.send?.(message, die)
    // The host may have stopped reading.
    setTimeout(die, LAST_WORDS)
  }
}

/** Milliseconds of the processor for everything but this thread, whose looks would make a process that hangs seem busy. */
function workTime(): number {
  const all = process.cpuUsage()
  const own = threadUsage()
  return (all.user + all.system - own.user - own.system) / 1000
}

// Node 22 does not tell threads apart: there a process that does nothing is ended by the clock.
const threadUsage = process.threadCpuUsage?.bind(process) ?? (() => ({ user: 0, system: 0 }))

function die() {
  process.kill(process.pid, 'SIGKILL')
}
