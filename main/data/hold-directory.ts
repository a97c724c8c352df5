/** Keeps every other program from a data directory while main itself works on its files: main has no SQLite, so a process holds the locks. */
import { setTimeout as pause } from 'node:timers/promises'
import { AppError } from '../../shared/errors.ts'
import type { Processes } from '../../shared/ports.ts'
import { isFromServer, type ServerTask, type ToServer } from '../../shared/processes/desktop-protocol.ts'

export interface DirectoryHold {
  /** Fires where the process ended before it was told to: from then on others may open the folder. */
  readonly lost: AbortSignal
  /** The locks are free when it resolves. Never rejects. */
  release(): Promise<void>
}

/** Milliseconds for the process to end by itself, and for the system to end it. */
const patience = 5000
/** Milliseconds for it to begin and to wait for commands, of which the latter has 5,000. */
const longest = 30_000

/** Throws `server-running`, `commands-running`, what else the process says of the folder, and `signal`'s reason. */
export async function holdDirectory(
  processes: Processes,
  library: Pick<ServerTask, 'dataDirectory' | 'settings'>,
  { signal = new AbortController().signal, within = longest }: { signal?: AbortSignal; within?: number } = {},
): Promise<DirectoryHold> {
  signal.throwIfAborted()
  const child = processes.spawn('server')
  const task: ServerTask = { type: 'hold', ...library }
  const none = new AbortController()
  const late = setTimeout(() => none.abort(new AppError('disk-error', { detail: 'ETIMEDOUT' })), within)
  const ends = AbortSignal.any([signal, none.signal])
  // Whatever it hangs in, nobody waits for it: it may be a drive that is gone, which outlives even being killed.
  const ended = new Promise<never>((_, reject) => ends.addEventListener('abort', () => reject(ends.reason)))
  try {
    await Promise.race([held(), ended])
  } catch (error) {
    child.kill()
    throw error
  } finally {
    clearTimeout(late)
  }

  async function held(): Promise<void> {
    await child.send(task).catch(() => {})
    for await (const message of child.messages) {
      if (!isFromServer(message)) continue
      if (message.type === 'failed') throw new AppError(message.code, message.values)
      if (message.type === 'holding') return
    }
    throw new AppError('internal')
  }

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
      await Promise.race([child.exit, pause(2 * patience, undefined, { ref: false })])
      clearTimeout(late)
    },
  }
}
