/**
 * Entry of the model process: does what the host asks, as the host orders it. What it cannot explain it does not survive:
 * the host starts a new one, and a library that failed inside is not asked again.
 */
import { AppError } from '../errors.ts'
import type { Control } from './chat.ts'
import { createEngine, type Engine } from './engine.ts'
import type { FromModel, ToModel } from './protocol.ts'

const running = new Map<number, { stopped: boolean }>()
let engine: Engine | undefined

const tell = (message: FromModel) => void process.send?.(message)

// The host is gone, and so is this process, even while a thread of llama.cpp computes.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
process.on('message', (message: ToModel) => {
  if (message.type === 'start')
    engine = createEngine(message.settings, {
      loading: key => tell({ type: 'loading', key }),
      loaded: key => tell({ type: 'loaded', key }),
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
  const control: Control = {
    check() {
      if (state.stopped) throw new AppError('cancelled')
    },
    progress: () => tell({ type: 'progress', id }),
    piece: piece => tell({ type: 'piece', id, ...piece }),
  }
  try {
    if (!engine) throw new Error('work before the start')
    tell({ type: 'done', id, result: await engine.run(file, task, control) })
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    const detail = error.cause instanceof Error ? String(error.cause.stack) : ''
    tell({ type: 'failed', id, code: error.code, values: error.values, detail })
  } finally {
    running.delete(id)
  }
}

function fall(error: unknown): void {
  // Standard error is what the host finds in its log.
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`, () => process.exit(1))
}
