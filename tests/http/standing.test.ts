/** What was begun by a right that is gone: streams, uploads and answers end with it. */
import { readdir } from 'node:fs/promises'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { connect } from '../../shared/store/connection.ts'
import { noModels } from '../open-core.ts'
import { engines, sqlite } from '../postgres.ts'
import { spokenModel } from '../red-team/spoken-model.ts'
import { until } from '../until.ts'
import { type AccountServer, type Browser, goodPassword, openAccountServer } from './open-accounts.ts'

let server: AccountServer
afterEach(() => server?.stop())

const never = 3_600_000
const idOf = async (one: Browser) => (await one.client.auth.me()).account.id

/** Reads events until the stream ends; `ended` is true then. */
async function listen(fetching: (path: string, init?: RequestInit) => Promise<Response>) {
  const control = new AbortController()
  const response = await fetching('/api/v1/events', { signal: control.signal })
  expect(response.status).toBe(200)
  const heard = { ended: false, text: '', leave: () => control.abort() }
  void (async () => {
    const decoder = new TextDecoder()
    for await (const part of response.body as unknown as AsyncIterable<Uint8Array>) heard.text += decoder.decode(part)
  })()
    .catch(() => {})
    .finally(() => {
      heard.ended = true
    })
  await until(() => heard.text.includes('reset'), 'the first event')
  return heard
}

describe.each(engines)('a stream of events on $name', engine => {
  it('ends at once with the session, the key, the role and the account', { timeout: 60_000 }, async () => {
    server = await openAccountServer({ engine, edge: { lookTime: never } })
    const owner = await server.setUp()
    const tina = await server.member('tina@cloister.test', 'admin')
    const userId = await idOf(tina)
    const other = server.browser()
    await other.client.auth.logIn({ email: 'tina@cloister.test', password: goodPassword })
    const staying = await listen(owner.fetch)

    const bySession = await listen(other.fetch)
    const mine = await listen(tina.fetch)
    const { sessions } = await tina.client.auth.sessions()
    await tina.client.auth.endSession({ sessionId: sessions.find(one => !one.current)?.id ?? '' })
    await until(() => bySession.ended, 'the end with the session')
    expect(mine.ended).toBe(false)

    const { id: keyId, key } = await tina.client.auth.addKey({ name: 'k', scopes: ['read'] })
    const byKey = await listen((path, init) =>
      fetch(server.url + path, { ...init, headers: { authorization: `Bearer ${key}` } }),
    )
    await tina.client.auth.removeKey({ keyId })
    await until(() => byKey.ended, 'the end with the key')
    expect(mine.ended).toBe(false)

    await owner.client.users.update({ userId, role: 'member' })
    await until(() => mine.ended, 'the end with the role')
    const asMember = await listen(tina.fetch)
    await owner.client.users.update({ userId, blocked: true })
    await until(() => asMember.ended, 'the end with the account')
    await owner.client.users.update({ userId, blocked: false })

    await tina.client.auth.logIn({ email: 'tina@cloister.test', password: goodPassword })
    const last = await listen(tina.fetch)
    await tina.client.auth.logOut()
    await until(() => last.ended, 'the end by logging out')
    expect(staying.ended).toBe(false)
    staying.leave()
  })

  it('ends when another server says so', { timeout: 60_000 }, async () => {
    server = await openAccountServer({ engine, edge: { lookTime: never } })
    await server.setUp()
    const tina = await server.member('tina@cloister.test')
    const userId = await idOf(tina)
    const stream = await listen(tina.fetch)
    const elsewhere = connect(server.database)
    await elsewhere.write('internal').deleteFrom('auth_session').where('user_id', '=', userId).execute()
    expect(stream.ended).toBe(false)
    server.core.announce({ type: 'access', userId })
    await until(() => stream.ended, 'the end')
  })
})

it('asks once for all that were let in by the same, which is no use of it', { timeout: 60_000 }, async () => {
  server = await openAccountServer({ edge: { lookTime: 200 } })
  const owner = await server.setUp()
  const { userId, sessions } = { userId: await idOf(owner), sessions: server.accounts.sessions }
  const streams = await Promise.all([1, 2, 3, 4].map(() => listen(owner.fetch)))
  const { identify } = server.accounts
  let asked = 0
  server.accounts.identify = (request, looking) => {
    if (looking) asked += 1
    return identify(request, looking)
  }
  const before = await sessions.list(userId)
  server.clock.ahead = 2 * 3_600_000
  const began = performance.now()
  await until(() => asked >= 3, 'some looks')
  // One for itself each would be four times as many; timers go off a millisecond early, too.
  expect(asked).toBeLessThanOrEqual((performance.now() - began) / 200 + 2)
  expect((await sessions.list(userId))[0].usedAt).toBe(before[0].usedAt)
  await owner.client.auth.me()
  await expect.poll(async () => (await sessions.list(userId))[0].usedAt).toBeGreaterThan(before[0].usedAt)
  for (const stream of streams) stream.leave()
})

it('a stream ends without anybody saying so, when the session is over', { timeout: 60_000 }, async () => {
  server = await openAccountServer({ edge: { lookTime: 50 } })
  const owner = await server.setUp()
  const stream = await listen(owner.fetch)
  const looked = performance.now() + 300
  await until(() => performance.now() > looked, 'some looks')
  expect(stream.ended).toBe(false)
  server.clock.ahead = 31 * 24 * 3_600_000
  await until(() => stream.ended, 'the end')
})

/** Sends files one after the other, each when it is told to. */
function upload(projectId: string, cookies: Browser['cookies']) {
  const boundary = 'b0undary'
  const sent = request({
    host: '127.0.0.1',
    port: (server.http.address() as AddressInfo).port,
    method: 'POST',
    path: `/api/v1/projects/${projectId}/documents`,
    headers: {
      'content-type': `multipart/form-data; boundary=${boundary}`,
      cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
    },
  })
  const heard = { status: 0, text: '', closed: false }
  sent.on('response', answer => {
    heard.status = answer.statusCode ?? 0
    answer.setEncoding('utf8').on('data', (part: string) => {
      heard.text += part
    })
  })
  sent.on('error', () => {})
  sent.on('close', () => {
    heard.closed = true
  })
  const head = (name: string) =>
    `--${boundary}\r\nContent-Disposition: form-data; name="files"; filename="${name}"\r\n\r\n`
  return {
    heard,
    begin: (name: string, text: string) => sent.write(`${head(name)}${text}`),
    go: (text: string) => sent.write(text),
    endFile: () => sent.write('\r\n'),
    end: () => sent.end(`--${boundary}--\r\n`),
    destroy: () => sent.destroy(),
  }
}

describe('an upload', () => {
  it('ends while it comes, when whoever sends it is blocked', { timeout: 60_000 }, async () => {
    server = await openAccountServer({ edge: { lookTime: never } })
    const owner = await server.setUp()
    const tina = await server.member('tina@cloister.test')
    const { projects } = await tina.client.projects.list()
    const projectId = projects[0]?.id ?? ''
    const sending = upload(projectId, tina.cookies)
    // More than what is looked at first, so that it is known to be written down.
    sending.begin('a.txt', 'Die Miete. '.repeat(10_000))
    const files = async () => (await readdir(server.folder, { recursive: true })).filter(name => /tmp./.test(name))
    const before = await files()
    await until(async () => (await files()).length > before.length, 'bytes')
    const userId = await idOf(tina)
    const listed = async () => (await server.core.documents.page({ userId, projectId }, { limit: 10 })).documents
    await owner.client.users.update({ userId, blocked: true })
    await until(() => sending.heard.closed, 'the end')
    expect(sending.heard).toMatchObject({ status: 401, text: expect.stringContaining('"unauthorized"') })
    expect(await listed()).toEqual([])
  })

  it('asks for each file whether one may still add it', { timeout: 60_000 }, async () => {
    server = await openAccountServer({ edge: { lookTime: never } })
    const owner = await server.setUp()
    const tina = await server.member('tina@cloister.test')
    const { projects } = await owner.client.projects.list()
    const projectId = projects[0]?.id ?? ''
    const userId = await idOf(tina)
    const scope = { userId: await idOf(owner), projectId }
    await server.core.members.set(scope, userId, 'editor')
    const sending = upload(projectId, tina.cookies)
    sending.begin('a.txt', 'Die Miete beträgt 800 Euro.')
    sending.endFile()
    // The next one begins, so that the first is known to have ended.
    sending.begin('b.txt', 'Die Kaution')
    const names = async () => (await server.core.documents.page(scope, { limit: 10 })).documents.map(({ name }) => name)
    await until(async () => (await names()).length === 1, 'the first file')
    await server.core.members.remove(scope, userId)
    sending.go(' beträgt 1600 Euro.')
    sending.endFile()
    sending.end()
    await until(() => sending.heard.closed, 'the end')
    expect(sending.heard).toMatchObject({ status: 404, text: expect.stringContaining('"project-not-found"') })
    expect(await names()).toEqual(['a.txt'])
  })
})

describe.each([sqlite])('an answer on its way', engine => {
  async function open() {
    const gate = Promise.withResolvers<void>()
    const model = spokenModel([['Die Miete beträgt 800 Euro. [1] ', 'Das ', { wait: gate.promise }, 'ist so. [1]']])
    server = await openAccountServer({
      engine,
      edge: { lookTime: never },
      chat: { ...noModels, chat: async () => model },
    })
    const owner = await server.setUp()
    const tina = await server.member('tina@cloister.test')
    const [{ id: projectId }] = (await owner.client.projects.list()).projects
    const scope = { userId: await idOf(owner), projectId }
    const text = 'Die Miete beträgt 800 Euro.'
    const { document } = await owner.client.documents.addText({ projectId, name: 'Miete', text, format: 'plain' })
    const isReady = async () =>
      (await owner.client.documents.get({ projectId, documentId: document.id })).state === 'ready'
    await until(isReady, 'ready')
    const userId = await idOf(tina)
    await server.core.members.set(scope, userId, 'reader')
    const heard = { ended: false, text: '' }
    const response = await tina.fetch(`/api/v1/projects/${projectId}/ask`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ question: 'Wie hoch ist die Miete?' }),
    })
    void (async () => {
      const decoder = new TextDecoder()
      for await (const part of response.body as unknown as AsyncIterable<Uint8Array>) heard.text += decoder.decode(part)
    })()
      .catch(() => {})
      .finally(() => {
        heard.ended = true
      })
    await until(() => model.calls.length > 0 && heard.text.includes('draft'), 'the first words')
    const stopped = () => model.calls[0]?.abortSignal?.aborted === true
    return { owner, scope, userId, heard, stopped, gate }
  }

  it('ends with the part in the project, and the model stops', { timeout: 60_000 }, async () => {
    const { scope, userId, heard, stopped } = await open()
    expect(stopped()).toBe(false)
    await server.core.members.remove(scope, userId)
    await until(() => heard.ended && stopped(), 'the end')
    expect(heard.text).toContain('project-not-found')
    expect(heard.text).not.toContain('"finish"')
  })

  it('ends with the account, and the model stops', { timeout: 60_000 }, async () => {
    const { owner, userId, heard, stopped } = await open()
    await owner.client.users.update({ userId, blocked: true })
    await until(() => heard.ended, 'the end')
    expect(heard.text).not.toContain('"finish"')
    await until(stopped, 'the model')
  })
})
