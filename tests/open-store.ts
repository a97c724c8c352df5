import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Kysely } from 'kysely'
import { v7 } from 'uuid'
import type { Scope } from '../shared/model/index.ts'
import type { Clock, Database, Log } from '../shared/ports.ts'
import { openStore, type Store } from '../shared/store/index.ts'
import type { Schema } from '../shared/store/schema.ts'
import { sqlite, type TestEngine } from './postgres.ts'
import { createReadyFile, openTestSqlite } from './sqlite.ts'

export const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }

/** Rows of users, as accounts make them. */
export async function addUsers(database: Database, ...ids: string[]): Promise<void> {
  const write = new Kysely<Schema>({ dialect: database.writer('internal') })
  for (const id of ids)
    await write
      .insertInto('user')
      .values({ id, created_at: 1 })
      .onConflict(conflict => conflict.doNothing())
      .execute()
}

/** A store over a new database (SQLite's is `cloister.db` in the folder), with one project, for tests. `clock.time` can be set. */
export async function openTestStore(engine: TestEngine = sqlite): Promise<{
  store: Store
  scope: Scope
  clock: Clock & { time: number }
  folder: string
  database: Database
  close(): Promise<void>
}> {
  const folder = await mkdtemp(path.join(tmpdir(), 'cloister-store-'))
  const { database, drop } = engine === sqlite ? await openIn(folder) : await engine.openReady()
  const clock = { time: Date.UTC(2026, 0, 1), now: () => clock.time++ }
  const backups = (name: string) => path.join(folder, name)
  let store: Store | undefined
  const close = async () => {
    await store?.close()
    await drop()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const opened = await openStore({ database, clock, ids: { next: () => v7() }, log: silent, backups })
    store = opened
    await opened.users.begin('local')
    const scope = opened.projects.next('local')
    await opened.transaction(scope, tx => opened.projects.insert(tx, scope, 'Test', 'documents'))
    return { store, scope, clock, folder, database, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function openIn(folder: string): Promise<{ database: Database; drop(): Promise<void> }> {
  const file = path.join(folder, 'cloister.db')
  await createReadyFile(file)
  const database = await openTestSqlite({ file })
  return { database, drop: () => database.close() }
}
