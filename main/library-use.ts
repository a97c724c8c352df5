/** Who of this application is at work on the files of the library: one alone with it, or any number beside the server, never both. */
import { AppError } from '../shared/errors.ts'
import type { ServerProcess } from './processes/server-process.ts'

/** What one has it alone for. `part`: how far that is, between 0 and 1; undefined where nobody knows. */
export interface LoneWork {
  doing: 'moving' | 'restoring' | 'checking'
  part: number | undefined
}

/** What is done beside the server and breaks off where the application ends. */
export type SideWork = 'backing-up' | 'taking-models'

export interface LibraryUse {
  /** Somebody is alone with it. */
  alone(): LoneWork | undefined
  /** Of those beside the server. */
  besides(): readonly SideWork[]
  /** Anybody is at work, alone or beside. */
  busy(): boolean
  /** Throws `library-busy` where somebody is alone with it: before a user is asked for what could not be done. */
  refuse(): void
  /**
   * Stops the server and keeps it from being started until this is done; one that was asked for meanwhile starts then. `signal`: the
   * application ends. Throws `library-busy`.
   */
  takeAlone<T>(
    doing: LoneWork['doing'],
    work: (ports: { signal: AbortSignal; progress(part: number): void }) => Promise<T>,
  ): Promise<T>
  /** Throws `library-busy` where somebody is alone with it. `doing`: what breaks off with `signal`, when the application ends. */
  beside<T>(work: (signal: AbortSignal) => T | Promise<T>, doing?: SideWork): Promise<T>
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
  const sides = new Set<{ doing: SideWork; over: Promise<void> }>()
  const breakOff = new AbortController()
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

  function refuse(): void {
    if (now) throw new AppError('library-busy')
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
    besides: () => [...sides].map(({ doing }) => doing),
    busy: () => now !== undefined || beside > 0,
    refuse,
    async takeAlone(doing, work) {
      if (now || beside > 0) throw new AppError('library-busy')
      now = { doing, part: undefined }
      stopping = new AbortController()
      const running = run<Awaited<ReturnType<typeof work>>>(work)
      last = running.catch(() => {})
      return running
    },
    async beside(work, doing) {
      refuse()
      beside += 1
      const over = Promise.withResolvers<void>()
      const side = doing && { doing, over: over.promise }
      if (side) sides.add(side)
      try {
        return await work(breakOff.signal)
      } finally {
        beside -= 1
        if (side) sides.delete(side)
        over.resolve()
      }
    },
    async stop() {
      stopping.abort()
      breakOff.abort()
      await Promise.all([last, ...[...sides].map(({ over }) => over)])
    },
  }
}
