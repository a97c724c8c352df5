/**
 * Entry of the model process: does what the host asks, as the host orders it. What it cannot explain it does not survive:
 * the host starts a new one, and a library that failed inside is not asked again.
 */
import { flushCompileCache } from 'node:module'
import { AppError } from '../errors.ts'
import type { Control } from './chat.ts'
import { createEngine, type Engine } from './engine.ts'
import type { Piece } from './pieces.ts'
import type { FromModel, ToModel } from './protocol.ts'

/**
 * Milliseconds between two messages on what a model writes: what comes meanwhile goes together. Each costs the host a turn of its
 * loop, which was 1.3 ms of its time a token with one message each. The first one goes at once.
 */
const frame = 20
/** Milliseconds between two words that it gets on: the host waits for them by the minute. */
const restful = 100

const running = new Map<number, { stopped: boolean }>()
let engine: Engine | undefined

const tell = (message: FromModel) => void process.send?.(message)

// The host is gone, and so is this process, even while a thread of llama.cpp computes.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
process.on('message', (message: ToModel) => {
  if (message.type === 'start')
    engine = createEngine(message.settings, {
      loading: key => tell({ type: 'loading', key }),
      loaded: (key, granted) => tell({ type: 'loaded', key, ...(granted && { granted }) }),
      note: (name, detail) => tell({ type: 'note', name, detail }),
    })
  if (message.type === 'ping') tell({ type: 'pong' })
  if (message.type === 'unload') void engine?.unload(message.key).catch(fall)
  if (message.type === 'stop') {
    const task = running.get(message.id)
    if (task) task.stopped = true
  }
  if (message.type === 'run') void run(message).catch(fall)
})

async function run({ id, file, task }: Extract<ToModel, { type: 'run' }>): Promise<void> {
  const state = { stopped: false }
  running.set(id, state)
  const pieces = collect(piece => tell({ type: 'piece', id, ...piece }))
  let told = Number.NEGATIVE_INFINITY
  const control: Control = {
    check() {
      if (state.stopped) throw new AppError('cancelled')
    },
    progress() {
      const now = performance.now()
      if (now - told < restful) return
      told = now
      tell({ type: 'progress', id })
    },
    piece: pieces.add,
  }
  try {
    if (!engine) throw new Error('work before the start')
    const result = await engine.run(file, task, control)
    pieces.flush()
    tell({ type: 'done', id, result })
  } catch (error) {
    pieces.flush()
    if (!(error instanceof AppError)) throw error
    const detail = error.cause instanceof Error ? String(error.cause.stack) : ''
    tell({ type: 'failed', id, code: error.code, values: error.values, detail })
  } finally {
    running.delete(id)
    // Now, as the host ends this process by a signal; a tenth of a millisecond where nothing is new.
    flushCompileCache()
  }
}

/** Puts pieces of one kind together until it is time to say them. */
function collect(say: (piece: Piece) => void): { add(piece: Piece): void; flush(): void } {
  let kept: Piece | undefined
  let said = Number.NEGATIVE_INFINITY
  let timer: NodeJS.Timeout | undefined
  function flush(): void {
    clearTimeout(timer)
    timer = undefined
    if (!kept) return
    said = performance.now()
    say(kept)
    kept = undefined
  }
  return {
    flush,
    add({ kind, text }) {
      if (kept && kept.kind !== kind) flush()
      kept = { kind, text: (kept?.text ?? '') + text }
      const left = frame - (performance.now() - said)
      if (left <= 0) flush()
      else timer ??= setTimeout(flush, left)
    },
  }
}

function fall(error: unknown): void {
  // Standard error is what the host finds in its log.
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`, () => process.exit(1))
}
