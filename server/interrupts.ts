import { performance } from 'node:perf_hooks'
import { AppError } from '../shared/errors.ts'

/** Ctrl-C and its kin. The first stops in order, the second ends the process at once. */
export interface Interrupts {
  /** Fires when the work should stop. */
  readonly signal: AbortSignal
  readonly interrupted: boolean
  /** As the first Ctrl-C, but nobody pressed it (`interrupted` stays false). */
  stop(): void
  /** As the first Ctrl-C. */
  interrupt(): void
  /** Until the returned function is called, Ctrl-C calls this instead: whoever talks with the user stops an answer with it. */
  take(handler: () => void): () => void
}

/**
 * The terminal sends Ctrl-C to the whole group of processes, and npm, which is in it, passes on what it received: the same
 * key press arrives twice, 1 to 30 ms apart.
 */
const onePress = 300
export const interruptedCode = 130

export function watchInterrupts(): Interrupts {
  const control = new AbortController()
  const handlers: (() => void)[] = []
  let interrupted = false
  let last = Number.NEGATIVE_INFINITY

  function onSignal(signal: NodeJS.Signals): void {
    const now = performance.now()
    if (now - last < onePress) return
    last = now
    const handler = handlers[handlers.length - 1]
    if (signal === 'SIGINT' && handler) {
      handler()
      return
    }
    if (interrupted) process.exit(interruptedCode)
    interrupt()
  }

  function interrupt(): void {
    interrupted = true
    control.abort(new AppError('cancelled'))
  }

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)
  return {
    signal: control.signal,
    get interrupted() {
      return interrupted
    },
    interrupt,
    stop: () => control.abort(new AppError('cancelled')),
    take(handler) {
      handlers.push(handler)
      return () => {
        handlers.splice(handlers.indexOf(handler), 1)
      }
    },
  }
}
