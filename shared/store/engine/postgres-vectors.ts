/**
 * The tables of vectors on Postgres (pgvector), one for each index, in half precision. A small project is compared vector by
 * vector; a large one through an index of its own over the signs of the numbers, whose best are compared by their vectors.
 */
import { sql } from 'kysely'
import type { VectorTables } from './index.ts'
import { list } from './postgres-lists.ts'

const nameOf = (index: number) => `vector_${Math.trunc(index)}`
const tableOf = (index: number) => sql.table(nameOf(index))
const literal = (vector: Float32Array) => `[${vector.join(',')}]`

/** Numbers of a vector that still fit into a page of 8 KiB beside the rest of the row. */
const mostInline = 4000

export function createPostgresVectors(): VectorTables {
  return {
    async create(tx, index, dimensions) {
      const table = tableOf(index)
      const size = sql.raw(String(Math.trunc(dimensions)))
      await sql`create table ${table} (
        id bigint primary key, library bigint not null, vector halfvec(${size}) not null)`.execute(tx)
      // Beside its row, not in a place of its own as everything of 2 KiB: a scan would fetch each one from there.
      if (dimensions <= mostInline) await sql`alter table ${table} alter column vector set storage plain`.execute(tx)
      await sql`create index ${sql.ref(`${nameOf(index)}_by_library`)} on ${table} (library)`.execute(tx)
      await sql`alter table ${table} enable row level security, force row level security`.execute(tx)
      await sql`create policy internal on ${table} to current_user using (true)`.execute(tx)
      // By the row of its library, whose own policy holds inside of the look-up.
      await sql`create policy own on ${table} to cloister_scoped using (library = (
        select number from library where project_id = nullif(current_setting('cloister.project', true), '')))`.execute(
        tx,
      )
    },
    async add(tx, index, { library }, vectors) {
      const ids = vectors.map(({ id }) => id)
      const texts = vectors.map(({ vector }) => literal(vector))
      await sql`insert into ${tableOf(index)} (id, library, vector)
        select added.id, ${library}, added.vector::halfvec
        from unnest(${list('number', ids)}, ${list('text', texts)}) as added (id, vector)`.execute(tx)
    },
    async remove(tx, index, ids) {
      if (ids.length > 0) await sql`delete from ${tableOf(index)} where id = any (${list('number', ids)})`.execute(tx)
    },
    // A table goes as a whole at once, whatever is in it.
    removeSome: async () => 0,
    async drop(tx, index) {
      await sql`drop table ${tableOf(index)}`.execute(tx)
    },
    async nearest(db, index, { scope: { projectId }, library, vector, limit, documents }) {
      const hidden = sql`and id not in (
        select chunk.id from clearing join chunk on chunk.document_id = clearing.document_id
        where clearing.project_id = ${projectId})`
      const within = documents
        ? sql`and id in (select id from chunk where document_id = any (${list('text', documents)}))`
        : sql``
      const { rows } = await sql<{ id: number; distance: number }>`
        select id, vector <=> ${literal(vector)} as distance from ${tableOf(index)}
        where library = ${library} ${within} ${hidden} order by distance, id limit ${limit}`.execute(db)
      return rows
    },
    async distances(db, index, ids, vector) {
      const { rows } = await sql<{ distance: number }>`
        select near.vector <=> ${literal(vector)} as distance
        from unnest(${list('number', ids)}) as wanted (id) join ${tableOf(index)} as near on near.id = wanted.id`.execute(
        db,
      )
      return rows.map(row => row.distance)
    },
  }
}
