import { sql } from 'kysely'
import { AppError } from '../errors.ts'
import type { Database } from '../ports.ts'
import { connect } from './connection.ts'
import { engineOf } from './engine/index.ts'
import { migrations as onPostgres } from './migrations/postgres/index.ts'
import { migrations as onSqlite } from './migrations/sqlite/index.ts'
import type { Read } from './schema.ts'
import type { Cell, LogicalTime, TransferTable } from './transfer-tables.ts'

/** A database at one moment, whatever is written meanwhile. */
export interface RowSnapshot {
  clock: LogicalTime
  /** In the order of their key, some at a time. U+0000, which not every engine keeps, is U+FFFD. */
  rows(table: TransferTable): AsyncIterable<Cell[][]>
}

/** Characters of a page of rows that are aimed at, and rows of the first one. */
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
 * One transaction that only reads. Throws `data-newer`, and `backup-older` for a database that was never brought to the
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
      .execute(async tx => run({ clock: await latest(tx), rows: table => pages(tx, table) }))
  } finally {
    close()
  }
}

/** The bytes that documents consist of, as it is now, each once and in order. */
export async function* readBlobs(database: Database): AsyncGenerator<string> {
  const { read, close } = connect(database)
  try {
    for (let last = ''; ; ) {
      const page = await read('internal')
        .selectFrom('document')
        .select('blob')
        .distinct()
        .where('blob', '>', last)
        .orderBy('blob')
        .limit(mostRows)
        .execute()
      yield* page.map(row => row.blob)
      if (page.length < mostRows) return
      last = page[page.length - 1].blob
    }
  } finally {
    close()
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

async function* pages(db: Read, { name, columns, key }: TransferTable): AsyncGenerator<Cell[][]> {
  const order = sql.join(key.map(column => sql.ref(column)))
  const ask = async (after: Cell[] | undefined, limit: number) => {
    const beyond = after ? sql`where (${order}) > (${sql.join(after)})` : sql``
    const { rows } = await sql<Record<string, Cell>>`
      select ${sql.join(columns.map(column => sql.ref(column)))} from ${sql.table(name)} ${beyond}
      order by ${order} limit ${limit}`.execute(db)
    return rows.map(row => columns.map(column => plain(row[column])))
  }
  const keyOf = (row: Cell[]) => key.map(column => row[columns.indexOf(column)])
  let limit = firstPage
  let next: Promise<Cell[][]> | undefined = ask(undefined, limit)
  while (next) {
    const page: Cell[][] = await next
    if (page.length === 0) return
    const asked = limit
    // Rows are anything from a line to megabytes.
    limit = Math.max(1, Math.min(mostRows, limit * 4, Math.floor((pageSize * page.length) / sizeOf(page))))
    // The next page is read while this one is used. Whoever stops early hears nothing of it any more.
    next = page.length < asked ? undefined : ask(keyOf(page[page.length - 1]), limit)
    next?.catch(() => {})
    yield page
  }
}

function plain(value: Cell): Cell {
  return typeof value === 'string' && value.includes('\0') ? value.replaceAll('\0', '\ufffd') : value
}

function sizeOf(rows: readonly Cell[][]): number {
  let size = 1
  for (const row of rows) for (const value of row) size += typeof value === 'string' ? value.length : 8
  return size
}

function numberOf(migration: string): number {
  return Number(migration.slice(0, 4))
}
