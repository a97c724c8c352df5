import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { needsServer, pglite, postgres } from '../../../tests/postgres.ts'
import { alice, codeOf, ids, one, start, terminate } from './fixture.ts'

describe.skipIf(postgres === pglite)(`connections (${needsServer})`, () => {
  it('survives connections that end while idle', async () => {
    const { reader, writer, name } = await start()
    await Promise.all([ids(reader(alice)), ids(reader(alice)), ids(writer('internal'))])
    expect(await terminate(name)).toBeGreaterThan(1)
    expect(await ids(reader(alice))).toEqual([])
    for (let time = 0; time < 3; time++) await codeOf(ids(writer(alice)))
    expect(await ids(writer(alice))).toEqual([])
  })

  it('says that a transaction whose connection went may be run again, unless its commit was on the way', async () => {
    const { database, writer, reader, name } = await start()
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
    const { reader, name } = await start()
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

  it('takes the connection from a caller who hangs, and rolls back', async () => {
    const { writer } = await start({ idleInTransactionTimeout: 100 })
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
    const { writer, reader } = await start({ poolSize: 4, waitLimit: 400 })
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
})

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
