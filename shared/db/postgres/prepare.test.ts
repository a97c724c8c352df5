import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { needsServer, pglite, postgres } from '../../../tests/postgres.ts'
import { sendBatch, statement } from './batch.ts'
import { addressOf, asAdministrator } from './fixture.ts'
import { type Prepared, prepare } from './prepare.ts'

describe.skipIf(postgres === pglite)(`making a database ready (${needsServer})`, () => {
  const tag = randomUUID().slice(0, 8)
  const [login, other] = [`ops_${tag}`, `ops_other_${tag}`]
  const name = `cloister_test_${Date.now()}_${tag}`
  const administer = (...texts: string[]) =>
    asAdministrator(async client => {
      for (const text of texts) await client.query(text)
    })

  /** As somebody in this database. */
  async function within<T>(user: string | undefined, run: (client: pg.Client) => Promise<T>): Promise<T> {
    const url = addressOf(name, address => user !== undefined && Object.assign(address, { username: user }))
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    try {
      return await run(client)
    } finally {
      await client.end()
    }
  }
  const ready = (user = login): Promise<Prepared> =>
    within(user, client =>
      prepare(async (sql, parameters) => (await sendBatch(client, [statement(sql, parameters)]))[0].rows, ['jobs']),
    )
  const missing = async (user = login): Promise<string> => {
    const error = await ready(user).then(
      () => expect.fail('nothing was missing'),
      thrown => thrown,
    )
    expect(error).toMatchObject({ code: 'database-rights', values: { user } })
    return error.values.statements
  }
  const run = (sql: string, user?: string) => within(user, client => client.query(sql))

  beforeAll(async () => {
    // Roles belong to all databases of the server, and other tests make this one too.
    await administer('create role cloister_scoped nologin').catch(() => {})
    await administer(...[login, other].map(role => `create role ${role} login`))
  })
  afterAll(() => administer(...[login, other].map(role => `drop role ${role}`)))
  beforeEach(() => administer(`create database ${name} template template0 encoding 'UTF8'`))
  afterEach(async () => {
    await administer(`drop database ${name} with (force)`)
    for (const role of [login, other]) await administer(`revoke cloister_scoped, ${login}, ${other} from ${role}`)
  })

  const forced = [
    'create table changes (id int)',
    'alter table changes enable row level security, force row level security',
    'create policy internal on changes to current_user using (true)',
  ].join(';')

  it('names everything at once that an administrator has to run, and needs nothing else after it', async () => {
    await run('revoke all on schema public from public')
    const statements = await missing()
    expect(statements).toBe(
      `grant cloister_scoped to "${login}"; grant usage, create on schema "public" to "${login}"; ` +
        `grant usage on schema "public" to cloister_scoped; grant create on database "${name}" to "${login}"; ` +
        'create extension vector;',
    )
    await run(statements)
    expect(await ready()).toEqual({ vectors: true, searchPath: '"public"', notes: [] })
  })

  it('needs nothing of anybody as the owner of the database, but the role and the extension', async () => {
    await administer(`alter database ${name} owner to ${login}`, `grant cloister_scoped to ${login}`)
    const { vectors, notes } = await ready()
    expect([vectors, notes.map(note => note.values.statement)]).toEqual([false, ['create extension vector']])
  })

  it('says what to do about a search path that leads nowhere', async () => {
    await administer(
      `grant cloister_scoped to ${login}`,
      `alter database ${name} owner to ${login}`,
      `alter role ${login} in database ${name} set search_path = nowhere`,
    )
    const statements = await missing()
    expect(statements).toContain(`alter role "${login}" in database "${name}" set search_path = public;`)
    await run(statements)
    expect((await ready()).searchPath).toBe('"public"')
  })

  it('takes vectors from a schema of their own, where the other role may look into it', async () => {
    await administer(`grant cloister_scoped to ${login}`, `alter database ${name} owner to ${login}`)
    await run('create schema extensions; create extension vector schema extensions')
    await run(`grant usage on schema extensions to ${login}`)
    const { vectors, notes } = await ready()
    expect([vectors, notes.map(note => note.values.statement)]).toEqual([
      false,
      ['grant usage on schema "extensions" to cloister_scoped'],
    ])
    await run('grant usage on schema extensions to cloister_scoped')
    expect(await ready()).toMatchObject({ vectors: true, searchPath: '"public", "extensions"' })
  })

  it('makes no second library beside one that lies in another schema', async () => {
    await administer(`grant cloister_scoped to ${login}`, `alter database ${name} owner to ${login}`)
    await run(forced, login)
    await ready()
    // As soon as there is a schema of this name, it comes first.
    await run(`create schema authorization ${login}`)
    await expect(ready()).rejects.toMatchObject({ code: 'database-elsewhere', values: { schema: 'public' } })
  })

  it('asks for membership where another login made the library', async () => {
    await administer(`alter database ${name} owner to ${login}`, `grant cloister_scoped to ${login}`)
    await run(`${forced}; create schema jobs; insert into changes values (1)`, login)
    await ready()
    const statements = await missing(other)
    expect(statements).toContain(`grant "${login}" to "${other}";`)
    await run(statements)
    await ready(other)
    expect((await run('select id from changes', other)).rows).toEqual([{ id: 1 }])
  })

  it('sees the rows of a library again that was moved to another owner without its rights', async () => {
    await administer(`alter database ${name} owner to ${login}`, `grant cloister_scoped to ${login}, ${other}`)
    await run(
      `${forced}; create policy own on changes to cloister_scoped using (false); insert into changes values (1)`,
      login,
    )
    await run(`create table more (id int); insert into more values (2); alter table more owner to ${other};
      alter table more enable row level security, force row level security;
      alter table changes owner to ${other}; alter schema public owner to ${other}; grant create on database ${name} to ${other}`)
    const rows = async () => (await run('select id from changes union all select id from more', other)).rows
    expect(await rows()).toEqual([])
    await ready(other)
    expect(await rows()).toEqual([{ id: 1 }, { id: 2 }])
    // The other one is none of its business: no policy names it there.
    const scoped = await run(`revoke all on more from cloister_scoped`, other)
      .then(() => ready(other))
      .then(() =>
        run(`select has_table_privilege('cloister_scoped', 'changes', 'delete') as may,
        has_table_privilege('cloister_scoped', 'more', 'select') as more`),
      )
    expect(scoped.rows).toEqual([{ may: true, more: false }])
  })
})
