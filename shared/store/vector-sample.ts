import { sql } from 'kysely'
import type { Scope } from '../model/index.ts'
import type { Engine } from './engine/index.ts'
import type { ReadAs } from './schema.ts'

/** Chunks that stand for a project. */
const sampleSize = 128
/** Projects whose sample is remembered, and for how many questions. */
const mostSamples = 100
const sampleUses = 100

/** The ids of some chunks that stand for all of a project, spread evenly over what the index holds of its documents. */
export function createSamples({ read, engine }: { read: ReadAs; engine: Engine }) {
  const samples = new Map<string, { ids: readonly number[]; uses: number }>()

  return async function sampleOf(scope: Scope, index: number): Promise<readonly number[]> {
    const key = `${index}/${scope.projectId}`
    const known = samples.get(key)
    if (known && known.uses < sampleUses) {
      known.uses += 1
      return known.ids
    }
    const documents = await read(scope)
      .selectFrom('document_vectors')
      .innerJoin('document', 'document.id', 'document_vectors.document_id')
      .select(['document_vectors.document_id', 'document_vectors.chunks'])
      .where('document.project_id', '=', scope.projectId)
      .where('document_vectors.index_number', '=', index)
      .where('document_vectors.chunks', '>', 0)
      .orderBy('document_vectors.document_id')
      .execute()
    const columns = { document_id: 'text', position: 'number' } as const
    const places = engine.rows('place', columns, spread(documents, sampleSize))
    const { rows } = await sql<{ id: number }>`
      select chunk.id from ${places} cross join chunk
      where chunk.document_id = place.document_id and chunk.position = place.position`.execute(read(scope))
    const ids = rows.map(row => row.id)
    if (samples.size >= mostSamples) samples.clear()
    // One that is too small is still growing.
    samples.set(key, { ids, uses: rows.length < sampleSize ? sampleUses : 0 })
    return ids
  }
}

/** Places of `count` chunks, as far apart as they can be in documents of so many. */
function spread(documents: readonly { document_id: string; chunks: number }[], count: number): [string, number][] {
  const total = documents.reduce((sum, document) => sum + document.chunks, 0)
  const places: [string, number][] = []
  const wanted = Math.min(count, total)
  let before = 0
  let next = 0
  for (const { document_id, chunks } of documents) {
    for (; next < wanted; next++) {
      const at = Math.floor((next * total) / wanted) - before
      if (at >= chunks) break
      places.push([document_id, at])
    }
    before += chunks
  }
  return places
}
