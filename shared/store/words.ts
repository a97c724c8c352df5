/**
 * The index of words. It stores, per chunk, the analysed terms; each is prefixed with its library's number, so that a
 * search touches no row of another project and document frequencies are the project's own by construction.
 */
import { sql } from 'kysely'
import type { Scope } from '../model/index.ts'
import type { CandidateTerms, Engine } from './engine/index.ts'
import type { Libraries } from './libraries.ts'
import type { ReadAs } from './schema.ts'

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
  /** Another text after each change of the project's words or vectors, and never again the same one. */
  revision(scope: Scope): Promise<string>
  lookup(
    scope: Scope,
    wanted: { exact: readonly string[]; prefixes: readonly string[]; suffixes: readonly string[] },
  ): Promise<Vocabulary>
  /** Terms of the vocabulary that begin like these and are about as long: among them may be what a misspelt one meant. */
  alike(scope: Scope, terms: readonly string[]): Promise<Map<string, { term: string; df: number }[]>>
  /**
   * At most `limit` chunks that hold any of the terms, those with most and rarest of them first, and as many of `also`, each
   * once. `documents` restricts before the limit.
   */
  candidates(
    scope: Scope,
    wanted: CandidateTerms & { also?: CandidateTerms; documents?: readonly string[] },
  ): Promise<Candidate[]>
}

/** Terms for one prefix or suffix, the most frequent ones: a short one in a vast vocabulary must not flood the planner. */
const lookupLimit = 100
/**
 * What begins with a text lies from it on, before it with the last code point behind. Terms are compared letter by letter, by
 * code point. Both as values: Postgres looks nothing up in an index by an expression where a policy of rows holds.
 */
const beginning = (text: string) => [text, `${text}\u{10FFFF}`]
/** Terms looked at for a misspelt one; some 200,000 different terms have about as many of one first letter and length. */
const alikeLimit = 5000

export function createWordStore({
  read,
  libraries,
  engine,
}: {
  read: ReadAs
  libraries: Libraries
  engine: Engine
}): WordStore {
  return {
    statistics: scope => libraries.statistics(scope),
    revision: scope => libraries.revision(scope),
    async lookup(scope, wanted) {
      const df = new Map<string, number>()
      const prefixed: Vocabulary['prefixed'] = new Map()
      const suffixed: Vocabulary['suffixed'] = new Map()
      const number = await libraries.numberOf(scope)
      if (number === undefined) return { df, prefixed, suffixed }
      // Not as a value in sight: Postgres would plan anew for each one, for half of what the look-up costs, as small projects
      // seem cheaper then than the mean.
      const library = sql`(select cast(${number} as bigint))`
      const ranges = (column: 'term' | 'reversed', keys: readonly string[]) => sql`
        select key, term, chunks from (
          select wanted.value as key, term.term, term.chunks,
            row_number() over (partition by wanted.value order by term.chunks desc, term.term) as place
          from ${engine.rows('wanted', { value: 'text', beyond: 'text' }, keys.map(beginning))}
          cross join term
          where term.library = ${library}
            and ${sql.ref(`term.${column}`)} >= wanted.value and ${sql.ref(`term.${column}`)} < wanted.beyond
        ) as placed where place <= ${lookupLimit}`
      // One statement: on a busy machine each way to the thread and back costs more than the look-up itself.
      const { rows } = await sql<{ list: 'df' | 'prefix' | 'suffix'; key: string; term: string; chunks: number }>`
        select 'df' as list, term as key, term, chunks from term
        where library = ${library} and term in (select value from ${engine.texts('wanted', wanted.exact)})
        union all select 'prefix', begins.* from (${ranges('term', wanted.prefixes)}) as begins
        union all select 'suffix', ends.* from (${ranges('reversed', wanted.suffixes.map(reverse))}) as ends`.execute(
        read(scope),
      )
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
      const ranges = terms.map(term => [term, ...beginning([...term][0] ?? '')])
      const { rows } = await sql<{ key: string; term: string; df: number }>`
        select wanted.value as key, term.term, term.chunks as df
        from ${engine.rows('wanted', { value: 'text', first: 'text', beyond: 'text' }, ranges)}
        cross join term
        where term.library = ${number}
          and term.term >= wanted.first and term.term < wanted.beyond
          and length(term.term) between length(wanted.value) - 1 and length(wanted.value) + 1
        limit ${alikeLimit}`.execute(read(scope))
      for (const { key, term, df } of rows) append(found, key, { term, df })
      return found
    },
    async candidates(scope, { documents, also, ...first }) {
      const asked = first.terms.length > 0 || (also?.terms.length ?? 0) > 0
      const number = asked ? await libraries.numberOf(scope) : undefined
      if (number === undefined) return []
      const { projectId } = scope
      const wanted = { ...first, projectId, ...(also && { also }), ...(documents && { documents }) }
      const rows = await engine.words.candidates(read(scope), number, wanted)
      const unique = new Map(rows.map(row => [row.id, row]))
      return [...unique.values()].map(row => ({
        id: row.id,
        documentId: row.document_id,
        position: row.position,
        terms: splitTerms(row.terms),
        contextTerms: splitTerms(row.context_terms),
      }))
    },
  }
}

function append<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key)
  if (list) list.push(value)
  else lists.set(key, [value])
}

export function reverse(term: string): string {
  return [...term].reverse().join('')
}

export function splitTerms(terms: string): string[] {
  return terms === '' ? [] : terms.split(' ')
}
