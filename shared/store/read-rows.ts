import { sql } from 'kysely'
import { AppError } from '../errors.ts'
import type { Database } from '../ports.ts'
import { readVectors, type VectorPages } from './carried-vectors.ts'
import { connect } from './connection.ts'
import { type Engine, engineOf, type TextPage } from './engine/index.ts'
import { migrations as onPostgres } from './migrations/postgres/index.ts'
import { migrations as onSqlite } from './migrations/sqlite/index.ts'
import type { Read } from './schema.ts'
import type { Cell, LogicalTime, TransferTable } from './transfer-tables.ts'

/** A database at one moment, whatever is written meanwhile. */
export interface RowSnapshot {
  clock: LogicalTime
  /** In the order of their key, some at a time. U+0000, which not every engine keeps, is U+FFFD. */
  rows(table: TransferTable): AsyncIterable<RowPage>
  /** The bytes that documents consist of, each once and in order. */
  blobs(): AsyncIterable<ReferredBlob>
  vectors(): Promise<VectorPages | undefined>
}

export interface ReferredBlob {
  hash: string
  size: number
}

/** Some rows of a table: a JSON array for each, which a line ends. The bytes hold until the next page is asked for. */
export interface RowPage {
  count: number
  lines: Buffer
}

/** Bytes of a page of rows that are aimed at, and rows of the first one. */
const pageSize = 2_000_000
const firstPage = 32
const mostRows = 5000

/** The number of the last migration; undefined where no store was ever opened over the database. */
export async function schemaOf(database: Database): Promise<number | undefined> {
  const { read, close } = connect(database)
  try {
    const db = read('internal')
    if (!(await engineOf(database).hasTable(db, 'migration'))) return undefined
    const { rows } = await sql<{ name: string }>`select name from migration order by number desc limit 1`.execute(db)
    return rows[0] && numberOf(rows[0].name)
  } finally {
    close()
  }
}

/** What this program brings every database to. */
export function newestSchema({ engine }: Pick<Database, 'engine'>): number {
  return numberOf((engine === 'sqlite' ? onSqlite : onPostgres).at(-1)?.name ?? '')
}

/**
 * One transaction that only reads. Throws `data-newer`, and `data-older` for a database that was never brought to the
 * schema this program knows.
 */
export async function readRows<T>(database: Database, run: (snapshot: RowSnapshot) => Promise<T>): Promise<T> {
  const known = newestSchema(database)
  const found = await schemaOf(database)
  if (found !== undefined && found > known) throw new AppError('data-newer')
  if (found !== known) throw new AppError('data-older')
  const { read, close } = connect(database)
  try {
    return await read('internal')
      .transaction()
      .execute(async tx => run(await snapshotOf(tx, engineOf(database))))
  } finally {
    close()
  }
}

/** What the transaction sees. */
export async function snapshotOf(tx: Read, engine: Engine): Promise<RowSnapshot> {
  return {
    clock: await latest(tx),
    rows: table => pages(tx, engine, table),
    blobs: () => blobsOf(tx),
    vectors: () => readVectors(tx, engine),
  }
}

/** The bytes that documents consist of, as it is now, each once and in order. */
export async function* readBlobs(database: Database): AsyncGenerator<ReferredBlob> {
  const { read, close } = connect(database)
  try {
    yield* blobsOf(read('internal'))
  } finally {
    close()
  }
}

async function* blobsOf(db: Read): AsyncGenerator<ReferredBlob> {
  for (let last = ''; ; ) {
    const page = await db
      .selectFrom('document')
      .select(['blob as hash', eb => eb.fn.max('size').as('size')])
      .where('blob', '>', last)
      .groupBy('blob')
      .orderBy('blob')
      .limit(mostRows)
      .execute()
    yield* page
    if (page.length < mostRows) return
    last = page[page.length - 1].hash
  }
}

/** Whether a document consists of these bytes, as it is now. */
export async function refersTo(database: Database, blob: string): Promise<boolean> {
  const { read, close } = connect(database)
  try {
    const query = read('internal').selectFrom('document').select('id').where('blob', '=', blob).limit(1)
    return (await query.executeTakeFirst()) !== undefined
  } finally {
    close()
  }
}

/** Nothing that somebody would miss: no document, no chat, no assistant, one project at most. */
export async function isEmpty(database: Database): Promise<boolean> {
  const { read, close } = connect(database)
  try {
    const db = read('internal')
    if (!(await engineOf(database).hasTable(db, 'assistant'))) return true
    for (const [name, most] of [
      ['document', 0],
      ['chat', 0],
      ['assistant', 0],
      ['project', 1],
    ] as const) {
      const { rows } = await sql`select 1 as found from ${sql.table(name)} limit ${most + 1}`.execute(db)
      if (rows.length > most) return false
    }
    return true
  } finally {
    close()
  }
}

async function latest(db: Read): Promise<LogicalTime> {
  const row = await db
    .selectFrom('replica')
    .select(['hlc_physical', 'hlc_logical'])
    .orderBy('hlc_physical', 'desc')
    .orderBy('hlc_logical', 'desc')
    .limit(1)
    .executeTakeFirst()
  return { physical: row?.hlc_physical ?? 0, logical: row?.hlc_logical ?? 0 }
}

async function* pages(db: Read, engine: Engine, table: TransferTable): AsyncGenerator<RowPage> {
  const ask = (after: readonly Cell[] | undefined, limit: number) => {
    const page = engine.readPage(db, table, after, limit)
    // Whoever stops early hears nothing of it any more.
    page.catch(() => {})
    return { page, limit }
  }
  for (let asked: ReturnType<typeof ask> | undefined = ask(undefined, firstPage); asked; ) {
    const page: TextPage | undefined = await asked.page
    if (!page) return
    const { count, size, last }: TextPage = page
    // The next page is read while this one is used. Rows are anything from a line to megabytes.
    const fitting = Math.floor((pageSize * count) / size)
    const limit = Math.max(1, Math.min(mostRows, asked.limit * 4, fitting))
    asked = count < asked.limit ? undefined : ask(last, limit)
    // It is on its way before text is made of this one.
    if (asked) await new Promise(resolve => setImmediate(resolve))
    const bytes = page.lines()
    yield { count, lines: bytes }
    release(bytes)
  }
}

/** Megabytes that only wait to be collected make V8 collect garbage again and again: a seventh of the time of a backup. */
function release({ buffer, byteOffset }: Buffer): void {
  // Small ones lie in a place that others share.
  const own = byteOffset === 0 && buffer.byteLength > Buffer.poolSize
  if (own && buffer instanceof ArrayBuffer) buffer.transfer(0)
}

function numberOf(migration: string): number {
  return Number(migration.slice(0, 4))
}
