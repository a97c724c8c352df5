/** One piece of work on a library, done by a process like the server's: a damaged database is nothing to open in main. */
import type { ErrorCode } from '../../shared/model/index.ts'
import type { Processes } from '../../shared/ports.ts'
import { createBroker } from '../../shared/processes/broker.ts'
import {
  type CheckFinding,
  type FromServer,
  isFromServer,
  type ServerTask,
  type TakenModel,
  type ToServer,
} from '../../shared/processes/desktop-protocol.ts'

export type TaskEnd =
  | { type: 'checked'; findings: readonly CheckFinding[] }
  | { type: 'backed-up'; file: string; documents: number; incomplete: boolean }
  | { type: 'unpacked'; models: readonly TakenModel[] }
  | { type: 'restored'; aside: string }
  | { type: 'failed'; code: ErrorCode; values: Record<string, string | number> }
  | { type: 'cancelled' }

/** Milliseconds for the process to put away what is half done; one that is still there after as long again cannot be ended. */
const patience = 3000

/**
 * Never rejects. When the signal fires it is ended, and what it was about to change is as it was. One that hangs in the system, as on a drive
 * that answers no more, is left to that: nobody waits for it.
 */
export async function runServerTask(
  processes: Processes,
  task: ServerTask,
  { signal, progress }: { signal?: AbortSignal; progress?: (now: { file?: string; part: number }) => void } = {},
): Promise<TaskEnd> {
  if (signal?.aborted) return { type: 'cancelled' }
  const child = processes.spawn('server')
  const isForBroker = createBroker(child, processes)
  let late: NodeJS.Timeout | undefined
  const left = Promise.withResolvers<undefined>()
  const tell = (message: ToServer) => void child.send(message).catch(() => {})
  const stop = () => {
    late = setTimeout(() => {
      child.kill()
      late = setTimeout(() => left.resolve(undefined), patience)
    }, patience)
    tell({ type: 'stop' })
  }
  signal?.addEventListener('abort', stop, { once: true })
  async function work(): Promise<TaskEnd | undefined> {
    let end: TaskEnd | undefined
    await child.send(task).catch(() => {})
    for await (const message of child.messages) {
      if (isForBroker(message) || !isFromServer(message)) continue
      if (message.type === 'progress') progress?.(message)
      else if (isEnd(message)) {
        end = message
        tell({ type: 'seen' })
      }
    }
    await child.exit
    return end
  }
  try {
    const end = await Promise.race([work(), left.promise])
    if (end && !(signal?.aborted && end.type === 'failed' && end.code === 'cancelled')) return end
    return signal?.aborted ? { type: 'cancelled' } : { type: 'failed', code: 'internal', values: {} }
  } finally {
    signal?.removeEventListener('abort', stop)
    clearTimeout(late)
  }
}

const ends: readonly string[] = ['checked', 'backed-up', 'unpacked', 'restored', 'failed'] satisfies TaskEnd['type'][]
const isEnd = (message: FromServer): message is FromServer & TaskEnd => ends.includes(message.type)
