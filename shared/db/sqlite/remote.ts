import { Worker } from 'node:worker_threads'
import type { Reply, Request, Result, ThreadSettings } from './protocol.ts'

/** A database thread, as the process sees it. */
export interface Thread {
  /** Answered in order. Rejects with the engine's error and its `code`, and at once when the thread is gone. */
  send(request: Request): Promise<Result>
  /** Whether tables of vectors can be used. */
  readonly vectors: boolean
  /** Requests without an answer. */
  readonly pending: number
  /** Whether the connection had a transaction open after the last answer. */
  readonly open: boolean
  readonly gone: boolean
  /**
   * Closes the connection and ends the thread. After `patience` milliseconds it is killed, which acts when the
   * statement under way ends: nothing can interrupt that from outside.
   */
  close(patience: number): Promise<void>
  /** Ends the thread as it is. The connection is closed with it, an open transaction rolled back. */
  kill(): Promise<void>
}

/** What a connection lives in and is spoken to through. */
export type ThreadWorker = Pick<Worker, 'on' | 'postMessage' | 'ref' | 'unref' | 'terminate'>

export function startWorker(settings: ThreadSettings): ThreadWorker {
  return new Worker(new URL('./thread.ts', import.meta.url), {
    workerData: settings,
    name: `sqlite ${settings.role}`,
    // What the process was started with (`scripts/check-node.mjs`) is done: again in each thread it takes 13 ms of the processor.
    execArgv: [],
  })
}

export async function startThread(worker: ThreadWorker): Promise<Thread> {
  const pending = new Map<number, { resolve: (result: Result) => void; reject: (error: Error) => void }>()
  let last = 0
  let open = false
  let vectors = false
  let gone: Error | undefined

  const ended = new Promise<void>(resolve => {
    worker.on('exit', () => {
      end(new Error('it exited'))
      resolve()
    })
  })
  worker.on('error', end)
  worker.on('messageerror', error => {
    end(error)
    void worker.terminate()
  })
  worker.on('message', (reply: Reply) => {
    const waiting = pending.get(reply.id)
    pending.delete(reply.id)
    if (pending.size === 0) worker.unref()
    open = reply.open
    vectors ||= reply.vectors === true
    if ('result' in reply) waiting?.resolve(reply.result)
    else waiting?.reject(toError(reply.failure))
  })

  function end(cause: unknown): void {
    gone ??= Object.assign(new Error('the database thread is gone', { cause }), { code: 'SQLITE_THREAD_GONE' })
    open = false
    for (const { reject } of pending.values()) reject(gone)
    pending.clear()
  }

  // Only a thread that owes an answer keeps the process alive.
  function expect(id: number): Promise<Result> {
    if (pending.size === 0) worker.ref()
    return new Promise((resolve, reject) => pending.set(id, { resolve, reject }))
  }

  await expect(0)

  async function send(request: Request): Promise<Result> {
    if (gone) throw gone
    const id = ++last
    worker.postMessage({ id, request })
    return expect(id)
  }

  return {
    send,
    vectors,
    get pending() {
      return pending.size
    },
    get open() {
      return open
    },
    get gone() {
      return gone !== undefined
    },
    async close(patience) {
      if (gone) return
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<void>(resolve => {
        timer = setTimeout(() => {
          void worker.terminate()
          resolve()
        }, patience)
      })
      try {
        await Promise.race([send({ op: 'close' }).then(() => ended), late])
      } finally {
        clearTimeout(timer)
      }
    },
    async kill() {
      await worker.terminate()
    },
  }
}

function toError({ name, message, code }: { name: string; message: string; code: string | undefined }): Error {
  const error = new Error(message)
  error.name = name
  return code === undefined ? error : Object.assign(error, { code })
}
