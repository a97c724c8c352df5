import { createHash } from 'node:crypto'
import { CompiledQuery, type Kysely, sql } from 'kysely'
import { AppError } from '../errors.ts'
import type { Clock, Database, Log } from '../ports.ts'
import { executor } from './executor.ts'
import type { Schema } from './schema.ts'

export interface Migration {
  name: string
  sql: string
}

interface LedgerRow {
  number: number
  name: string
  checksum: string
}

/**
 * Brings the database to the newest schema: forward only, each migration in a transaction of its own, with a snapshot
 * of the whole database before the first that is due (none for an empty one, and where the engine makes none). Two processes may start at once: the
 * write lock lets one do it, the other finds it done.
 *
 * Throws `data-newer` when a later version of the program wrote this database, `data-damaged` when an applied
 * migration is not the one that this program knows.
 */
export async function migrate(
  { database, clock, log, backups }: { database: Database; clock: Clock; log: Log; backups: (name: string) => string },
  write: Kysely<Schema>,
  migrations: readonly Migration[],
): Promise<void> {
  await sql`create table if not exists migration (
    number integer primary key, name text not null, checksum text not null, applied_at integer not null
  ) strict`.execute(write)

  const applied = await ledger(write)
  verify(applied, migrations)
  if (applied.length === migrations.length) return
  if (applied.length > 0 && database.snapshot) {
    const file = backups(`before-${migrations[applied.length].name}-${clock.now()}.db`)
    await database.snapshot(file)
    log.info('snapshot before migration', { file })
  }
  for (const [index, migration] of migrations.entries()) {
    const done = await write.transaction().execute(async tx => {
      const known = await ledger(tx)
      verify(known, migrations)
      if (known.length > index) return false
      for (const statement of splitStatements(migration.sql)) await tx.executeQuery(CompiledQuery.raw(statement))
      await executor(tx).execute('insert into migration values (?, ?, ?, ?)', [
        index + 1,
        migration.name,
        checksum(migration),
        clock.now(),
      ])
      return true
    })
    if (done) log.info('migrated', { migration: migration.name })
  }
}

async function ledger(db: Kysely<Schema>): Promise<LedgerRow[]> {
  const result = await sql<LedgerRow>`select number, name, checksum from migration order by number`.execute(db)
  return result.rows
}

function verify(applied: readonly LedgerRow[], migrations: readonly Migration[]): void {
  if (applied.length > migrations.length) throw new AppError('data-newer')
  for (const [index, row] of applied.entries()) {
    if (row.checksum !== checksum(migrations[index])) {
      throw new AppError('data-damaged', {}, { cause: new Error(`migration ${row.name} differs from the one applied`) })
    }
  }
}

function checksum(migration: Migration): string {
  return createHash('sha256').update(migration.sql).digest('hex')
}

/** Statements end with a semicolon at a line's end; comments stand on lines of their own. */
function splitStatements(text: string): string[] {
  return text
    .split('\n')
    .filter(line => !line.trim().startsWith('--'))
    .join('\n')
    .split(/;\s*\n/)
    .map(statement => statement.trim())
    .filter(statement => statement !== '')
}
