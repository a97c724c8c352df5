/**
 * The index of words. It stores, per chunk, the analysed terms; each is prefixed with its library's number, so that a
 * search touches no row of another project and document frequencies are the project's own by construction.
 */
import { sql } from 'kysely'
import type { Scope } from '../model/index.ts'
import type { Libraries } from './libraries.ts'
import type { ReadAs, Tx } from './schema.ts'

export interface ChunkWords {
  id: number
  terms: readonly string[]
  contextTerms: readonly string[]
}

export interface Candidate {
  id: number
  documentId: string
  position: number
  terms: string[]
  contextTerms: string[]
}

/** What a project's vocabulary knows of a question's terms; `df` is the number of chunks a term stands in. */
export interface Vocabulary {
  df: Map<string, number>
  /** By the prefix or suffix asked for: the terms that begin or end with it. */
  prefixed: Map<string, { term: string; df: number }[]>
  suffixed: Map<string, { term: string; df: number }[]>
}

export interface WordStore {
  /** Number of chunks and of terms in them, over the project. */
  statistics(scope: Scope): Promise<{ chunks: number; terms: number }>
  lookup(
    scope: Scope,
    wanted: { exact: readonly string[]; prefixes: readonly string[]; suffixes: readonly string[] },
  ): Promise<Vocabulary>
  /** Terms of the vocabulary that begin like these and are about as long: among them may be what a misspelt one meant. */
  alike(scope: Scope, terms: readonly string[]): Promise<Map<string, { term: string; df: number }[]>>
  /**
   * At most `limit` chunks that hold any of the terms, those with most and rarest of them first. `documents` restricts
   * before the limit.
   */
  candidates(
    scope: Scope,
    wanted: { terms: readonly string[]; documents?: readonly string[]; limit: number },
  ): Promise<Candidate[]>
}

/** Terms for one prefix or suffix, the most frequent ones: a short one in a vast vocabulary must not flood the planner. */
const lookupLimit = 100
/** Terms looked at for a misspelt one; some 200,000 different terms have about as many of one first letter and length. */
const alikeLimit = 5000

export function createWordStore({ read, libraries }: { read: ReadAs; libraries: Libraries }): WordStore {
  return {
    statistics: scope => libraries.statistics(scope),
    async lookup(scope, wanted) {
      const df = new Map<string, number>()
      const prefixed: Vocabulary['prefixed'] = new Map()
      const suffixed: Vocabulary['suffixed'] = new Map()
      const number = await libraries.numberOf(scope)
      if (number === undefined) return { df, prefixed, suffixed }
      const ranges = (column: 'term' | 'reversed', keys: readonly string[]) => sql`
        select key, term, chunks from (
          select wanted.value as key, term.term, term.chunks,
            row_number() over (partition by wanted.value order by term.chunks desc, term.term) as place
          from json_each(${JSON.stringify(keys)}) as wanted
          cross join term on term.library = ${number}
            and ${sql.ref(`term.${column}`)} >= wanted.value
            and ${sql.ref(`term.${column}`)} < wanted.value || char(1114111)
        ) where place <= ${lookupLimit}`
      // One statement: on a busy machine each way to the thread and back costs more than the look-up itself.
      const { rows } = await sql<{ list: 'df' | 'prefix' | 'suffix'; key: string; term: string; chunks: number }>`
        select 'df' as list, term as key, term, chunks from term
        where library = ${number} and term in (select value from json_each(${JSON.stringify(wanted.exact)}))
        union all select 'prefix', * from (${ranges('term', wanted.prefixes)})
        union all select 'suffix', * from (${ranges('reversed', wanted.suffixes.map(reverse))})`.execute(read(scope))
      for (const { list, key, term, chunks } of rows) {
        if (list === 'df') df.set(term, chunks)
        else if (list === 'prefix') append(prefixed, key, { term, df: chunks })
        else append(suffixed, reverse(key), { term, df: chunks })
      }
      return { df, prefixed, suffixed }
    },
    async alike(scope, terms) {
      const found = new Map<string, { term: string; df: number }[]>()
      const number = terms.length === 0 ? undefined : await libraries.numberOf(scope)
      if (number === undefined) return found
      const { rows } = await sql<{ key: string; term: string; df: number }>`
        select wanted.value as key, term.term, term.chunks as df
        from json_each(${JSON.stringify(terms)}) as wanted
        cross join term on term.library = ${number}
          and term.term >= substr(wanted.value, 1, 1)
          and term.term < substr(wanted.value, 1, 1) || char(1114111)
          and length(term.term) between length(wanted.value) - 1 and length(wanted.value) + 1
        limit ${alikeLimit}`.execute(read(scope))
      for (const { key, term, df } of rows) append(found, key, { term, df })
      return found
    },
    async candidates(scope, { terms, documents, limit }) {
      const number = terms.length === 0 ? undefined : await libraries.numberOf(scope)
      if (number === undefined) return []
      const match = terms.map(term => `"${indexed(number, term)}"`).join(' OR ')
      // Before the limit, so that what is on its way out crowds nothing out.
      const hidden = sql`and +rowid not in (
        select chunk.id from clearing join chunk on chunk.document_id = clearing.document_id
        where clearing.project_id = ${scope.projectId})`
      // The plus keeps the engine from looking the words up once for each row of the list: 100 documents took a second, now 7 ms.
      const within = documents
        ? sql`and +rowid in (
            select id from chunk where project_id = ${scope.projectId}
            and document_id in (select value from json_each(${JSON.stringify(documents)})))`
        : sql``
      const result = await sql<{
        id: number
        document_id: string
        position: number
        terms: string
        context_terms: string
      }>`
        select chunk.id, chunk.document_id, chunk.position, chunk.terms, chunk.context_terms
        from (
          select rowid from chunk_words where chunk_words match ${match} ${within} ${hidden}
          order by rank limit ${limit}
        ) as found
        join chunk on chunk.id = found.rowid
        where chunk.project_id = ${scope.projectId}`.execute(read(scope))
      return result.rows.map(row => ({
        id: row.id,
        documentId: row.document_id,
        position: row.position,
        terms: splitTerms(row.terms),
        contextTerms: splitTerms(row.context_terms),
      }))
    },
  }
}

export async function addWords(tx: Tx, projectId: string, chunks: readonly ChunkWords[]): Promise<void> {
  const { number } = await library(tx, projectId)
  await tx
    .insertInto('chunk_words')
    .values(
      chunks.map(chunk => ({
        rowid: chunk.id,
        terms: chunk.terms.map(term => indexed(number, term)).join(' '),
        context: chunk.contextTerms.map(term => indexed(number, term)).join(' '),
      })),
    )
    .execute()
  await countTerms(tx, number, chunks, 1)
  await count(tx, number, chunks, 1)
}

export async function removeWords(tx: Tx, projectId: string, chunks: readonly ChunkWords[]): Promise<void> {
  const { number } = await library(tx, projectId)
  const rowids = JSON.stringify(chunks.map(chunk => chunk.id))
  await sql`delete from chunk_words where rowid in (select value from json_each(${rowids}))`.execute(tx)
  await countTerms(tx, number, chunks, -1)
  await count(tx, number, chunks, -1)
}

/**
 * Adds to or takes from the vocabulary's counts; a term that stands nowhere any more is dropped. Both ways as an upsert:
 * an `update … from json_each` walked through the whole vocabulary for every term, minutes in a project of 10,000 chunks.
 */
async function countTerms(tx: Tx, number: number, chunks: readonly ChunkWords[], sign: 1 | -1): Promise<void> {
  const counted = JSON.stringify([...countChunks(chunks)].map(([term, count]) => [term, reverse(term), sign * count]))
  await sql`
    insert into term (library, term, reversed, chunks)
    select ${number}, value ->> 0, value ->> 1, value ->> 2 from json_each(${counted}) where true
    on conflict (library, term) do update set chunks = term.chunks + excluded.chunks`.execute(tx)
  if (sign > 0) return
  await sql`
    delete from term where library = ${number} and chunks <= 0
    and term in (select value ->> 0 from json_each(${counted}))`.execute(tx)
}

async function library(tx: Tx, projectId: string) {
  return tx.selectFrom('library').select('number').where('project_id', '=', projectId).executeTakeFirstOrThrow()
}

async function count(tx: Tx, number: number, chunks: readonly ChunkWords[], sign: 1 | -1): Promise<void> {
  const terms = chunks.reduce((sum, chunk) => sum + chunk.terms.length, 0)
  await tx
    .updateTable('library')
    .set(eb => ({ chunks: eb('chunks', '+', sign * chunks.length), terms: eb('terms', '+', sign * terms) }))
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

/** The term as it stands in the index. Quotes would end the string of a query, so they never enter. */
function indexed(library: number, term: string): string {
  return `${library}~${term.replaceAll(/["'\s]/g, '_')}`
}

function append<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key)
  if (list) list.push(value)
  else lists.set(key, [value])
}

function reverse(term: string): string {
  return [...term].reverse().join('')
}

export function splitTerms(terms: string): string[] {
  return terms === '' ? [] : terms.split(' ')
}
