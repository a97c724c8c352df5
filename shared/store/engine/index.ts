/**
 * What differs between the database engines: everything else of the store is one text of SQL. A Kysely builder says most of
 * it; raw SQL there keeps to what both engines understand, and these pieces stand where there is no such thing.
 */
import type { RawBuilder } from 'kysely'
import type { Scope } from '../../model/index.ts'
import type { Database } from '../../ports.ts'
import type { BlockPlace } from '../chunks.ts'
import type { Migration } from '../migrate.ts'
import type { Read, Tx } from '../schema.ts'
import type { Cell, TransferTable } from '../transfer-tables.ts'
import type { ChunkWords } from '../words.ts'
import { createPostgresEngine } from './postgres.ts'
import { createSqliteEngine } from './sqlite.ts'

export interface Engine {
  /** In order; what was applied once never changes again. */
  readonly migrations: readonly Migration[]
  /** Creates the table of what was applied, if it is not there. */
  readonly ledger: string
  hasTable(db: Read, name: string): Promise<boolean>
  facts(read: Read, write: Read): Promise<DatabaseFacts>

  /**
   * Nobody else holds this name until the transaction ends; `shared`, but those who share it too. For what a transaction of
   * one project must keep others from. Nothing to do where there is one writer anyway.
   */
  lock(tx: Tx, name: string, how?: 'shared'): Promise<void>
  /** The end of a `select` whose rows nobody else changes until the transaction ends, and which gives them as they are now. */
  readonly forUpdate: RawBuilder<unknown>
  /**
   * All documents a user keeps, with those in the trash, and their bytes: over all projects, also where the transaction sees one alone, and
   * as the transaction itself has it.
   */
  tallyDocuments(db: Read, userId: string): Promise<{ documents: number; bytes: number }>

  /** A list as a table of this name, with one column `value`. For `from` and `join`. */
  texts(name: string, values: readonly string[]): RawBuilder<unknown>
  numbers(name: string, values: readonly number[]): RawBuilder<unknown>
  /** Rows as a table of this name, with these columns in the order of the values. */
  rows(name: string, columns: Columns, values: readonly (readonly (string | number)[])[]): RawBuilder<unknown>
  /**
   * Whether the number is one of those that the query gives, which is asked first, on its own. As `in (select …)` Postgres may go through
   * a whole project instead, and ask the query for each row: 5.5 of the 9.4 ms that a search took of it, with 130 chunks.
   */
  isAmong(column: RawBuilder<number>, query: RawBuilder<unknown>): RawBuilder<boolean>
  /** The smaller one of two whole numbers. What an engine makes of null differs: neither may be. */
  least(one: RawBuilder<number>, other: RawBuilder<number>): RawBuilder<number>
  /** Whether the word stands anywhere in the text, in either case of each letter; no sign means anything but itself. */
  holdsWord(text: RawBuilder<string>, word: string): RawBuilder<boolean>
  /** Whether one of the pieces of the row of `chunk` at hand covers this place; a piece without length covers its beginning. */
  holdsPlace(place: Omit<BlockPlace, 'documentId'>): RawBuilder<boolean>

  /**
   * The next rows of a table, at most `limit`, in the order of their key, from behind this one on; undefined where there are
   * none. Throws what a statement does.
   */
  readPage(
    db: Read,
    table: TransferTable,
    after: readonly Cell[] | undefined,
    limit: number,
  ): Promise<TextPage | undefined>

  readonly words: WordTables
  /** Undefined where vectors cannot be reached: see `Database`. */
  readonly vectors: VectorTables | undefined
}

/** Rows, of which text can be made. */
export interface TextPage {
  count: number
  /** Bytes that they took on their way here. */
  size: number
  /** The key of the last one. */
  last: readonly Cell[]
  /**
   * For each a JSON array of its columns as `JSON.stringify` writes it, which a line ends. To be asked for once; the bytes are
   * the caller's. U+0000, which not every engine keeps, is U+FFFD.
   */
  lines(): Buffer
}

export type Columns = Readonly<Record<string, 'text' | 'number'>>

/** What a database says of itself, as it is. */
export interface DatabaseFacts {
  version: string
  /** Whether a commit survives a crash and a loss of power: by the settings of whoever writes, which follow. */
  durable: boolean
  settings: Record<string, string | number>
  /** Waiting or running, and given up; undefined where no store was ever opened over it. */
  jobs: { open: number; dead: number } | undefined
}

/**
 * The index of words: finds chunks by terms. What stands in it is `indexedTerm`, so that the terms of two projects are
 * never the same. Counts and vocabulary are tables like others, see `word-index.ts`.
 */
export interface WordTables {
  add(tx: Tx, library: number, chunks: readonly ChunkWords[]): Promise<void>
  /** By the ids of the chunks, before their rows go. */
  remove(tx: Tx, ids: readonly number[]): Promise<void>
  removeProject(tx: Tx, projectId: string): Promise<void>
  /**
   * At most `limit` chunks that hold any of the terms, those with most and rarest of them first, as far as the engine can
   * tell; nothing of hidden documents (`clearing`), and only of `documents` where they are given: both before the limit. `also`
   * asks for others beside them; a chunk may come twice then.
   */
  candidates(
    db: Read,
    library: number,
    wanted: CandidateTerms & { projectId: string; also?: CandidateTerms; documents?: readonly string[] },
  ): Promise<CandidateRow[]>
}

export interface CandidateTerms {
  terms: readonly string[]
  limit: number
}

export interface CandidateRow {
  id: number
  document_id: string
  position: number
  terms: string
  context_terms: string
}

/** A table of vectors for each index, by its number. A chunk's id is the key, and ids are never given twice. */
export interface VectorTables {
  create(tx: Tx, index: number, dimensions: number): Promise<void>
  /** Throws, and the transaction with it, where one has other dimensions. */
  add(
    tx: Tx,
    index: number,
    owner: { library: number; projectId: string },
    vectors: readonly { id: number; vector: Float32Array }[],
  ): Promise<void>
  /** Those of these chunks that have one, in any order. */
  read(db: Read, index: number, ids: readonly number[]): Promise<{ id: number; vector: Float32Array }[]>
  /** Those that are there. */
  remove(tx: Tx, index: number, ids: readonly number[]): Promise<void>
  /** Takes at most so many away, whichever; gives how many. None where a table goes at once, whatever is in it. */
  removeSome(tx: Tx, index: number, limit: number): Promise<number>
  drop(tx: Tx, index: number): Promise<void>
  /**
   * Nearest first; the distance is 1 − cosine. Nothing of hidden documents; `documents` restricts before the limit. May give
   * a few more than `limit`.
   */
  nearest(
    db: Read,
    index: number,
    wanted: {
      scope: Scope
      library: number
      vector: Float32Array
      limit: number
      documents?: readonly string[]
    },
  ): Promise<{ id: number; distance: number }[]>
  /**
   * Sees to it that large projects are searched fast: may take minutes, in which others read and write. `db` writes, and is in
   * no transaction. Absent where there is nothing to do.
   */
  tend?(db: Read, index: number, dimensions: number): Promise<void>
  /** Of those of these chunks that have a vector, in any order. */
  distances(db: Read, index: number, ids: readonly number[], vector: Float32Array): Promise<number[]>
}

export function engineOf(database: Database): Engine {
  return database.engine === 'sqlite' ? createSqliteEngine(database) : createPostgresEngine(database)
}
