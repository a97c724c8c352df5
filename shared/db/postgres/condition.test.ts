import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestStore } from '../../../tests/open-store.ts'
import { needsServer, pglite, postgres } from '../../../tests/postgres.ts'
import { isHeard, readCondition } from './condition.ts'
import type { PostgresDatabase } from './index.ts'

describe('the condition of a library on Postgres', () => {
  let opened: Awaited<ReturnType<typeof openTestStore>>
  let database: PostgresDatabase
  beforeAll(async () => {
    opened = await openTestStore(postgres)
    database = opened.database as PostgresDatabase
    // As one that no queue has been opened in yet.
    await database.query('drop schema if exists pgboss cascade')
  }, 60_000)
  afterAll(() => opened.close())

  it('is told as it is', async () => {
    const condition = await readCondition(database)
    expect(condition).toMatchObject({ open: [], jobs: null })
    expect(condition.vectors).toMatch(/^\d+\.\d+/)
    expect(condition.bytes).toBeGreaterThan(1e6)
    expect(condition.connections.used).toBeGreaterThanOrEqual(postgres === pglite ? 0 : 1)
    expect(condition.connections.most).toBeGreaterThanOrEqual(condition.connections.used)
    expect(Math.abs(condition.ahead)).toBeLessThan(60_000)
  })

  it('names every table that shows what it should not', async () => {
    const openFor = async (sql: string, back: string) => {
      await database.query(sql)
      const { open } = await readCondition(database)
      await database.query(back)
      return open
    }
    expect(
      await openFor('alter table chunk no force row level security', 'alter table chunk force row level security'),
    ).toEqual(['chunk'])
    const disable = (state: string) => `alter table segment ${state} row level security`
    expect(await openFor(disable('disable'), disable('enable'))).toEqual(['segment'])
    expect(await openFor('create policy oops on chat to public using (true)', 'drop policy oops on chat')).toEqual([
      'chat',
    ])
    // A policy that lets everybody see what it should show to one: there is a project.
    const oops = 'create policy oops on project to cloister_scoped using (true)'
    expect(await openFor(oops, 'drop policy oops on project')).toEqual(['project'])
    expect(await openFor('create table fresh (id int)', 'drop table fresh')).toEqual(['fresh'])
    expect((await readCondition(database)).open).toEqual([])
  })

  it.skipIf(postgres === pglite)(`hears what another connection tells (${needsServer})`, async () => {
    expect(await isHeard(database)).toBe(true)
    const deaf = { ...database, query: async () => ({ rows: [] }) }
    expect(await isHeard(deaf, 100)).toBe(false)
  })
})
