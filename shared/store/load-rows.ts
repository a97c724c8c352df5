import { sql } from 'kysely'
import type { Clock, Database, Ids, SqlExecutor } from '../ports.ts'
import { loadVectors, type VectorLists } from './carried-vectors.ts'
import { connect } from './connection.ts'
import { type Engine, engineOf } from './engine/index.ts'
import { continueNumbers } from './engine/numbers.ts'
import { executor } from './executor.ts'
import { type RowSnapshot, snapshotOf } from './read-rows.ts'
import type { Schema, Tx } from './schema.ts'
import { sortKey } from './sort-key.ts'
import { type Cell, type LogicalTime, type TransferTable, transferTables } from './transfer-tables.ts'
import { createWordIndex, type WordIndex } from './word-index.ts'
import { type ChunkWords, splitTerms } from './words.ts'

/** What is to be in a database instead of what is there. */
export interface RowSource {
  clock: LogicalTime
  /** Some at a time, in any number, by their key; asked for once for each table, in their order. */
  rows(table: TransferTable): AsyncIterable<Cell[][]>
  vectors?: VectorLists
}

/** A document that has work to do, and what it waits for. */
export interface OpenDocument {
  id: string
  userId: string
  work: 'parse' | 'index' | 'recognize'
}

export interface OpenWork {
  documents: readonly OpenDocument[]
  /** Documents whose chunks are on their way out. */
  hidden: readonly string[]
}

/** SQLite takes 32,766 in one statement. */
const parametersAtOnce = 5000
/** Chunks whose words are indexed at once: the vocabulary of a project is counted once for them. */
const chunksAtOnce = 500
const workAtOnce = 500

/**
 * Takes everything of the core out of the database and puts the source into it, in one transaction: all of it or nothing.
 * Words are indexed anew; vectors that the source has not are made anew where there is a model. For the change log the
 * installation is a new one, whose clock goes on behind the one of the source. Inside the transaction `enqueue` gets what has
 * work to do, and `verify` looks at what is there in the end: what it throws undoes everything.
 *
 * The store must have been opened over the database before, and nothing else may write into it meanwhile.
 */
export async function loadRows(
  { database, ids, clock }: { database: Database; ids: Ids; clock: Clock },
  source: RowSource,
  {
    enqueue,
    verify,
  }: {
    enqueue: (tx: SqlExecutor, work: OpenWork) => Promise<void>
    verify: (snapshot: RowSnapshot) => Promise<void>
  },
): Promise<void> {
  const { write, close } = connect(database)
  const engine = engineOf(database)
  const load = () =>
    write('internal')
      .transaction()
      .execute(async tx => {
        await clearAll(tx)
        for (const table of transferTables) await loadTable(tx, engine, table, source.rows(table))
        await continueNumbers(tx, database.engine)
        if (source.vectors) await loadVectors(tx, engine, source.vectors, clock.now())
        const { physical, logical } = source.clock
        await tx
          .insertInto('replica')
          .values({ id: ids.next(), n: 0, hlc_physical: physical, hlc_logical: logical })
          .execute()
        await enqueueWork(tx, enqueue)
        await verify(await snapshotOf(tx, engine))
      })
  try {
    await (database.exclusive ? database.exclusive(load) : load())
  } finally {
    close()
  }
}

/** Tables of vectors go later, a piece at a time, as those of a model that is not used any more. */
async function clearAll(tx: Tx): Promise<void> {
  await tx.updateTable('vector_index').set({ state: 'dropping', retired_at: null }).execute()
  await tx.updateTable('document').set({ parent_id: null }).where('parent_id', 'is not', null).execute()
  const made = ['document_vectors', 'vector_orphan', 'chunk_words', 'term', 'replica', 'answer_run'] as const
  const tables = [...made, ...transferTables.map(({ name }) => name).reverse()]
  for (const name of tables) await sql`delete from ${sql.table(name)}`.execute(tx)
}

async function loadTable(tx: Tx, engine: Engine, table: TransferTable, pages: AsyncIterable<Cell[][]>): Promise<void> {
  switch (table.name) {
    case 'document':
      return loadDocuments(tx, table, pages)
    case 'chunk':
      return loadChunks(tx, createWordIndex(engine), table, pages)
    case 'library':
      // What is counted is counted with the words.
      return loadPlain(tx, { ...table, columns: [...table.columns, 'chunks', 'terms'] }, pages, row => [...row, 0, 0])
    default:
      return loadPlain(tx, table, pages, row => row)
  }
}

async function loadPlain(
  tx: Tx,
  { name, columns }: TransferTable,
  pages: AsyncIterable<Cell[][]>,
  complete: (row: Cell[]) => Cell[],
): Promise<void> {
  for await (const rows of pages) await insert(tx, name, columns, rows.map(complete))
}

/** A file inside may be older than its container, where the container was added later and holds the same bytes. */
async function loadDocuments(tx: Tx, table: TransferTable, pages: AsyncIterable<Cell[][]>): Promise<void> {
  const columns = [...table.columns, 'sort_key']
  const [id, path, parent] = ['id', 'path', 'parent_id'].map(column => columns.indexOf(column))
  let waiting = new Map<Cell, Cell[]>()
  for await (const rows of pages) {
    const now: Cell[][] = []
    for (const row of rows) {
      const whole = [...row, sortKey(String(row[path]))]
      const above = row[parent]
      const early = above !== null && (waiting.has(above) || Buffer.compare(bytes(above), bytes(row[id])) > 0)
      if (early) waiting.set(row[id], whole)
      else now.push(whole)
    }
    // One by one in the order of their keys: within a statement too, a container stands before what is in it.
    await insert(tx, table.name, columns, now)
  }
  while (waiting.size > 0) {
    const next = new Map<Cell, Cell[]>()
    const now: Cell[][] = []
    for (const [key, row] of waiting) {
      if (waiting.has(row[parent])) next.set(key, row)
      else now.push(row)
    }
    if (now.length === 0) throw new Error('documents lie in each other')
    await insert(tx, table.name, columns, now)
    waiting = next
  }
}

async function loadChunks(tx: Tx, words: WordIndex, table: TransferTable, pages: AsyncIterable<Cell[][]>) {
  const at = (column: string) => table.columns.indexOf(column)
  const [id, project, terms, context] = [at('id'), at('project_id'), at('terms'), at('context_terms')]
  const waiting = new Map<string, ChunkWords[]>()
  const index = async (projectId: string) => {
    const chunks = waiting.get(projectId) ?? []
    waiting.delete(projectId)
    for (let from = 0; from < chunks.length; from += chunksAtOnce)
      await words.add(tx, projectId, chunks.slice(from, from + chunksAtOnce))
  }
  let count = 0
  for await (const rows of pages) {
    await insert(tx, table.name, table.columns, rows)
    for (const row of rows) {
      const projectId = String(row[project])
      const chunks = waiting.get(projectId) ?? []
      waiting.set(projectId, chunks)
      const [own, above] = [splitTerms(String(row[terms])), splitTerms(String(row[context]))]
      chunks.push({ id: Number(row[id]), terms: own, contextTerms: above })
      count += 1
      if (chunks.length >= chunksAtOnce) {
        count -= chunks.length
        await index(projectId)
      }
    }
    // Many small projects.
    if (count < 8 * chunksAtOnce) continue
    for (const projectId of [...waiting.keys()]) await index(projectId)
    count = 0
  }
  for (const projectId of [...waiting.keys()]) await index(projectId)
}

async function insert(
  tx: Tx,
  name: keyof Schema,
  columns: readonly string[],
  rows: readonly (readonly Cell[])[],
): Promise<void> {
  const atOnce = Math.max(1, Math.floor(parametersAtOnce / columns.length))
  const into = sql`insert into ${sql.table(name)} (${sql.join(columns.map(column => sql.ref(column)))}) values `
  for (let from = 0; from < rows.length; from += atOnce) {
    const values = rows.slice(from, from + atOnce).map(row => sql`(${sql.join(row)})`)
    await sql`${into}${sql.join(values)}`.execute(tx)
  }
}

async function enqueueWork(tx: Tx, enqueue: (tx: SqlExecutor, work: OpenWork) => Promise<void>): Promise<void> {
  const parsedAll = sql<number>`case when segments is not null and parsed >= segments and parsed > 0 then 1 else 0 end`
  for (let last = ''; ; ) {
    const rows = await tx
      .selectFrom('document')
      .innerJoin('project', 'project.id', 'document.project_id')
      .select(['document.id', 'document.state', 'project.user_id', parsedAll.as('parsed_all')])
      .where('document.deleted_at', 'is', null)
      .where(eb =>
        eb.or([
          eb('state', 'in', ['queued', 'parsing', 'indexing']),
          eb('state', '=', 'ready').and('to_recognize', '>', eb.ref('recognized')),
        ]),
      )
      .where('document.id', '>', last)
      .orderBy('document.id')
      .limit(workAtOnce)
      .execute()
    const documents = rows.map(({ id, user_id: userId, state, parsed_all }) => {
      const work = state === 'ready' ? 'recognize' : parsed_all === 1 ? 'index' : 'parse'
      return { id, userId, work } as const
    })
    if (documents.length > 0) await enqueue(executor(tx), { documents, hidden: [] })
    if (rows.length < workAtOnce) break
    last = rows[rows.length - 1].id
  }
  const hidden = await tx.selectFrom('clearing').select('document_id').execute()
  if (hidden.length > 0)
    await enqueue(executor(tx), { documents: [], hidden: hidden.map(({ document_id }) => document_id) })
}

const bytes = (value: Cell) => Buffer.from(String(value))
