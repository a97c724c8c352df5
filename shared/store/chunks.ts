import { sql } from 'kysely'
import type { Chunk, Language, Scope, StoredChunk } from '../model/index.ts'
import type { Engine } from './engine/index.ts'
import type { ChunkRow, ReadAs, Tx } from './schema.ts'
import { removeVectors } from './vector-tables.ts'
import type { WordIndex } from './word-index.ts'
import { splitTerms } from './words.ts'

export interface ChunkStore {
  /** Stores chunks together with their words, so that they can be found from the commit on. */
  insert(tx: Tx, projectId: string, documentId: string, chunks: readonly Chunk[]): Promise<void>
  get(scope: Scope, ids: readonly number[]): Promise<StoredChunk[]>
  /** These, and those right before and after them. */
  around(scope: Scope, ids: readonly number[]): Promise<StoredChunk[]>
  texts(scope: Scope, ids: readonly number[]): Promise<Pick<StoredChunk, 'id' | 'text' | 'language'>[]>
  /** The chunks right before and after these positions, by document. */
  at(scope: Scope, places: readonly { documentId: string; position: number }[]): Promise<StoredChunk[]>
  /** The chunk of a document that holds this place of a block; reads all pieces of the document. */
  holding(scope: Scope, place: BlockPlace): Promise<StoredChunk | undefined>
  /** In order, those from position `from` on. */
  page(scope: Scope, documentId: string, from: number, limit: number): Promise<PagedChunk[]>
  /** Other words above them (see `contextTerms`): what they say stays as it is, and so do their vectors. */
  reword(tx: Tx, projectId: string, chunks: readonly { id: number; contextTerms: readonly string[] }[]): Promise<void>
  /**
   * Chunks, words with their share of the statistics, vectors: the document is gone from every search with this commit.
   * Of a long one only the first piece goes with it, the rest is hidden; false then, and `clearSome` takes it away.
   */
  remove(tx: Tx, projectId: string, documentId: string): Promise<boolean>
  /**
   * Takes the last chunks of a document away, down to position `from`, a piece at a time; its vectors are incomplete then.
   * Gives the number of chunks that are left, which is `from` at the end.
   */
  cut(tx: Tx, projectId: string, documentId: string, from: number): Promise<number>
  /** Of many documents at once: hidden with this commit, for `clearSome` to take away. */
  hide(tx: Tx, projectId: string, documentIds: readonly string[]): Promise<void>
  /** Takes a piece of what is hidden away; true when nothing is left, or nothing was hidden. */
  clearSome(tx: Tx, documentId: string): Promise<boolean>
  /** Whether some of its chunks are hidden. Nothing may be inserted for it then. */
  isHidden(scope: Scope, documentId: string): Promise<boolean>
  /** Documents some of whose chunks are hidden, over all projects. */
  hidden(): Promise<string[]>
}

/** A place in a document, in terms of its segments: see `Piece`. */
export interface BlockPlace {
  documentId: string
  segment: number
  block: number
  from: number
}

/** What a chunk says, and where. */
export type ChunkText = Pick<Chunk, 'text' | 'headings' | 'pieces'>

export interface PagedChunk {
  id: number
  chunk: ChunkText
  language: Language
  contextTerms: string[]
}

interface TermsRow {
  id: number
  terms: string
  context_terms: string
}

const insertLimit = 500
/**
 * Chunks taken away in one transaction, some 100 ms with 100 terms each and a vector of 384 dimensions. All 10,000 of a
 * document at once held the lock for 3 to 5 s, and other processes gave up.
 */
const clearSize = 250

export function createChunkStore({
  read,
  engine,
  words,
}: {
  read: ReadAs
  engine: Engine
  words: WordIndex
}): ChunkStore {
  const findable = ({ userId, projectId }: Scope) =>
    read({ userId, projectId })
      .selectFrom('chunk')
      .innerJoin('document', 'document.id', 'chunk.document_id')
      .innerJoin('project', 'project.id', 'chunk.project_id')
      .where('chunk.project_id', '=', projectId)
      .where('project.user_id', '=', userId)
      .where('document.deleted_at', 'is', null)
      .where('document.id', 'not in', eb => eb.selectFrom('clearing').select('clearing.document_id'))

  const within = (scope: Scope) => findable(scope).selectAll('chunk').select(['document.path', 'document.paged'])

  const chunkId = sql<number>`chunk.id`
  // One parameter, so that the statement is the same one whatever their number.
  const isOneOf = (ids: readonly number[]) =>
    engine.isAmong(chunkId, sql`select wanted.value from ${engine.numbers('wanted', ids)}`)

  async function clearSome(tx: Tx, documentId: string): Promise<boolean> {
    const hidden = await tx
      .selectFrom('clearing')
      .select('project_id')
      .where('document_id', '=', documentId)
      .executeTakeFirst()
    if (!hidden) return true
    const rows = await tx
      .selectFrom('chunk')
      .select(['id', 'terms', 'context_terms'])
      .where('document_id', '=', documentId)
      .limit(clearSize)
      .execute()
    const ids = await removeRows(tx, hidden.project_id, rows)
    if (ids.length === clearSize) return false
    await tx.deleteFrom('clearing').where('document_id', '=', documentId).execute()
    return true
  }

  async function removeRows(tx: Tx, projectId: string, rows: readonly TermsRow[]) {
    const ids = rows.map(row => row.id)
    if (ids.length === 0) return ids
    await words.remove(tx, projectId, rows.map(wordsOf))
    await removeVectors(tx, engine, ids)
    await sql`delete from chunk where id in (select value from ${engine.numbers('gone', ids)})`.execute(tx)
    return ids
  }

  return {
    async insert(tx, projectId, documentId, all) {
      // SQLite takes 32,766 parameters in one statement, Postgres 65,535.
      for (let at = 0; at < all.length; at += insertLimit) {
        await insertSome(words, tx, projectId, documentId, all.slice(at, at + insertLimit))
      }
    },
    async get(scope, ids) {
      if (ids.length === 0) return []
      return (await within(scope).where(isOneOf(ids)).execute()).map(toChunk)
    },
    async around(scope, ids) {
      if (ids.length === 0) return []
      const near = sql`
        select near.id from ${engine.numbers('wanted', ids)} cross join chunk as hit cross join chunk as near
        where hit.id = wanted.value
          and near.document_id = hit.document_id and near.position between hit.position - 1 and hit.position + 1`
      return (await within(scope).where(engine.isAmong(chunkId, near)).execute()).map(toChunk)
    },
    async texts(scope, ids) {
      if (ids.length === 0) return []
      const rows = await findable(scope)
        .select(['chunk.id', 'chunk.text', 'chunk.language'])
        .where(isOneOf(ids))
        .execute()
      return rows.map(({ language, ...row }) => ({ ...row, language: language as Language }))
    },
    async at(scope, places) {
      if (places.length === 0) return []
      const wanted = engine.rows(
        'wanted',
        { document_id: 'text', position: 'number' },
        places.map(place => [place.documentId, place.position]),
      )
      const rows = await within(scope)
        .where(
          sql<boolean>`(chunk.document_id, chunk.position) in (select wanted.document_id, wanted.position from ${wanted})`,
        )
        .execute()
      return rows.map(toChunk)
    },
    async holding(scope, { documentId, ...place }) {
      const row = await within(scope)
        .where('chunk.document_id', '=', documentId)
        .where(engine.holdsPlace(place))
        .orderBy('chunk.position')
        .executeTakeFirst()
      return row && toChunk(row)
    },
    async page(scope, documentId, from, limit) {
      const rows = await read(scope)
        .selectFrom('chunk')
        .select(['id', 'text', 'headings', 'pieces', 'language', 'context_terms'])
        .where('document_id', '=', documentId)
        .where('position', '>=', from)
        .orderBy('position')
        .limit(limit)
        .execute()
      return rows.map(({ id, text, headings, pieces, language, context_terms: contextTerms }) => ({
        id,
        language: language as Language,
        contextTerms: splitTerms(contextTerms),
        chunk: {
          text,
          headings: JSON.parse(headings) as Chunk['headings'],
          pieces: JSON.parse(pieces) as Chunk['pieces'],
        },
      }))
    },
    async reword(tx, projectId, chunks) {
      const contextOf = new Map(chunks.map(({ id, contextTerms }) => [id, contextTerms]))
      const rows = await tx
        .selectFrom('chunk')
        .select(['id', 'terms', 'context_terms'])
        .where('project_id', '=', projectId)
        .where(isOneOf([...contextOf.keys()]))
        .execute()
      const before = rows.map(wordsOf)
      await words.remove(tx, projectId, before)
      await words.add(
        tx,
        projectId,
        before.map(chunk => ({ ...chunk, contextTerms: contextOf.get(chunk.id) ?? [] })),
      )
      for (const { id } of rows)
        await tx
          .updateTable('chunk')
          .set({ context_terms: (contextOf.get(id) ?? []).join(' ') })
          .where('id', '=', id)
          .execute()
    },
    async remove(tx, projectId, documentId) {
      await tx
        .insertInto('clearing')
        .values({ document_id: documentId, project_id: projectId })
        .onConflict(conflict => conflict.doNothing())
        .execute()
      const gone = await clearSome(tx, documentId)
      await tx.deleteFrom('document_vectors').where('document_id', '=', documentId).execute()
      return gone
    },
    async cut(tx, projectId, documentId, from) {
      const rows = await tx
        .selectFrom('chunk')
        .select(['id', 'position', 'terms', 'context_terms'])
        .where('document_id', '=', documentId)
        .where('position', '>=', from)
        .orderBy('position', 'desc')
        .limit(clearSize)
        .execute()
      await removeRows(tx, projectId, rows)
      const left = rows.length < clearSize ? from : rows[rows.length - 1]!.position
      const kept = engine.least(sql<number>`chunks`, sql<number>`${left}`)
      await sql`update document_vectors set chunks = ${kept}, complete = 0
        where document_id = ${documentId}`.execute(tx)
      return left
    },
    async hide(tx, projectId, documentIds) {
      const hidden = engine.texts('hidden', documentIds)
      await sql`insert into clearing (document_id, project_id)
        select value, cast(${projectId} as text) from ${hidden} where true on conflict do nothing`.execute(tx)
      await sql`delete from document_vectors where document_id in (select value from ${hidden})`.execute(tx)
    },
    clearSome,
    async isHidden(scope, documentId) {
      const query = read(scope).selectFrom('clearing').select('document_id').where('document_id', '=', documentId)
      return (await query.executeTakeFirst()) !== undefined
    },
    async hidden() {
      const rows = await read('internal').selectFrom('clearing').select('document_id').execute()
      return rows.map(row => row.document_id)
    },
  }
}

function wordsOf({ id, terms, context_terms: contextTerms }: TermsRow) {
  return { id, terms: splitTerms(terms), contextTerms: splitTerms(contextTerms) }
}

async function insertSome(
  words: WordIndex,
  tx: Tx,
  projectId: string,
  documentId: string,
  chunks: readonly Chunk[],
): Promise<void> {
  const rows = await tx
    .insertInto('chunk')
    .values(
      chunks.map(chunk => ({
        project_id: projectId,
        document_id: documentId,
        position: chunk.position,
        text: chunk.text,
        headings: JSON.stringify(chunk.headings),
        pieces: JSON.stringify(chunk.pieces),
        language: chunk.language,
        terms: chunk.terms.join(' '),
        context_terms: chunk.contextTerms.join(' '),
      })),
    )
    .returning(['id', 'position'])
    .execute()
  const idAt = new Map(rows.map(row => [row.position, row.id]))
  await words.add(
    tx,
    projectId,
    chunks.map(chunk => ({ id: idAt.get(chunk.position)!, terms: chunk.terms, contextTerms: chunk.contextTerms })),
  )
}

function toChunk(row: Omit<ChunkRow, 'id'> & { id: number; path: string; paged: number }): StoredChunk {
  return {
    id: row.id,
    documentId: row.document_id,
    file: row.path,
    paged: row.paged === 1,
    position: row.position,
    text: row.text,
    headings: JSON.parse(row.headings) as Chunk['headings'],
    pieces: JSON.parse(row.pieces) as Chunk['pieces'],
    language: row.language as Language,
    terms: splitTerms(row.terms),
    contextTerms: splitTerms(row.context_terms),
  }
}
