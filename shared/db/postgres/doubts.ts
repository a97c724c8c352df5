/**
 * Connections over a network that fell silent: a firewall forgot them, or their server is gone and another one has its
 * address. What was sent is then tried again by the system for a quarter of an hour, and nobody says a word.
 */
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'

/** Milliseconds without a byte after which somebody else asks the server, and until the next look. */
const usual = 5000
/** Milliseconds for an answer that was on its way meanwhile. */
const late = 1000
/** What a server at work on something calls itself; `disabled` where it does not tell. */
const atWork: ReadonlySet<unknown> = new Set(['active', 'fastpath function call', 'disabled', null])

export interface Doubts {
  /**
   * Calls `lost` when the server knows nothing (any more) of what this connection waits for. Not while the server is at work
   * on it, or cannot be asked. Until the function is called that it gives.
   */
  watch(client: pg.ClientBase, lost: () => void): () => void
}

/** `config`: how the one is opened that asks. */
export function createDoubts(config: pg.ClientConfig, time = usual): Doubts {
  return {
    watch(client, lost) {
      const { connection, processID } = client as pg.ClientBase & { connection: pg.Connection; processID: number }
      const socket = connection.stream as typeof connection.stream & { bytesRead?: number }
      let over = false
      let seen = socket.bytesRead
      let timer = setTimeout(look, time)

      async function look() {
        const now = socket.bytesRead
        if (now === seen && (await isIdle(config, processID, time))) {
          await pause(late)
          if (over) return
          if (socket.bytesRead === now) return lost()
        }
        seen = socket.bytesRead
        if (!over) timer = setTimeout(look, time)
      }

      return () => {
        over = true
        clearTimeout(timer)
      }
    },
  }
}

/** Whether the server has this process and it waits for us, or has it no more. False where that is not to be learnt. */
async function isIdle(config: pg.ClientConfig, processId: number, time: number): Promise<boolean> {
  const client = new pg.Client({ ...config, connectionTimeoutMillis: time, query_timeout: time })
  client.on('error', () => {})
  try {
    await client.connect()
    const { rows } = await client.query('select state from pg_stat_activity where pid = $1', [processId])
    return rows.length === 0 || !atWork.has(rows[0].state)
  } catch {
    return false
  } finally {
    void client.end().catch(() => {})
  }
}
