import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { v7 } from 'uuid'
import { openSqlite } from '../shared/db/sqlite/index.ts'
import type { Scope } from '../shared/model/index.ts'
import type { Clock, Log } from '../shared/ports.ts'
import { openStore, type Store } from '../shared/store/index.ts'

export const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }

/** A store in a temporary folder, with one project, for tests. `clock.time` can be set. */
export async function openTestStore(): Promise<{
  store: Store
  scope: Scope
  clock: Clock & { time: number }
  folder: string
  database: Awaited<ReturnType<typeof openSqlite>>
  close(): Promise<void>
}> {
  const folder = await mkdtemp(path.join(tmpdir(), 'cloister-store-'))
  const database = await openSqlite({ file: path.join(folder, 'cloister.db') })
  const clock = { time: Date.UTC(2026, 0, 1), now: () => clock.time++ }
  const backups = (name: string) => path.join(folder, name)
  const store = await openStore({ database, clock, ids: { next: () => v7() }, log: silent, backups })
  const scope = store.projects.next('local')
  await store.transaction(scope, tx => store.projects.insert(tx, scope, 'Test', 'documents'))
  return {
    store,
    scope,
    clock,
    folder,
    database,
    async close() {
      await store.close()
      await database.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
