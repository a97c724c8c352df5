/** Keeps every other program from a data directory while main itself works on its files: main has no SQLite, so a process holds the locks. */
import { AppError } from '../../shared/errors.ts'
import type { Processes } from '../../shared/ports.ts'
import { isFromServer, type ServerTask, type ToServer } from '../../shared/processes/desktop-protocol.ts'

export interface DirectoryHold {
  /** Fires where the process ended before it was told to: from then on others may open the folder. */
  readonly lost: AbortSignal
  /** The locks are free when it resolves. Never rejects. */
  release(): Promise<void>
}

/** Milliseconds for the process to end by itself. */
const patience = 5000

/** Throws `server-running`, `commands-running`, and what else the process says of the folder. */
export async function holdDirectory(
  processes: Processes,
  library: Pick<ServerTask, 'dataDirectory' | 'settings'>,
): Promise<DirectoryHold> {
  const child = processes.spawn('server')
  const task: ServerTask = { type: 'hold', ...library }
  await child.send(task).catch(() => {})
  let isHeld = false
  for await (const message of child.messages) {
    if (!isFromServer(message)) continue
    if (message.type === 'failed') {
      child.kill()
      throw new AppError(message.code, message.values)
    }
    isHeld = message.type === 'holding'
    if (isHeld) break
  }
  if (!isHeld) throw new AppError('internal')
  const lost = new AbortController()
  let releasing = false
  void child.exit.then(() => releasing || lost.abort(new AppError('internal')))
  return {
    lost: lost.signal,
    async release() {
      releasing = true
      const late = setTimeout(() => child.kill(), patience)
      const stop: ToServer = { type: 'stop' }
      await child.send(stop).catch(() => {})
      await child.exit
      clearTimeout(late)
    },
  }
}
