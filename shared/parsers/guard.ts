/**
 * What a parser process does on its main thread. The reading happens in a thread of its own; this one stays free to watch:
 *
 * - the host's life: when the channel closes, the host is gone, and so is this process, even while the thread loops;
 * - memory: past the limit the host is told why, then the process ends. An operating system's limit on address space
 *   would kill Node at its start, and V8's own limit knows nothing of buffers and WebAssembly.
 *
 * The process ends by signal, not by `process.exit`, which would wait for the looping thread.
 */
import { Worker } from 'node:worker_threads'
import { DEFAULT_LIMITS, type FromParser, type ToParser } from './protocol.ts'

// A page that allocates as fast as it can grows by less than 200 MB between two looks.
const LOOK = 100
const LAST_WORDS = 1_000

export function guardReader(module: URL) {
  let reader: Worker | undefined
  let memory = DEFAULT_LIMITS.memory
  let ending = false
  /** A page whose text is recognised: it is behind everybody else, so its own time counts and not the clock's. */
  let page: { before: NodeJS.CpuUsage; time: number } | undefined

  process.on('disconnect', die)
  process.on('message', (message: ToParser) => {
    if ('limits' in message) memory = message.limits.memory
    if (message.type === 'recognize') page = { before: process.cpuUsage(), time: message.limits.recognitionTime }
    reader ??= startReader()
    reader.postMessage(message)
  })
  setInterval(() => {
    if (process.memoryUsage.rss() > memory) end('parser-memory', `more than ${memory} bytes`)
    if (!page) return
    const { user, system } = process.cpuUsage(page.before)
    if ((user + system) / 1000 > page.time) end('parser-timeout', `more than ${page.time} ms of work on a page`)
  }, LOOK)

  function startReader(): Worker {
    const worker = new Worker(module, {
      // The process's limit holds for everything in it; V8's default would be less on a small machine, more on a big one.
      resourceLimits: { maxOldGenerationSizeMb: Math.ceil(memory / 1024 ** 2) },
    })
    worker.on('message', (message: FromParser) => {
      if (message.type === 'event' || message.type === 'failed') page = undefined
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

function die() {
  process.kill(process.pid, 'SIGKILL')
}
