import { Kysely, sql } from 'kysely'
import type { Database } from '../ports.ts'

/** What a database says of itself, as it is: for whoever examines it without opening the store, which would migrate it. */
export interface DatabaseFacts {
  version: string
  /** `wal` where a commit survives a crash, with `synchronous` 2 (FULL) also a loss of power: the writer's settings. */
  journal: string
  synchronous: number
  /** Waiting or running, and given up; undefined where no store was ever opened over it. */
  jobs: { open: number; dead: number } | undefined
}

export async function readFacts(database: Database): Promise<DatabaseFacts> {
  const reader = new Kysely<unknown>({ dialect: database.reader('internal') })
  const writer = new Kysely<unknown>({ dialect: database.writer('internal') })
  async function one(db: Kysely<unknown>, text: string): Promise<unknown> {
    const { rows } = await sql.raw<Record<string, unknown>>(text).execute(db)
    return Object.values(rows[0] ?? {})[0]
  }
  try {
    const known = Number(await one(reader, `select count(*) from sqlite_master where name = 'job'`)) > 0
    return {
      version: String(await one(reader, 'select sqlite_version()')),
      journal: String(await one(writer, 'pragma journal_mode')),
      synchronous: Number(await one(writer, 'pragma synchronous')),
      jobs: known
        ? {
            open: Number(await one(reader, `select count(*) from job where state <> 'dead'`)),
            dead: Number(await one(reader, `select count(*) from job where state = 'dead'`)),
          }
        : undefined,
    }
  } finally {
    await reader.destroy()
    await writer.destroy()
  }
}

export interface StoredFile {
  path: string
  size: number
  blob: string
}

/** What must lie in the blob store, also for documents in the trash. */
export async function readStoredFiles(database: Database): Promise<StoredFile[]> {
  const reader = new Kysely<unknown>({ dialect: database.reader('internal') })
  try {
    const known = await sql`select 1 from sqlite_master where name = 'document'`.execute(reader)
    if (known.rows.length === 0) return []
    return (await sql<StoredFile>`select path, size, blob from document order by path`.execute(reader)).rows
  } finally {
    await reader.destroy()
  }
}
