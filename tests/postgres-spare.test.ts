/** What another test gets is what it would have been given anew. */
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pglite, postgres, type TestDatabase } from './postgres.ts'
import { emptyDatabase, type Original, readOriginal } from './postgres-spare.ts'

describe.skipIf(postgres === pglite)('a database that was used', () => {
  let held: TestDatabase
  let url: string
  let original: Original
  beforeAll(async () => {
    held = await postgres.openReady()
    url = held.url ?? ''
    await held.database.close()
    original = await readOriginal(url)
  })
  afterAll(() => held.drop())

  async function run(...statements: string[]): Promise<void> {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    for (const statement of statements) await client.query(statement)
    await client.end()
  }

  it('is emptied of rows, numbers and names, and what was in it at first is put back', async () => {
    await run(
      `insert into "user" (id, created_at) values ('a', 1)`,
      `select nextval('chunk_id_seq')`,
      `comment on schema pgboss is 'somebody'`,
      `delete from migration`,
      `update pgboss.queue set updated_on = now()`,
      `insert into pgboss.job (name) select name from pgboss.queue limit 1`,
    )
    expect(await readOriginal(url)).not.toEqual(original)
    expect(await emptyDatabase(url, original)).toBe(true)
    expect(await readOriginal(url)).toEqual(original)
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    const { rows } = await client.query(
      `select nextval('chunk_id_seq') as number, obj_description('pgboss'::regnamespace, 'pg_namespace') as name`,
    )
    await client.end()
    expect(rows).toEqual([{ number: '1', name: null }])
    expect(await emptyDatabase(url, original)).toBe(true)
  })

  it.each([
    ['create table more (id int)', 'drop table more'],
    ['alter table chat disable row level security', 'alter table chat enable row level security'],
    ['create policy more on chat using (true)', 'drop policy more on chat'],
    ['create function more() returns int language sql as $$select 1$$', 'drop function more()'],
    ['create index more on chat (id)', 'drop index more'],
    ['grant select on chat to public', 'revoke select on chat from public'],
    ['create schema more', 'drop schema more'],
    [`comment on table chat is 'more'`, 'comment on table chat is null'],
  ])('is not given to another one after %s', async (change, back) => {
    await run(change)
    expect(await emptyDatabase(url, original)).toBe(false)
    await run(back)
  })
})
