import { type Selectable, sql } from 'kysely'
import type { Document, Scope } from '../model/index.ts'
import type { Clock } from '../ports.ts'
import type { Engine, VectorTables } from './engine/index.ts'
import { toHalfPrecision } from './half-precision.ts'
import type { Libraries } from './libraries.ts'
import { locks } from './locks.ts'
import type { Read, ReadAs, Tx, VectorIndexRow } from './schema.ts'
import { createCoverage } from './vector-coverage.ts'
import { inOrder } from './vector-order.ts'
import { createSamples } from './vector-sample.ts'
import { inUse } from './vector-tables.ts'

/** The vectors of one embedding model, kept and compared in half precision on every engine, so that all find the same. */
export interface VectorIndex {
  /** A later one has a higher number. */
  number: number
  fingerprint: string
  name: string
  dimensions: number
  /** At most one of each. */
  state: 'active' | 'building'
  createdAt: number
}

export interface VectorStore {
  /** Whether this database can keep vectors at all. Without, every list is empty and nothing may be written. */
  readonly available: boolean
  /** The one that is searched; with a scope, together with what is read of that at the same moment. */
  active(scope?: Scope): Promise<VectorIndex | undefined>
  /** The one that will take its place. */
  building(): Promise<VectorIndex | undefined>
  /**
   * The first is active at once; a later one is built beside it, in place of another that was being built, which retires.
   * Once for each model: one that has retired is taken back.
   */
  create(tx: Tx, model: Pick<VectorIndex, 'fingerprint' | 'name' | 'dimensions'>): Promise<void>
  /**
   * The index that is being built is searched from the commit on, and the one before goes. `early`: also when unfinished;
   * the one before retires then.
   */
  activate(tx: Tx, number: number, options?: { early?: boolean }): Promise<boolean>
  /** It is used no more, but kept for the case that its model comes back. */
  retire(tx: Tx, number: number): Promise<void>
  /**
   * Gives up what retired before this time, when every document is in the index that is searched, and all but the last
   * few; `dropSome` takes it away.
   */
  discardRetired(tx: Tx, before: number): Promise<void>
  /** Takes a piece of what was discarded away, and vectors without a chunk; false when nothing is left. */
  dropSome(tx: Tx): Promise<boolean>
  hasWaste(): Promise<boolean>
  /** Sees to it that the indexes are searched fast, also in large projects: may take minutes, in which all goes on. */
  tend(): Promise<void>

  /** How many of the document's chunks have been seen to in each index, by its number. */
  progress(scope: Scope, documentId: string): Promise<Map<number, { chunks: number; complete: boolean }>>
  /**
   * The vectors of a document's next chunks, those from position `from` on, in order; undefined for one that has none.
   * False, and nothing is written, where the index is used no more, the document stands elsewhere, or its chunks are others.
   */
  insert(
    tx: Tx,
    index: VectorIndex,
    document: Pick<Document, 'id' | 'projectId'>,
    done: { from: number; chunks: readonly { id: number; vector: Float32Array | undefined }[]; complete: boolean },
  ): Promise<boolean>
  /** Documents that are ready and not complete in this index, over all projects, oldest first. */
  pendingDocuments(index: VectorIndex, limit: number, tx?: Tx): Promise<string[]>
  /** How many documents of the project are not complete in the newest index, and how many of them rest. */
  pending(scope: Scope): Promise<{ documents: number; resting: number }>
  /** No new try before this time. */
  rest(tx: Tx, documentId: string, until: number): Promise<void>
  /** Everything may be tried again. */
  wakeAll(tx: Tx): Promise<void>

  /** Nearest first; the distance is 1 − cosine. `documents` restricts before the limit. */
  nearest(
    scope: Scope,
    wanted: { index: VectorIndex; vector: Float32Array; limit: number; documents?: readonly string[] },
  ): Promise<{ id: number; distance: number }[]>
  /** The share of the project's chunks that have been seen to in this index, 0 to 1; may be seconds old where others write. */
  coverage(scope: Scope, index: VectorIndex): Promise<number>
  /** The distances of a fixed sample of the project's chunks, spread evenly over its documents. */
  background(scope: Scope, wanted: { index: VectorIndex; vector: Float32Array }): Promise<number[]>
}

/** Vectors taken away in one transaction: some 20 ms. */
const dropSize = 250
/** Indexes kept for the case that their model comes back. */
const mostRetired = 2

export function createVectorStore({
  read,
  write,
  libraries,
  clock,
  engine,
}: {
  read: ReadAs
  write: ReadAs
  libraries: Libraries
  clock: Clock
  engine: Engine
}): VectorStore {
  const tables = engine.vectors
  const available = tables !== undefined
  const sampleOf = createSamples({ read, engine })
  const coverage = createCoverage({ read, libraries, clock })

  function demandTables(): VectorTables {
    if (!tables) throw new Error('vectors cannot be reached in this database')
    return tables
  }

  async function find(state: VectorIndex['state'], scope?: Scope): Promise<VectorIndex | undefined> {
    if (!available) return undefined
    const row = await read(scope ?? 'internal')
      .selectFrom('vector_index')
      .selectAll()
      .where('state', '=', state)
      .executeTakeFirst()
    return row && toIndex(row)
  }

  /** Texts of projects that do not allow the server of this index's model are not waited for. */
  const incomplete = (db: Read, { number: index, fingerprint }: Pick<VectorIndex, 'number' | 'fingerprint'>) => {
    const [kind, place, slug] = fingerprint.split(' ')
    const open = incompleteOf(db, index)
    if (kind !== 'server') return open
    const allowed = db
      .selectFrom('project')
      .select('id')
      .where('local_only', '<=', place === 'here' ? 1 : 0)
      .where(eb => {
        const listed = eb('providers', 'like', `%"${slug}"%`)
        // The user's own by this slug is what they listed.
        const own = eb
          .selectFrom('provider')
          .select('provider.id')
          .whereRef('provider.user_id', '=', 'project.user_id')
          .where('provider.slug', '=', slug)
        return eb.or([eb('providers', 'is', null), eb.and([listed, eb.not(eb.exists(own))])])
      })
    return open.where('document.project_id', 'in', allowed)
  }

  const incompleteOf = (db: Read, index: number) =>
    db
      .selectFrom('document')
      .leftJoin('document_vectors', join =>
        join.onRef('document_vectors.document_id', '=', 'document.id').on('document_vectors.index_number', '=', index),
      )
      .where('document.state', '=', 'ready')
      .where('document.deleted_at', 'is', null)
      .where('document.chunks', '>', 0)
      // Its text is still growing.
      .whereRef('document.recognized', '>=', 'document.to_recognize')
      .where(eb => eb.or([eb('document_vectors.complete', 'is', null), eb('document_vectors.complete', '=', 0)]))

  return {
    available,
    active: scope => find('active', scope),
    building: () => find('building'),
    async create(tx, { fingerprint, name, dimensions }) {
      await engine.lock(tx, locks.vectorIndexes)
      const same = await tx
        .selectFrom('vector_index')
        .select(['number', 'retired_at'])
        .where('fingerprint', '=', fingerprint)
        .where('dimensions', '=', dimensions)
        .where(eb => eb.or([eb('state', '<>', 'dropping'), eb('retired_at', 'is not', null)]))
        .executeTakeFirst()
      // Another process was first.
      if (same && same.retired_at === null) return
      const retired = { state: 'dropping', retired_at: clock.now() } as const
      await tx.updateTable('vector_index').set(retired).where('state', '=', 'building').execute()
      const active = await tx
        .selectFrom('vector_index')
        .select(['number', 'fingerprint'])
        .where('state', '=', 'active')
        .executeTakeFirst()
      const state = active ? 'building' : 'active'
      if (same) {
        const back = { state, retired_at: null } as const
        await tx.updateTable('vector_index').set(back).where('number', '=', same.number).execute()
        return
      }
      const { number } = await tx
        .insertInto('vector_index')
        .values({ fingerprint, name, dimensions, state, created_at: clock.now(), retired_at: null })
        .returning('number')
        .executeTakeFirstOrThrow()
      await demandTables().create(tx, number, dimensions)
    },
    async activate(tx, number, { early = false } = {}) {
      await engine.lock(tx, locks.vectorIndexes)
      const row = await tx
        .selectFrom('vector_index')
        .select(['number', 'state', 'fingerprint'])
        .where('number', '=', number)
        .executeTakeFirst()
      if (row?.state !== 'building') return false
      const left = early ? undefined : await incomplete(tx, row).select('document.id').limit(1).executeTakeFirst()
      if (left) return false
      const before = { state: 'dropping', retired_at: early ? clock.now() : null } as const
      await tx.updateTable('vector_index').set(before).where('state', '=', 'active').execute()
      await tx.updateTable('vector_index').set({ state: 'active' }).where('number', '=', number).execute()
      return true
    },
    async retire(tx, number) {
      await engine.lock(tx, locks.vectorIndexes)
      const retired = { state: 'dropping', retired_at: clock.now() } as const
      await tx.updateTable('vector_index').set(retired).where('number', '=', number).execute()
    },
    async discardRetired(tx, before) {
      const findKept = () =>
        tx
          .selectFrom('vector_index')
          .select(['number', 'retired_at'])
          .where('retired_at', 'is not', null)
          .orderBy('retired_at', 'desc')
          .orderBy('number', 'desc')
          .execute()
      // Mostly there is nothing to wait for others for.
      if ((await findKept()).length === 0) return
      await engine.lock(tx, locks.vectorIndexes)
      const kept = await findKept()
      const active = await tx
        .selectFrom('vector_index')
        .select(['number', 'fingerprint'])
        .where('state', '=', 'active')
        .executeTakeFirst()
      const left = active && (await incomplete(tx, active).select('document.id').limit(1).executeTakeFirst())
      const old = kept.filter((row, at) => at >= mostRetired || (!left && Number(row.retired_at) <= before))
      for (const { number } of old)
        await tx.updateTable('vector_index').set({ retired_at: null }).where('number', '=', number).execute()
    },
    async dropSome(tx) {
      const vectors = demandTables()
      await engine.lock(tx, locks.vectorIndexes)
      const orphans = await tx.selectFrom('vector_orphan').select('chunk_id').limit(dropSize).execute()
      const ids = orphans.map(row => row.chunk_id)
      if (ids.length > 0) {
        for (const number of await inUse(tx)) await vectors.remove(tx, number, ids)
        await tx.deleteFrom('vector_orphan').where('chunk_id', 'in', ids).execute()
        return true
      }
      const row = await tx
        .selectFrom('vector_index')
        .select('number')
        .where('state', '=', 'dropping')
        .where('retired_at', 'is', null)
        .limit(1)
        .executeTakeFirst()
      if (!row) return false
      if ((await vectors.removeSome(tx, row.number, dropSize)) === dropSize) return true
      await vectors.drop(tx, row.number)
      await tx.deleteFrom('vector_index').where('number', '=', row.number).execute()
      return true
    },

    async hasWaste() {
      const { rows } = await sql`
        select 1 from vector_index where state = 'dropping' and retired_at is null union all select 1 from vector_orphan limit 1`.execute(
        read('internal'),
      )
      return rows.length > 0
    },

    async tend() {
      for (const index of [await find('active'), await find('building')])
        if (index) await tables?.tend?.(write('internal'), index.number, index.dimensions)
    },

    async progress(scope, documentId) {
      const rows = await read(scope)
        .selectFrom('document_vectors')
        .select(['index_number', 'chunks', 'complete'])
        .where('document_id', '=', documentId)
        .execute()
      return new Map(rows.map(row => [row.index_number, { chunks: row.chunks, complete: row.complete === 1 }]))
    },
    async insert(tx, index, document, { from, chunks, complete }) {
      const { add } = demandTables()
      await engine.lock(tx, locks.vectorIndexes, 'shared')
      const known = await tx
        .selectFrom('vector_index')
        .leftJoin('document_vectors', join =>
          join
            .onRef('document_vectors.index_number', '=', 'vector_index.number')
            .on('document_vectors.document_id', '=', document.id),
        )
        .select('document_vectors.chunks')
        .where('vector_index.number', '=', index.number)
        .where('vector_index.state', '<>', 'dropping')
        .executeTakeFirst()
      if (!known || (known.chunks ?? 0) !== from) return false
      const ids = chunks.map(({ id }) => id)
      // None are left where the batch before was full, and Postgres takes no empty list.
      if (ids.length > 0) {
        const own = tx.selectFrom('chunk').select(eb => eb.fn.countAll<number>().as('count'))
        const found = await own.where('document_id', '=', document.id).where('id', 'in', ids).executeTakeFirst()
        if (found?.count !== ids.length) return false
      }
      const vectors = chunks.flatMap(({ id, vector }) => (vector ? [{ id, vector: toHalfPrecision(vector) }] : []))
      if (vectors.length > 0) {
        const { projectId } = document
        const owner = tx.selectFrom('library').select('number').where('project_id', '=', projectId)
        const { number: library } = await owner.executeTakeFirstOrThrow()
        await add(tx, index.number, { library, projectId }, vectors)
        await tx
          .updateTable('library')
          .set(eb => ({ revision: eb('revision', '+', 1) }))
          .where('number', '=', library)
          .execute()
      }
      const progress = { chunks: from + chunks.length, complete: complete ? 1 : 0, rest_until: 0 }
      await tx
        .insertInto('document_vectors')
        .values({ document_id: document.id, index_number: index.number, ...progress })
        .onConflict(conflict => conflict.columns(['document_id', 'index_number']).doUpdateSet(progress))
        .execute()
      coverage.forget(document.projectId)
      return true
    },
    async pendingDocuments(index, limit, tx) {
      if (!available) return []
      const rows = await incomplete(tx ?? read('internal'), index)
        .select('document.id')
        .where(eb =>
          eb.or([eb('document_vectors.rest_until', 'is', null), eb('document_vectors.rest_until', '<=', clock.now())]),
        )
        .orderBy('document.created_at')
        .orderBy('document.id')
        .limit(limit)
        .execute()
      return rows.map(row => row.id)
    },
    async pending({ userId, projectId }) {
      const index = (await find('building')) ?? (await find('active'))
      if (!index) return { documents: 0, resting: 0 }
      const row = await incomplete(read({ userId, projectId }), index)
        .innerJoin('project', 'project.id', 'document.project_id')
        .select(eb => [
          eb.fn.countAll<number>().as('documents'),
          eb.fn.count<number>(eb.case().when('rest_until', '>', clock.now()).then(1).end()).as('resting'),
        ])
        .where('document.project_id', '=', projectId)
        .where('project.user_id', '=', userId)
        .executeTakeFirstOrThrow()
      return row
    },
    async rest(tx, documentId, until) {
      await engine.lock(tx, locks.vectorIndexes, 'shared')
      await sql`
        insert into document_vectors (document_id, index_number, chunks, complete, rest_until)
        select document.id, vector_index.number, 0, 0, cast(${until} as bigint) from document, vector_index
        where document.id = ${documentId} and vector_index.state <> 'dropping'
        on conflict (document_id, index_number) do update set rest_until = excluded.rest_until`.execute(tx)
    },
    async wakeAll(tx) {
      await tx.updateTable('document_vectors').set({ rest_until: 0 }).where('rest_until', '>', 0).execute()
    },

    async nearest(scope, { index, vector, limit, documents }) {
      const library = await libraries.numberOf(scope)
      if (!tables || library === undefined) return []
      const wanted = { scope, library, vector: toHalfPrecision(vector), limit, ...(documents && { documents }) }
      const found = await tables.nearest(read(scope), index.number, wanted)
      return (await inOrder(read(scope), engine, found)).slice(0, limit)
    },
    coverage: (scope, index) => coverage.of(scope, index.number),
    async background(scope, { index, vector }) {
      if (!tables || (await libraries.numberOf(scope)) === undefined) return []
      const sample = await sampleOf(scope, index.number)
      return tables.distances(read(scope), index.number, sample, toHalfPrecision(vector))
    },
  }
}

function toIndex(row: Selectable<VectorIndexRow>): VectorIndex {
  return {
    number: row.number,
    fingerprint: row.fingerprint,
    name: row.name,
    dimensions: row.dimensions,
    state: row.state as VectorIndex['state'],
    createdAt: row.created_at,
  }
}
