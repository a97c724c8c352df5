import { Kysely, sql } from 'kysely'
import { v7 } from 'uuid'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openTestStore, silent } from '../../tests/open-store.ts'
import { engines } from '../../tests/postgres.ts'
import type { AppEvent, Retention, Scope } from '../model/index.ts'
import type { Store } from '../store/index.ts'
import type { Schema } from '../store/schema.ts'
import { createChats } from './chats.ts'
import { createKeeping } from './retention.ts'

const day = 86_400_000

describe.each(engines)('$name', engine => {
  let open: Awaited<ReturnType<typeof openTestStore>>
  let told: AppEvent[]
  let forgotten: Set<string>
  let logged: unknown[]
  beforeEach(async () => {
    open = await openTestStore(engine)
    told = []
    forgotten = new Set()
    logged = []
  })
  afterEach(() => open.close())

  const keeping = (most: Retention = { chats: null, trash: 30 }, store: Store = open.store) =>
    createKeeping({
      store,
      clock: open.clock,
      log: { ...silent, error: (_message, fields) => void logged.push(fields?.chatId) },
      announce: event => void told.push(event),
      forget: async projectId => void forgotten.add(projectId),
      most,
    })
  const chats = () => createChats({ store: open.store, clock: open.clock, ids: { next: v7 } })
  const say = (scope: Scope, chatId: string, text: string) =>
    open.store.transaction(scope, tx =>
      open.store.chats.append(tx, scope, { chatId, role: 'user', text, answer: null, completed: null }),
    )
  const set = (userId: string, settings: { keepChats?: number | null; keepTrash?: number | null }) =>
    open.store.transaction({ userId }, tx => open.store.settings.update(tx, userId, settings))
  const titles = async (scope: Scope) => (await chats().list(scope)).map(({ title }) => title).sort()

  async function project(userId: string): Promise<Scope> {
    const scope = open.store.projects.next(userId)
    await addUser(userId)
    await open.store.transaction(scope, tx => open.store.projects.insert(tx, scope, `P ${userId}`, 'documents'))
    return scope
  }
  async function addUser(userId: string): Promise<void> {
    const write = new Kysely<Schema>({ dialect: open.database.writer('internal') })
    await write
      .insertInto('user')
      .values({ id: userId, created_at: 1 })
      .onConflict(conflict => conflict.doNothing())
      .execute()
  }
  async function everywhere(word: string): Promise<string[]> {
    const read = new Kysely<Schema>({ dialect: open.database.reader('internal') })
    const found: string[] = []
    for (const [table, column] of [
      ['chat', 'title'],
      ['message', 'text'],
      ['changes', 'value'],
    ] as const) {
      const { rows } =
        await sql`select 1 from ${sql.table(table)} where ${sql.ref(column)} like ${`%${word}%`}`.execute(read)
      if (rows.length > 0) found.push(table)
    }
    return found
  }

  test('keeps chats for ever, and what was deleted for as long as the installation says', async () => {
    const old = await chats().create(open.scope, { title: 'Alt' })
    const gone = await chats().create(open.scope, { title: 'Rhabarber' })
    await say(open.scope, gone.id, 'Wieviel Rhabarber?')
    await chats().delete(open.scope, gone.id)
    open.clock.time += 29 * day
    await keeping().tidy()
    expect((await chats().trash(open.scope)).map(({ id }) => id)).toEqual([gone.id])
    open.clock.time += 2 * day
    await keeping().tidy()
    expect(await chats().trash(open.scope)).toEqual([])
    await expect(chats().undo(open.scope, gone.id)).rejects.toMatchObject({ code: 'chat-not-found' })
    expect(await everywhere('Rhabarber')).toEqual([])
    expect(told).toEqual([{ type: 'chat', userId: 'local', projectId: open.scope.projectId, chatId: gone.id }])
    expect([...forgotten]).toEqual([open.scope.projectId])
    open.clock.time += 3650 * day
    await keeping().tidy()
    expect(await titles(open.scope)).toEqual(['Alt'])
    expect(old.deletedAt).toBeNull()
  })

  test('keeps chats for as long as their author says since something was last said in them', async () => {
    const other = await project('bob')
    const quiet = await chats().create(open.scope, { title: 'Still' })
    await say(open.scope, quiet.id, 'Einmal')
    const lively = await chats().create(open.scope, { title: 'Lebhaft' })
    await chats().create(other, { title: 'Bobs' })
    await set('local', { keepChats: 30 })
    open.clock.time += 20 * day
    await say(open.scope, lively.id, 'Und noch einmal')
    open.clock.time += 11 * day
    await keeping().tidy()
    expect(await titles(open.scope)).toEqual(['Lebhaft'])
    expect(await titles(other)).toEqual(['Bobs'])
    await set('local', { keepChats: null })
    open.clock.time += 100 * day
    await keeping().tidy()
    expect(await titles(open.scope)).toEqual(['Lebhaft'])
    // What the installation says holds for whoever says nothing, or more.
    await set('local', { keepChats: 365 })
    await keeping({ chats: 90, trash: 30 }).tidy()
    expect([await titles(open.scope), await titles(other)]).toEqual([[], []])
  })

  test('counts from when something was said by the clock, not from the time that a message bears', async () => {
    const { store } = open
    const asked = open.clock.time
    const answer = { text: 'Zwei', answer: null, passages: [] }
    const chat = async (title: string) => {
      const { id } = await chats().create(open.scope, { title })
      await say(open.scope, id, 'Wieviel?')
      return id
    }
    const anew = await chat('Neu beantwortet')
    const kept = await store.transaction(open.scope, tx =>
      store.chats.append(tx, open.scope, { ...answer, chatId: anew, role: 'assistant', completed: null }),
    )
    const late = await chat('Spät beantwortet')
    const back = await chat('Zurückgeholt')
    await chat('Still')
    await chats().delete(open.scope, back)
    await set('local', { keepChats: 30 })
    open.clock.time += 29 * day
    await store.transaction(open.scope, async tx => {
      expect(await store.chats.replace(tx, open.scope, kept.id, answer)).toBe(true)
      const message = { ...answer, chatId: late, role: 'assistant' as const, completed: null }
      await store.chats.append(tx, open.scope, message, asked)
    })
    await chats().undo(open.scope, back)
    open.clock.time += 2 * day
    await keeping().tidy()
    expect(await titles(open.scope)).toEqual(['Neu beantwortet', 'Spät beantwortet', 'Zurückgeholt'])
    open.clock.time += 27 * day
    await keeping().tidy()
    expect(await titles(open.scope)).toEqual(['Neu beantwortet', 'Spät beantwortet', 'Zurückgeholt'])
    open.clock.time += 2 * day
    await keeping().tidy()
    expect(await titles(open.scope)).toEqual([])
  })

  test('goes on with the rest where some cannot be purged, more of them than are looked for at once', async () => {
    const { store } = open
    const ids = await store.transaction(open.scope, async tx => {
      const made: string[] = []
      for (let at = 0; at < 102; at += 1) made.push((await store.chats.insert(tx, open.scope, `Chat ${at}`)).id)
      return made
    })
    const last = ids.at(-1)
    const failing: Store = {
      ...store,
      chats: {
        ...store.chats,
        purge(tx, id, due) {
          if (id === last) return store.chats.purge(tx, id, due)
          throw new Error('it cannot be')
        },
      },
    }
    open.clock.time += 31 * day
    await keeping({ chats: 30, trash: 30 }, failing).tidy()
    expect(logged).toEqual(ids.slice(0, -1))
    expect((await chats().list(open.scope)).map(({ id }) => id).sort()).toEqual(ids.slice(0, -1))
    await keeping({ chats: 30, trash: 30 }).tidy()
    expect(await titles(open.scope)).toEqual([])
  })

  test('leaves a chat alone in which an answer is being given', async () => {
    const chat = await chats().create(open.scope, { title: 'Im Gang' })
    await set('local', { keepChats: 1 })
    open.clock.time += 2 * day
    const run = { id: 'r', chatId: chat.id, question: 'Was?', questionId: null, startedAt: open.clock.time }
    await open.store.transaction('internal', tx => open.store.answers.note(tx, 'server', [run]))
    await keeping().tidy()
    expect(await titles(open.scope)).toEqual(['Im Gang'])
  })

  test('empties the trash of documents by what their owner says, and not later than the installation', async () => {
    const other = await project('bob')
    const file = (blob: string) => ({ name: 'a.md', path: 'a.md', mediaType: 'text/markdown', size: 3, blob })
    const trash = (scope: Scope, blob: string) =>
      open.store.transaction(scope, async tx => {
        const { id } = await open.store.documents.insert(tx, scope, file(blob))
        await open.store.documents.setDeleted(tx, scope, id, open.clock.now())
        return id
      })
    const mine = await trash(open.scope, 'b1')
    const his = await trash(other, 'b2')
    await set('local', { keepTrash: 7 })
    await set('bob', { keepTrash: 400 })
    const due = async () => (await keeping().trashedDocuments()).map(({ id }) => id)
    open.clock.time += 6 * day
    expect(await due()).toEqual([])
    open.clock.time += 2 * day
    expect(await due()).toEqual([mine])
    open.clock.time += 23 * day
    expect((await due()).sort()).toEqual([mine, his].sort())
  })

  test('shows one’s own chats in projects that one was taken out of, and lets them be removed', async () => {
    await addUser('bob')
    const as = { ...open.scope, memberId: 'bob' }
    const { members, transaction } = open.store
    await transaction('internal', tx => members.set(tx, open.scope, 'bob', 'reader'))
    const chat = await chats().create(as, { title: 'Bobs' })
    await say(as, chat.id, 'Wieviel Blumenkohl?')
    const owners = await chats().create(open.scope, { title: 'Des Eigners' })
    const { left } = keeping()
    expect(await left.list('bob')).toEqual([])
    await expect(left.purge('bob', chat.id)).rejects.toMatchObject({ code: 'chat-not-found' })
    await transaction(open.scope, tx => members.remove(tx, open.scope, 'bob'))
    expect((await left.list('bob')).map(({ id }) => id)).toEqual([chat.id])
    expect((await left.said('bob', chat.id)).map(({ text }) => text)).toEqual(['Wieviel Blumenkohl?'])
    expect(await left.said('local', chat.id)).toEqual([])
    expect(await left.list('local')).toEqual([])
    for (const [who, id] of [
      ['local', chat.id],
      ['bob', owners.id],
      ['carol', chat.id],
    ])
      await expect(left.purge(who, id)).rejects.toMatchObject({ code: 'chat-not-found' })
    expect(forgotten.size).toBe(0)
    await left.purge('bob', chat.id)
    expect([...forgotten]).toEqual([open.scope.projectId])
    expect(await left.list('bob')).toEqual([])
    expect(await everywhere('Blumenkohl')).toEqual([])
    expect(await titles(open.scope)).toEqual(['Des Eigners'])
  })

  test('shows those of a visit that is over', async () => {
    await addUser('admin')
    const as = { ...open.scope, memberId: 'admin' }
    const { members, transaction } = open.store
    await transaction('internal', tx => members.look(tx, open.scope, 'admin', open.clock.time + 3_600_000))
    await chats().create(as, { title: 'Besuch' })
    expect(await keeping().left.list('admin')).toEqual([])
    open.clock.time += 3_600_001
    expect((await keeping().left.list('admin')).map(({ title }) => title)).toEqual(['Besuch'])
  })

  test('removes the chats of somebody who goes in small transactions', async () => {
    await addUser('bob')
    const as = { ...open.scope, memberId: 'bob' }
    for (let at = 0; at < 5; at += 1) await say(as, (await chats().create(as, { title: `Bob ${at}` })).id, 'Rhabarber')
    await chats().create(open.scope, { title: 'Bleibt' })
    const sizes: number[] = []
    const counted: Store = {
      ...open.store,
      transaction: (access, run) =>
        open.store.transaction(access, async tx => {
          const count = async () => (await tx.selectFrom('chat').select('id').execute()).length
          const before = await count()
          const result = await run(tx)
          sizes.push(before - (await count()))
          return result
        }),
    }
    await keeping(undefined, counted).purgeAll('bob')
    expect([...forgotten]).toEqual([open.scope.projectId])
    expect(sizes).toEqual([1, 1, 1, 1, 1])
    expect(await everywhere('Rhabarber')).toEqual([])
    expect(await titles(open.scope)).toEqual(['Bleibt'])
  })
})
