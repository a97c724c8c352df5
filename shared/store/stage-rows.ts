import { sql } from 'kysely'
import type { Clock, Database, Log } from '../ports.ts'
import { connect } from './connection.ts'
import { engineOf } from './engine/index.ts'
import { fillSortKeys } from './fill-sort-keys.ts'
import { migrate } from './migrate.ts'
import type { Cell } from './transfer-tables.ts'

/** Rows of an earlier schema, as that one knew its tables. */
export interface OlderRows {
  /** The number of its last migration. */
  schema: number
  tables: readonly { name: string; columns: readonly string[] }[]
  rows(table: string): AsyncIterable<Cell[][]>
}

/** SQLite takes 32,766 in one statement. */
const parametersAtOnce = 5000

/**
 * Brings them to the schema of today, in a new database of SQLite: its tables as they were, the rows, then the migrations that
 * came since, which are those of every library. From there `readRows` reads them, for either engine. Words are not indexed.
 */
export async function stageRows(
  deps: { database: Database; clock: Clock; log: Log },
  { schema, tables, rows }: OlderRows,
): Promise<void> {
  const { clock, log } = deps
  const engine = engineOf(deps.database)
  // Nobody needs a copy of what is itself one.
  const { snapshot: _, ...database } = deps.database
  const { read, write, close } = connect(database)
  const migrateTo = (count: number) =>
    migrate(
      { database, engine, clock, log, backups: name => name },
      write('internal'),
      engine.migrations.slice(0, count),
    )
  try {
    await migrateTo(schema)
    await write('internal')
      .transaction()
      .execute(async tx => {
        // A file inside may be older than its container.
        await sql`pragma defer_foreign_keys = on`.execute(tx)
        for (const { name, columns } of tables) {
          const all = [...columns, ...(await missing(name, columns))]
          const into = sql`insert into ${sql.table(name)} (${sql.join(all.map(column => sql.ref(column)))}) values `
          const atOnce = Math.max(1, Math.floor(parametersAtOnce / all.length))
          const rest = all.slice(columns.length).map(() => 0)
          for await (const page of rows(name)) {
            for (let from = 0; from < page.length; from += atOnce) {
              const values = page.slice(from, from + atOnce).map(row => sql`(${sql.join([...row, ...rest])})`)
              await sql`${into}${sql.join(values)}`.execute(tx)
            }
          }
        }

        /** Columns that are made from others, and may not be empty meanwhile. */
        async function missing(table: string, known: readonly string[]): Promise<string[]> {
          const found = await sql<{ name: string }>`
            select name from pragma_table_info(${table}) where "notnull" and dflt_value is null and not pk`.execute(tx)
          return found.rows.map(({ name }) => name).filter(name => !known.includes(name))
        }
      })
    await migrateTo(engine.migrations.length)
    await fillSortKeys(read('internal'), write('internal'))
  } finally {
    close()
  }
}
