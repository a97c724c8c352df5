import { request } from 'node:http'
import { getEventMeta } from '@orpc/client'
import { afterEach, describe, expect, it } from 'vitest'
import type { ServerEvent, StreamedAnswer } from '../../shared/api/index.ts'
import { createLineParser, noModels } from '../open-core.ts'
import { type SpokenModel, spokenModel } from '../red-team/spoken-model.ts'
import { until } from '../until.ts'
import { collect, openTestServer, type TestServer, type TestServerOptions, token } from './open-server.ts'

let server: TestServer
let stopped = false
const open = async (options: TestServerOptions = {}) => {
  stopped = false
  server = await openTestServer(options)
  return server
}
afterEach(async () => {
  if (!stopped) await server.server.stop(2000)
  await server.close()
})

const sentence = 'Die Miete beträgt 850 Euro im Monat.'
const question = 'Wie hoch ist die Miete?'

/** A model that writes one sentence and then says nothing more until it is stopped. */
async function openWithSlowModel(): Promise<SpokenModel> {
  const chat = spokenModel([[`${sentence} [1] `, 'Und ', { wait: new Promise(() => {}) }]])
  await open({ chat: { ...noModels, chat: async () => chat } })
  await addText('Miete', sentence)
  return chat
}

async function addText(name: string, text: string): Promise<string> {
  const { projectId, client } = server
  const { document } = await client.documents.addText({ projectId, name, text, format: 'plain' })
  await until(
    async () => (await client.documents.get({ projectId, documentId: document.id })).state === 'ready',
    'ready',
  )
  return document.id
}

/** Reads in the background. */
function watch<T>(stream: AsyncIterable<T>): { events: T[]; ended: Promise<unknown> } {
  const events: T[] = []
  const ended = (async () => {
    for await (const event of stream) events.push(event)
  })().catch((error: unknown) => error)
  return { events, ended }
}

/** A request that the server has begun to read, and that is not complete yet. */
function begin(): Promise<{ finish(): Promise<number> }> {
  const body = JSON.stringify({ name: 'Kurz vor Schluss' })
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    'content-length': body.length,
  }
  return new Promise((resolve, reject) => {
    const sent = request(`${server.url}/api/v1/projects`, {
      method: 'POST',
      headers: { ...headers, expect: '100-continue' },
    })
    const answered = new Promise<number>(done => {
      sent.on('response', answer => {
        answer.resume()
        answer.on('end', () => done(answer.statusCode ?? 0))
      })
    })
    sent.on('error', reject)
    sent.on('continue', () =>
      resolve({
        finish() {
          sent.end(body)
          return answered
        },
      }),
    )
    sent.flushHeaders()
  })
}

const aborted = (chat: SpokenModel) => chat.calls.at(-1)?.abortSignal?.aborted === true
const has = (events: readonly StreamedAnswer[], type: StreamedAnswer['type']) =>
  events.some(event => event.type === type)

async function kept(chatId: string) {
  const { messages } = await server.client.chats.get({ projectId: server.projectId, chatId })
  return messages.at(-1)
}

describe('an answer', () => {
  it('stops when its client goes away, and is kept as far as it went', async () => {
    const chat = await openWithSlowModel()
    const { projectId, client } = server
    const control = new AbortController()
    const { events, ended } = watch(await client.answers.ask({ projectId, question }, { signal: control.signal }))
    await until(() => has(events, 'sentence'), 'a sentence')
    expect(aborted(chat)).toBe(false)
    control.abort(new Error('enough'))
    expect(await ended).toMatchObject({ message: 'enough' })
    await until(() => aborted(chat), 'the model hears of it')
    const [started] = events
    if (started.type !== 'started') throw new Error(started.type)
    await until(async () => (await kept(started.chatId))?.role === 'assistant', 'kept')
    expect(await kept(started.chatId)).toMatchObject({
      text: expect.stringContaining(sentence),
      answer: { reason: { code: 'cancelled' } },
    })
  })

  it('ends with `interrupted` when it is stopped from elsewhere', async () => {
    const chat = await openWithSlowModel()
    const { projectId, client, socketClient } = server
    const { events, ended } = watch(await client.answers.ask({ projectId, question }))
    await until(() => has(events, 'sentence'), 'a sentence')
    const [started] = events
    if (started.type !== 'started') throw new Error(started.type)
    const { answerId, chatId } = started
    expect(await socketClient.answers.stop({ projectId, answerId })).toEqual({ stopped: true })
    expect(await ended).toBeUndefined()
    expect(events.at(-1)).toMatchObject({ type: 'interrupted', chatId, reason: { code: 'cancelled' } })
    expect(aborted(chat)).toBe(true)
    expect(events.at(-1)).toMatchObject({ messageId: (await kept(chatId))?.id })
    expect(await client.answers.stop({ projectId, answerId })).toEqual({ stopped: false })
  })

  it('ends with `interrupted` when the server ends, while short requests are finished', async () => {
    await openWithSlowModel()
    const { projectId, client } = server
    const { events, ended } = watch(await client.answers.ask({ projectId, question }))
    const progress = watch(await client.jobs.events())
    await until(() => has(events, 'sentence'), 'a sentence')
    const began = Date.now()
    const short = await begin()
    const stopping = server.server.stop(8000)
    stopped = true
    expect(await short.finish()).toBe(201)
    await stopping
    expect(Date.now() - began).toBeLessThan(5000)
    await ended
    expect(events.at(-1)).toMatchObject({ type: 'interrupted', reason: { code: 'server-stopping' } })
    await progress.ended
    await expect(client.projects.list()).rejects.toMatchObject({ code: 'server-unreachable' })
    const [started] = events
    const scope = { userId: 'local', projectId }
    const messages = started.type === 'started' ? await server.core.chats.messages(scope, started.chatId) : []
    expect(messages.at(-1)).toMatchObject({ role: 'assistant', text: expect.stringContaining(sentence) })
  })

  it('waits for its turn, and says its place', async () => {
    await openWithSlowModel()
    const { projectId, client } = server
    const first = watch(await client.answers.ask({ projectId, question }))
    await until(() => has(first.events, 'sentence'), 'a sentence')
    const second = watch(await client.answers.ask({ projectId, question }))
    await until(() => has(second.events, 'waiting'), 'it waits')
    expect(second.events.find(({ type }) => type === 'waiting')).toEqual({ type: 'waiting', place: 1 })
    // Its passages are there all the same.
    expect(has(second.events, 'passages')).toBe(true)
    for (const { events } of [first, second])
      if (events[0].type === 'started') await client.answers.stop({ projectId, answerId: events[0].answerId })
    await Promise.all([first.ended, second.ended])
  })

  it('is refused as a problem before it begins', async () => {
    await open()
    const { projectId, client } = server
    const chatId = '019a0000-0000-7000-8000-000000000000'
    await expect(client.answers.ask({ projectId, question: ' ' })).rejects.toMatchObject({ code: 'question-empty' })
    await expect(client.answers.ask({ projectId, question, chatId })).rejects.toMatchObject({ code: 'chat-not-found' })
    await expect(client.answers.ask({ projectId: chatId, question })).rejects.toMatchObject({
      code: 'project-not-found',
    })
    await expect(client.answers.ask({ projectId, question: 'x'.repeat(2001) })).rejects.toMatchObject({
      code: 'question-too-long',
      values: { max: 2000 },
    })
    expect((await client.chats.list({ projectId })).total).toBe(0)
  })

  it('sends signs of life while nothing else comes', async () => {
    await openWithSlowModel()
    const answer = await server.fetch(`/api/v1/projects/${server.projectId}/ask`, {
      method: 'POST',
      body: JSON.stringify({ question }),
      headers: { 'content-type': 'application/json' },
    })
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    while (!/"sentence"[\s\S]*\n\n: *\n/.test(text)) text += (await reader.read()).value ?? ''
    await reader.cancel()
  })
})

describe('events', () => {
  it('tell every tab of the same progress, and go on after the last one that was heard', async () => {
    await open()
    const { client, socketClient, projectId } = server
    const [one, two] = [watch(await client.jobs.events()), watch(await socketClient.jobs.events())]
    const documentId = await addText('a', 'eins\nzwei')
    const ready = (events: readonly ServerEvent[]) =>
      events.some(
        event => event.type === 'document' && event.document?.state === 'ready' && event.document.parsed === 2,
      )
    await until(() => ready(one.events) && ready(two.events), 'both hear of it')
    expect(one.events[0]).toEqual({ type: 'reset' })
    const id = getEventMeta(one.events.at(-1)!)?.id
    expect(id).toMatch(/-\d+$/)

    await client.documents.delete({ projectId, documentId })
    await client.projects.create({ name: 'Neu' })
    const missed: ServerEvent[] = []
    for await (const event of await client.jobs.events(undefined, { lastEventId: id! })) {
      missed.push(event)
      if (event.type === 'projects') break
    }
    const last = missed.findLast(event => event.type === 'document')
    expect(last).toMatchObject({ type: 'document', documentId, document: { deletedAt: expect.any(Number) } })
    expect(missed.map(({ type }) => type)).not.toContain('reset')
    await client.documents.purge({ projectId, documentId })
    await until(() => one.events.some(event => event.type === 'document' && event.document === null), 'gone')
  })

  it.each(['', 'nonsense', 'x-1', '00000000-0000-4000-8000-000000000000-1', '999999999999999999999'])(
    'begin anew after %j',
    async lastEventId => {
      await open()
      for await (const event of await server.client.jobs.events(undefined, { lastEventId })) {
        expect(event).toEqual({ type: 'reset' })
        break
      }
    },
  )

  it('tell of chats and answers', async () => {
    await open()
    await addText('a', sentence)
    const { client, projectId } = server
    const { events } = watch(await client.jobs.events())
    const answer = await collect(await client.answers.ask({ projectId, question }))
    const chatId = answer[0].type === 'started' ? answer[0].chatId : ''
    await until(() => events.some(event => event.type === 'chat' && event.chatId === chatId), 'a chat')
  })

  // That they do not pile up before it is in `shared/events/contract.ts`.
  it('hold up nothing where a tab does not read them', async () => {
    await open({ parsers: createLineParser() })
    const response = await server.fetch('/api/v1/events')
    const { core, projectId } = server
    const documentId = await addText('a', 'eins')
    for (let count = 0; count < 60; count++) {
      await core.documents.delete({ userId: 'local', projectId }, documentId)
      await core.documents.undo({ userId: 'local', projectId }, documentId)
    }
    await response.body?.cancel()
    expect((await server.fetch('/health')).status).toBe(200)
  })
})

describe('fifty clients at once', () => {
  it('are all answered', async () => {
    await open()
    await addText('a', sentence)
    const { projectId, client } = server
    const answers = await Promise.all(
      Array.from({ length: 50 }, async () => collect(await client.answers.ask({ projectId, question }))),
    )
    for (const events of answers) expect(events.at(-1)).toMatchObject({ type: 'finish', answer: { text: sentence } })
  })
})

it('knows the token in streams as well', async () => {
  await open()
  expect(token.length).toBeGreaterThan(16)
  expect((await fetch(`${server.url}/api/v1/events`)).status).toBe(401)
})
