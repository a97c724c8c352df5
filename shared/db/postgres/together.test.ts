import { type Kysely, sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { needsServer, pglite, postgres } from '../../../tests/postgres.ts'
import { alice, ids, start, type Tables, terminate } from './fixture.ts'

const moment = async (db: Kysely<Tables>) =>
  (await sql<{ at: string }>`select now()::text as at`.execute(db)).rows[0]?.at
const divide = (db: Kysely<Tables>, by: number) => sql`select 6 / ${by}::int8 as n`.execute(db)

describe('statements asked for at the same moment', () => {
  it('are one transaction where they read, and each has its own answer', async () => {
    const { reader, writer } = await start()
    await writer(alice).insertInto('thing').values({ id: 1, project: 'a' }).execute()
    const [first, second, found] = await Promise.all([
      moment(reader(alice)),
      moment(reader(alice)),
      ids(reader(alice)),
      moment(reader('internal')),
    ])
    expect(first).toBe(second)
    expect(found).toEqual([1])
    expect(await moment(reader(alice))).not.toBe(first)
    // Nobody's come with somebody else's.
    const bob = { userId: 'bob', projectId: 'b' }
    expect(await Promise.all([ids(reader(alice)), ids(reader(bob)), ids(reader(alice))])).toEqual([[1], [], [1]])
  })

  it('fail alone', async () => {
    const { reader } = await start()
    const outcomes = await Promise.allSettled([3, 0, 2, 0, 1, 6].map(by => divide(reader(alice), by)))
    const told = outcomes.map(each => (each.status === 'fulfilled' ? each.value.rows : each.reason.code))
    expect(told).toEqual([[{ n: 2 }], '22012', [{ n: 3 }], '22012', [{ n: 6 }], [{ n: 1 }]])
  })

  it('in a transaction are done in order', async () => {
    const { writer } = await start()
    const found = await writer(alice)
      .transaction()
      .execute(tx => {
        const add = (id: number) => tx.insertInto('thing').values({ id, project: 'a' }).execute()
        return Promise.all([add(1), ids(tx), add(2), ids(tx)])
      })
    expect([found[1], found[3]]).toEqual([[1], [1, 2]])
  })

  it.skipIf(postgres === pglite)(`are asked again with their connection (${needsServer})`, async () => {
    const { reader, name } = await start()
    const slow = sql`select 7 as n, pg_sleep(1.5)`.execute(reader(alice))
    const asked = Promise.all([divide(reader(alice), 2), slow, divide(reader(alice), 3)])
    await expect.poll(() => terminate(name, "state = 'active' and query like '%pg_sleep%'")).toBe(1)
    expect((await asked).map(({ rows }) => rows)).toMatchObject([[{ n: 3 }], [{ n: 7 }], [{ n: 2 }]])
  })
})
