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

/** Milliseconds for the process to put away what is half done. */
const patience = 3000

/** Never rejects. When the signal fires it is ended, and what it was about to change is as it was. */
export async function runServerTask(
  processes: Processes,
  task: ServerTask,
  { signal, progress }: { signal?: AbortSignal; progress?: (now: { file?: string; part: number }) => void } = {},
): Promise<TaskEnd> {
  if (signal?.aborted) return { type: 'cancelled' }
  const child = processes.spawn('server')
  const isForBroker = createBroker(child, processes)
  let late: NodeJS.Timeout | undefined
  const tell = (message: ToServer) => void child.send(message).catch(() => {})
  const stop = () => {
    late = setTimeout(() => child.kill(), patience)
    tell({ type: 'stop' })
  }
  signal?.addEventListener('abort', stop, { once: true })
  try {
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
    if (end && !(signal?.aborted && end.type === 'failed' && end.code === 'cancelled')) return end
    return signal?.aborted ? { type: 'cancelled' } : { type: 'failed', code: 'internal', values: {} }
  } finally {
    signal?.removeEventListener('abort', stop)
    clearTimeout(late)
  }
}

const ends: readonly string[] = ['checked', 'backed-up', 'unpacked', 'restored', 'failed'] satisfies TaskEnd['type'][]
const isEnd = (message: FromServer): message is FromServer & TaskEnd => ends.includes(message.type)
