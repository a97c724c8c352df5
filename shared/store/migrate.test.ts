import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Kysely, sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { silent } from '../../tests/open-store.ts'
import { openSqlite } from '../db/sqlite/index.ts'
import { engineOf } from './engine/index.ts'
import { type Migration, migrate } from './migrate.ts'
import type { Schema } from './schema.ts'

const one: Migration = {
  name: '0001-one',
  sql: 'create table a (id integer) strict;\n-- why\ninsert into a values (1);\n',
}
const two: Migration = { name: '0002-two', sql: 'create table b (id integer) strict;\n' }
const broken: Migration = { name: '0002-broken', sql: 'create table c (id integer) strict;\nnonsense;\n' }

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cloister-migrate-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function run(migrations: Migration[]) {
  const database = await openSqlite({ file: path.join(folder, 'cloister.db'), readers: 1 })
  const write = new Kysely<Schema>({ dialect: database.writer('internal') })
  try {
    const backups = (name: string) => path.join(folder, name)
    const engine = engineOf(database)
    await migrate({ database, engine, clock: { now: () => 7 }, log: silent, backups }, write, migrations)
    const tables = await sql<{
      name: string
    }>`select name from sqlite_master where type = 'table' order by name`.execute(write)
    return tables.rows.map(row => row.name)
  } finally {
    await write.destroy()
    await database.close()
  }
}

test('applies what is due, once, with a snapshot before it', async () => {
  expect(await run([one])).toEqual(['a', 'migration'])
  expect(existsSync(path.join(folder, 'before-0002-two-7.db'))).toBe(false)
  expect(await run([one, two])).toEqual(['a', 'b', 'migration'])
  expect(existsSync(path.join(folder, 'before-0002-two-7.db'))).toBe(true)
  expect(await run([one, two])).toEqual(['a', 'b', 'migration'])
})

test('a migration that fails leaves nothing of itself', async () => {
  await run([one])
  await expect(run([one, broken])).rejects.toThrow(/nonsense/)
  expect(await run([one])).toEqual(['a', 'migration'])
})

test('refuses a database of a newer program, and one whose history differs', async () => {
  await run([one, two])
  await expect(run([one])).rejects.toMatchObject({ code: 'data-newer' })
  await expect(run([{ ...one, sql: 'create table x (id integer);\n' }, two])).rejects.toMatchObject({
    code: 'data-damaged',
  })
})

test('two processes starting at once migrate once', async () => {
  await Promise.all([run([one, two]), run([one, two])])
  const database = await openSqlite({ file: path.join(folder, 'cloister.db'), readers: 1 })
  const read = new Kysely<Schema>({ dialect: database.reader('internal') })
  expect((await sql`select * from a`.execute(read)).rows).toHaveLength(1)
  await read.destroy()
  await database.close()
})
