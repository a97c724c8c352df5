import { Kysely, sql } from 'kysely'
import { expect, test } from 'vitest'
import { silent } from '../../../tests/open-store.ts'
import { engines } from '../../../tests/postgres.ts'
import { engineOf } from '../engine/index.ts'
import { migrate } from '../migrate.ts'
import type { Schema } from '../schema.ts'

test.each(engines)('chats of before count from the last message, on $name', async engine => {
  const { database, drop } = await engine.open()
  const write = new Kysely<Schema>({ dialect: database.writer('internal') })
  try {
    const own = engineOf(database)
    // A snapshot would lie where the test runs.
    const { snapshot: _, ...held } = database
    const deps = {
      database: held,
      engine: own,
      clock: { now: () => 9000 },
      log: silent,
      backups: (name: string) => name,
    }
    const last = own.migrations.findIndex(({ name }) => name === '0026-said-at')
    await migrate(deps, write, own.migrations.slice(0, last))
    await write.insertInto('user').values({ id: 'u', created_at: 1 }).execute()
    await sql`insert into project (id, user_id, name, type, created_at) values ('p', 'u', 'P', 'documents', 1)`.execute(
      write,
    )
    for (const [id, made] of [
      ['quiet', 100],
      ['lively', 100],
      ['taken over', 100],
    ] as const)
      await sql`insert into chat (id, project_id, user_id, title, created_at) values (${id}, 'p', 'u', 'x', ${made})`.execute(
        write,
      )
    for (const [id, chat, at] of [
      ['1', 'lively', 200],
      ['2', 'lively', 300],
      ['3', 'lively', 250],
      ['4', 'taken over', 50],
    ] as const)
      await sql`insert into message (id, chat_id, role, text, created_at) values (${id}, ${chat}, 'user', 'x', ${at})`.execute(
        write,
      )
    await migrate(deps, write, own.migrations)
    const chats = await write.selectFrom('chat').select(['id', 'said_at']).orderBy('id').execute()
    expect(chats).toEqual([
      { id: 'lively', said_at: 300 },
      { id: 'quiet', said_at: 100 },
      { id: 'taken over', said_at: 100 },
    ])
  } finally {
    await write.destroy()
    await drop()
  }
})
