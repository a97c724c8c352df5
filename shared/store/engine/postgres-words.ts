/**
 * The index of words on Postgres: our terms as the words of a `tsvector`, through no dictionary, and an inverted index (GIN).
 * Each stands there up to three times, with a sign for how often a chunk holds it: `~` once or more, `+` twice, `*` four times.
 * So the index alone knows enough of BM25 to choose candidates, and no word of a chunk is read for it: `find_words` of the
 * migration adds up what each list is worth by rarity and length.
 */
import { sql } from 'kysely'
import type { ChunkWords } from '../words.ts'
import type { CandidateRow, WordTables } from './index.ts'
import { list } from './postgres-lists.ts'

/**
 * Rows that the lists of a search may have together: the rarest terms first, and the rarest one in any case. More only where
 * these brought up too few.
 */
const budget = 8000

export const postgresWords: WordTables = {
  async add(tx, library, chunks) {
    const ids = chunks.map(chunk => chunk.id)
    const words = chunks.map(chunk => signed(library, chunk).join(' '))
    const lengths = chunks.map(chunk => chunk.terms.length + chunk.contextTerms.length)
    await sql`insert into chunk_words (id, library, document_id, length, words)
      select chunk.id, ${library}, chunk.document_id, added.length, array_to_tsvector(string_to_array(added.words, ' '))
      from unnest(${list('number', ids)}, ${list('number', lengths)}, ${list('text', words)}) as added (id, length, words)
      join chunk on chunk.id = added.id`.execute(tx)
  },
  async remove(tx, ids) {
    await sql`delete from chunk_words where id = any (${list('number', ids)})`.execute(tx)
  },
  async removeProject(tx, projectId) {
    await sql`delete from chunk_words where library = (select number from library where project_id = ${projectId})`.execute(
      tx,
    )
  },
  async candidates(db, _library, { projectId, terms, limit, also = { terms: [], limit: 0 }, documents }) {
    const lists = sql`${list('text', terms)}, ${list('text', also.terms)}`
    const within = documents ? list('text', documents) : sql`null`
    const { rows } = await sql<CandidateRow>`
      select chunk.id, chunk.document_id, chunk.position, chunk.terms, chunk.context_terms
      from find_words(${lists}, ${within}, ${budget}, ${limit}, ${also.limit}) as found (id)
      join chunk on chunk.id = found.id
      where chunk.project_id = (select cast(${projectId} as text))`.execute(db)
    return rows
  },
}

function signed(library: number, { terms, contextTerms }: ChunkWords): string[] {
  const counts = new Map<string, number>()
  for (const term of [...terms, ...contextTerms]) counts.set(term, (counts.get(term) ?? 0) + 1)
  return [...counts].flatMap(([term, count]) => [
    `${library}~${term}`,
    ...(count >= 2 ? [`${library}+${term}`] : []),
    ...(count >= 4 ? [`${library}*${term}`] : []),
  ])
}
