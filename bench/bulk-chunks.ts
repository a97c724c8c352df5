/**
 * Chunks for a large library on Postgres, as rows that the store would have written, sooner: the vocabulary is counted once
 * for each project, where the store counts it with each document, and the index of words is made at the end.
 */
import { sql } from 'kysely'
import type { Database } from '../shared/ports.ts'
import { engineOf } from '../shared/store/engine/index.ts'
import { reverse } from '../shared/store/words.ts'
import type { ChunkWriter } from './fill-projects.ts'
import type { OwnDatabase } from './own-database.ts'

const termsPerStatement = 10_000

export function createBulkChunks(database: Database): ChunkWriter {
  const engine = engineOf(database)
  const counts = new Map<string, number>()
  let sizes = { chunks: 0, terms: 0 }
  return {
    async insert(tx, { projectId }, documents) {
      const all = documents.flatMap(({ id, chunks }) => chunks.map(chunk => ({ id, chunk })))
      const columns = { document_id: 'text', position: 'number', text: 'text', pieces: 'text', terms: 'text' } as const
      const added = all.map(({ id, chunk }) => [
        id,
        chunk.position,
        chunk.text,
        JSON.stringify(chunk.pieces),
        chunk.terms.join(' '),
      ])
      const { rows } = await sql<{ id: number; document_id: string; position: number }>`
        insert into chunk (project_id, document_id, position, text, headings, pieces, language, terms, context_terms)
        select ${projectId}, document_id, position, text, '[]', pieces, 'de', terms, ''
        from ${engine.rows('added', columns, added)} returning id, document_id, position`.execute(tx)
      const ids = new Map(rows.map(row => [`${row.document_id} ${row.position}`, row.id]))
      const { number } = await tx
        .selectFrom('library')
        .select('number')
        .where('project_id', '=', projectId)
        .executeTakeFirstOrThrow()
      const words = all.map(({ id, chunk }) => ({ ...chunk, id: ids.get(`${id} ${chunk.position}`)! }))
      await engine.words.add(tx, number, words)
    },
    written(chunks) {
      for (const { terms } of chunks) {
        for (const term of new Set(terms)) counts.set(term, (counts.get(term) ?? 0) + 1)
        sizes = { chunks: sizes.chunks + 1, terms: sizes.terms + terms.length }
      }
    },
    async finish(tx, { projectId }) {
      const entries = [...counts].map(([term, count]) => [term, reverse(term), count])
      for (let at = 0; at < entries.length; at += termsPerStatement) {
        const columns = { term: 'text', reversed: 'text', chunks: 'number' } as const
        const counted = engine.rows('counted', columns, entries.slice(at, at + termsPerStatement))
        await sql`insert into term (library, term, reversed, chunks)
          select library.number, counted.term, counted.reversed, counted.chunks
          from library, ${counted} where library.project_id = ${projectId}`.execute(tx)
      }
      await tx.updateTable('library').set(sizes).where('project_id', '=', projectId).execute()
      counts.clear()
      sizes = { chunks: 0, terms: 0 }
    },
  }
}

/** Made anew behind many rows, an inverted index takes a tenth of what growing with each does. */
export async function withoutWordIndex(query: OwnDatabase['query'], run: () => Promise<void>): Promise<void> {
  const indexes = await query<{ name: string; definition: string }>(
    `select indexname as name, indexdef as definition from pg_indexes
    where schemaname = 'public' and tablename = 'chunk_words' and indexdef like '% USING gin %'`,
  )
  for (const { name } of indexes) await query(`drop index ${name}`)
  await run()
  for (const { definition } of indexes) await query(definition)
}
