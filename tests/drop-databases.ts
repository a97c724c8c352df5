/** At the end of a run: databases that it kept for all of its files (`postgres.ts`). */
import pg from 'pg'

export async function teardown(): Promise<void> {
  const { TEST_DATABASE_URL: url, CLOISTER_TEST_RUN: run } = process.env
  if (url === undefined || run === undefined) return
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const like = `cloister_test_${run}_%`.replaceAll('_', '\\_')
    const { rows } = await client.query<{ datname: string }>('select datname from pg_database where datname like $1', [
      like,
    ])
    for (const { datname } of rows) await client.query(`drop database if exists ${datname} with (force)`)
  } finally {
    await client.end()
  }
}
