import { sql } from 'kysely'
import type { Read } from '../schema.ts'
import type { Cell, TransferTable } from '../transfer-tables.ts'
import type { TextPage } from './index.ts'

/**
 * SQLite makes the text: 106 MB of rows take 0.35 s of the processor so, where values that become JSON in here took 2.5 s, half of
 * it for moving them between threads. Numbers that are not whole it writes in its own way, so those are JavaScript's.
 */
export async function readPage(
  db: Read,
  { name, columns, key, reals }: TransferTable,
  after: readonly Cell[] | undefined,
  limit: number,
): Promise<TextPage | undefined> {
  const order = sql.join(key.map(column => sql.ref(column)))
  const real = columns.slice(columns.length - reals)
  const beside = sql.join([...key, ...real].map(column => sql.ref(column)))
  const line = sql`json_array(${sql.join(columns.slice(0, columns.length - reals).map(column => sql.ref(column)))})`
  const beyond = after ? sql`where (${order}) > (${sql.join(after)})` : sql``
  const some = sql`from ${sql.table(name)} ${beyond} order by ${order} limit ${limit}`
  // In the order of the subquery, which its limit keeps; to sort again takes a third more. Bytes need not become text here.
  const [{ rows }, text] = await Promise.all([
    sql<Record<string, Cell>>`select ${beside} ${some}`.execute(db),
    sql<{ lines: Uint8Array | null }>`
      select cast(group_concat(line || char(10), '') as blob) as lines from (select ${line} as line ${some}) as page`.execute(
      db,
    ),
  ])
  const bytes = text.rows[0]?.lines
  if (rows.length === 0 || !bytes) return undefined
  const lines = plain(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  const last = rows[rows.length - 1]
  const numbers = () => rows.map(row => real.map(column => JSON.stringify(row[column])).join())
  return {
    count: rows.length,
    size: bytes.byteLength,
    last: key.map(column => last[column]),
    lines: () => (reals === 0 ? lines : withNumbers(lines, numbers())),
  }
}

/** Of `]` and the end of its line. */
const endSize = 2

/** Lines with more numbers at their ends. */
function withNumbers(lines: Buffer, numbers: readonly string[]): Buffer {
  const size = numbers.reduce((sum, text) => sum + text.length + 1, lines.length)
  const whole = Buffer.allocUnsafeSlow(size)
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
