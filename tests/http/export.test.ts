/** Everything that is one's own as one file: what is in it, and what is not. */
import { BlobReader, TextWriter, ZipReader } from '@zip.js/zip.js'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { postgres, sqlite } from '../postgres.ts'
import { type AccountServer, type Browser, openAccountServer } from './open-accounts.ts'

describe.each([sqlite, postgres])('on $name', engine => {
  let server: AccountServer
  let alice: Browser
  let bob: Browser
  beforeAll(async () => {
    // With all that watches an answer.
    server = await openAccountServer({ engine, edge: { metrics: true, requestTimeout: 60_000 } })
    await server.setUp()
    alice = await server.member('alice@cloister.test')
    bob = await server.member('bob@cloister.test')
  }, 120_000)
  afterAll(() => server.stop())

  async function download(browser: Browser): Promise<Record<string, string>> {
    const response = await browser.fetch('/api/v1/export')
    expect(response.status).toBe(200)
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="cloister-export.zip"')
    const entries = await new ZipReader(new BlobReader(await response.blob())).getEntries()
    const files: Record<string, string> = {}
    for (const entry of entries) if (!entry.directory) files[entry.filename] = await entry.getData(new TextWriter())
    return files
  }

  it('holds originals, texts, chats and assistants of one’s own, and of others’ projects one’s own chats alone', async () => {
    const { account } = await alice.client.auth.me()
    const { account: other } = await bob.client.auth.me()
    const { id: projectId } = await alice.client.projects.create({ name: 'Haus: a/b' })
    const scope = { userId: account.id, projectId }
    const add = async (name: string, text: string) => {
      const body = new FormData()
      body.append('files', new Blob([text]), name)
      const path = `/api/v1/projects/${projectId}/documents`
      expect((await alice.fetch(path, { method: 'POST', body })).status).toBe(200)
    }
    await add('con.txt', 'Die Miete beträgt 500 Euro.')
    await add('CON.txt', 'Die Kaution beträgt 1500 Euro.\nUnd mehr.')
    await server.core.settled(scope)
    await alice.client.assistants.create({ projectId, name: 'Rechner', instructions: '<b>kurz</b>' })
    const ask = async (memberId: string | undefined, title: string) => {
      const mine = { ...scope, ...(memberId !== undefined && { memberId }) }
      const { id } = await server.core.chats.create(mine, { title })
      for await (const _ of server.core.ask(mine, { question: 'Was kostet die Miete?', chatId: id })) {
        // Kept in the chat.
      }
    }
    await server.core.members.set(scope, other.id, 'reader')
    await ask(undefined, '<script>alert(1)</script>')
    await ask(other.id, 'Bobs Frage')

    const hers = await download(alice)
    const folder = 'Haus_ a_b'
    expect(Object.keys(hers)).toEqual(
      expect.arrayContaining([
        `${folder}/originals/_con.txt`,
        `${folder}/originals/_CON (2).txt`,
        `${folder}/text/_con.txt.txt`,
        `${folder}/assistants.json`,
        'account.json',
        'settings.json',
        'providers.json',
        'usage.json',
        'audit.jsonl',
        'ledger.jsonl',
      ]),
    )
    expect(Object.keys(hers).at(-1)).toBe('manifest.json')
    expect(hers[`${folder}/originals/_CON (2).txt`]).toBe('Die Kaution beträgt 1500 Euro.\nUnd mehr.')
    expect(Object.values(hers)).toContain('Die Kaution beträgt 1500 Euro.\n\fUnd mehr.\n')
    const page = hers[`${folder}/chats.html`]
    expect(page).toContain('&lt;script&gt;alert(1)')
    expect(page).not.toContain('<script')
    expect(page).toContain('500 Euro')
    const chats = hers[`${folder}/chats.jsonl`]
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as { title: string; messages: { text: string }[] })
    expect(chats).toMatchObject([{ messages: [{ text: 'Was kostet die Miete?' }, {}] }])
    expect(JSON.stringify(hers)).not.toContain('Bobs Frage')
    expect(JSON.parse(hers['account.json'])).toMatchObject({ email: 'alice@cloister.test' })
    expect(JSON.parse(hers['manifest.json'])).toMatchObject({
      format: 2,
      leftChats: 0,
      projects: [{}, { folder, own: true, documents: 2, chats: 1, missing: [] }],
    })

    expect(JSON.parse(hers['usage.json'])).toMatchObject({ used: { files: 2 }, days: [] })
    expect(hers['audit.jsonl']).toContain('"action":"account.export"')
    expect(JSON.parse(hers['providers.json'])).toEqual([])

    const his = await download(bob)
    expect(Object.keys(his).filter(name => name.startsWith(folder))).toEqual([
      `${folder}/chats.jsonl`,
      `${folder}/chats.html`,
    ])
    expect(his[`${folder}/chats.jsonl`]).toContain('Bobs Frage')
    expect(his[`${folder}/chats.jsonl`]).not.toContain('alert(1)')
    const { entries } = await alice.client.audit.list({})
    expect(entries.filter(({ action }) => action === 'account.export')).toHaveLength(1)

    // Taken out of her project, what he asked there is still his: he takes it along, or removes it.
    await server.core.members.remove(scope, other.id)
    const after = await download(bob)
    expect(Object.keys(after).filter(name => name.startsWith(folder))).toEqual([])
    expect(after['left-projects/chats.jsonl']).toContain('Bobs Frage')
    const { chats: left } = await bob.client.own.leftChats()
    expect(left).toEqual([{ id: expect.any(String), title: 'Bobs Frage', createdAt: expect.any(Number) }])
    await expect(alice.client.own.deleteLeftChat({ chatId: left[0].id })).rejects.toMatchObject({
      code: 'chat-not-found',
    })
    await bob.client.own.deleteLeftChat({ chatId: left[0].id })
    expect((await bob.client.own.leftChats()).chats).toEqual([])
    expect(JSON.stringify(await download(bob))).not.toContain('Bobs Frage')
  }, 60_000)

  it('is taken without a word from Node about how many wait for the answer’s end', async () => {
    const warnings: string[] = []
    const hear = ({ message }: Error) => void warnings.push(message)
    process.on('warning', hear)
    onTestFinished(() => void process.off('warning', hear))
    await download(bob)
    await new Promise(setImmediate)
    expect(warnings).toEqual([])
  }, 60_000)

  it('has what was deleted and can be brought back, and says for how long that is', async () => {
    const { id: projectId } = await bob.client.projects.create({ name: 'Bobs' })
    const { id: chatId } = await bob.client.chats.create({ projectId, title: 'Weggeworfen' })
    await bob.client.chats.delete({ projectId, chatId })
    const files = await download(bob)
    expect(files['Bobs/trash/chats.jsonl']).toContain('Weggeworfen')
    expect(files['Bobs/chats.jsonl']).toBe('')
    expect((await bob.client.session.get()).keeps).toEqual({ chats: null, trash: 30 })
    expect(await bob.client.settings.update({ keepTrash: 7, keepChats: 90 })).toMatchObject({
      keepTrash: 7,
      keepChats: 90,
    })
    await expect(bob.client.settings.update({ keepTrash: 0 })).rejects.toMatchObject({ code: 'input-invalid' })
  }, 60_000)
})
