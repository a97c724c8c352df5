import { sql } from 'kysely'
import type { Database } from '../../ports.ts'
import type { Tx } from '../schema.ts'

/**
 * Numbers that rows are given go on behind those that came with their rows. SQLite sees to that by itself. Never back: on
 * Postgres this stays when the transaction is rolled back.
 */
export async function continueNumbers(tx: Tx, engine: Database['engine']): Promise<void> {
  if (engine === 'sqlite') return
  for (const [table, column] of [
    ['chunk', 'id'],
    ['library', 'number'],
  ]) {
    const sequence = sql`pg_get_serial_sequence(${table}, ${column})`
    await sql`select setval(${sequence}, greatest(nextval(${sequence}), (select max(${sql.ref(column)}) from ${sql.table(table)})))`.execute(
      tx,
    )
  }
}
