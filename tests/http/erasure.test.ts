/** An account that is deleted leaves nothing behind, in any table there is; and takes nothing of anybody else's with it. */
import { existsSync } from 'node:fs'
import { Kysely, sql } from 'kysely'
import { v7 } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Schema } from '../../shared/store/schema.ts'
import { createReference } from '../erasure-rows.ts'
import { createLineParser, openTestCore } from '../open-core.ts'
import { addUsers } from '../open-store.ts'
import { postgres, sqlite } from '../postgres.ts'
import { type AccountServer, type Browser, goodPassword, openAccountServer } from './open-accounts.ts'

describe.each([sqlite, postgres])('on $name', engine => {
  let server: AccountServer
  let owner: Browser
  let alice: Browser
  let bob: Browser
  beforeAll(async () => {
    server = await openAccountServer({ engine })
    owner = await server.setUp()
    alice = await server.member('alice@cloister.test')
    bob = await server.member('bob@cloister.test')
  }, 120_000)
  afterAll(() => server.stop())

  async function fill(browser: Browser, word: string): Promise<{ userId: string; projectId: string }> {
    const { client } = browser
    const { account } = await client.auth.me()
    const { id: projectId } = await client.projects.create({ name: word })
    const scope = { userId: account.id, projectId }
    const body = new FormData()
    body.append('files', new Blob([`Die Miete von ${word} beträgt 500 Euro.`]), `${word}.txt`)
    expect((await browser.fetch(`/api/v1/projects/${projectId}/documents`, { method: 'POST', body })).status).toBe(200)
    await server.core.settled(scope)
    await client.assistants.create({ projectId, name: word, instructions: word })
    await client.settings.update({ theme: 'dark' })
    await client.auth.addKey({ name: word, scopes: ['read'] })
    const asked = `/api/v1/projects/${projectId}/ask`
    const headers = { 'content-type': 'application/json' }
    const question = JSON.stringify({ question: `Was kostet die Miete von ${word}?` })
    expect(await (await browser.fetch(asked, { method: 'POST', headers, body: question })).text()).toContain('"finish"')
    return scope
  }

  it('removes every row, the bytes, and every way in; and says what it removed', async () => {
    const hers = await fill(alice, 'Rhabarber')
    const his = await fill(bob, 'Blumenkohl')
    // Each has a part in the other's, and has asked there.
    const scopes = { hers: { userId: hers.userId, projectId: hers.projectId }, his: { ...his } }
    await server.core.members.set(scopes.hers, his.userId, 'reader')
    // Noted in the audit log, with her id in the name of what it was done to.
    await bob.client.members.add({ projectId: his.projectId, userId: hers.userId, role: 'reader' })
    for (const [scope, memberId] of [
      [scopes.hers, his.userId],
      [{ userId: his.userId, projectId: his.projectId }, hers.userId],
    ] as const) {
      const { id } = await server.core.chats.create({ ...scope, memberId }, { title: 'Rhabarberfrage' })
      for await (const _ of server.core.ask(
        { ...scope, memberId },
        { question: 'Was kostet die Miete?', chatId: id },
      )) {
        // Kept in the chat.
      }
    }
    const rows = createReference(server.database)
    for (const [one, other] of [
      [hers, his],
      [his, hers],
    ] as const)
      await rows.addWhatIsRare({ ...one, otherId: other.userId })

    // A new table with such a column has a row of hers, or this test says that nobody thought of it.
    expect(await rows.unfilled([hers.userId, hers.projectId])).toEqual([])
    const before = await rows.countOf([his.userId])
    expect(Object.keys(before).length).toBeGreaterThan(15)
    const herBlob = await server.core.documents.original(
      scopes.hers,
      (await server.core.documents.list(scopes.hers))[0].id,
    )
    expect(existsSync(herBlob.file)).toBe(true)
    const { key } = await alice.client.auth.addKey({ name: 'second', scopes: ['read'] })

    await expect(alice.client.auth.delete({ password: 'wrong' })).rejects.toMatchObject({ code: 'password-incorrect' })
    await expect(alice.client.auth.delete({ confirmation: 'alice@cloister.test' })).rejects.toMatchObject({
      code: 'password-incorrect',
    })
    const receipt = await alice.client.auth.delete({ password: goodPassword })
    expect(receipt).toMatchObject({
      backupsUntil: null,
      removed: {
        projects: 2,
        documents: 1,
        bytes: 42,
        passages: 1,
        assistants: 1,
        chats: 2,
        messages: 4,
        memberships: 1,
        keys: 2,
      },
    })
    expect(receipt.removed.sessions).toBeGreaterThan(0)

    expect(await rows.countOf([hers.userId, hers.projectId, 'alice@cloister.test'])).toEqual({
      'changes.scope': expect.any(Number),
      'changes.id': expect.any(Number),
    })
    expect(await rows.values([hers.projectId])).toEqual(['true'])
    expect(await rows.containing('Rhabarber')).toEqual([])
    expect((await rows.containing(hers.userId)).filter(name => name.startsWith('audit.'))).toEqual([])
    expect(existsSync(herBlob.file)).toBe(false)
    expect((await alice.fetch('/api/v1/auth/me')).status).toBe(401)
    await expect(server.withKey(key).projects.list()).rejects.toMatchObject({ code: 'unauthorized' })
    await expect(
      alice.client.auth.logIn({ email: 'alice@cloister.test', password: goodPassword }),
    ).rejects.toMatchObject({
      code: 'log-in-failed',
    })

    const { 'project_member.user_id': _part, 'chat.user_id': _chats, ...kept } = before
    expect(await rows.countOf([his.userId])).toMatchObject(kept)
    expect((await bob.client.projects.list({})).projects).toHaveLength(2)
    expect(await server.core.documents.list({ userId: his.userId, projectId: his.projectId })).toHaveLength(1)
    // Whoever was in her project, and asked there: that is gone with it.
    await expect(bob.client.chats.list({ projectId: hers.projectId })).rejects.toMatchObject({
      code: 'project-not-found',
    })
  }, 120_000)

  it('says until when backups hold it, also where another process makes them', async () => {
    const backupsMade = { every: 3_600_000, keep: 7 }
    const test = await openTestCore(createLineParser(), { engine, settings: { backupsMade } })
    try {
      await addUsers(test.database, 'carol')
      const { at, backupsUntil } = await test.core.erase('carol', 'carol', async () => {})
      expect(backupsUntil).toBe(at + 7 * 3_600_000)
    } finally {
      await test.close()
    }
  })

  it('is refused to the last owner, and to everybody but an owner for somebody else', async () => {
    await expect(owner.client.auth.delete({ password: goodPassword })).rejects.toMatchObject({ code: 'last-owner' })
    const admin = await server.member('admin@cloister.test', 'admin')
    const { account } = await bob.client.auth.me()
    await expect(admin.client.users.delete({ userId: account.id })).rejects.toMatchObject({ code: 'role-needed' })
    await expect(bob.client.users.delete({ userId: account.id })).rejects.toMatchObject({ code: 'role-needed' })
    await expect(owner.client.users.delete({ userId: v7() })).rejects.toMatchObject({ code: 'account-not-found' })
    expect((await owner.client.users.delete({ userId: account.id })).removed).toMatchObject({ documents: 1 })
    expect((await owner.client.users.list()).users.map(({ email }) => email)).not.toContain('bob@cloister.test')
    const { entries } = await owner.client.administration.audit({})
    expect(entries.filter(({ action }) => action === 'account.delete')).toHaveLength(2)
    const read = new Kysely<Schema>({ dialect: server.database.reader('internal') })
    expect((await sql`select 1 from auth_user where email = 'bob@cloister.test'`.execute(read)).rows).toEqual([])
  }, 60_000)
})
