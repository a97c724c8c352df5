import { Worker } from 'node:worker_threads'
import { AppError } from '../errors.ts'
import type { Checked, CheckSettings } from './check.ts'
import type { CheckReply, CheckRequest } from './check-thread.ts'

/**
 * A thread that reads backups, so that whoever writes or serves does not wait for hashes. With `advance` it follows a file
 * while it is written. What the methods throw is what `openCheck` and its `Check` throw, and `cancelled`.
 */
export interface Checker {
  open(settings: CheckSettings): Promise<void>
  /** Resolves when it was read up to there; what is wrong comes out at the end. */
  advance(to: number): Promise<void>
  /** When it is told, everything before has been read. */
  rewind(to: number): Promise<void>
  finish(options?: { tolerant: boolean }): Promise<Checked>
  /** SHA-256 of a file; undefined where there is none. */
  hash(file: string): Promise<string | undefined>
  close(): Promise<void>
}

export function startChecker(signal?: AbortSignal): Checker {
  const worker = new Worker(new URL('./check-thread.ts', import.meta.url), { name: 'backup', execArgv: [] })
  const pending = new Map<number, { resolve: (result: unknown) => void; reject: (error: unknown) => void }>()
  let last = 0
  let gone: unknown

  function end(cause: unknown): void {
    gone ??= cause
    for (const { reject } of pending.values()) reject(gone)
    pending.clear()
  }
  const abort = () => {
    end(signal?.reason)
    void worker.terminate()
  }
  worker.on('error', end)
  worker.on('exit', () => end(new Error('the thread that checks backups is gone')))
  worker.on('message', (reply: CheckReply) => {
    const waiting = pending.get(reply.id)
    pending.delete(reply.id)
    if ('result' in reply) waiting?.resolve(reply.result)
    else {
      const { message, code, app } = reply.failure
      const error = Object.assign(new Error(message), { code })
      waiting?.reject(app ? new AppError(app.code, app.values, { cause: error }) : error)
    }
  })
  if (signal?.aborted) abort()
  signal?.addEventListener('abort', abort, { once: true })

  function ask(request: CheckRequest): Promise<unknown> {
    if (gone) return Promise.reject(gone)
    const id = ++last
    worker.postMessage({ id, request })
    return new Promise((resolve, reject) => pending.set(id, { resolve, reject }))
  }
  return {
    open: settings => ask({ op: 'open', settings }) as Promise<void>,
    advance: to =>
      ask({ op: 'advance', to }).then(
        () => {},
        () => {},
      ),
    rewind: to => ask({ op: 'rewind', to }) as Promise<void>,
    finish: ({ tolerant } = { tolerant: false }) => ask({ op: 'finish', tolerant }) as Promise<Checked>,
    hash: file => ask({ op: 'hash', file }) as Promise<string | undefined>,
    async close() {
      signal?.removeEventListener('abort', abort)
      await worker.terminate()
    },
  }
}
