/**
 * The virtual tables of sqlite-vec, one for each index. Vectors lie in runs of 128 of one project (the partition), so a
 * search reads its own project's only. A chunk's id is the key, and ids are never given twice.
 */
import { sql } from 'kysely'
import type { Tx } from './schema.ts'

export const tableOf = (index: number) => sql.table(`vector_${index}`)

/** 1,024 vectors a run, the default, would leave 1.5 MB for each small project: 69 MB for 40 of 250 chunks, instead of 19. */
const run = 128
export async function createTable(tx: Tx, index: number, dimensions: number): Promise<void> {
  await sql`create virtual table ${tableOf(index)} using vec0 (
    library integer partition key, id integer primary key,
    vector float[${sql.raw(String(Math.trunc(dimensions)))}] distance_metric=cosine, chunk_size=${sql.raw(String(run))}
  )`.execute(tx)
}

export async function addVectors(
  tx: Tx,
  index: number,
  projectId: string,
  vectors: readonly { id: number; vector: Float32Array }[],
): Promise<void> {
  if (vectors.length === 0) return
  const { number } = await tx
    .selectFrom('library')
    .select('number')
    .where('project_id', '=', projectId)
    .executeTakeFirstOrThrow()
  const rows = vectors.map(({ id, vector }) => sql`(${number}, ${id}, ${bytesOf(vector)})`)
  await sql`insert into ${tableOf(index)} (library, id, vector) values ${sql.join(rows)}`.execute(tx)
}

/** Those that are there, in every index that is searched, built or kept. Where vectors cannot be reached they are noted. */
export async function removeVectors(tx: Tx, reachable: boolean, ids: readonly number[]): Promise<void> {
  const numbers = await inUse(tx)
  if (numbers.length === 0 || ids.length === 0) return
  if (!reachable) {
    await sql`insert or ignore into vector_orphan (chunk_id) select value from json_each(${JSON.stringify(ids)})`.execute(
      tx,
    )
    return
  }
  for (const number of numbers) await removeFrom(tx, number, ids)
}

/**
 * One by one, by their key, in one message: any list (`in`, a range) makes sqlite-vec look at every row, 38 ms for 100,000,
 * while a key takes 14 µs. A message for each took 200 µs.
 */
export async function removeFrom(tx: Tx, index: number, ids: readonly number[]): Promise<void> {
  if (ids.length > 0) await sql`delete from ${tableOf(index)} where id = ${ids}`.execute(tx)
}

export async function inUse(tx: Tx): Promise<number[]> {
  const rows = await tx
    .selectFrom('vector_index')
    .select('number')
    .where(eb => eb.or([eb('state', '<>', 'dropping'), eb('retired_at', 'is not', null)]))
    .execute()
  return rows.map(row => row.number)
}

export function bytesOf(vector: Float32Array): Uint8Array {
  return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength)
}
