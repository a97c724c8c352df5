/** What may stand between us and the server: a pooler, which lends its own connections to ours. */
import type pg from 'pg'

export type Pooling = 'none' | 'session' | 'transaction'

/**
 * A pooler gives out numbers of processes of its own making. Whether it lends for a transaction only shows as soon as
 * this connection is given another, or somebody else takes what this one had a moment ago.
 */
export async function poolingOf(client: pg.Client, open: () => Promise<pg.Client>): Promise<Pooling> {
  const told = (client as pg.Client & { processID: number | null }).processID
  if (told === (await processOf(client))) return 'none'
  const other = await open()
  try {
    for (let round = 0; round < 3; round++) {
      const before = await processOf(client)
      if ((await processOf(client)) !== before) return 'transaction'
      await other.query('begin')
      const taken = await processOf(other)
      if (taken === before || (await processOf(client)) !== before) return 'transaction'
      await other.query('rollback')
    }
    return 'session'
  } catch (error) {
    // One that lends for a statement only takes no transactions at all.
    if (error instanceof Error && 'code' in error && error.code === '08P01') return 'transaction'
    throw error
  } finally {
    void other.end().catch(() => {})
  }
}

async function processOf(client: pg.Client): Promise<number> {
  return (await client.query('select pg_backend_pid() as process')).rows[0].process
}
