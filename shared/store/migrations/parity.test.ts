import { Kysely, sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { openTestStore, silent } from '../../../tests/open-store.ts'
import { needsServer, postgres, sqlite } from '../../../tests/postgres.ts'
import { openStore } from '../index.ts'
import type { Schema } from '../schema.ts'
import { migrations as onPostgres } from './postgres/index.ts'
import { migrations as onSqlite } from './sqlite/index.ts'

/** Tables of one engine alone, and tables whose columns are its own. */
const apart = {
  // pg-boss has tables of its own.
  job: 'SQLite',
  // A table of FTS5 with its parts there, one with a column of words here.
  chunk_words: 'both',
}

type Columns = Record<string, string>

/** Which columns there are, what kind of value each holds, and whether it may be null. */
async function tablesOf(engine: typeof sqlite): Promise<Record<string, Columns>> {
  const open = await openTestStore(engine)
  try {
    const read = new Kysely<Schema>({ dialect: open.database.reader('internal') })
    const query =
      engine.engine === 'sqlite'
        ? sql`select tables.name as "table", columns.name as "column", lower(columns.type) as type,
            -- A key is never null in these tables, but says so only where it has several columns.
            case when columns."notnull" or columns.pk then 0 else 1 end as optional
          from sqlite_master as tables join pragma_table_info(tables.name) as columns
          where tables.type = 'table' and tables.name not like 'sqlite_%'`
        : sql`select table_name as "table", column_name as "column", data_type as type, is_nullable = 'YES' as optional
          from information_schema.columns where table_schema = current_schema()`
    const { rows } = await (query as ReturnType<typeof sql<Row>>).execute(read)
    const tables: Record<string, Columns> = {}
    for (const { table, column, type, optional } of rows) {
      if (table in apart || table.startsWith('chunk_words_')) continue
      tables[table] = { ...tables[table], [column]: `${kinds[type] ?? type}${optional ? ' or null' : ''}` }
    }
    return tables
  } finally {
    await open.close()
  }
}

interface Row {
  table: string
  column: string
  type: string
  optional: number
}

const kinds: Record<string, string> = {
  integer: 'whole number',
  bigint: 'whole number',
  real: 'number',
  'double precision': 'number',
}

describe('both engines', () => {
  test('have the same tables and columns', async () => {
    const [first, second] = [await tablesOf(sqlite), await tablesOf(postgres)]
    expect(Object.keys(first).length).toBeGreaterThan(15)
    expect(second).toEqual(first)
  })

  test('have migrations of the same names, from the twelfth on', () => {
    const names = (list: typeof onSqlite) => list.map(({ name }) => name)
    expect(names(onPostgres)[0]).toBe('0012-first')
    expect(names(onPostgres).slice(1)).toEqual(names(onSqlite).slice(12))
  })
})

test('text is compared by its bytes on Postgres, everywhere', async () => {
  const open = await openTestStore(postgres)
  try {
    const read = new Kysely<Schema>({ dialect: open.database.reader('internal') })
    const { rows } = await sql`select table_name, column_name from information_schema.columns
      where table_schema = current_schema() and data_type = 'text' and collation_name is distinct from 'C'`.execute(
      read,
    )
    expect(rows).toEqual([])
  } finally {
    await open.close()
  }
})

test.runIf(postgres.concurrent)(
  `processes that start at once migrate once (else: ${needsServer})`,
  async () => {
    const { database, again, drop } = await postgres.open()
    try {
      const open = async (one: typeof database) =>
        openStore({
          database: one,
          clock: { now: () => 1 },
          ids: { next: () => 'x' },
          log: silent,
          backups: name => name,
        })
      const stores = await Promise.all([database, await again(), await again()].map(open))
      const read = new Kysely<Schema>({ dialect: database.reader('internal') })
      const { rows } = await sql<{ name: string }>`select name from migration`.execute(read)
      expect(rows.map(({ name }) => name)).toEqual(onPostgres.map(({ name }) => name))
      for (const store of stores) await store.close()
    } finally {
      await drop()
    }
  },
  60_000,
)
