import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openTestStore } from '../../tests/open-store.ts'
import { engines } from '../../tests/postgres.ts'
import type { RunProgress } from './answers.ts'

describe.each(engines)('answers under way on $name', engine => {
  let open: Awaited<ReturnType<typeof openTestStore>>
  let chatId: string
  beforeEach(async () => {
    open = await openTestStore(engine)
    const { store, scope } = open
    chatId = (await store.transaction(scope, tx => store.chats.insert(tx, scope, 'Chat'))).id
  }, 60_000)
  afterEach(() => open.close())

  const run = (id: string, chat = chatId) => ({
    id,
    chatId: chat,
    question: `Frage ${id}?\0`,
    questionId: null,
    startedAt: Number(id.charCodeAt(0)),
  })
  const note = (server: string, ...ids: string[]) =>
    open.store.transaction('internal', tx =>
      open.store.answers.note(
        tx,
        server,
        ids.map(id => run(id)),
      ),
    )
  const advance = (server: string, progress: Partial<RunProgress>) =>
    open.store.transaction('internal', tx =>
      open.store.answers.advance(tx, server, [
        { id: 'a', events: 0, said: [], draft: '', model: null, endedAt: null, ...progress },
      ]),
    )

  it('names those of other servers in the same chat that began before', async () => {
    const { store, scope } = open
    const other = (await store.transaction(scope, tx => store.chats.insert(tx, scope, 'Other'))).id
    expect(await note('one', 'a', 'b')).toEqual(new Map())
    expect(await note('two', 'c')).toEqual(new Map([[chatId, ['a', 'b']]]))
    expect(await note('one', 'd')).toEqual(new Map([[chatId, ['c']]]))
    const elsewhere = await store.transaction('internal', tx => store.answers.note(tx, 'two', [run('e', other)]))
    expect(elsewhere).toEqual(new Map())
    await advance('one', { endedAt: 5 })
    expect(await note('two', 'f')).toEqual(new Map([[chatId, ['b', 'd']]]))
    // Again, and of a chat that is gone.
    await note('one', 'b')
    await store.transaction('internal', tx => store.answers.note(tx, 'two', [run('g', 'gone')]))
    expect((await store.answers.open()).map(({ id }) => id)).toEqual(['b', 'c', 'd', 'e', 'f'])
    expect((await store.answers.running(scope, chatId)).map(({ id }) => id)).toEqual(['b', 'c', 'd', 'f'])
    expect((await store.answers.open(['a', 'd'])).map(({ id }) => id)).toEqual(['d'])
  })

  it('is read as it was said, from any place on, and by nobody else', async () => {
    const { store, scope } = open
    await note('one', 'a')
    const said = ['{"type":"started"}', '{"text":"\\u0000 ä 🙂"}']
    expect(await advance('one', { said, draft: 'Der\0 An', model: 'm' })).toEqual([{ id: 'a', stop: false, reads: 0 }])
    // A commit whose answer was lost.
    await advance('one', { said, draft: 'Der Anfang', model: 'm' })
    await advance('one', { events: 2, said: ['{"type":"third"}'], draft: '', model: 'm' })
    expect(await store.answers.said(scope, 'a', 0)).toEqual([...said, '{"type":"third"}'])
    expect(await store.answers.said(scope, 'a', 2)).toEqual(['{"type":"third"}'])
    expect(await store.answers.get(scope, 'a')).toEqual({
      ...run('a'),
      question: 'Frage a? ',
      scope,
      server: 'one',
      beat: 3,
      events: 3,
      draft: '',
      model: 'm',
      messageId: null,
      endedAt: null,
    })
    expect(await store.answers.get({ ...scope, userId: 'mallory' }, 'a')).toBeUndefined()
    expect(await store.answers.get(store.projects.next('local'), 'a')).toBeUndefined()
    expect(await store.answers.askToStop({ ...scope, userId: 'mallory' }, 'a')).toBe(false)
    expect(await store.answers.askToStop(store.projects.next('local'), 'a')).toBe(false)
  })

  it('hears of wishes with the next sign of life', async () => {
    const { store, scope } = open
    await note('one', 'a')
    await store.answers.attend('a')
    await store.answers.attend('a')
    expect(await advance('one', {})).toEqual([{ id: 'a', stop: false, reads: 2 }])
    expect(await store.answers.askToStop(scope, 'a')).toBe(true)
    expect(await advance('one', { endedAt: 7 })).toEqual([{ id: 'a', stop: true, reads: 2 }])
    expect(await store.answers.askToStop(scope, 'a')).toBe(false)
    expect(await advance('one', {})).toEqual([])
  })

  it('is another server’s from its claim on, which comes from whoever saw the last sign of life', async () => {
    const { store, scope } = open
    await note('one', 'a')
    const before = (await store.answers.get(scope, 'a'))!
    await advance('one', { said: ['1'] })
    expect(await store.answers.claim(before, 'two')).toBe(false)
    const now = (await store.answers.get(scope, 'a'))!
    const claims = await Promise.all(['two', 'three'].map(server => store.answers.claim(now, server)))
    expect(claims.filter(Boolean)).toHaveLength(1)
    const winner = ['two', 'three'][claims.indexOf(true)]
    expect(await advance('one', { events: 1, said: ['2'] })).toEqual([])
    expect(await store.answers.said(scope, 'a', 0)).toEqual(['1'])
    const keep = (server: string) =>
      store.transaction(scope, tx => store.answers.keep(tx, server, 'a', `message of ${server}`))
    expect(await keep('one')).toBe(false)
    expect(await keep(winner)).toBe(true)
    expect(await advance(winner, { events: 1, said: ['end'], endedAt: 9 })).toHaveLength(1)
    expect(await keep(winner)).toBe(false)
    expect(await store.answers.get(scope, 'a')).toMatchObject({ messageId: `message of ${winner}`, endedAt: 9 })
  })

  it('is forgotten some time after its end, and with its project', async () => {
    const { store, scope } = open
    await note('one', 'a', 'b')
    await advance('one', { said: ['1'], endedAt: 100 })
    await store.answers.forget(100)
    expect(await store.answers.get(scope, 'a')).toBeDefined()
    await store.answers.forget(101)
    expect(await store.answers.get(scope, 'a')).toBeUndefined()
    expect(await store.answers.said(scope, 'a', 0)).toEqual([])
    await store.transaction(scope, tx => store.projects.purge(tx, scope))
    expect(await store.answers.open()).toEqual([])
  })
})
