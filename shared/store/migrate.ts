import { createHash } from 'node:crypto'
import { CompiledQuery, type Kysely, sql } from 'kysely'
import { AppError } from '../errors.ts'
import type { Clock, Database, Log } from '../ports.ts'
import type { Engine } from './engine/index.ts'
import { locks } from './locks.ts'
import type { Schema } from './schema.ts'

export interface Migration {
  name: string
  sql: string
}

interface Deps {
  database: Database
  engine: Engine
  clock: Clock
  log: Log
  backups: (name: string) => string
}

interface LedgerRow {
  number: number
  name: string
  checksum: string
}

/**
 * Brings the database to the newest schema: forward only, each migration in a transaction of its own, with a snapshot
 * of the whole database before the first that is due (none for an empty one, and where the engine makes none). Two processes may start at once: the
 * lock lets one do it, the other finds it done.
 *
 * Throws `data-newer` when a later version of the program wrote this database, `data-damaged` when an applied
 * migration is not the one that this program knows.
 */
export async function migrate(
  deps: Deps,
  write: Kysely<Schema>,
  migrations: readonly Migration[] = deps.engine.migrations,
): Promise<void> {
  const { database } = deps
  const run = () => migrateAlone(deps, write, migrations)
  await (database.exclusive ? database.exclusive(run) : run())
}

async function migrateAlone(
  { database, engine, clock, log, backups }: Deps,
  write: Kysely<Schema>,
  migrations: readonly Migration[],
): Promise<void> {
  if (!(await engine.hasTable(write, 'migration'))) {
    await write.transaction().execute(async tx => {
      await engine.lock(tx, locks.migration)
      await sql.raw(engine.ledger).execute(tx)
    })
  }

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
      await engine.lock(tx, locks.migration)
      const known = await ledger(tx)
      verify(known, migrations)
      if (known.length > index) return false
      for (const statement of splitStatements(migration.sql)) await tx.executeQuery(CompiledQuery.raw(statement))
      const { name } = migration
      await sql`insert into migration values (${index + 1}, ${name}, ${checksum(migration)}, ${clock.now()})`.execute(
        tx,
      )
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

/** Statements end with a semicolon at a line's end, but for those in a body between `$$`; comments stand on lines of their own. */
function splitStatements(text: string): string[] {
  const statements = ['']
  for (const line of text.split('\n').filter(line => !line.trim().startsWith('--'))) {
    const statement = `${statements.pop()}${line}\n`
    const ended = /;\s*$/.test(line) && statement.split('$$').length % 2 === 1
    statements.push(...(ended ? [statement.trim().slice(0, -1), ''] : [statement]))
  }
  return statements.map(statement => statement.trim()).filter(statement => statement !== '')
}
