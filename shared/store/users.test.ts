import { Kysely } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { addUsers, openTestStore } from '../../tests/open-store.ts'
import { engines } from '../../tests/postgres.ts'
import type { Schema } from './schema.ts'

describe.each(engines)('$name', engine => {
  let open: Awaited<ReturnType<typeof openTestStore>>
  beforeEach(async () => {
    open = await openTestStore(engine)
  })
  afterEach(() => open.close())

  const write = () => new Kysely<Schema>({ dialect: open.database.writer('internal') })
  const users = async () => {
    const rows = await write().selectFrom('user').select('id').orderBy('id').execute()
    return rows.map(({ id }) => id)
  }

  async function addOwner(id: string, { blocked = false }: { blocked?: boolean } = {}): Promise<void> {
    const at = `2026-01-0${id.length}T00:00:00.000Z`
    const rest = { image: null, language: null, two_factor_enabled: 0, email_verified: 1 }
    await write()
      .insertInto('auth_user')
      .values({
        id,
        name: id,
        email: `${id}@cloister.test`,
        role: 'owner',
        blocked_at: blocked ? 1 : null,
        created_at: at,
        updated_at: at,
        ...rest,
      })
      .execute()
  }

  test('nothing brings back a user who is gone', async () => {
    const { store } = open
    await addUsers(open.database, 'anna')
    await store.transaction('internal', tx => store.erasure.erase(tx, 'anna'))
    const scope = store.projects.next('anna')
    const gone = { code: 'user-not-found' }
    await store.users.begin('anna')
    const provider = { slug: 'x', kind: 'openai-compatible', name: 'x', baseUrl: 'http://x.example' } as const
    const kept = { keySealed: null, keyHint: null, enabled: true }
    await expect(
      store.transaction(scope, tx => store.projects.insert(tx, scope, 'Neu', 'documents')),
    ).rejects.toMatchObject(gone)
    for (const write of [
      (tx: Parameters<typeof store.settings.update>[0]) => store.settings.update(tx, 'anna', { theme: 'dark' }),
      (tx: Parameters<typeof store.settings.update>[0]) => store.providers.insert(tx, 'anna', { ...provider, ...kept }),
    ])
      await expect(store.transaction({ userId: 'anna' }, async tx => void (await write(tx)))).rejects.toMatchObject(
        gone,
      )
    expect(await users()).toEqual(['local'])
  })

  test('local mode’s user is made on the fly, and never beside accounts', async () => {
    const { store } = open
    await store.transaction('internal', async tx => {
      await store.projects.purge(tx, open.scope)
      await store.erasure.erase(tx, 'local')
    })
    await store.users.begin('local')
    expect(await users()).toEqual(['local'])
    await write().deleteFrom('user').execute()
    await addOwner('anna')
    await store.users.begin('local')
    expect(await users()).toEqual([])
  })

  test('the first owner is the first of those who may log in', async () => {
    expect(await open.store.users.firstOwner()).toBeUndefined()
    await addOwner('a', { blocked: true })
    expect(await open.store.users.firstOwner()).toBeUndefined()
    await addOwner('bbb')
    await addOwner('cc')
    expect(await open.store.users.firstOwner()).toBe('cc')
  })
})
