/**
 * The vectors of the index that is searched, as they are handed on to another database: made again on a slow machine they
 * would take hours. They are no content: Postgres keeps half of their precision, and what is lost is made again.
 *
 * Two lists: for each vector the number of its chunk (8 bytes) and its numbers (4 bytes each), little-endian, by chunk; and
 * how far each document has come, `[document, chunks, complete]` a line.
 */
import { endianness } from 'node:os'
import { sql } from 'kysely'
import type { Engine } from './engine/index.ts'
import type { Read, Tx } from './schema.ts'

export interface CarriedIndex {
  fingerprint: string
  name: string
  dimensions: number
}

export interface VectorPages {
  index: CarriedIndex
  /** Each with the number of vectors in it. */
  vectors(): AsyncIterable<{ count: number; bytes: Buffer }>
  embedded(): AsyncIterable<{ count: number; bytes: Buffer }>
}

export interface VectorLists {
  index: CarriedIndex
  /** In pieces that end anywhere. */
  vectors(): AsyncIterable<Buffer>
  embedded(): AsyncIterable<unknown[]>
}

const [vectorsAtOnce, documentsAtOnce] = [500, 1000]
/** What half precision holds: a database that keeps that refuses the rest. */
const largest = 65_504

export const bytesOfVector = (dimensions: number) => 8 + 4 * dimensions

/** Undefined where nothing is searched, or vectors cannot be reached. `tx` sees one moment. */
export async function readVectors(tx: Read, engine: Engine): Promise<VectorPages | undefined> {
  const { vectors } = engine
  const row = await tx.selectFrom('vector_index').selectAll().where('state', '=', 'active').executeTakeFirst()
  if (!vectors || !row) return undefined
  const { number, fingerprint, name, dimensions } = row
  return {
    index: { fingerprint, name, dimensions },
    async *vectors() {
      for (let last = -1; ; ) {
        const query = tx.selectFrom('chunk').select('id').where('id', '>', last).orderBy('id').limit(vectorsAtOnce)
        const ids = (await query.execute()).map(({ id }) => id)
        if (ids.length === 0) return
        last = ids[ids.length - 1]
        const found = await vectors.read(tx, number, ids)
        if (found.length > 0) yield { count: found.length, bytes: toBytes(found, dimensions) }
      }
    },
    async *embedded() {
      for (let last = ''; ; ) {
        const rows = await tx
          .selectFrom('document_vectors')
          .select(['document_id', 'chunks', 'complete'])
          .where('index_number', '=', number)
          .where('document_id', '>', last)
          .orderBy('document_id')
          .limit(documentsAtOnce)
          .execute()
        if (rows.length === 0) return
        last = rows[rows.length - 1].document_id
        const lines = rows.map(row => `${JSON.stringify([row.document_id, row.chunks, row.complete])}\n`)
        yield { count: rows.length, bytes: Buffer.from(lines.join('')) }
      }
    },
  }
}

/** Puts them in the place of an index that is searched, of which there must be none. Without tables for them, does nothing. */
export async function loadVectors(tx: Tx, engine: Engine, lists: VectorLists, now: number): Promise<void> {
  const { vectors } = engine
  if (!vectors) return
  const { index } = lists
  const { number } = await tx
    .insertInto('vector_index')
    .values({ ...index, state: 'active', created_at: now, retired_at: null })
    .returning('number')
    .executeTakeFirstOrThrow()
  await vectors.create(tx, number, index.dimensions)
  for await (const page of pagesOf(lists.vectors(), index.dimensions)) {
    const { rows: owners } = await sql<{ id: number; library: number; project_id: string }>`
      select chunk.id, library.number as library, library.project_id
      from ${engine.numbers(
        'wanted',
        page.map(({ id }) => id),
      )} join chunk on chunk.id = wanted.value
      join library on library.project_id = chunk.project_id`.execute(tx)
    const byId = new Map(page.map(each => [each.id, each]))
    const libraries = Map.groupBy(owners, ({ library }) => library)
    for (const [library, chunks] of libraries) {
      const own = chunks.flatMap(({ id }) => byId.get(id) ?? [])
      await vectors.add(tx, number, { library, projectId: chunks[0].project_id }, own)
    }
  }
  for await (const rows of lists.embedded()) {
    for (let from = 0; from < rows.length; from += documentsAtOnce) {
      const values = (rows.slice(from, from + documentsAtOnce) as [string, number, number][]).map(
        ([document_id, chunks, complete]) => ({ document_id, index_number: number, chunks, complete, rest_until: 0 }),
      )
      await tx.insertInto('document_vectors').values(values).execute()
    }
  }
}

type NumberedVector = { id: number; vector: Float32Array }

function toBytes(found: readonly NumberedVector[], dimensions: number): Buffer {
  const size = bytesOfVector(dimensions)
  const bytes = Buffer.allocUnsafe(found.length * size)
  for (const [at, { id, vector }] of found.toSorted((one, other) => one.id - other.id).entries()) {
    bytes.writeBigInt64LE(BigInt(id), at * size)
    bytes.set(new Uint8Array(vector.buffer, vector.byteOffset, 4 * dimensions), at * size + 8)
    if (endianness() === 'BE') bytes.subarray(at * size + 8, (at + 1) * size).swap32()
  }
  return bytes
}

/** Vectors that no database would keep are left out: their chunks are found by their words. */
async function* pagesOf(pieces: AsyncIterable<Buffer>, dimensions: number): AsyncGenerator<NumberedVector[]> {
  const size = bytesOfVector(dimensions)
  let rest: Buffer = Buffer.alloc(0)
  let page: NumberedVector[] = []
  for await (const piece of pieces) {
    rest = Buffer.concat([rest, piece])
    const whole = rest.length - (rest.length % size)
    for (let at = 0; at < whole; at += size) {
      const vector = new Float32Array(dimensions)
      for (let place = 0; place < dimensions; place++) vector[place] = rest.readFloatLE(at + 8 + 4 * place)
      if (vector.every(value => Math.abs(value) <= largest)) page.push({ id: Number(rest.readBigInt64LE(at)), vector })
      if (page.length < vectorsAtOnce) continue
      yield page
      page = []
    }
    rest = rest.subarray(whole)
  }
  if (page.length > 0) yield page
}
