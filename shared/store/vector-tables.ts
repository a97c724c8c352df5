/** The tables of vectors, as whoever writes chunks sees them: which there are, and how a chunk leaves all of them. */
import { sql } from 'kysely'
import type { Engine } from './engine/index.ts'
import { locks } from './locks.ts'
import type { Tx } from './schema.ts'

/** Those that are there, in every index that is searched, built or kept. Where vectors cannot be reached they are noted. */
export async function removeVectors(tx: Tx, engine: Engine, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return
  // None of the tables goes in between.
  await engine.lock(tx, locks.vectorIndexes, 'shared')
  const numbers = await inUse(tx)
  if (numbers.length === 0) return
  const { vectors } = engine
  if (!vectors) {
    await sql`insert into vector_orphan (chunk_id) select value from ${engine.numbers('gone', ids)} where true
      on conflict do nothing`.execute(tx)
    return
  }
  for (const number of numbers) await vectors.remove(tx, number, ids)
}

export async function inUse(tx: Tx): Promise<number[]> {
  const rows = await tx
    .selectFrom('vector_index')
    .select('number')
    .where(eb => eb.or([eb('state', '<>', 'dropping'), eb('retired_at', 'is not', null)]))
    .execute()
  return rows.map(row => row.number)
}
