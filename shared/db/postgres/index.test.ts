import { connect as connectTo, createServer, type Socket } from 'node:net'
import { type CompiledQuery, Kysely, sql } from 'kysely'
import pg from 'pg'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { needsServer, pglite, postgres, type TestDatabase } from '../../../tests/postgres.ts'
import { AppError, toAppError } from '../../errors.ts'
import type { Access } from '../../ports.ts'
import { openPostgres, type PostgresDatabase, type PostgresSettings } from './index.ts'

const alice = { userId: 'alice', projectId: 'a' }
const url = process.env.TEST_DATABASE_URL ?? ''

interface Tables {
  thing: { id: number; project: string }
}

const opened: TestDatabase<PostgresDatabase>[] = []
afterEach(async () => {
  for (const each of opened.splice(0)) await each.drop()
})

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'nothing was thrown',
    error => error.code,
  )

/** A table that holds rows of projects, forced to show each its own. */
async function start(settings: Partial<PostgresSettings> = {}) {
  const test = await postgres.open(settings)
  opened.push(test)
  const { database } = test
  const writer = (access: Access) => new Kysely<Tables>({ dialect: database.writer(access) })
  const reader = (access: Access) => new Kysely<Tables>({ dialect: database.reader(access) })
  for (const text of [
    'create table thing (id bigint primary key, project text collate "C" not null)',
    'alter table thing enable row level security, force row level security',
    `create policy own on thing to cloister_scoped using (project = current_setting('cloister.project', true))`,
    'create policy everything on thing to current_user using (true)',
  ])
    await sql.raw(text).execute(writer('internal'))
  const ids = async (db: Kysely<Tables>) =>
    (await db.selectFrom('thing').select('id').orderBy('id').execute()).map(row => row.id)
  return { ...test, writer, reader, ids }
}

const one = async <T>(db: Kysely<Tables>, text: string) => (await sql.raw<T>(text).execute(db)).rows[0]

describe('Postgres', () => {
  it('shows and takes rows of the access only, and none without a tenant', async () => {
    const { writer, reader, ids } = await start()
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

  it('refuses an access that names nobody', async () => {
    const { database } = await start()
    for (const access of [{ userId: '' }, { userId: 'a', projectId: '' }, { userId: 'a\0' }, {} as { userId: string }])
      expect(() => database.reader(access)).toThrow(TypeError)
  })

  it('keeps scoped statements from owning and from leaving their role', async () => {
    const { writer, ids } = await start()
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
    const { writer, reader, ids } = await start()
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

  it('says that a statement took too long', async () => {
    const { writer, reader, database } = await start({ statementTimeout: 200 })
    const slow = sql`select pg_sleep(20)`.execute(reader(alice))
    expect(await codeOf(slow)).toBe('database-busy')
    const within = writer('internal')
      .transaction()
      .execute(tx => sql`select pg_sleep(20)`.execute(tx))
    expect(await codeOf(within)).toBe('database-busy')
    // Not so while nothing else runs.
    const run = () =>
      writer('internal')
        .transaction()
        .execute(tx => sql`select pg_sleep(0.4)`.execute(tx))
    expect(await database.exclusive(() => run().then(() => 'done'))).toBe('done')
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

describe.skipIf(postgres === pglite)(`Postgres as a server (${needsServer})`, () => {
  /** Ends the backends of a database that match. */
  async function terminate(name: string, where = 'true'): Promise<number> {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    try {
      const { rowCount } = await client.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and backend_type = 'client backend' and ${where}`,
        [name],
      )
      return rowCount ?? 0
    } finally {
      await client.end()
    }
  }
  const nameOf = async (db: Kysely<Tables>) =>
    (await one<{ name: string }>(db, 'select current_database()::text as name')).name

  it('survives connections that end while idle', async () => {
    const { reader, writer, ids } = await start()
    await Promise.all([ids(reader(alice)), ids(reader(alice)), ids(writer('internal'))])
    expect(await terminate(await nameOf(reader('internal')))).toBeGreaterThan(1)
    expect(await ids(reader(alice))).toEqual([])
    for (let time = 0; time < 3; time++) await codeOf(ids(writer(alice)))
    expect(await ids(writer(alice))).toEqual([])
  })

  it('says that a transaction whose connection went may be run again, unless its commit was on the way', async () => {
    const { database, writer, reader, ids } = await start()
    const name = await nameOf(reader('internal'))
    const cut = (where: string) =>
      writer(alice)
        .transaction()
        .execute(async tx => {
          await tx.insertInto('thing').values({ id: 1, project: 'a' }).execute()
          expect(await terminate(name, where)).toBe(1)
          await tx.insertInto('thing').values({ id: 2, project: 'a' }).execute()
        })
    const error = await cut("state = 'idle in transaction'").catch(found => found)
    expect([error.code, database.isPassing(error)]).toEqual(['database-unreachable', true])
    expect(await ids(reader('internal'))).toEqual([])
    await writer(alice).insertInto('thing').values({ id: 3, project: 'a' }).execute()
    // In the middle of a statement.
    const sleeping = writer(alice)
      .transaction()
      .execute(tx => sql`select pg_sleep(30)`.execute(tx))
      .catch(found => found)
    await expect.poll(() => terminate(name, "state = 'active' and query like '%pg_sleep%'")).toBe(1)
    expect(database.isPassing(await sleeping)).toBe(true)
    // A statement by itself brings its commit along: nobody knows.
    const alone = sql`select pg_sleep(30)`.execute(writer(alice)).catch(found => found)
    await expect.poll(() => terminate(name, "state = 'active' and query like '%pg_sleep%'")).toBe(1)
    expect([(await alone).code, database.isPassing(await alone)]).toEqual(['database-unreachable', false])
  })

  it('asks again what only reads', async () => {
    const { reader } = await start()
    const name = await nameOf(reader('internal'))
    const asked = sql`select 7 as n, pg_sleep(1.5)`.execute(reader(alice))
    await expect.poll(() => terminate(name, "state = 'active' and query like '%pg_sleep%'")).toBe(1)
    expect((await asked).rows).toMatchObject([{ n: 7 }])
  })

  it('says which conflicts pass', async () => {
    const { database, writer } = await start()
    await writer('internal')
      .insertInto('thing')
      .values([
        { id: 1, project: 'a' },
        { id: 2, project: 'b' },
      ])
      .execute()
    const meet = createMeeting(2)
    const lock = (first: number, second: number) =>
      writer('internal')
        .transaction()
        .execute(async tx => {
          await tx.updateTable('thing').set({ project: 'x' }).where('id', '=', first).execute()
          await meet()
          await tx.updateTable('thing').set({ project: 'x' }).where('id', '=', second).execute()
        })
    const outcomes = await Promise.allSettled([lock(1, 2), lock(2, 1)])
    const failed = outcomes.flatMap(each => (each.status === 'rejected' ? [each.reason] : []))
    expect(failed.map(error => [error.code, error.cause.code, database.isPassing(error)])).toEqual([
      ['database-busy', '40P01', true],
    ])
  })

  it('takes the connection from a caller who hangs, and rolls back', async () => {
    const { writer, ids } = await start({ idleInTransactionTimeout: 100 })
    let goOn = () => {}
    const hung = writer(alice)
      .transaction()
      .execute(async tx => {
        await tx.insertInto('thing').values({ id: 1, project: 'a' }).execute()
        await new Promise<void>(resolve => {
          goOn = resolve
        })
        await tx.insertInto('thing').values({ id: 2, project: 'a' }).execute()
      })
    // It does not wait in a queue of ours for one that will never end: another process would not either.
    await expect.poll(() => codeOf(ids(writer('internal')))).toBe('nothing was thrown')
    await expect
      .poll(
        async () =>
          (
            await one<{ n: number }>(
              writer('internal'),
              "select count(*) as n from pg_stat_activity where state = 'idle in transaction' and datname = current_database()",
            )
          ).n,
      )
      .toBe(0)
    goOn()
    expect(await codeOf(hung)).toBe('database-busy')
    await writer(alice).insertInto('thing').values({ id: 3, project: 'a' }).execute()
    expect(await ids(writer('internal'))).toEqual([3])
  })

  it('lets others through while many write in one project, and says so when there is no connection', async () => {
    const { writer, reader, ids } = await start({ poolSize: 4, waitLimit: 400 })
    let free = () => {}
    const wait = new Promise<void>(resolve => {
      free = resolve
    })
    const first = writer(alice)
      .transaction()
      .execute(async tx => {
        await tx.insertInto('thing').values({ id: 1, project: 'a' }).execute()
        await wait
      })
    const queued = Array.from({ length: 20 }, (_, at) =>
      codeOf(
        writer(alice)
          .insertInto('thing')
          .values({ id: 10 + at, project: 'a' })
          .execute(),
      ),
    )
    await writer({ userId: 'bob', projectId: 'b' }).insertInto('thing').values({ id: 2, project: 'b' }).execute()
    expect(await ids(reader('internal'))).toEqual([2])
    expect(new Set(await Promise.all(queued))).toEqual(new Set(['database-busy']))
    // All connections that write are taken.
    const other = writer('internal')
      .transaction()
      .execute(async tx => {
        await ids(tx)
        await wait
      })
    expect(await codeOf(ids(writer('internal')))).toBe('database-busy')
    free()
    await Promise.all([first, other])
    await writer(alice).insertInto('thing').values({ id: 40, project: 'a' }).execute()
    expect(await ids(reader('internal'))).toEqual([1, 2, 40])
  })

  it('lets one process at a time have it alone', async () => {
    const { database, again } = await start()
    const other = await again()
    const order: string[] = []
    const run = (name: string) => async () => {
      order.push(`${name} in`)
      await new Promise(resolve => setTimeout(resolve, 50))
      order.push(`${name} out`)
    }
    await Promise.all([database.exclusive(run('x')), other.exclusive(run('x')), database.exclusive(run('x'))])
    expect(order).toEqual(['x in', 'x out', 'x in', 'x out', 'x in', 'x out'])
    await expect(other.exclusive(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(await database.exclusive(async () => 1)).toBe(1)
  })

  it('opens at once from several sides', async () => {
    const { again } = await start()
    const all = await Promise.all(Array.from({ length: 6 }, () => again({ poolSize: 2 })))
    expect(all.map(each => each.vectors)).toEqual(Array(6).fill(true))
  })

  it('needs one round trip for a statement, and one more for the commit of a transaction', async () => {
    const proxy = await startProxy(url)
    onTestFinished(proxy.close)
    const { again, ids } = await start()
    const at = new URL((await openedUrl()).href)
    at.host = proxy.host
    const database = await openPostgres({ url: at.href })
    onTestFinished(() => database.close())
    void again
    const reader = new Kysely<Tables>({ dialect: database.reader(alice) })
    const writer = new Kysely<Tables>({ dialect: database.writer(alice) })
    const trips = async (run: () => Promise<unknown>) => {
      await run()
      const before = proxy.trips()
      await run()
      return proxy.trips() - before
    }
    const two = (db: Kysely<Tables>) => db.transaction().execute(async tx => [await ids(tx), await ids(tx)])
    expect(await trips(() => ids(reader))).toBe(1)
    expect(await trips(() => ids(writer))).toBe(1)
    expect(await trips(() => two(reader))).toBe(3)
    expect(await trips(() => two(writer))).toBe(3)
    expect(await trips(() => writer.transaction().execute(async () => {}))).toBe(0)
  })

  async function openedUrl(): Promise<URL> {
    const name = await nameOf(new Kysely<Tables>({ dialect: opened[0].database.reader('internal') }))
    const at = new URL(url)
    at.pathname = name
    return at
  }

  it('says what is wrong with the way to the database, and never its password', async () => {
    const { writer } = await start()
    const at = await openedUrl()
    const change = (edit: (copy: URL) => void) => {
      const copy = new URL(at)
      copy.password = 'top-secret'
      edit(copy)
      return copy.href
    }
    const role = `weak_${Date.now()}`
    await sql.raw(`create role ${role} login`).execute(writer('internal'))
    onTestFinished(async () => {
      const client = new pg.Client({ connectionString: url })
      await client.connect()
      await client.query(`drop role ${role}`)
      await client.end()
    })
    const cases: [string, string][] = [
      ['no url: top-secret', 'database-url'],
      ['postgres://u:top-secret@h/%zz', 'database-url'],
      [change(copy => copy.searchParams.set('sslmode', 'maybe')), 'database-url'],
      [change(copy => (copy.port = '1')), 'database-unreachable'],
      [change(copy => (copy.hostname = 'nowhere.invalid')), 'database-unreachable'],
      [change(copy => (copy.pathname = '/none')), 'database-not-found'],
      [change(copy => (copy.username = 'nobody')), 'database-refused'],
      [change(copy => copy.searchParams.set('sslmode', 'require')), 'database-tls'],
      [change(copy => copy.searchParams.set('sslmode', 'verify-full')), 'database-tls'],
      [change(copy => copy.searchParams.set('sslrootcert', '/none.pem')), 'nothing was thrown'],
      [change(copy => copy.searchParams.set('sslmode', 'prefer')), 'nothing was thrown'],
      [change(copy => (copy.username = role)), 'database-rights'],
    ]
    for (const [href, code] of cases) {
      let error: unknown
      const database = await openPostgres({ url: href, poolSize: 2 }).catch(found => void (error = found))
      await database?.close()
      expect([href, error === undefined ? 'nothing was thrown' : toAppError(error).code]).toEqual([href, code])
      expect(everythingOf(error)).not.toContain('top-secret')
    }
    const refused = await openPostgres({ url: change(copy => (copy.username = role)) }).catch(error => error)
    expect(refused.values.statements).toBe(`grant cloister_scoped to "${role}";`)
  })
})

/** An error with all it hangs on, as a careless log would write it. */
function everythingOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const fields = JSON.stringify(error, Object.getOwnPropertyNames(error))
  return `${fields} ${error.stack} ${error.cause === undefined ? '' : everythingOf(error.cause)}`
}

/** Resolves for all when the last has come. */
function createMeeting(count: number): () => Promise<void> {
  let go = () => {}
  const all = new Promise<void>(resolve => {
    go = resolve
  })
  let there = 0
  return () => {
    if (++there === count) go()
    return all
  }
}

/** Counts how often what clients sent had to be answered before they went on. */
async function startProxy(to: string) {
  const { hostname, port } = new URL(to)
  let trips = 0
  const sockets = new Set<Socket>()
  const server = createServer(client => {
    const upstream = connectTo(Number(port || 5432), hostname)
    let asking = false
    client.on('data', data => {
      if (!asking) trips++
      asking = true
      upstream.write(data)
    })
    upstream.on('data', data => {
      asking = false
      client.write(data)
    })
    for (const [from, other] of [
      [client, upstream],
      [upstream, client],
    ]) {
      sockets.add(from)
      from.on('error', () => {})
      from.on('close', () => other.destroy())
    }
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    host: `127.0.0.1:${address.port}`,
    trips: () => trips,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
