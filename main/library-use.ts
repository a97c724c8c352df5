/** Who of this application is at work on the files of the library: one alone with it, or any number beside the server, never both. */
import { AppError } from '../shared/errors.ts'
import type { ServerProcess } from './processes/server-process.ts'

/** What one has it alone for. `part`: how far that is, between 0 and 1; undefined where nobody knows. */
export interface LoneWork {
  doing: 'moving' | 'restoring' | 'checking'
  part: number | undefined
}

export interface LibraryUse {
  /** Somebody is alone with it. */
  alone(): LoneWork | undefined
  /** Anybody is at work, alone or beside. */
  busy(): boolean
  /**
   * Stops the server and keeps it from being started until this is done; one that was asked for meanwhile starts then. `signal`: the
   * application ends. Throws `library-busy`.
   */
  takeAlone<T>(
    doing: LoneWork['doing'],
    work: (ports: { signal: AbortSignal; progress(part: number): void }) => Promise<T>,
  ): Promise<T>
  /** Throws `library-busy` where somebody is alone with it. */
  beside<T>(work: () => T | Promise<T>): Promise<T>
  /** Ends what is alone with it; nothing is in work there when it resolves. */
  stop(): Promise<void>
}

export function createLibraryUse({
  server,
  changed,
}: {
  server: Pick<ServerProcess, 'hold' | 'stop'>
  changed(): void
}): LibraryUse {
  let now: LoneWork | undefined
  let beside = 0
  let stopping = new AbortController()
  let last: Promise<unknown> = Promise.resolve()

  async function run<T>(work: Parameters<LibraryUse['takeAlone']>[1]): Promise<T> {
    const release = server.hold()
    try {
      changed()
      await server.stop()
      return (await work({ signal: stopping.signal, progress })) as T
    } finally {
      now = undefined
      release()
      changed()
    }
  }

  /** In whole hundredths: whoever shows it draws menus anew. */
  function progress(part: number): void {
    const rounded = Math.floor(part * 100) / 100
    if (!now || now.part === rounded) return
    now = { ...now, part: rounded }
    changed()
  }

  return {
    alone: () => now,
    busy: () => now !== undefined || beside > 0,
    async takeAlone(doing, work) {
      if (now || beside > 0) throw new AppError('library-busy')
      now = { doing, part: undefined }
      stopping = new AbortController()
      const running = run<Awaited<ReturnType<typeof work>>>(work)
      last = running.catch(() => {})
      return running
    },
    async beside(work) {
      if (now) throw new AppError('library-busy')
      beside += 1
      try {
        return await work()
      } finally {
        beside -= 1
      }
    },
    async stop() {
      stopping.abort()
      await last
    },
  }
}
