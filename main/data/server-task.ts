/** One piece of work on a library, done by a process like the server's: a damaged database is nothing to open in main. */
import type { ErrorCode } from '../../shared/model/index.ts'
import type { Processes } from '../../shared/ports.ts'
import { createBroker } from '../../shared/processes/broker.ts'
import {
  type CheckFinding,
  isFromServer,
  type ServerTask,
  type TakenModel,
} from '../../shared/processes/desktop-protocol.ts'

export type TaskEnd =
  | { type: 'checked'; findings: readonly CheckFinding[] }
  | { type: 'backed-up'; file: string; documents: number; incomplete: boolean }
  | { type: 'unpacked'; models: readonly TakenModel[] }
  | { type: 'restored' }
  | { type: 'failed'; code: ErrorCode; values: Record<string, string | number> }
  | { type: 'cancelled' }

/** Never rejects. When the signal fires it is ended, and what it was about to change is as it was. */
export async function runServerTask(
  processes: Processes,
  task: ServerTask,
  { signal, progress }: { signal?: AbortSignal; progress?: (now: { file: string; part: number }) => void } = {},
): Promise<TaskEnd> {
  if (signal?.aborted) return { type: 'cancelled' }
  const child = processes.spawn('server')
  const isForBroker = createBroker(child, processes)
  const kill = () => child.kill()
  signal?.addEventListener('abort', kill, { once: true })
  try {
    let end: TaskEnd | undefined
    await child.send(task).catch(() => {})
    for await (const message of child.messages) {
      if (isForBroker(message) || !isFromServer(message) || message.type === 'ready' || message.type === 'holding')
        continue
      if (message.type === 'progress') progress?.({ file: message.file, part: message.part })
      else end = message
    }
    await child.exit
    if (end) return end
    return signal?.aborted ? { type: 'cancelled' } : { type: 'failed', code: 'internal', values: {} }
  } finally {
    signal?.removeEventListener('abort', kill)
  }
}
