/** Every route with somebody else's ids: the same answer as for what is not there, on both engines. */
import { Kysely } from 'kysely'
import { v7 } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Schema } from '../../shared/store/schema.ts'
import { postgres, sqlite } from '../postgres.ts'
import {
  type Case,
  cases,
  dialects,
  form,
  type Ids,
  ofAccounts,
  pathOf,
  type Route,
  routesOf,
  tools,
} from './isolation-cases.ts'
import { openTestServer, type TestServer } from './open-server.ts'
import { type Answer, createSend, createTestAccess, type Send, whoHeader } from './people.ts'

/** Stands in everything that is Alice's. */
const secret = 'Rhabarberkuchen'
const routes = routesOf().filter(({ name }) => !ofAccounts.test(name))

it('every route of the contract has a case, and every case a route', () => {
  expect(Object.keys(cases).sort()).toEqual(routes.map(({ name }) => name).sort())
  expect(routes.length).toBeGreaterThan(80)
})

describe.each([sqlite, postgres])('on $name', engine => {
  let server: TestServer
  let send: Send
  let alice: Ids
  let bob: Ids

  beforeAll(async () => {
    server = await openTestServer({
      engine,
      access: createTestAccess({ root: 'admin' }),
      users: ['alice', 'bob', 'root'],
    })
    send = createSend(server.url)
    alice = await fill('alice', secret)
    bob = await fill('bob', 'Blumenkohl')
  }, 120_000)
  afterAll(() => server.stop())

  /** A project with something of everything. */
  async function fill(who: string, word: string): Promise<Ids> {
    const made = async (method: string, path: string, body?: unknown) => {
      const answer = await send(who, method, path, body)
      expect([path, answer.status]).toEqual([path, expect.toSatisfy((status: number) => status < 300)])
      return answer.body as Record<string, string>
    }
    const { id: projectId } = await made('POST', '/api/v1/projects', { name: `Projekt ${word}` })
    const base = `/api/v1/projects/${projectId}`
    const file = new FormData()
    file.append('files', new Blob([`Die Miete von ${word} beträgt 500 Euro.`]), `${word}.txt`)
    const { results } = (await made('POST', `${base}/documents`, file)) as unknown as {
      results: { document: { id: string } }[]
    }
    await server.core.settled({ userId: who, projectId })
    const { id: assistantId } = await made('POST', `${base}/assistants`, { name: word, instructions: word })
    const asked = await send(who, 'POST', `${base}/ask`, { question: `Was kostet die Miete von ${word}?` })
    expect(asked.text).toContain('"finish"')
    const events = [...asked.text.matchAll(/^data: (.*)$/gm)].map(
      ([, data]) => JSON.parse(data) as Record<string, string>,
    )
    const { answerId, chatId } = events.find(({ type }) => type === 'started') as Record<string, string>
    const { messages } = (await made('GET', `${base}/chats/${chatId}`)) as unknown as { messages: { id: string }[] }
    return {
      projectId,
      documentId: results[0].document.id,
      chatId,
      messageId: messages[1].id,
      answerId,
      assistantId,
      folderId: await addFolder(projectId, word),
      jobId: v7(),
      userId: who,
    }
  }

  /** As a library that was restored has it: nobody follows folders on a server with several users. */
  async function addFolder(projectId: string, word: string): Promise<string> {
    const id = v7()
    const row = {
      id,
      project_id: projectId,
      path: `/srv/${word}`,
      device: '1',
      inode: '1',
      ignore: '',
      leaving: 0,
      created_at: 1,
    }
    const write = new Kysely<Schema>({ dialect: server.database.writer('internal') })
    await write.insertInto('followed_folder').values(row).execute()
    return id
  }

  const absent = (): Ids => ({
    projectId: v7(),
    documentId: v7(),
    chatId: v7(),
    messageId: v7(),
    answerId: v7(),
    assistantId: v7(),
    folderId: v7(),
    jobId: v7(),
    userId: 'nobody',
  })

  const ask = (who: string, route: Route, one: Case, ids: Ids) =>
    send(who, route.method, pathOf(route, one, ids), one.body?.(ids))

  /** What it says, whatever it was asked about. */
  function told({ status, text }: Answer, ids: Ids): string {
    let plain = text.replace(/"instance":"[^"]*"|chatcmpl-\w+|"created":\d+/g, '')
    for (const [name, id] of Object.entries(ids)) plain = plain.replaceAll(id, name)
    return `${status} ${plain}`
  }

  const all = [...routes.map(route => ({ ...route, ...cases[route.name] })), ...dialects].filter(one => !one.endless)
  const inProject = all.filter(({ gate }) => gate === 'read' || gate === 'write' || gate === 'manage')

  it.each(inProject)('$name: another’s project is none', async one => {
    const nothing = absent()
    const foreign = await ask('bob', one, one, alice)
    expect(foreign.status).toBe(404)
    expect(told(foreign, alice)).toBe(told(await ask('bob', one, one, nothing), nothing))
    expect(foreign.text).not.toContain(secret)
  })

  it.each(inProject)('$name: another’s things are not in one’s own project', async one => {
    // What has no other id than the project's is asked about Bob's own there.
    const things = Object.keys(absent()).filter(key => key !== 'projectId' && key !== 'userId')
    const named = `${one.path} ${one.body ? JSON.stringify(one.body(alice) instanceof FormData ? {} : one.body(alice)) : ''}`
    if (!things.some(key => named.includes(`{${key}}`) || named.includes(alice[key as keyof Ids]))) return
    const mine = { projectId: bob.projectId, userId: 'bob' }
    const nothing = { ...absent(), ...mine }
    const theirs = { ...alice, ...mine }
    const foreign = await ask('bob', one, one, theirs)
    expect(foreign.status).toBe(one.inOwn ?? 404)
    expect(told(foreign, theirs)).toBe(told(await ask('bob', one, one, nothing), nothing))
    expect(foreign.text).not.toContain(secret)
  })

  it.each(all.filter(({ gate }) => gate === 'user'))('$name: shows nothing of others', async one => {
    const nothing = { ...absent(), userId: 'bob' }
    const foreign = await ask('bob', one, one, { ...alice, userId: 'bob' })
    expect(foreign.text).not.toContain(secret)
    expect(foreign.status).toBe((await ask('bob', one, one, nothing)).status)
    if (/jobs\.retry$|plain\.|models\.list/.test(one.name)) expect(foreign.status).toBe(404)
  })

  it.each(all.filter(({ gate }) => gate === 'administrator'))(
    '$name: is for those who look after it all',
    async one => {
      const refused = await ask('bob', one, one, alice)
      expect([refused.status, refused.body?.code]).toEqual([403, 'role-needed'])
      expect(refused.text).not.toContain(secret)
    },
  )

  it.each(all.filter(({ gate }) => gate !== 'open'))('$name: is nobody’s who is not known', async one => {
    const answer = await fetch(server.url + pathOf(one, one, alice), { method: one.method })
    expect(answer.status).toBe(401)
  })

  it('the same requests reach what is one’s own', async () => {
    for (const one of inProject.filter(({ method, gate }) => method === 'GET' || gate === 'read')) {
      if (['members.remove', 'chats.delete', 'chats.undo'].includes(one.name)) continue
      const answer = await ask('alice', one, one, alice)
      expect([one.name, answer.status]).toEqual([one.name, expect.toSatisfy((status: number) => status < 300)])
    }
    const shown = await send('alice', 'GET', `/api/v1/projects/${alice.projectId}/documents`)
    expect(shown.text).toContain(secret)
  })

  it('in words of tools', async () => {
    for (const tool of tools) {
      const nothing = absent()
      const foreign = await callTool(tool.name, tool.arguments(alice))
      expect(told(foreign, alice)).toBe(told(await callTool(tool.name, tool.arguments(nothing)), nothing))
      expect([tool.name, foreign.text]).toEqual([tool.name, expect.stringContaining('"isError":true')])
      expect(foreign.text).not.toContain(secret)
    }
    const own = await callTool('list_projects', {})
    expect(own.text).toContain('Blumenkohl')
    expect(own.text).not.toContain(secret)

    async function callTool(name: string, given: object): Promise<Answer> {
      const response = await fetch(`${server.url}/mcp`, {
        method: 'POST',
        headers: {
          [whoHeader]: 'bob',
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
        },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: given } }),
      })
      return { status: response.status, text: await response.text(), body: undefined }
    }
  })

  it('an MCP session is its user’s alone', async () => {
    const headers = (who: string) => ({
      [whoHeader]: who,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    })
    const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 't', version: '1' } }
    const begun = await fetch(`${server.url}/mcp`, {
      method: 'POST',
      headers: headers('alice'),
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params }),
    })
    await begun.text()
    const session = begun.headers.get('mcp-session-id') ?? ''
    expect(session).not.toBe('')
    const list = (who: string, id: string) =>
      fetch(`${server.url}/mcp`, {
        method: 'POST',
        headers: { ...headers(who), 'mcp-session-id': id },
        body: JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'list_projects' } }),
      })
    const stolen = await list('bob', session)
    const none = await list('bob', v7())
    expect([stolen.status, await stolen.text()]).toEqual([none.status, await none.text()])
    expect(stolen.status).toBe(404)
    expect(await (await list('alice', session)).text()).toContain(secret)
  })

  it('events tell nobody of what is others’', async () => {
    const control = new AbortController()
    const response = await fetch(`${server.url}/api/v1/events`, {
      headers: { [whoHeader]: 'bob' },
      signal: control.signal,
    })
    const reader = (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader()
    let heard = ''
    const until = async (text: string) => {
      while (!heard.includes(text)) heard += (await reader.read()).value ?? ''
    }
    await until('"reset"')
    const base = `/api/v1/projects/${alice.projectId}`
    await send('alice', 'POST', `${base}/documents/text`, { name: 'Neu', text: `${secret} neu`, format: 'plain' })
    await send('alice', 'PATCH', `${base}/chats/${alice.chatId}`, { title: 'Neu' })
    await send('alice', 'PATCH', '/api/v1/settings', { theme: 'dark' })
    await server.core.settled({ userId: 'alice', projectId: alice.projectId })
    // What is announced comes in order, so this is behind all of it.
    await send('bob', 'PATCH', `/api/v1/projects/${bob.projectId}/chats/${bob.chatId}`, { title: 'Meins' })
    await until(bob.chatId)
    control.abort()
    for (const word of [secret, alice.projectId, alice.chatId, '"settings"']) expect(heard).not.toContain(word)
  })

  it('sends no form away that it did not look at', async () => {
    // The file is refused before it is read: nothing of it is kept.
    const before = await send('root', 'GET', '/api/v1/admin/storage')
    const refused = await send('bob', 'POST', `/api/v1/projects/${alice.projectId}/documents`, form())
    expect(refused.status).toBe(404)
    expect((await send('root', 'GET', '/api/v1/admin/storage')).body?.documents).toBe(before.body?.documents)
  })
})
