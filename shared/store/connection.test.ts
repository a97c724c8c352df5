import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openTestStore } from '../../tests/open-store.ts'
import { engines } from '../../tests/postgres.ts'
import type { Database } from '../ports.ts'
import { connect } from './connection.ts'
import type { Tx } from './schema.ts'

describe.each(engines)('$name', engine => {
  let open: Awaited<ReturnType<typeof openTestStore>>
  beforeEach(async () => {
    open = await openTestStore(engine)
  })
  afterEach(() => open.close())

  const refused = () => Object.assign(new Error('could not serialize access'), { code: '40001' })

  /** As an engine that refuses a commit for a reason that passes. */
  function connectOver(isPassing?: Database['isPassing']) {
    return connect({ ...open.database, ...(isPassing && { isPassing }) }, () => 0)
  }
  const passes = (error: unknown) => error instanceof Error && 'code' in error && error.code === '40001'

  const insert = (tx: Tx) => tx.insertInto('user').values({ id: 'somebody', created_at: 1 }).execute()
  const users = async () => (await connectOver().read('internal').selectFrom('user').select('id').execute()).length

  test('a transaction that failed for a reason that passes is run again, and is there once', async () => {
    const before = await users()
    let calls = 0
    const result = await connectOver(passes).transaction('internal', async tx => {
      await insert(tx)
      calls += 1
      if (calls < 4) throw refused()
      return calls
    })
    expect([result, await users()]).toEqual([4, before + 1])
  })

  test('it is given up after five more times, and leaves nothing', async () => {
    const before = await users()
    let calls = 0
    const run = connectOver(passes).transaction('internal', async tx => {
      await insert(tx)
      calls += 1
      throw refused()
    })
    await expect(run).rejects.toMatchObject({ code: '40001' })
    expect([calls, await users()]).toEqual([6, before])
  })

  test('what does not pass, and what an engine says nothing of, is run once', async () => {
    for (const [isPassing, error] of [
      [passes, new Error('no')],
      [undefined, refused()],
    ] as const) {
      let calls = 0
      const run = connectOver(isPassing).transaction('internal', async () => {
        calls += 1
        throw error
      })
      await expect(run).rejects.toBe(error)
      expect(calls).toBe(1)
    }
  })

  test.runIf(engine.engine === 'sqlite')('where the engine knows no access, all read through one object', async () => {
    const { read, write } = connectOver()
    expect(read(open.scope)).toBe(read('internal'))
    expect(write(open.scope)).toBe(write({ userId: 'another' }))
    expect((await sql<{ one: number }>`select 1 as one`.execute(read(open.scope))).rows).toEqual([{ one: 1 }])
  })

  test('nothing is asked once it is closed', async () => {
    const { read, transaction, close } = connectOver()
    close()
    expect(() => read('internal')).toThrow('database-busy')
    await expect(transaction('internal', insert)).rejects.toMatchObject({ code: 'database-busy' })
  })
})
