import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { Missing } from './figure.ts'

export interface OwnDatabase extends AsyncDisposable {
  url: string
  /** As whoever the address names: rules of rows do not bind a superuser. */
  query<Row extends Record<string, unknown>>(sql: string, parameters?: unknown[]): Promise<Row[]>
}

/**
 * A new, empty database on the server that DATABASE_URL, else TEST_DATABASE_URL, names; gone when the block that declared it with
 * `await using` ends, with whoever is still connected. Nothing else on that server is touched. Throws `Missing`.
 */
export async function createOwnDatabase(purpose: string): Promise<OwnDatabase> {
  const server = process.env.DATABASE_URL?.trim() || process.env.TEST_DATABASE_URL?.trim()
  if (!server)
    throw new Missing(
      'DATABASE_URL or TEST_DATABASE_URL must name a PostgreSQL server with pgvector on which databases may be made, such as postgres://user@127.0.0.1:5432/postgres',
    )
  const name = `bench_${purpose}_${randomUUID().replaceAll('-', '')}`
  const admin = new pg.Client({ connectionString: server })
  await admin.connect()
  await admin.query(`create database ${name} template template0 encoding 'UTF8'`)
  const url = new URL(server)
  url.pathname = `/${name}`
  const pool = new pg.Pool({ connectionString: url.href, max: 1 })
  // It is dropped with force.
  pool.on('error', () => {})
  return {
    url: url.href,
    query: async <Row>(sql: string, parameters: unknown[] = []) => (await pool.query(sql, parameters)).rows as Row[],
    async [Symbol.asyncDispose]() {
      await pool.end()
      await admin.query(`drop database ${name} with (force)`)
      await admin.end()
    },
  }
}
