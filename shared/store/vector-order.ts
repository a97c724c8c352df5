import { sql } from 'kysely'
import type { Engine } from './engine/index.ts'
import type { Read } from './schema.ts'

interface Nearest {
  id: number
  distance: number
}

/**
 * Half precision itself moves a distance of 384 numbers by some 2e-5. Below that, engines add up in other orders, and which of
 * two is nearer would be theirs.
 */
const tellable = 1e5

/** Nearest first; of chunks that are equally near the one that was added first. Ids of chunks follow which document was read first. */
export async function inOrder(read: Read, engine: Engine, nearest: readonly Nearest[]): Promise<Nearest[]> {
  const found = nearest
    .map(({ id, distance }) => ({ id, distance: Math.round(distance * tellable) / tellable }))
    .sort((a, b) => a.distance - b.distance)
  const tied = found
    .filter(({ distance }, at) => found[at - 1]?.distance === distance || found[at + 1]?.distance === distance)
    .map(({ id }) => id)
  if (tied.length === 0) return found
  const { rows } = await sql<{ id: number }>`
    select chunk.id from ${engine.numbers('tied', tied)} join chunk on chunk.id = tied.value
    order by chunk.document_id, chunk.position`.execute(read)
  const places = new Map(rows.map(({ id }, at) => [id, at]))
  const placeOf = ({ id }: Nearest) => places.get(id) ?? 0
  return found.sort((a, b) => a.distance - b.distance || placeOf(a) - placeOf(b))
}
