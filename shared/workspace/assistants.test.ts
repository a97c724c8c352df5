import { Kysely } from 'kysely'
import { v7 } from 'uuid'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openTestStore } from '../../tests/open-store.ts'
import { createChats } from '../chats/chats.ts'
import type { Scope } from '../model/index.ts'
import type { Schema } from '../store/schema.ts'
import { type Assistants, createAssistants, type NewAssistant } from './assistants.ts'

let open: Awaited<ReturnType<typeof openTestStore>>
let assistants: Assistants
beforeEach(async () => {
  open = await openTestStore()
  assistants = createAssistants({ store: open.store })
})
afterEach(() => open.close())

const fields: NewAssistant = {
  name: ' Vertragsprüfer ',
  instructions: 'Nenne Fristen zuerst.',
  language: 'de',
  model: null,
  temperature: 0.3,
  documents: null,
}
const unknown = '019a0000-0000-7000-8000-000000000000'

async function addDocument(scope: Scope) {
  const file = { name: 'a.md', path: 'a.md', mediaType: 'text/markdown', size: 3, blob: 'b1' }
  return open.store.transaction(scope, tx => open.store.documents.insert(tx, scope, file))
}

async function changesOf(entity: string) {
  const read = new Kysely<Schema>({ dialect: open.database.reader('internal') })
  const rows = await read.selectFrom('changes').selectAll().where('entity', '=', entity).orderBy('n').execute()
  return rows.map(({ field, value, id }) => ({ id, field, value: JSON.parse(value ?? 'null') as unknown }))
}

describe('assistants', () => {
  it('keep what was set, change only what is given, and write each change into the log', async () => {
    const document = await addDocument(open.scope)
    const made = await assistants.create(open.scope, fields)
    expect(made).toMatchObject({ ...fields, name: 'Vertragsprüfer', projectId: open.scope.projectId })
    const changed = await assistants.update(open.scope, made.id, {
      documents: [document.id, document.id],
      language: null,
    })
    expect(changed).toEqual({ ...made, documents: [document.id], language: null })
    expect(await assistants.list(open.scope)).toEqual([changed])
    const log = await changesOf('assistant')
    expect(log.find(change => change.field === 'instructions')?.value).toBe('Nenne Fristen zuerst.')
    expect(log.slice(-2)).toEqual([
      { id: made.id, field: 'documents', value: [document.id] },
      { id: made.id, field: 'language', value: null },
    ])
  })

  it('refuse bad names, and documents of elsewhere', async () => {
    await expect(assistants.create(open.scope, { ...fields, name: ' ' })).rejects.toMatchObject({
      code: 'name-invalid',
    })
    await expect(assistants.create(open.scope, { ...fields, documents: [unknown] })).rejects.toMatchObject({
      code: 'document-not-found',
    })
    await expect(assistants.update(open.scope, unknown, {})).rejects.toMatchObject({ code: 'assistant-not-found' })
  })

  it('belong to one project and one user', async () => {
    const made = await assistants.create(open.scope, fields)
    const other = open.store.projects.next('local')
    await open.store.transaction(other, tx => open.store.projects.insert(tx, other, 'Other', 'documents'))
    for (const scope of [other, { userId: 'somebody', projectId: open.scope.projectId }]) {
      await expect(assistants.get(scope, made.id)).rejects.toMatchObject({ code: 'assistant-not-found' })
      await expect(assistants.delete(scope, made.id)).rejects.toMatchObject({ code: 'assistant-not-found' })
    }
    expect(await assistants.get(open.scope, made.id)).toEqual(made)
  })

  it('leave their chats behind, and go with their project', async () => {
    const chats = createChats({ store: open.store, clock: open.clock, ids: { next: v7 } })
    const made = await assistants.create(open.scope, fields)
    const chat = await chats.create(open.scope, { title: 'Fristen', assistantId: made.id })
    expect(chat.assistantId).toBe(made.id)
    await assistants.delete(open.scope, made.id)
    expect(await chats.get(open.scope, chat.id)).toEqual(chat)
    await expect(chats.create(open.scope, { title: 'x', assistantId: made.id })).rejects.toMatchObject({
      code: 'assistant-not-found',
    })
    await open.store.transaction(open.scope, tx => open.store.projects.purge(tx, open.scope))
    expect((await changesOf('assistant')).filter(change => change.value !== null)).toEqual([])
  })
})

describe('chats', () => {
  it('are renamed, deleted and brought back', async () => {
    const chats = createChats({ store: open.store, clock: open.clock, ids: { next: v7 } })
    const chat = await chats.create(open.scope, { title: 'Erste\nZeile' })
    expect(chat).toMatchObject({ title: 'Erste Zeile', assistantId: null, deletedAt: null })
    expect((await chats.update(open.scope, chat.id, { title: 'Neu' })).title).toBe('Neu')
    expect((await chats.delete(open.scope, chat.id)).deletedAt).not.toBeNull()
    expect(await chats.list(open.scope)).toEqual([])
    await expect(chats.get(open.scope, chat.id)).rejects.toMatchObject({ code: 'chat-not-found' })
    await chats.undo(open.scope, chat.id)
    expect(await chats.list(open.scope)).toHaveLength(1)
    const strange = { ...open.scope, userId: 'somebody' }
    await expect(chats.delete(strange, chat.id)).rejects.toMatchObject({ code: 'chat-not-found' })
    await expect(chats.update(open.scope, chat.id, { title: '\u0000' })).rejects.toMatchObject({ code: 'name-invalid' })
  })
})

describe('settings', () => {
  it('are the user’s, and only what is given changes', async () => {
    const { settings, transaction } = open.store
    const unset = { theme: null, projectId: null, recognition: 'on', keepChats: null, keepTrash: null }
    expect(await settings.get('local')).toEqual({ ...unset, language: null })
    await transaction({ userId: 'local' }, tx => settings.update(tx, 'local', { language: 'de', theme: 'dark' }))
    await transaction({ userId: 'local' }, tx => settings.update(tx, 'local', { theme: null }))
    expect(await settings.get('local')).toEqual({ ...unset, language: 'de' })
    expect((await settings.get('somebody')).language).toBeNull()
    expect((await changesOf('setting')).map(({ field, value }) => [field, value])).toEqual([
      ['language', 'de'],
      ['theme', 'dark'],
      ['theme', null],
    ])
  })
})
