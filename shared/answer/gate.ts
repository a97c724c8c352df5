import { AppError } from '../errors.ts'

/** One after the other for each key, in the order of their coming. */
export interface Gate {
  /**
   * Waits until all who came before have left; gives the way to leave. Whoever must wait hears how many come before,
   * whenever that changes, and 0 at last. Throws `cancelled`.
   */
  enter(key: string, options?: { signal?: AbortSignal; waiting?: (place: number) => void }): Promise<() => void>
}

interface Entry {
  go(): void
  waiting?: (place: number) => void
}

export function createGate(): Gate {
  /** Who is inside, and behind it who waits. */
  const lines = new Map<string, Entry[]>()

  function leave(key: string, entry: Entry): void {
    const line = lines.get(key) ?? []
    const at = line.indexOf(entry)
    if (at < 0) return
    line.splice(at, 1)
    if (line.length === 0) lines.delete(key)
    if (at === 0) line[0]?.go()
    for (const [place, later] of line.entries()) if (place >= at) later.waiting?.(place)
  }

  return {
    async enter(key, { signal, waiting } = {}) {
      if (signal?.aborted) throw new AppError('cancelled')
      const line = lines.get(key) ?? []
      lines.set(key, line)
      const entry: Entry = { go: () => {}, ...(waiting && { waiting }) }
      const place = line.push(entry) - 1
      if (place > 0) {
        waiting?.(place)
        await new Promise<void>((resolve, reject) => {
          const stop = () => {
            leave(key, entry)
            reject(new AppError('cancelled'))
          }
          signal?.addEventListener('abort', stop, { once: true })
          entry.go = () => {
            signal?.removeEventListener('abort', stop)
            resolve()
          }
        })
      }
      return () => leave(key, entry)
    },
  }
}
