import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Client } from '../../shared/api/client.ts'
import { until } from '../until.ts'
import { collect, openTestServer, type TestServer } from './open-server.ts'

let server: TestServer
beforeAll(async () => {
  server = await openTestServer()
})
afterAll(() => server.stop())

const text = 'Der Vertrag kann mit einer Frist von drei Monaten gekündigt werden.\nDie Miete beträgt 850 Euro im Monat.'

const ways: [string, () => Client][] = [
  ['TCP', () => server.client],
  ['the Unix socket', () => server.socketClient],
]

describe.each(ways)('a whole visit over %s', (way, clientOf) => {
  it('goes from an empty project to an answer with its proof, and to the trash and back', async () => {
    const client = clientOf()
    const { id: projectId } = await client.projects.create({ name: `Besuch ${way}` })
    expect((await client.projects.list()).projects.map(({ id }) => id)).toContain(projectId)

    const files = [new File([text], 'Verträge/Mietvertrag.txt'), new File(['x'], 'bild.png')]
    const { results } = await client.documents.upload({ projectId, files })
    expect(results).toMatchObject([
      { file: 'Verträge/Mietvertrag.txt', added: true, problem: null },
      { file: 'bild.png', added: false, document: null, problem: { code: 'unsupported-type', status: 415 } },
    ])
    const documentId = results[0].document!.id
    await until(async () => (await client.documents.get({ projectId, documentId })).state === 'ready', 'ready')
    const again = await client.documents.upload({ projectId, files: [new File([text], 'anders.txt')] })
    expect(again.results).toMatchObject([
      { added: false, document: { id: documentId, path: 'Verträge/Mietvertrag.txt' } },
    ])

    expect(await client.documents.list({ projectId })).toMatchObject({
      documents: [{ id: documentId, name: 'Mietvertrag.txt', parsed: 2, segments: 2 }],
      total: 1,
      states: { ready: 1 },
      next: null,
    })
    const { receipt } = await client.documents.receipt({ projectId, documentId })
    expect(receipt).toMatchObject({ pages: 2, documentId })
    const { segments, total } = await client.documents.segments({ projectId, documentId, from: 2 })
    expect([segments.map(({ number }) => number), total]).toEqual([[2], 2])
    const page = await client.documents.segment({ projectId, documentId, number: 2 })
    expect(page.blocks[0].text).toBe('Die Miete beträgt 850 Euro im Monat.')
    const original = await client.documents.original({ projectId, documentId })
    expect([original.name, await original.text()]).toEqual(['Mietvertrag.txt', text])

    const { passages } = await client.search({ projectId, query: 'Frist von drei Monaten' })
    expect(passages[0]).toMatchObject({ documentId, file: 'Verträge/Mietvertrag.txt' })

    const events = await collect(await client.answers.ask({ projectId, question: 'Wie hoch ist die Miete?' }))
    expect(events.map(({ type }) => type)).toEqual(expect.arrayContaining(['started', 'passages', 'quote', 'finish']))
    expect(events[0].type).toBe('started')
    const last = events.at(-1)
    if (last?.type !== 'finish') throw new Error(`ended with ${last?.type}`)
    expect(last.answer.citations[0]).toMatchObject({ quote: 'Die Miete beträgt 850 Euro im Monat.', page: 2 })
    const { chatId } = last.answer

    const { messageId } = last.answer
    expect((await collect(await client.answers.regenerate({ projectId, chatId }))).at(-1)).toMatchObject({
      type: 'finish',
      answer: { chatId, messageId },
    })
    const { chat, messages, answering } = await client.chats.get({ projectId, chatId })
    expect([messages.map(({ role }) => role), answering]).toEqual([['user', 'assistant'], []])
    const shown = await client.chats.passages({ projectId, chatId, messageId })
    expect(shown).toMatchObject({ passages: [{ documentId, page: 1 }], missing: 0 })
    expect(shown.passages).toHaveLength(messages[1].passages)
    expect(chat.title).toBe('Wie hoch ist die Miete?')
    expect(messages[1].answer?.citations[0].quote).toContain('850 Euro')
    expect((await client.chats.update({ projectId, chatId, title: 'Miete' })).title).toBe('Miete')
    await client.chats.delete({ projectId, chatId })
    expect((await client.chats.list({ projectId })).chats).toEqual([])
    await client.chats.undo({ projectId, chatId })
    expect((await client.chats.list({ projectId })).total).toBe(1)

    await client.documents.delete({ projectId, documentId })
    expect((await client.search({ projectId, query: 'Miete' })).passages).toEqual([])
    expect((await client.documents.trash({ projectId })).documents.map(({ id }) => id)).toEqual([documentId])
    await client.documents.undo({ projectId, documentId })
    await until(async () => (await client.search({ projectId, query: 'Miete' })).passages.length > 0, 'found again')
    expect(await client.documents.purge({ projectId, documentId })).toBeUndefined()
    await expect(client.documents.get({ projectId, documentId })).rejects.toMatchObject({ code: 'document-not-found' })

    const { document } = await client.documents.addText({ projectId, name: 'Notiz', text, format: 'plain' })
    expect(document.name).toBe('Notiz.txt')
    expect(await client.projects.delete({ projectId })).toBeUndefined()
  })

  it('keeps assistants, and answers from their documents alone', async () => {
    const client = clientOf()
    const { id: projectId } = await client.projects.create({ name: `Assistenten ${way}` })
    const add = async (name: string, rent: string) =>
      (await client.documents.addText({ projectId, name, text: `Die Miete beträgt ${rent} Euro.`, format: 'plain' }))
        .document.id
    const ids = [await add('Süd', '850'), await add('Nord', '1200')]
    for (const documentId of ids)
      await until(async () => (await client.documents.get({ projectId, documentId })).state === 'ready', 'ready')
    const assistant = await client.assistants.create({ projectId, name: 'Nord', documents: [ids[1]] })
    expect(assistant).toMatchObject({ instructions: '', language: null, temperature: null, documents: [ids[1]] })
    const one = { projectId, assistantId: assistant.id }
    expect(await client.assistants.update({ ...one, language: 'de' })).toEqual({ ...assistant, language: 'de' })
    const question = 'Wie hoch ist die Miete?'
    const events = await collect(await client.answers.ask({ projectId, question, assistantId: assistant.id }))
    const passages = events.flatMap(event => (event.type === 'passages' ? event.passages : []))
    expect(passages.map(({ file }) => file)).toEqual(['Nord.txt'])
    await client.assistants.delete(one)
    await expect(client.assistants.get(one)).rejects.toMatchObject({ code: 'assistant-not-found' })
    await client.projects.delete({ projectId })
  })

  it('keeps settings, and says what the server can do', async () => {
    const client = clientOf()
    expect(await client.settings.update({ language: 'de', theme: 'dark' })).toMatchObject({
      language: 'de',
      theme: 'dark',
    })
    const settings = {
      language: 'de',
      theme: null,
      projectId: null,
      recognition: 'on',
      keepChats: null,
      keepTrash: null,
    }
    expect(await client.settings.update({ theme: null })).toEqual(settings)
    expect(await client.session.get()).toMatchObject({ maxFileSize: 1024 * 1024, maxFiles: null })
    expect((await client.health.summary()).state).toBe('ok')
    expect(await client.health.readiness()).toEqual({ state: 'ok' })
    expect(await client.models.list({})).toEqual({ models: [], served: [] })
    expect((await client.jobs.list()).trouble).toBeNull()
  })
})

describe('lists', () => {
  it('come in pages, in the order that was asked for', async () => {
    const { client } = server
    const { id: projectId } = await client.projects.create({ name: 'Listen' })
    for (const name of ['b10', 'b9', 'a'])
      await client.documents.addText({ projectId, name, text: name, format: 'plain' })
    const first = await client.documents.list({ projectId, limit: 2 })
    expect([first.documents.map(({ name }) => name), first.total]).toEqual([['a.txt', 'b9.txt'], 3])
    const second = await client.documents.list({ projectId, limit: 2, after: first.next! })
    expect([second.documents.map(({ name }) => name), second.next]).toEqual([['b10.txt'], null])
    const sorted = await client.documents.list({ projectId, order: 'path' })
    expect(sorted.documents.map(({ name }) => name)).toEqual(['a.txt', 'b9.txt', 'b10.txt'])
    const named = await client.documents.list({ projectId, name: 'B1', limit: 1 })
    expect(named).toMatchObject({ documents: [{ name: 'b10.txt' }], total: 1, next: null })
    const [a, b9, b10] = sorted.documents
    const some = await client.documents.list({ projectId, order: 'path', ids: [b10.id, a.id] })
    expect(some.documents.map(({ name }) => name)).toEqual(['a.txt', 'b10.txt'])
    expect((await client.documents.list({ projectId, ids: [a.id] })).total).toBe(1)
    expect((await client.documents.list({ projectId, beginning: b9.id })).documents).toMatchObject([{ id: b9.id }])
    await until(async () => (await client.documents.work({ projectId })).open === 0, 'all is read')
    expect((await client.documents.list({ projectId, state: ['ready', 'failed'] })).total).toBe(3)
    expect((await client.documents.list({ projectId, state: 'failed' })).total).toBe(0)
    expect(await client.documents.work({ projectId })).toEqual({ open: 0, chunks: 3, embedded: 0, trouble: null })
    await client.projects.delete({ projectId })
  })

  it('go on also when the document before them is gone', async () => {
    const { client } = server
    const { id: projectId } = await client.projects.create({ name: 'Lücken' })
    for (const name of ['a', 'b', 'c']) await client.documents.addText({ projectId, name, text: name, format: 'plain' })
    const { documents, next } = await client.documents.list({ projectId, order: 'oldest', limit: 2 })
    await client.documents.purge({ projectId, documentId: documents[1].id })
    const rest = await client.documents.list({ projectId, order: 'oldest', after: next! })
    expect(rest.documents.map(({ name }) => name)).toEqual(['c.txt'])
    const chats = []
    for (const title of ['a', 'b', 'c']) chats.push(await client.chats.create({ projectId, title }))
    const first = await client.chats.list({ projectId, limit: 2 })
    await client.chats.delete({ projectId, chatId: first.chats[1].id })
    const later = await client.chats.list({ projectId, after: first.next! })
    expect([first.chats, later.chats].flat().map(({ title }) => title)).toHaveLength(3)
    await expect(client.documents.list({ projectId, after: 'x' })).rejects.toMatchObject({ code: 'input-invalid' })
    await client.projects.delete({ projectId })
  })
})

describe('a project', () => {
  it('is renamed, unless another is called so or it is no name', async () => {
    const { client } = server
    const { id: projectId } = await client.projects.create({ name: 'Haus' })
    const { id: other } = await client.projects.create({ name: 'Garten' })
    expect(await client.projects.update({ projectId, name: ' Haus am See ' })).toMatchObject({ name: 'Haus am See' })
    expect(await client.projects.update({ projectId, name: 'haus AM See' })).toMatchObject({ name: 'haus AM See' })
    expect((await client.projects.get({ projectId })).name).toBe('haus AM See')
    const refused = (name: string) => expect(client.projects.update({ projectId, name })).rejects
    await refused('garten').toMatchObject({ code: 'project-exists' })
    await refused('My documents').toMatchObject({ code: 'project-exists' })
    await refused('  ').toMatchObject({ code: 'name-invalid' })
    await client.projects.delete({ projectId })
    await refused('Fort').toMatchObject({ code: 'project-not-found' })
    await client.projects.delete({ projectId: other })
  })
})
