import { Worker } from 'node:worker_threads'
import { AppError } from '../errors.ts'
import type { Begin, Reply, Request, ThreadSettings } from './protocol.ts'

/** A thread that looks at folders, and what goes over to it and back. Folders have numbers. */
export interface Line {
  find(folder: number, path: string): Promise<Reply>
  /** Asks for one after the other until there is no more, or nobody wants any. */
  stream(folder: number, begin: Begin, signal?: AbortSignal): AsyncGenerator<Reply>
  /** The folder whose call of the system it is in, and since when it was seen in that one; undefined when it gets on. */
  stuck(): { folder: number; time: number } | undefined
  /** Whoever waits is told no more than this. */
  letGo(errorOf: (folder: number) => AppError): void
  readonly isUsed: boolean
  /** Milliseconds since somebody used it. */
  readonly unused: number
  readonly isGone: boolean
  /** Resolves when it is gone: never, while a call of the system hangs. */
  end(): Promise<void>
}

export function openLine(thread: URL, except: readonly string[], ended: (error?: unknown) => void): Line {
  const work = new Int32Array(new SharedArrayBuffer(8))
  const settings: ThreadSettings = { except, work }
  const worker = new Worker(thread, {
    workerData: settings,
    name: 'folders',
    // Looking makes much that is forgotten at once; without, the thread keeps 50 MB for that.
    resourceLimits: { maxYoungGenerationSizeMb: 8 },
  })
  const waiting = new Map<
    number,
    { folder: number; resolve(reply: Reply): void; reject(error: AppError): void; holds: boolean }
  >()
  /** What went wrong while nobody asked. */
  const failed = new Map<number, AppError>()
  const open = new Set<number>()
  let last = 0
  let usedAt = performance.now()
  let isGone = false
  let seen = { turn: 0, since: 0 }

  worker.unref()
  worker.on('message', hear)
  worker.on('error', leave)
  worker.on('exit', () => leave())

  function leave(error?: unknown): void {
    if (isGone) return
    isGone = true
    letGo(() => new AppError('cancelled', {}, { cause: error }))
    ended(error)
  }

  function letGo(errorOf: (folder: number) => AppError): void {
    for (const { folder, reject } of waiting.values()) reject(errorOf(folder))
    waiting.clear()
    hold()
  }

  function hear(reply: Reply): void {
    const { id } = reply
    const asked = waiting.get(id)
    waiting.delete(id)
    usedAt = performance.now()
    hold()
    if (!('reason' in reply)) asked?.resolve(reply)
    else {
      const error = new AppError(reply.reason.code, reply.reason.values)
      if (asked) asked.reject(error)
      else if (open.has(id)) failed.set(id, error)
    }
  }

  function send(request: Request): void {
    if (isGone) throw new AppError('cancelled')
    usedAt = performance.now()
    worker.postMessage(request)
  }

  /** `holds`: the process does not end before it is answered. */
  function answerTo(id: number, folder: number, holds: boolean): Promise<Reply> {
    const before = failed.get(id)
    if (before) return Promise.reject(before)
    return new Promise((resolve, reject) => {
      waiting.set(id, { folder, resolve, reject, holds })
      hold()
    })
  }

  function hold(): void {
    if ([...waiting.values()].some(({ holds }) => holds)) worker.ref()
    else worker.unref()
  }

  return {
    find(folder, path) {
      const id = ++last
      send({ id, folder, op: 'find', path })
      return answerTo(id, folder, true)
    },
    async *stream(folder, begin, signal) {
      signal?.throwIfAborted()
      const id = ++last
      const stop = () => waiting.get(id)?.reject(new AppError('cancelled'))
      send({ ...begin, id, folder })
      open.add(id)
      signal?.addEventListener('abort', stop, { once: true })
      try {
        for (;;) {
          const answer = answerTo(id, folder, begin.op !== 'hints')
          send({ id, folder, op: 'next' })
          if (signal?.aborted) stop()
          yield await answer
        }
      } finally {
        signal?.removeEventListener('abort', stop)
        waiting.delete(id)
        open.delete(id)
        failed.delete(id)
        hold()
        if (!isGone) send({ id, folder, op: 'stop' })
      }
    },
    stuck() {
      const folder = Atomics.load(work, 0)
      const turn = Atomics.load(work, 1)
      const now = performance.now()
      if (folder === 0 || turn !== seen.turn) seen = { turn, since: now }
      return folder === 0 || isGone ? undefined : { folder, time: now - seen.since }
    },
    letGo,
    get isUsed() {
      return open.size > 0 || waiting.size > 0
    },
    get unused() {
      return performance.now() - usedAt
    },
    get isGone() {
      return isGone
    },
    async end() {
      letGo(() => new AppError('cancelled'))
      await worker.terminate()
    },
  }
}
