import { type CompiledQuery, Kysely, sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { AppError } from '../../errors.ts'
import { alice, codeOf, ids, one, start } from './fixture.ts'

describe('Postgres', () => {
  it('shows and takes rows of the access only, and none without a tenant', async () => {
    const { writer, reader } = await start()
    await writer(alice).insertInto('thing').values({ id: 1, project: 'a' }).execute()
    await writer('internal').insertInto('thing').values({ id: 2, project: 'b' }).execute()
    expect(await ids(reader(alice))).toEqual([1])
    expect(await ids(writer(alice))).toEqual([1])
    expect(await ids(reader({ userId: 'bob', projectId: 'b' }))).toEqual([2])
    expect(await ids(reader({ userId: 'alice' }))).toEqual([])
    expect(await ids(reader('internal'))).toEqual([1, 2])
    expect(await codeOf(writer(alice).insertInto('thing').values({ id: 3, project: 'b' }).execute())).toBe('42501')
    expect(await codeOf(writer(alice).updateTable('thing').set({ project: 'b' }).execute())).toBe('42501')
    const gone = await writer(alice).deleteFrom('thing').where('id', '=', 2).executeTakeFirstOrThrow()
    expect(gone.numDeletedRows).toBe(0n)
    const hostile = { userId: "x'; reset role; --", projectId: "a' or 'a'='a" }
    expect(await ids(reader(hostile))).toEqual([])
    // Nothing of an access stays on the connection.
    const settings = `select current_user::text as role, current_setting('cloister.project', true) as project,
      (select rolname::text from pg_roles where rolname = session_user) as login`
    const { role, project, login } = await one<Record<string, string>>(writer('internal'), settings)
    expect([role, project || '']).toEqual([login, ''])
    expect((await one<Record<string, string>>(reader(alice), settings)).role).toBe('cloister_scoped')
  })

  it('waits for the disk, but where it is hasty', async () => {
    const { database, writer } = await start()
    const usually = writer('internal')
    const hasty: typeof usually = new Kysely({ dialect: database.hastyWriter('internal') })
    const level = async (db: typeof usually) =>
      (await one<{ level: string }>(db, `select current_setting('synchronous_commit') as level`))?.level
    const usual = await level(usually)
    expect(usual).not.toBe('off')
    expect(await level(hasty)).toBe('off')
    expect(await level(usually)).toBe(usual)
  })

  it('refuses an access that names nobody', async () => {
    const { database } = await start()
    for (const access of [{ userId: '' }, { userId: 'a', projectId: '' }, { userId: 'a\0' }, {} as { userId: string }])
      expect(() => database.reader(access)).toThrow(TypeError)
  })

  it('keeps scoped statements from owning and from leaving their role', async () => {
    const { writer } = await start()
    for (const text of [
      'create table mine (id int)',
      'drop table thing',
      'alter table thing disable row level security',
    ])
      expect([text, await codeOf(sql.raw(text).execute(writer(alice)))]).toEqual([text, '42501'])
    await writer('internal').insertInto('thing').values({ id: 1, project: 'b' }).execute()
    expect(await ids(writer(alice))).toEqual([])
  })

  it('does not commit a transaction of which a statement failed, whoever swallowed it', async () => {
    const { writer, reader } = await start()
    const swallowed = writer(alice)
      .transaction()
      .execute(async tx => {
        await tx.insertInto('thing').values({ id: 1, project: 'a' }).execute()
        await tx
          .insertInto('thing')
          .values({ id: 1, project: 'a' })
          .execute()
          .catch(() => {})
      })
    await expect(swallowed).rejects.toThrow(AppError)
    expect(await ids(reader('internal'))).toEqual([])
  })

  it('gives numbers for whole numbers, truth and sums, and takes lists', async () => {
    const { reader } = await start()
    const ask = sql`select count(*) as n, sum(x) as sum, true as yes, array[1, 2]::int8[] as list, 'x'::text as text,
      ${['a"\\,', '', 'null', 'ä']}::text[] as texts, ${[1, 2.5]}::float8[] as numbers from generate_series(1, 4) x`
    expect((await ask.execute(reader(alice))).rows).toEqual([
      { n: 4, sum: 10, yes: 1, list: [1, 2], text: 'x', texts: ['a"\\,', '', 'null', 'ä'], numbers: [1, 2.5] },
    ])
    const many = { sql: 'select 1', parameters: Array(65_536).fill(1), query: undefined } as unknown as CompiledQuery
    await expect(reader(alice).executeQuery(many)).rejects.toThrow('65535 parameters')
  })

  it('keeps values of rows out of errors', async () => {
    const { writer } = await start()
    await writer(alice).insertInto('thing').values({ id: 1, project: 'a' }).execute()
    const errors: unknown[] = []
    const secret = 'very secret text'
    await sql`insert into thing values (1, 'a')`.execute(writer(alice)).catch(error => errors.push(error))
    await sql`select ${secret}::int8`.execute(writer(alice)).catch(error => errors.push(error))
    expect(errors.map(error => (error as Error & { code: string }).code)).toEqual(['23505', '22P02'])
    expect(errors[0]).toMatchObject({ constraint: 'thing_pkey' })
    for (const error of errors) {
      expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toMatch(/secret|\(1\)/)
      expect((error as Error).stack).toContain('index.test.ts')
    }
  })

  it('reports what it finds wrong', async () => {
    const { database, writer } = await start()
    await writer('internal').insertInto('thing').values({ id: 1, project: 'a' }).execute()
    expect(await database.check(true)).toEqual([])
    await sql`alter table thing add constraint odd check (id > 5) not valid`.execute(writer('internal'))
    expect(await database.check(false)).toEqual(['constraint odd is not validated'])
  })

  it('knows vectors', async () => {
    const { database, reader } = await start()
    expect([database.vectors, database.notes]).toEqual([true, []])
    const found = await sql`select '[1,2]'::halfvec(2) <-> '[1,4]'::halfvec(2) as distance`.execute(reader(alice))
    expect(found.rows).toEqual([{ distance: 2 }])
  })

  it('runs SQL of libraries: several statements at once, or one with parameters', async () => {
    const { database } = await start()
    await database.query('begin; create table other (id int); insert into other values (1); commit')
    expect((await database.query('select id from other where id = $1', [1])).rows).toEqual([{ id: 1 }])
    expect(await codeOf(database.query('select * from nothing'))).toBe('42P01')
  })
})
