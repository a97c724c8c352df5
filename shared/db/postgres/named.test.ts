import { type Kysely, sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { alice, codeOf, ids, start, type Tables } from './fixture.ts'
import { mostKept } from './named.ts'

/** What the one connection that reads keeps by name, without what opens and ends transactions. */
async function kept(db: Kysely<Tables>): Promise<string[]> {
  const { rows } = await sql<{ statement: string }>`select statement from pg_prepared_statements
    where statement !~ '^(begin|commit|select set_config)' order by 1`.execute(db)
  return rows.map(({ statement }) => statement).filter(statement => !statement.includes('pg_prepared_statements'))
}

describe('statements by name', () => {
  it('are those asked for again, and keep to their role', async () => {
    const { reader, writer } = await start({ poolSize: 2 })
    await writer('internal').insertInto('thing').values({ id: 1, project: 'a' }).execute()
    const ask = async (db: Kysely<Tables>) => {
      const { rows } = await sql<{ role: string; id: number }>`
        select current_user::text as role, id, ${7} + 1 as n from thing`.execute(db)
      return rows
    }
    for (let time = 0; time < 8; time++) {
      expect(await ask(reader(alice))).toEqual([{ role: 'cloister_scoped', id: 1, n: 8 }])
      expect(await ask(reader({ ...alice, projectId: 'b' }))).toEqual([])
      expect(await ask(reader('internal'))).toMatchObject([{ id: 1, n: 8 }])
      if (time === 0) expect(await kept(reader(alice))).toHaveLength(1)
    }
    // Once as the role and once as the login.
    expect(await kept(reader(alice))).toHaveLength(2)
  })

  it('stay within a number, whatever is asked for', async () => {
    const { reader } = await start({ poolSize: 2 })
    for (let at = 0; at < mostKept * 1.5; at++)
      for (let time = 0; time < 3; time++)
        expect((await sql`select ${sql.lit(at)} as n`.execute(reader(alice))).rows).toEqual([{ n: at }])
    const statements = await kept(reader(alice))
    expect(statements.length).toBeGreaterThan(mostKept / 2)
    expect(statements.length).toBeLessThanOrEqual(mostKept)
    expect((await sql`select ${sql.lit(0)} as n`.execute(reader(alice))).rows).toEqual([{ n: 0 }])
  })

  it('are never kept where that was said', async () => {
    const { reader } = await start({ poolSize: 2, named: false })
    for (let time = 0; time < 4; time++) await ids(reader(alice))
    expect(await kept(reader(alice))).toEqual([])
  })

  it('go on when the table has other columns, in a transaction with the next try', async () => {
    const { reader, writer, database } = await start({ poolSize: 2 })
    const all = (db: Kysely<Tables>) => sql`select * from thing`.execute(db)
    const within = () => writer(alice).transaction().execute(all)
    await writer(alice).insertInto('thing').values({ id: 1, project: 'a' }).execute()
    for (let time = 0; time < 4; time++) await Promise.all([all(reader(alice)), within()])
    await sql`alter table thing add column more text default 'x'`.execute(writer('internal'))
    expect((await all(reader(alice))).rows).toEqual([{ id: 1, project: 'a', more: 'x' }])
    const error = await within().catch(found => found)
    expect([error.code, database.isPassing(error)]).toEqual(['database-busy', true])
    expect((await within()).rows).toEqual([{ id: 1, project: 'a', more: 'x' }])
  })

  it('go on without names behind somebody who loses them', async () => {
    const { reader } = await start({ poolSize: 2 })
    for (let time = 0; time < 3; time++) await ids(reader(alice))
    await sql`deallocate all`.execute(reader(alice))
    for (let time = 0; time < 3; time++) expect(await ids(reader(alice))).toEqual([])
    expect(await kept(reader(alice))).toEqual([])
  })

  it('that fail, fail alike each time', async () => {
    const { writer, reader } = await start({ poolSize: 2 })
    const add = (id: number) => codeOf(writer(alice).insertInto('thing').values({ id, project: 'a' }).execute())
    const codes: unknown[] = []
    for (const id of [1, 1, 1, 2, 2, 2]) codes.push(await add(id))
    const fine = 'nothing was thrown'
    expect(codes).toEqual([fine, '23505', '23505', fine, '23505', '23505'])
    for (let time = 0; time < 3; time++)
      expect(await codeOf(sql`select 1 / ${0}::int8`.execute(reader(alice)))).toBe('22012')
    expect(await ids(reader(alice))).toEqual([1, 2])
  })
})

it('gives rows without columns too', async () => {
  const { reader } = await start()
  for (let time = 0; time < 3; time++)
    expect((await sql`select from generate_series(1, 3)`.execute(reader(alice))).rows).toEqual([{}, {}, {}])
})
