/**
 * What users of other back ends call, over HTTP and in their words: the journey of a general back end from health to the
 * deleted project, and the two calls of a retrieval API.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { scriptedChat } from '../../scripts/tiny-models.ts'
import { writeGguf } from '../../scripts/write-gguf.ts'
import { openParsers } from '../../server/compose.ts'
import { readConfig } from '../../server/config.ts'
import { createModelShelf } from '../../server/http/model-shelf.ts'
import { createModels, modelEntry } from '../../shared/models/models.ts'
import { createForkedProcesses } from '../../shared/processes/fork.ts'
import { noModels } from '../open-core.ts'
import { silent } from '../open-store.ts'
import { engines } from '../postgres.ts'
import { type Said, type SpokenModel, spokenModel } from '../red-team/spoken-model.ts'
import { until } from '../until.ts'
import { collect, openTestServer, type TestServer, type TestServerOptions } from './open-server.ts'

const notice = 'Die Kündigungsfrist für den Mieter beträgt drei Monate.'
const poem = 'Rosen blühen am Zaun.'
const none = '019a0000-0000-7000-8000-000000000000'

let server: TestServer

interface Answered {
  status: number
  // What it is, each test says.
  body: object
  headers: Headers
}

async function call(method: string, where: string, body?: object, headers: Record<string, string> = {}) {
  const answer = await server.fetch(where, {
    method,
    headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  return { status: answer.status, body: text === '' ? {} : JSON.parse(text), headers: answer.headers } as Answered
}

const ready = (projectId: string, documentId: string) =>
  until(async () => {
    const { body } = await call('GET', `/api/v1/projects/${projectId}/documents/${documentId}`)
    return (body as { state: string }).state === 'ready'
  }, 'the document is ready')

describe.each(engines)('the journey on $name', engine => {
  let folder: string

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'cloister-requirements-'))
    const chatFile = path.join(folder, 'tiny.gguf')
    const scripts = [{ when: 'Gedicht', answer: poem }, { answer: `${notice} [1]` }]
    await writeGguf(chatFile, scriptedChat(scripts, { name: 'tiny' }))
    const chat = createModels({
      settings: { folder, chatFile, contextSize: 2048, maxTokens: 200, temperature: 0, threads: 1 },
      processes: createForkedProcesses({ entries: { model: modelEntry }, log: silent }),
      log: silent,
    })
    const parsers = openParsers(readConfig({ data: folder, environment: {}, cores: 2 }), silent)
    const models = await createModelShelf({ folder, named: {} })
    server = await openTestServer({ engine, chat, parsers, models })
  }, 60_000)
  afterAll(async () => {
    await server?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  it('goes from health to the deleted project', async () => {
    expect((await call('GET', '/health')).body).toMatchObject({ state: 'ok' })

    const { body: shelf } = await call('GET', '/api/v1/models')
    expect(shelf).toMatchObject({ models: [{ name: 'tiny.gguf', role: 'chat', inUse: true }] })
    const generated = await call('POST', '/api/v1/generate', { prompt: 'Ein Gedicht, bitte.', model: 'tiny.gguf' })
    expect(generated).toMatchObject({
      status: 200,
      body: { text: poem, model: 'tiny.gguf', reason: null, finish: 'stop' },
    })
    const { usage } = generated.body as { usage: { prompt: number; generated: number } }
    expect([usage.prompt > 10, usage.generated > 1]).toEqual([true, true])

    const created = await call('POST', '/api/v1/projects', { name: 'Umzug' })
    expect(created).toMatchObject({ status: 201, body: { name: 'Umzug', type: 'documents' } })
    const { id: projectId } = created.body as { id: string }
    const project = `/api/v1/projects/${projectId}`
    const { body: listed } = await call('GET', '/api/v1/projects')
    expect((listed as { projects: object[] }).projects).toContainEqual(created.body)
    expect((await call('GET', project)).body).toEqual(created.body)
    expect((await call('PATCH', project, { name: 'Umzug 2026' })).body).toMatchObject({
      id: projectId,
      name: 'Umzug 2026',
    })

    const text = `# Mietvertrag\n\n${notice}\n`
    const added = await call('POST', `${project}/documents/text`, { name: 'Mietvertrag', text })
    expect(added).toMatchObject({ status: 201, body: { added: true, document: { name: 'Mietvertrag.md' } } })
    const { id } = (added.body as { document: { id: string } }).document
    await ready(projectId, id)
    expect((await call('GET', `${project}/documents`)).body).toMatchObject({ documents: [{ id }], total: 1 })
    expect((await call('GET', `${project}/documents/${id}`)).body).toMatchObject({ id, state: 'ready', chunks: 1 })
    const found = await call('POST', `${project}/documents/search`, { query: 'Wie lange ist die Kündigungsfrist?' })
    expect(found).toMatchObject({ status: 200, body: { passages: [{ documentId: id, file: 'Mietvertrag.md' }] } })
    expect(JSON.stringify(found.body)).toContain(notice)

    expect(await call('DELETE', `${project}/documents/${id}`)).toMatchObject({ status: 200, body: { id } })
    expect((await call('POST', `${project}/documents/search`, { query: notice })).body).toEqual({ passages: [] })
    expect((await call('DELETE', project)).status).toBe(204)
    expect(await call('GET', project)).toMatchObject({ status: 404, body: { code: 'project-not-found' } })
  })

  it.each(['text', 'search', 'trash', 'work'])('never takes documents/%s for a document', async name => {
    const where = `/api/v1/projects/${server.projectId}/documents/${name}`
    const posted = name === 'text' || name === 'search'
    for (const method of ['DELETE', 'PATCH', ...(posted ? ['GET'] : [])]) {
      const { status, body, headers } = await call(method, where)
      expect([method, status, (body as { code: string }).code]).toEqual([method, 405, 'method-not-allowed'])
      expect(headers.get('allow')).toBe(posted ? 'POST' : 'GET, HEAD')
    }
    const { body } = await call('POST', where, {})
    const { code, issues = [] } = body as { code: string; issues?: { path: string }[] }
    const missing = { text: ['name', 'text'], search: ['query'] }[name]
    expect([code, issues.map(issue => issue.path)]).toEqual(
      missing ? ['input-invalid', missing] : ['method-not-allowed', []],
    )
  })

  it('takes a text and answers from it in a chat, with sources', async () => {
    const text = `${notice}\nDie Kündigungsfrist für den Vermieter beträgt sechs Monate.\n`
    await call('POST', '/api/v1/projects', { name: 'Haus' })
    const taken = await call('POST', '/api/v1/ingest', { title: 'Ver/trag', text, project: 'Haus' })
    expect(taken).toEqual({ ...taken, status: 201, body: { id: expect.any(String), state: 'queued' } })
    const { id } = taken.body as { id: string }
    const { body: projects } = await call('GET', '/api/v1/projects')
    const haus = (projects as { projects: { id: string; name: string }[] }).projects.find(one => one.name === 'Haus')
    await ready(haus!.id, id)
    const again = await call('POST', '/api/v1/ingest', { title: 'Vertrag', text, project: haus!.id })
    expect(again.body).toEqual({ id, state: 'ready' })

    const message = 'Wie lange ist die Kündigungsfrist für den Mieter?'
    const first = await call('POST', '/api/v1/chat', { message, project: 'Haus' })
    expect(first).toMatchObject({
      status: 200,
      body: { answer: notice, mode: 'model', sources: [{ documentId: id, quote: notice }], reason: null },
    })
    const { session_id } = first.body as { session_id: string }
    const second = await call('POST', '/api/v1/chat', { session_id, message: 'Und für den Vermieter?', top_k: 3 })
    expect(second.body).toMatchObject({ session_id, sources: [{ documentId: id }] })
    const chat = await call('GET', `/api/v1/projects/${haus!.id}/chats/${session_id}`)
    expect(chat.body).toMatchObject({
      chat: { title: message },
      messages: [
        { role: 'user' },
        { role: 'assistant' },
        { completed: expect.stringContaining('Kündigungsfrist') },
        {},
      ],
    })

    const german = { 'accept-language': 'de' }
    const unknown = await call('POST', '/api/v1/chat', { session_id: none, message }, german)
    expect(unknown).toMatchObject({ status: 404, body: { code: 'chat-not-found' } })
    expect((unknown.body as { detail: string }).detail).toMatch(/^Eine Unterhaltung/)
    // In another project than that one it is not there.
    expect(await call('POST', '/api/v1/chat', { session_id, message, project: server.projectId })).toMatchObject({
      status: 404,
    })
    expect(await call('POST', '/api/v1/ingest', { title: 'x', text, project: 'Nirgends' })).toMatchObject({
      status: 404,
      body: { code: 'project-not-found' },
    })
    // Without a project it is the first one.
    const plain = await call('POST', '/api/v1/ingest', { title: 'Vertrag', text })
    const { id: there } = plain.body as { id: string }
    expect((await call('GET', `/api/v1/projects/${server.projectId}/documents/${there}`)).status).toBe(200)
  })

  it('refuses what no model can read or write', async () => {
    const refused = async (body: object) => {
      const { status, body: problem } = await call('POST', '/api/v1/generate', body)
      return [status, (problem as { code: string }).code]
    }
    expect(await refused({ prompt: ' \n' })).toEqual([400, 'prompt-empty'])
    expect(await refused({})).toEqual([400, 'input-invalid'])
    expect(await refused({ prompt: 'x', temperature: 3 })).toEqual([400, 'input-invalid'])
    expect(await refused({ prompt: 'wort '.repeat(30_000) })).toEqual([413, 'model-input'])
    const short = await call('POST', '/api/v1/generate', { prompt: 'Ein Gedicht', maxTokens: 3, model: 'gone' })
    expect(short.body).toMatchObject({
      finish: 'length',
      usage: { generated: 3 },
      reason: { code: 'model-other', values: { name: 'gone', other: 'tiny.gguf' } },
    })
  })

  it.each(['generate', 'generate/stream', 'ingest', 'chat'])('keeps strangers from %s', async name => {
    const headers = { origin: 'https://example.org' }
    expect(await call('POST', `/api/v1/${name}`, {}, headers)).toMatchObject({ status: 403 })
    const answer = await fetch(`${server.url}/api/v1/${name}`, { method: 'POST' })
    expect(answer.status).toBe(401)
  })
})

describe.each(engines)('without a model on $name', engine => {
  afterEach(() => server.stop())

  it.each(['generate', 'generate/stream'])('%s says so, and what to do, in the caller’s language', async name => {
    server = await openTestServer({ engine })
    const said = async (language: string) => {
      const answered = await call('POST', `/api/v1/${name}`, { prompt: 'Hallo' }, { 'accept-language': language })
      const { code, detail } = answered.body as { code: string; detail: string }
      expect(answered.headers.get('content-type')).toContain('application/problem+json')
      expect([answered.status, code]).toEqual([409, 'no-model'])
      return detail
    }
    expect(await said('en')).toMatch(/There is no language model here\. Add a GGUF file .* LLM_MODEL_PATH/)
    expect(await said('de')).toMatch(/Hier gibt es kein Sprachmodell\. Fügen Sie .* LLM_MODEL_PATH/)
  })

  it('chat answers in quotes', async () => {
    server = await openTestServer({ engine })
    const { id } = (await call('POST', '/api/v1/ingest', { title: 'Vertrag', text: notice })).body as { id: string }
    await ready(server.projectId, id)
    const { body } = await call('POST', '/api/v1/chat', { message: 'Wie lange ist die Kündigungsfrist?' })
    expect(body).toMatchObject({ answer: notice, mode: 'quotes', sources: [{ documentId: id }] })
    const declined = await call('POST', '/api/v1/chat', { message: 'Wer gewann die Meisterschaft?' })
    expect(declined.body).toMatchObject({ mode: 'declined', sources: [] })
  })
})

describe('a model that writes', () => {
  afterEach(() => server.stop())

  async function openWith(answers: readonly (readonly Said[])[], more: TestServerOptions = {}): Promise<SpokenModel> {
    const model = spokenModel(answers)
    server = await openTestServer({ ...more, chat: { ...noModels, chat: async () => model } })
    return model
  }

  it('can be read along with, without its thinking', async () => {
    await openWith([['Erst ', 'denken </think>', 'Ja', ', gern.'], ['<think>Hm.</think>Nein.']])
    const events = await collect(await server.client.generate.stream({ prompt: 'Bitte' }))
    expect(events.slice(-4)).toEqual([
      { type: 'reset' },
      { type: 'text', text: 'Ja' },
      { type: 'text', text: ', gern.' },
      { type: 'finish', generated: expect.objectContaining({ text: 'Ja, gern.', finish: 'stop' }) },
    ])
    expect((await server.client.generate.text({ prompt: 'Bitte' })).text).toBe('Nein.')
  })

  it('stops when whoever asked goes away; the next one had to wait, and has his turn', async () => {
    const model = await openWith([['Es war ', { wait: new Promise(() => {}) }], ['Fertig.']])
    const { client } = server
    const leaving = new AbortController()
    const first = client.generate.text({ prompt: 'Erzähle.' }, { signal: leaving.signal })
    first.catch(() => {})
    await until(() => model.calls.length === 1, 'the first one is being written')
    const second = await client.generate.stream({ prompt: 'Und du?' })
    expect((await second.next()).value).toEqual({ type: 'waiting', place: 1 })
    leaving.abort()
    expect((await collect(second)).at(-1)).toMatchObject({ generated: { text: 'Fertig.' } })
    expect(model.calls[0].abortSignal?.aborted).toBe(true)
    await expect(first).rejects.toThrow()
  })

  it('stops when the server ends, and says why', async () => {
    const model = await openWith([[{ wait: new Promise(() => {}) }]])
    const writing = server.client.generate.text({ prompt: 'Erzähle.' }).catch((error: unknown) => error)
    await until(() => model.calls.length === 1, 'it is being written')
    await server.server.stop(5000)
    expect(await writing).toMatchObject({ code: 'server-stopping', status: 503 })
  })

  it('hears the temperature of a chat’s question; passages are as many as were asked for', async () => {
    const model = await openWith([[`${notice} [1]`]])
    const { projectId } = server
    for (let at = 0; at < 7; at++) {
      const text = `${notice} Das gilt für Haus ${at}.`
      const { body } = await call('POST', '/api/v1/ingest', { title: `Haus ${at}`, text })
      await ready(projectId, (body as { id: string }).id)
    }
    const message = 'Wie lange ist die Kündigungsfrist für den Mieter?'
    const shown = async (more: object) => {
      const { body } = await call('POST', '/api/v1/chat', { message, ...more })
      const { session_id: chatId } = body as { session_id: string }
      return (await server.client.chats.get({ projectId, chatId })).messages[1].passages
    }
    expect([await shown({}), await shown({ top_k: 2, temperature: 0.9 })]).toEqual([5, 2])
    // What is not said is the model's own, as the server is set.
    expect(model.calls.map(({ temperature }) => temperature)).toEqual([undefined, 0.9])
    expect(await call('POST', '/api/v1/chat', { message, top_k: 51 })).toMatchObject({ status: 400 })
  })

  it.each([
    [0, 2],
    [2, 4],
  ])('is told %d earlier messages of a chat: %d in all', async (history, told) => {
    const model = await openWith([[`${notice} [1]`]], { history })
    const { body } = await call('POST', '/api/v1/ingest', { title: 'Vertrag', text: notice })
    await ready(server.projectId, (body as { id: string }).id)
    const message = 'Wie lange ist die Kündigungsfrist für den Mieter?'
    const first = await call('POST', '/api/v1/chat', {
      session_id: null,
      top_k: null,
      temperature: null,
      project: null,
      message,
    })
    const { session_id } = first.body as { session_id: string }
    await call('POST', '/api/v1/chat', { session_id, message })
    expect(model.calls.map(({ prompt }) => prompt.length)).toEqual([2, told])
  })
})
