/** What is written for the words of chunks: the index itself, the vocabulary, and what BM25 needs to know of the whole. */
import { sql } from 'kysely'
import type { Engine } from './engine/index.ts'
import type { Tx } from './schema.ts'
import { type ChunkWords, reverse } from './words.ts'

export interface WordIndex {
  add(tx: Tx, projectId: string, chunks: readonly ChunkWords[]): Promise<void>
  /** Before the rows of the chunks go. */
  remove(tx: Tx, projectId: string, chunks: readonly ChunkWords[]): Promise<void>
}

export function createWordIndex(engine: Engine): WordIndex {
  /**
   * Adds to or takes from the vocabulary's counts; a term that stands nowhere any more is dropped. Both ways as an upsert: an
   * `update … from` a list walked through the whole vocabulary for every term on SQLite, minutes in a project of 10,000
   * chunks.
   */
  async function countTerms(tx: Tx, number: number, chunks: readonly ChunkWords[], sign: 1 | -1): Promise<void> {
    const counts = [...countChunks(chunks)]
    const counted = engine.rows(
      'counted',
      { term: 'text', reversed: 'text', chunks: 'number' },
      counts.map(([term, count]) => [term, reverse(term), sign * count]),
    )
    await sql`
      insert into term (library, term, reversed, chunks)
      select cast(${number} as integer), counted.term, counted.reversed, counted.chunks from ${counted} where true
      on conflict (library, term) do update set chunks = term.chunks + excluded.chunks`.execute(tx)
    if (sign > 0) return
    const terms = engine.texts(
      'counted',
      counts.map(([term]) => term),
    )
    await sql`
      delete from term where library = ${number} and chunks <= 0
      and term in (select value from ${terms})`.execute(tx)
  }

  return {
    async add(tx, projectId, chunks) {
      const { number } = await library(tx, projectId)
      await engine.words.add(tx, number, chunks)
      await countTerms(tx, number, chunks, 1)
      await count(tx, number, chunks, 1)
    },
    async remove(tx, projectId, chunks) {
      const { number } = await library(tx, projectId)
      await engine.words.remove(
        tx,
        chunks.map(chunk => chunk.id),
      )
      await countTerms(tx, number, chunks, -1)
      await count(tx, number, chunks, -1)
    },
  }
}

async function library(tx: Tx, projectId: string) {
  return tx.selectFrom('library').select('number').where('project_id', '=', projectId).executeTakeFirstOrThrow()
}

async function count(tx: Tx, number: number, chunks: readonly ChunkWords[], sign: 1 | -1): Promise<void> {
  const terms = chunks.reduce((sum, chunk) => sum + chunk.terms.length, 0)
  await tx
    .updateTable('library')
    .set(eb => ({
      chunks: eb('chunks', '+', sign * chunks.length),
      terms: eb('terms', '+', sign * terms),
      revision: eb('revision', '+', 1),
    }))
    .where('number', '=', number)
    .execute()
}

function countChunks(chunks: readonly ChunkWords[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const chunk of chunks) {
    for (const term of new Set([...chunk.terms, ...chunk.contextTerms])) counts.set(term, (counts.get(term) ?? 0) + 1)
  }
  return counts
}
