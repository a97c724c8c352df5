import { realpathSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { AppError } from '../errors.ts'
import type { FolderEntry } from '../model/index.ts'
import type { FolderWatch, Log } from '../ports.ts'
import type { Reply, Request, ThreadSettings } from './protocol.ts'
import { readFileBytes } from './read-file.ts'

/** `Omit` of a union, each of its members by itself. */
type Without<One, Key extends PropertyKey> = One extends unknown ? Omit<One, Key> : never

/** Milliseconds that the end of the thread is waited for. */
const endTime = 1000

/** Folders of this machine, in a thread that starts with the first of them. `except`: folders that are never looked at: our own. */
export function createFolderWatch({ except, log }: { except: readonly string[]; log: Log }): FolderWatch {
  const own = except.map(folder => {
    try {
      return realpathSync.native(folder)
    } catch {
      return path.resolve(folder)
    }
  })
  const waiting = new Map<number, { resolve(reply: Reply): void; reject(error: AppError): void; holds: boolean }>()
  /** What went wrong while nobody asked. */
  const failed = new Map<number, AppError>()
  let worker: Worker | undefined
  let last = 0
  let closed = false

  function start(): Worker {
    const settings: ThreadSettings = { except: own }
    const started = new Worker(new URL('./thread.ts', import.meta.url), {
      workerData: settings,
      name: 'folders',
      // Looking makes much that is forgotten at once; without, the thread keeps 50 MB for that.
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
    })
    started.unref()
    started.on('message', hear)
    const end = (error: unknown) => {
      if (worker !== started) return
      worker = undefined
      if (!closed) log.error('the thread that looks at folders is gone', { error })
      for (const { reject } of waiting.values()) reject(new AppError('cancelled', {}, { cause: error }))
      waiting.clear()
    }
    started.on('error', end)
    started.on('exit', end)
    return started
  }

  function hear(reply: Reply): void {
    const { id } = reply
    const asked = waiting.get(id)
    waiting.delete(id)
    hold()
    if (!('reason' in reply)) asked?.resolve(reply)
    else {
      const error = new AppError(reply.reason.code, reply.reason.values)
      if (asked) asked.reject(error)
      else failed.set(id, error)
    }
  }

  function send(request: Request): void {
    if (closed) throw new AppError('cancelled')
    worker ??= start()
    worker.postMessage(request)
  }

  /** `holds`: the process does not end before it is answered. */
  function answerTo(id: number, holds: boolean): Promise<Reply> {
    const before = failed.get(id)
    if (before) return Promise.reject(before)
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject, holds })
      hold()
    })
  }

  function hold(): void {
    if ([...waiting.values()].some(({ holds }) => holds)) worker?.ref()
    else worker?.unref()
  }

  /** Asks for one after the other until there is no more, or nobody wants any. */
  async function* stream(begin: Without<Request, 'id'>, signal: AbortSignal): AsyncGenerator<Reply> {
    signal.throwIfAborted()
    const id = ++last
    const stop = () => waiting.get(id)?.reject(new AppError('cancelled'))
    send({ ...begin, id } as Request)
    const on = worker
    signal.addEventListener('abort', stop, { once: true })
    try {
      for (;;) {
        // Another thread knows nothing of it.
        if (worker !== on) throw new AppError('cancelled')
        const answer = answerTo(id, begin.op === 'scan')
        send({ id, op: 'next' })
        if (signal.aborted) stop()
        yield await answer
      }
    } finally {
      signal.removeEventListener('abort', stop)
      waiting.delete(id)
      hold()
      failed.delete(id)
      if (worker === on && on) on.postMessage({ id, op: 'stop' } satisfies Request)
    }
  }

  return {
    async find(path) {
      const id = ++last
      send({ id, op: 'find', path })
      const reply = await answerTo(id, true)
      if (!('found' in reply)) throw new AppError('internal')
      return reply.found
    },
    async *scan(path, { ignore, at }, signal): AsyncGenerator<readonly FolderEntry[]> {
      for await (const reply of stream({ op: 'scan', path, ignore, at }, signal)) {
        if (!('entries' in reply)) throw new AppError('internal')
        if (reply.entries.length > 0) yield reply.entries
        if (reply.done) return
      }
    },
    async *hints(path, { ignore }, signal): AsyncGenerator<readonly string[]> {
      for await (const reply of stream({ op: 'hints', path, ignore }, signal)) {
        if ('hints' in reply) yield reply.hints
      }
    },
    read: (folder, file) => readFileBytes(path.join(folder, file), file),
    async close() {
      closed = true
      const ending = worker
      worker = undefined
      for (const { reject } of waiting.values()) reject(new AppError('cancelled'))
      waiting.clear()
      // A call of the system that hangs cannot be ended; the process does not wait for it.
      await Promise.race([ending?.terminate(), pause(endTime, undefined, { ref: false })])
    },
  }
}
