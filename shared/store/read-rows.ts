import { sql } from 'kysely'
import { AppError } from '../errors.ts'
import type { Database } from '../ports.ts'
import { readVectors, type VectorPages } from './carried-vectors.ts'
import { connect } from './connection.ts'
import { type Engine, engineOf } from './engine/index.ts'
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

/**
 * The engine makes the text: 106 MB of rows take 0.35 s of the processor so, where values that become JSON in here took 2.5 s,
 * half of it for moving them between threads.
 */
async function* pages(db: Read, engine: Engine, { name, columns, key, reals }: TransferTable): AsyncGenerator<RowPage> {
  const order = sql.join(key.map(column => sql.ref(column)))
  const real = columns.slice(columns.length - reals)
  const beside = sql.join([...key, ...real].map(column => sql.ref(column)))
  const line = engine.jsonArray(columns.slice(0, columns.length - reals))
  const ask = (after: Cell[] | undefined, limit: number) => {
    const beyond = after ? sql`where (${order}) > (${sql.join(after)})` : sql``
    const some = sql`from ${sql.table(name)} ${beyond} order by ${order} limit ${limit}`
    const keys = sql<Record<string, Cell>>`select ${beside} ${some}`.execute(db)
    const text = sql<{ lines: string | Uint8Array | null }>`
      select ${engine.joinLines(order)} as lines from (select ${order}, ${line} as line ${some}) as page`.execute(db)
    // Whoever stops early hears nothing of them any more.
    for (const each of [keys, text]) each.catch(() => {})
    return { keys, text, limit }
  }
  for (let asked: ReturnType<typeof ask> | undefined = ask(undefined, firstPage); asked; ) {
    const { rows }: { rows: Record<string, Cell>[] } = await asked.keys
    const { lines } = (await asked.text).rows[0] ?? {}
    if (rows.length === 0 || lines === undefined || lines === null) return
    const bytes = plain(
      typeof lines === 'string' ? Buffer.from(lines) : Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength),
    )
    // Rows are anything from a line to megabytes.
    const fitting = Math.floor((pageSize * rows.length) / bytes.length)
    const limit = Math.max(1, Math.min(mostRows, asked.limit * 4, fitting))
    const last = rows[rows.length - 1]
    // The next page is read while this one is used.
    const after = key.map(column => last[column])
    asked = rows.length < asked.limit ? undefined : ask(after, limit)
    const numbers = rows.map(row => real.map(column => JSON.stringify(row[column])).join())
    yield { count: rows.length, lines: reals === 0 ? bytes : withNumbers(bytes, numbers) }
    release(bytes)
  }
}

/** Megabytes that only wait to be collected make V8 collect garbage again and again: a seventh of the time of a backup. */
function release({ buffer, length }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === length) buffer.transfer(0)
}

/** Of `]` and the end of its line. */
const endSize = 2

/** Lines with more numbers at their ends. */
function withNumbers(lines: Buffer, numbers: readonly string[]): Buffer {
  const size = numbers.reduce((sum, text) => sum + text.length + 1, lines.length)
  const whole = Buffer.allocUnsafe(size)
  let [from, filled] = [0, 0]
  for (const text of numbers) {
    const end = lines.indexOf('\n', from) + 1
    if (end === 0) break
    filled += lines.copy(whole, filled, from, end - endSize)
    filled += whole.write(`,${text}]\n`, filled, 'latin1')
    from = end
  }
  if (from !== lines.length || filled !== size) throw new Error('the lines are not those of the rows')
  return whole
}

/** U+0000 is escaped in JSON, and stands in next to no row. */
function plain(lines: Buffer): Buffer {
  if (!lines.includes('\\u0000')) return lines
  const text = lines.toString('utf8').trimEnd().split('\n')
  const ofCell = (value: Cell) => (typeof value === 'string' ? value.replaceAll('\0', '\ufffd') : value)
  return Buffer.from(text.map(line => `${JSON.stringify((JSON.parse(line) as Cell[]).map(ofCell))}\n`).join(''))
}

function numberOf(migration: string): number {
  return Number(migration.slice(0, 4))
}
