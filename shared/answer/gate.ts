import { AppError } from '../errors.ts'

/** One after the other for each key, in the order of their coming. */
export interface Gate {
  /** Waits until all who came before have left; gives the way to leave. Throws `cancelled`. */
  enter(key: string, signal?: AbortSignal): Promise<() => void>
}

export function createGate(): Gate {
  /** Settles when the one who came last has left. */
  const last = new Map<string, Promise<void>>()
  return {
    async enter(key, signal) {
      const before = last.get(key)
      let leave = () => {}
      const inside = new Promise<void>(resolve => {
        leave = resolve
      })
      const both = (before ?? Promise.resolve()).then(() => inside)
      last.set(key, both)
      void both.then(() => {
        if (last.get(key) === both) last.delete(key)
      })
      if (!before) return leave
      let stop = () => {}
      try {
        await Promise.race([
          before,
          new Promise<never>((_, reject) => {
            stop = () => reject(new AppError('cancelled'))
            if (signal?.aborted) stop()
            signal?.addEventListener('abort', stop, { once: true })
          }),
        ])
      } catch (error) {
        leave()
        throw error
      } finally {
        signal?.removeEventListener('abort', stop)
      }
      return leave
    },
  }
}
