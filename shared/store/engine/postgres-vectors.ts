/**
 * The tables of vectors on Postgres (pgvector), one for each index, in half precision. A small project is compared vector by
 * vector; a large one through an index of its own over the signs of the numbers, whose best are compared by their vectors.
 */
import { endianness } from 'node:os'
import { type RawBuilder, sql } from 'kysely'
import type { Read } from '../schema.ts'
import type { VectorTables } from './index.ts'
import { copyOut, headSize, readInt8, release } from './postgres-copy.ts'
import { list } from './postgres-lists.ts'

const nameOf = (index: number) => `vector_${Math.trunc(index)}`
const tableOf = (index: number) => sql.table(nameOf(index))
const literal = (vector: Float32Array) => `[${vector.join(',')}]`

/** Numbers of a vector that still fit into a page of 8 KiB beside the rest of the row. */
const mostInline = 4000

/**
 * Chunks of a project that are compared one by one, at 0.73 ms of the processor for 1,000 of them; half as many where it had an
 * index already.
 */
export const mostCompared = 5000
/**
 * How many more than wanted the signs bring up, to be compared by their vectors. Of the 10 nearest among 100,000 synthetic ones
 * (384 dimensions, 160 to a cluster; 50 wanted), 3 times as many found 0.984 in 2.3 ms of the processor, 4 times 0.998 in 3.2 and 8
 * times 0.999 in 6.8; comparing with all took 66.
 */
const oversampling = 5
/** The extension looks at no more. */
const mostSearched = 1000
/** Whether a project has an index is remembered for so many questions. An answer that is out of date costs time alone. */
const remembered = 100
const mostRemembered = 1000

const nearName = (index: number, library: number) => `${nameOf(index)}_near_${Math.trunc(library)}`

export function createPostgresVectors(): VectorTables {
  const known = new Map<string, { found: boolean; uses: number }>()

  async function hasNear(db: Read, index: number, library: number): Promise<boolean> {
    const name = nearName(index, library)
    const before = known.get(name)
    if (before && before.uses++ < remembered) return before.found
    const { rows } =
      await sql`select 1 as found from pg_index where indexrelid = to_regclass(${name}) and indisvalid`.execute(db)
    if (known.size >= mostRemembered) known.clear()
    known.set(name, { found: rows.length > 0, uses: 0 })
    return rows.length > 0
  }

  /**
   * Fewer than wanted where much of what is near is hidden. The planner would rather sort a few thousand rows by their signs, which
   * takes longer: so it is told that sorting is to be avoided.
   */
  function searchNear(db: Read, index: number, wanted: Wanted): Promise<Found[]> {
    const { scope, library, vector, limit } = wanted
    const candidates = Math.min(limit * oversampling, mostSearched)
    const size = sql.raw(String(vector.length))
    return db.transaction().execute(async tx => {
      await sql`select set_config('hnsw.ef_search', ${String(candidates)}, true), set_config('enable_sort', 'off', true)`.execute(
        tx,
      )
      const { rows } = await sql<Found>`
        select id, distance from (
          select id, vector <=> asked.near as distance
          from ${tableOf(index)}, (select ${literal(vector)}::halfvec(${size}) as near) as asked
          where library = ${sql.lit(library)}
          order by (binary_quantize(vector)::bit(${size})) <~> binary_quantize(asked.near)::bit(${size})
          limit ${candidates}
        ) as near where ${isShown(scope.projectId)} order by distance, id limit ${limit}`.execute(tx)
      return rows
    })
  }

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
    async read(db, index, ids) {
      const list = sql.lit(`{${ids.map(Math.trunc).join()}}`)
      const query = sql`select id, vector::vector from ${tableOf(index)} where id = any (${list}::bigint[])`
      return vectorsIn(await copyOut(db, query))
    },
    async remove(tx, index, ids) {
      if (ids.length > 0) await sql`delete from ${tableOf(index)} where id = any (${list('number', ids)})`.execute(tx)
    },
    // A table goes as a whole at once, whatever is in it.
    removeSome: async () => 0,
    async drop(tx, index) {
      await sql`drop table ${tableOf(index)}`.execute(tx)
    },
    async nearest(db, index, wanted) {
      const { scope, library, vector, limit, documents } = wanted
      const { projectId } = scope
      if (!documents && (await hasNear(db, index, library))) {
        const found = await searchNear(db, index, wanted)
        if (found.length >= limit) return found
      }
      const within = documents
        ? sql`and id in (select id from chunk where document_id = any (${list('text', documents)}))`
        : sql``
      const { rows } = await sql<Found>`
        select id, vector <=> ${literal(vector)} as distance from ${tableOf(index)}
        where library = ${library} ${within} and ${isShown(projectId)} order by distance, id limit ${limit}`.execute(db)
      return rows
    },
    async tend(db, index, dimensions) {
      const { rows } = await sql<{ name: string; library: number; valid: number; building: number }>`
        select relname::text as name, substring(relname from '[0-9]+$')::bigint as library, indisvalid as valid,
          exists (select from pg_stat_progress_create_index where index_relid = indexrelid) as building
        from pg_index join pg_class on pg_class.oid = indexrelid
        where indrelid = to_regclass(${nameOf(index)}) and relname like ${`${nameOf(index)}\\_near\\_%`}`.execute(db)
      const { rows: large } = await sql<{ number: number; chunks: number }>`
        select number, chunks from library where chunks > ${mostCompared / 2}`.execute(db)
      const sizes = new Map(large.map(({ number, chunks }) => [number, chunks]))
      // One that is not valid was left by a process that ended in the middle of it.
      for (const { name, library, valid, building } of rows)
        if (!sizes.has(library) || (!valid && !building))
          await sql`drop index concurrently if exists ${sql.ref(name)}`.execute(db)
      const there = new Set(rows.filter(({ valid, building }) => valid || building).map(({ library }) => library))
      for (const [library, chunks] of sizes)
        if (chunks > mostCompared && !there.has(library)) await createNear(db, index, library, dimensions)
      known.clear()
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

/** Of a row's `id`: what is on its way out takes no place of what is there. */
const isShown = (projectId: string) => sql`id not in (
  select chunk.id from clearing join chunk on chunk.document_id = clearing.document_id
  where clearing.project_id = ${projectId})`

type Wanted = Parameters<VectorTables['nearest']>[2]

interface Found {
  id: number
  distance: number
}

/**
 * Of this project alone: a filter over an index of all would lose most of what is nearest (13 % of it is found where the project
 * is a hundredth). Others may write meanwhile. Somebody else may be doing the same.
 */
async function createNear(db: Read, index: number, library: number, dimensions: number): Promise<void> {
  // Outside of a transaction names are looked up where the server looks, which need not be where the extension is.
  const { rows } = await sql<{ schema: string }>`
    select nspname::text as schema from pg_extension join pg_namespace on pg_namespace.oid = extnamespace
    where extname = 'vector'`.execute(db)
  const within = (name: string): RawBuilder<unknown> => sql.ref(`${rows[0]?.schema}.${name}`)
  const size = sql.raw(String(Math.trunc(dimensions)))
  try {
    await sql`create index concurrently if not exists ${sql.ref(nearName(index, library))} on ${tableOf(index)}
      using hnsw ((${within('binary_quantize')}(vector)::bit(${size})) ${within('bit_hamming_ops')})
      where library = ${sql.lit(library)}`.execute(db)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code !== '23505' && code !== '42P07') throw error
  }
}

/**
 * Two columns: a number, and how many numbers a vector has (2 bytes), nothing (2), and they, of 4 bytes each. As text, 15,000
 * vectors of 384 numbers took a second of the processor here and 0.4 of the server's.
 */
function vectorsIn(bytes: Buffer): { id: number; vector: Float32Array }[] {
  const found: { id: number; vector: Float32Array }[] = []
  for (let at = headSize; bytes.readInt16BE(at) !== -1; ) {
    const id = readInt8(bytes, at + 6)
    const from = at + 22
    const vector = new Float32Array(bytes.readUInt16BE(at + 18))
    const own = Buffer.from(vector.buffer)
    bytes.copy(own, 0, from, from + own.length)
    if (endianness() === 'LE') own.swap32()
    found.push({ id, vector })
    at = from + own.length
  }
  release(bytes)
  return found
}
