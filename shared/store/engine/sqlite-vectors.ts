/**
 * The virtual tables of sqlite-vec, one for each index. Vectors lie in runs of 128 of one project (the partition), so a
 * search reads its own project's only.
 */
import { sql } from 'kysely'
import type { VectorTables } from './index.ts'
import { jsonList } from './sqlite-lists.ts'

const tableOf = (index: number) => sql.table(`vector_${index}`)

/** 1,024 vectors a run, the default, would leave 1.5 MB for each small project: 69 MB for 40 of 250 chunks, instead of 19. */
const run = 128
/** The extension gives no more of them at once. */
const mostNearest = 4096
/** Of those that are equally near, it gives any: a page that repeats itself must not be cut off differently each time. */
const spare = 16

export function createSqliteVectors(): VectorTables {
  /**
   * One by one, by their key, in one message: any list (`in`, a range) makes sqlite-vec look at every row, 38 ms for
   * 100,000, while a key takes 14 µs. A message for each took 200 µs.
   */
  const remove: VectorTables['remove'] = async (tx, index, ids) => {
    if (ids.length > 0) await sql`delete from ${tableOf(index)} where id = ${ids}`.execute(tx)
  }

  return {
    async create(tx, index, dimensions) {
      await sql`create virtual table ${tableOf(index)} using vec0 (
        library integer partition key, id integer primary key,
        vector float[${sql.raw(String(Math.trunc(dimensions)))}] distance_metric=cosine, chunk_size=${sql.raw(String(run))}
      )`.execute(tx)
    },
    async add(tx, index, { library }, vectors) {
      const rows = vectors.map(({ id, vector }) => sql`(${library}, ${id}, ${bytesOf(vector)})`)
      await sql`insert into ${tableOf(index)} (library, id, vector) values ${sql.join(rows)}`.execute(tx)
    },
    async read(db, index, ids) {
      const { rows } = await sql<{ id: number; vector: Uint8Array }>`
        select near.id, near.vector from ${jsonList('wanted', ids)} cross join ${tableOf(index)} as near on near.id = wanted.value`.execute(
        db,
      )
      return rows.map(({ id, vector }) => ({
        id,
        vector: new Float32Array(vector.buffer, vector.byteOffset, vector.byteLength / 4),
      }))
    },
    remove,
    async removeSome(tx, index, limit) {
      const { rows } = await sql<{ id: number }>`select id from ${tableOf(index)} limit ${limit}`.execute(tx)
      await remove(
        tx,
        index,
        rows.map(({ id }) => id),
      )
      return rows.length
    },
    async drop(tx, index) {
      await sql`drop table ${tableOf(index)}`.execute(tx)
    },
    async nearest(db, index, { scope: { projectId }, library, vector, limit, documents }) {
      const hidden = db.selectFrom('clearing').select('document_id').where('project_id', '=', projectId)
      const own = sql`select id from document where project_id = ${projectId}`
      const someHidden = (await hidden.limit(1).executeTakeFirst()) !== undefined
      // The extension knows no `not in` before the limit. Slower, for the moments in which a document is on its way out.
      const within =
        documents || someHidden
          ? sql`and id in (
              select id from chunk where document_id in (
                ${documents ? sql`select value from ${jsonList('wanted', documents)}` : own}
                except select document_id from clearing))`
          : sql``
      const { rows } = await sql<{ id: number; distance: number }>`
        select id, distance from ${tableOf(index)}
        where vector match ${bytesOf(vector)} and k = ${Math.min(limit + spare, mostNearest)} and library = ${library} ${within}`.execute(
        db,
      )
      return rows
    },
    async distances(db, index, ids, vector) {
      const { rows } = await sql<{ distance: number }>`
        select vec_distance_cosine(near.vector, ${bytesOf(vector)}) as distance
        from ${jsonList('wanted', ids)} cross join ${tableOf(index)} as near on near.id = wanted.value`.execute(db)
      return rows.map(row => row.distance)
    },
  }
}

function bytesOf(vector: Float32Array): Uint8Array {
  return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength)
}
