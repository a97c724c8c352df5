/** Answers by models of servers: which one is asked, what it may be given, and what happens when it fails. Over HTTP to servers of our own. */
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { networkInterfaces } from 'node:os'
import { v7 } from 'uuid'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import type { AskRequest, CoreSettings } from '../shared/core.ts'
import { openEgress } from '../shared/egress/egress.ts'
import { AppError } from '../shared/errors.ts'
import type { AnswerEvent, ModelPolicy } from '../shared/model/index.ts'
import type { Models, Ports } from '../shared/ports.ts'
import { createServers } from '../shared/providers/servers.ts'
import { createSecrets } from '../shared/secrets/secrets.ts'
import { type FakeServer, openFakeServer } from './fake-server.ts'
import { bytes, createLineParser, noModels, openTestCore, type TestCore } from './open-core.ts'
import { silent } from './open-store.ts'
import { engines, sqlite } from './postgres.ts'
import { cases } from './red-team/cases.ts'
import { problemsOf } from './red-team/expectations.ts'
import { sample } from './red-team/library.ts'
import { inPieces, type Said, type SpokenModel, spokenModel } from './red-team/spoken-model.ts'

/** An address of this machine that is none of loopback: to the product, another machine. */
const outside = Object.values(networkInterfaces())
  .flat()
  .find(one => one && !one.internal && one.family === 'IPv4')?.address
const needsOutside = 'no network interface but loopback'

const lease = [
  'Die Kündigungsfrist für die Wohnung in der Lindenstraße beträgt drei Monate zum Monatsende.',
  'Die Kaution beträgt 1.950 Euro und ist in drei gleichen Raten zu zahlen.',
].join('\n')
const good = 'Die Kaution beträgt 1.950 Euro. [1]'
const question = 'Wie hoch ist die Kaution?'

let open: TestCore
let near: FakeServer
let far: FakeServer
const closing: (() => Promise<void>)[] = []

beforeEach(async () => {
  near = await openFakeServer()
  far = await openFakeServer({ host: outside ?? '127.0.0.2' })
  for (const fake of [near, far]) fake.reply = () => ({ pieces: inPieces(good, 5) })
})
afterEach(async () => {
  await open?.close()
  for (const close of [near.close, far.close, ...closing.splice(0)]) await close()
})

const guard = { failureThreshold: 4, resetTimeout: 300, retryAttempts: 1, retryInitial: 1, retryMax: 50 }

/** One for each opening: it ends with the core. */
const egressOf = () => ({
  egress: openEgress({ clock: { now: () => Date.now() }, ids: { next: () => v7() }, log: silent }),
})

async function openWith({
  local,
  settings = {},
  ports = {},
  engine = sqlite,
}: {
  local?: readonly (readonly Said[])[]
  settings?: Partial<CoreSettings>
  ports?: Partial<Ports>
  engine?: (typeof engines)[number]
} = {}): Promise<SpokenModel | undefined> {
  const chat = local && spokenModel(local)
  const models: Models = { ...noModels, chat: async name => (!name || name === 'spoken' ? chat : undefined) }
  const patience = { first: 10_000, next: 3000, whole: 10_000 }
  const parts = {
    ...egressOf(),
    secrets: createSecrets({ key: 'test' }),
    servers: createServers({ patience }),
    ...ports,
  }
  open = await openTestCore(createLineParser(), {
    models,
    engine,
    settings: { ...parts, served: { guard }, ...settings },
  })
  open.core.start()
  await open.core.documents.add(open.scope, { name: 'mietvertrag.txt', open: () => bytes(lease) })
  await open.core.settled(open.scope)
  return chat
}

async function addBoth(): Promise<void> {
  const kind = 'openai-compatible' as const
  await open.core.providers.add('local', { kind, name: 'Nah', slug: 'nah', baseUrl: near.url })
  await open.core.providers.add('local', {
    kind,
    name: 'Fern',
    slug: 'fern',
    baseUrl: far.url,
    key: 'sk-fern-0123456789',
  })
  near.calls.length = 0
  far.calls.length = 0
}

const govern = (policy: Partial<ModelPolicy>) => open.core.projects.govern(open.scope, policy)
const asked = (fake: FakeServer) => fake.calls.filter(({ path }) => path.endsWith('/chat/completions')).length

async function ask(request: Partial<AskRequest> = {}, signal?: AbortSignal) {
  const events: AnswerEvent[] = []
  const whenShown = { near: -1, far: -1 }
  for await (const event of open.core.ask(open.scope, { question, ...request }, signal)) {
    if (event.type === 'passages') Object.assign(whenShown, { near: asked(near), far: asked(far) })
    events.push(event)
  }
  const last = events.at(-1)
  if (last?.type !== 'finish') throw new Error('no finish')
  return { events, answer: last.answer, whenShown }
}

describe('providers', () => {
  test.each(engines)(
    'are kept with their keys sealed, shown without them, changed and removed: $name',
    async engine => {
      await openWith({ engine })
      const { providers } = open.core
      const added = await providers.add('local', {
        kind: 'openai-compatible',
        name: 'Größe XL',
        baseUrl: `${near.url}/`,
        key: ' sk-abcdefgh-1234 ',
      })
      expect(added).toMatchObject({
        slug: 'gro-e-xl',
        here: true,
        key: 'set',
        keyHint: '1234',
        enabled: true,
        baseUrl: near.url,
      })
      expect(added.models).toEqual([{ id: 'tiny', role: 'chat', contextSize: null, here: true }])
      expect(near.calls[0].headers.authorization).toBe('Bearer sk-abcdefgh-1234')
      expect(JSON.stringify(await providers.list('local'))).not.toContain('abcdefgh')
      await expect(
        providers.add('local', { kind: 'openai-compatible', slug: 'gro-e-xl', baseUrl: near.url }),
      ).rejects.toMatchObject({ code: 'provider-exists' })
      for (const baseUrl of ['', 'ftp://x', 'http://me:secret@x/v1', 'nonsense', 'http://x/?key=1'])
        await expect(providers.add('local', { kind: 'openai-compatible', baseUrl })).rejects.toMatchObject({
          code: 'provider-invalid',
        })
      expect(await providers.list('somebody')).toEqual([])

      expect(await providers.update('local', added.slug, { name: 'Klein', enabled: false })).toMatchObject({
        name: 'Klein',
        enabled: false,
        key: 'set',
      })
      // A key that was given for one place goes to no other.
      expect(await providers.update('local', added.slug, { baseUrl: far.url })).toMatchObject({
        key: 'none',
        keyHint: null,
        models: [],
      })
      const tested = await providers.test('local', added.slug)
      expect(tested).toMatchObject({ problem: null, provider: { models: [{ id: 'tiny' }] } })
      expect(far.calls.map(({ headers }) => headers.authorization)).toEqual([undefined])
      await providers.remove('local', added.slug)
      await expect(providers.get('local', added.slug)).rejects.toMatchObject({ code: 'provider-not-found' })
    },
  )

  test.each(engines)('are added at once by the same name, and by the same slug: $name', async engine => {
    await openWith({ engine })
    const about = { kind: 'openai-compatible', name: 'Haus', baseUrl: near.url } as const
    const both = await Promise.all([1, 2].map(() => open.core.providers.add('local', about)))
    expect(both.map(({ slug }) => slug).sort()).toEqual(['haus', 'haus-2'])
    const slug = 'gleich'
    const outcomes = await Promise.allSettled([1, 2].map(() => open.core.providers.add('local', { ...about, slug })))
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    const refused = outcomes.find(({ status }) => status === 'rejected')
    expect(refused).toMatchObject({ reason: { code: 'provider-exists', values: { name: slug } } })
    expect(await open.core.providers.list('local')).toHaveLength(3)
  })

  test('keep no list of the address that they had before', async () => {
    await openWith()
    let answer = () => {}
    const waits = new Promise<void>(resolve => {
      answer = resolve
    })
    let heard = false
    const slow = createHttpServer(async (_, response) => {
      heard = true
      await waits
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ data: [{ id: 'of-the-old-one' }] }))
    })
    const baseUrl = `http://127.0.0.1:${await listening(slow)}/v1`
    const adding = open.core.providers.add('local', { kind: 'openai-compatible', name: 'P', slug: 'p', baseUrl })
    await expect.poll(() => heard).toBe(true)
    await open.core.providers.update('local', 'p', { baseUrl: near.url })
    answer()
    expect(await adding).toMatchObject({ baseUrl: near.url, models: [], listedAt: null })
    expect((await open.core.providers.list('local'))[0]?.models).toMatchObject([{ id: 'tiny' }])
  })

  test('that hang are added and listed all the same; what they say later is told', async () => {
    await openWith()
    const { core } = open
    let answer = () => {}
    const waits = new Promise<void>(resolve => {
      answer = resolve
    })
    const slow = createHttpServer(async (_, response) => {
      await waits
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ data: [{ id: 'late' }] }))
    })
    const baseUrl = `http://127.0.0.1:${await listening(slow)}/v1`
    const done = new AbortController()
    onTestFinished(() => done.abort())
    const told = (async () => {
      for await (const { type } of core.watch(done.signal)) if (type === 'models') return type
      return undefined
    })()
    const added = await core.providers.add('local', { kind: 'openai-compatible', name: 'P', slug: 'p', baseUrl })
    expect([added, ...(await core.providers.list('local'))]).toMatchObject([{ listedAt: null }, { listedAt: null }])
    answer()
    expect(await told).toBe('models')
    expect((await core.providers.list('local'))[0]?.models).toMatchObject([{ id: 'late' }])
  })

  test('that hang get no question, which another model answers and says why, until they say what they have', async () => {
    await openWith({ local: [[good]], settings: { served: { guard, patience: 20 } } })
    let answer = () => {}
    const waits = new Promise<void>(resolve => {
      answer = resolve
    })
    const paths: string[] = []
    const slow = createHttpServer(async ({ url }, response) => {
      paths.push(url ?? '')
      await waits
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ data: [{ id: 'late' }], models: [] }))
    })
    const baseUrl = `http://127.0.0.1:${await listening(slow)}/v1`
    await open.core.providers.add('local', { kind: 'openai-compatible', name: 'P', slug: 'p', baseUrl })
    const values = { name: 'p/late', other: 'spoken', why: 'provider-silent' }
    // It is being asked, and may still say that the model is another machine's.
    expect((await ask({ model: 'p/late' })).answer).toMatchObject({
      mode: 'model',
      model: 'spoken',
      reason: { code: 'model-replaced', values },
    })
    expect(paths).toEqual(['/v1/models'])
    answer()
    await expect.poll(async () => (await open.core.providers.list('local'))[0]?.listedAt).not.toBeNull()
    await ask({ model: 'p/late' })
    expect(paths).toContain('/v1/chat/completions')
  })

  test('whose key cannot be read any more say so, and nothing else breaks', async () => {
    await openWith()
    await addBoth()
    const { core } = open
    let key = 'test'
    await open.close()
    const secrets = { seal: async () => '', open: async () => Promise.reject(new AppError('secrets-unreadable')) }
    key = 'other'
    await openWith({ local: [[good]], ports: { secrets: { ...secrets, seal: createSecrets({ key }).seal } } })
    await open.core.providers.add('local', {
      kind: 'anthropic',
      name: 'Claude',
      key: 'sk-0123456789ab',
      baseUrl: near.url,
    })
    expect(await open.core.providers.list('local')).toMatchObject([{ slug: 'claude', key: 'lost', keyHint: '89ab' }])
    expect((await open.core.providers.test('local', 'claude')).problem).toMatchObject({ code: 'provider-key-lost' })
    const { answer } = await ask({ model: 'claude/tiny' })
    expect(answer).toMatchObject({
      mode: 'model',
      model: 'spoken',
      reason: { code: 'model-replaced', values: { why: 'provider-key-lost' } },
    })
    void core
  })

  test('of the environment cannot be changed, and go first', async () => {
    const configured = {
      slug: 'ollama',
      kind: 'openai-compatible',
      name: 'Ollama',
      baseUrl: near.url,
      variable: 'OLLAMA_BASE_URL',
    } as const
    await openWith({ settings: { providers: [configured], chatModel: 'ollama/tiny' } })
    expect(await open.core.providers.list('local')).toMatchObject([
      { slug: 'ollama', source: 'environment', models: [{ id: 'tiny' }] },
    ])
    await expect(open.core.providers.remove('local', 'ollama')).rejects.toMatchObject({ code: 'provider-fixed' })
    const { answer } = await ask()
    expect(answer).toMatchObject({
      mode: 'model',
      model: 'ollama/tiny',
      server: { slug: 'ollama', name: 'Ollama', here: true },
      reason: null,
    })
    expect(await open.core.servedModels('local')).toMatchObject([
      { reference: 'ollama/tiny', inUse: true, problem: null },
    ])
  })
})

describe('which model answers', () => {
  test('the one asked for, else the chat’s, else the project’s, else the local one; each answer says which and where', async () => {
    const local = await openWith({ local: [[good]] })
    await addBoth()
    expect((await ask()).answer).toMatchObject({ model: 'spoken', reason: null })
    expect((await ask()).answer.server).toBeUndefined()
    await govern({ chatModel: 'nah/tiny' })
    const ofProject = await ask()
    expect(ofProject.answer).toMatchObject({
      mode: 'model',
      model: 'nah/tiny',
      server: { slug: 'nah', name: 'Nah', here: true },
      reason: null,
    })
    expect(ofProject.whenShown).toEqual({ near: 0, far: 0 })
    const chat = await open.core.chats.create(open.scope, { title: 'x', model: 'fern/tiny' })
    const ofChat = await ask({ chatId: chat.id })
    expect(ofChat.answer).toMatchObject({ model: 'fern/tiny', server: { here: outside === undefined } })
    expect(ofChat.whenShown.far).toBe(0)
    expect((await open.core.chats.messages(open.scope, chat.id)).at(-1)?.answer).toMatchObject({
      model: 'fern/tiny',
      server: { name: 'Fern' },
    })
    expect(far.calls.at(-1)?.headers.authorization).toBe('Bearer sk-fern-0123456789')
    expect((await ask({ chatId: chat.id, model: 'spoken' })).answer).toMatchObject({ model: 'spoken' })
    expect(local?.calls).toHaveLength(3)
    expect((await ask({ model: 'nirgends/x' })).answer).toMatchObject({
      model: 'nah/tiny',
      reason: { code: 'model-other', values: { name: 'nirgends/x', other: 'nah/tiny' } },
    })
  })

  test('another machine’s is never asked unless somebody chose it', async () => {
    await openWith({ local: [[new AppError('model-crashed')]] })
    await addBoth()
    await open.core.providers.update('local', 'nah', { enabled: false })
    if (outside) {
      expect((await ask()).answer).toMatchObject({ mode: 'quotes', reason: { code: 'model-crashed' } })
      expect(asked(far)).toBe(0)
    }
    await govern({ providers: ['fern'] })
    expect((await ask()).answer).toMatchObject({ mode: 'model', model: 'fern/tiny' })
    await open.core.providers.update('local', 'nah', { enabled: true })
    await govern({ providers: null })
    expect((await ask()).answer).toMatchObject({ mode: 'model', model: 'nah/tiny' })
  })

  test.runIf(outside)(`a local-only project never reaches another machine (else: ${needsOutside})`, async () => {
    await openWith({ local: [[good]] })
    await addBoth()
    await govern({ localOnly: true, chatModel: 'fern/tiny' })
    for (const request of [{}, { model: 'fern/tiny' }]) {
      const { answer } = await ask(request)
      expect(answer).toMatchObject({
        model: 'spoken',
        reason: { code: 'model-replaced', values: { name: 'fern/tiny', why: 'project-local-only' } },
      })
    }
    expect((await ask({ model: 'nah/tiny' })).answer).toMatchObject({ model: 'nah/tiny' })
    expect(far.calls).toEqual([])
    const listed = await open.core.servedModels('local', await govern({}))
    expect(listed.map(({ reference, problem }) => [reference, problem?.code])).toEqual([
      ['nah/tiny', undefined],
      ['fern/tiny', 'project-local-only'],
    ])
    // Whoever gets around the gateway meets the gate.
    const egress = open.core.ledger
    await govern({ localOnly: false })
    expect((await ask({ model: 'fern/tiny' })).answer).toMatchObject({ model: 'fern/tiny' })
    const { entries } = await egress.page('local', { limit: 50 })
    expect(
      entries.some(
        ({ host, projectId, purpose }) => host === outside && projectId === open.scope.projectId && purpose === 'model',
      ),
    ).toBe(true)
  })

  test('what a project does not allow is not asked', async () => {
    await openWith()
    await addBoth()
    await govern({ providers: ['fern'] })
    await expect(
      drain(open.core.generate({ userId: 'local' }, { prompt: 'x', model: 'nah/tiny' })),
    ).resolves.toBeDefined()
    const { answer } = await ask({ model: 'nah/tiny' })
    // Who asks for one of this machine has not asked for another machine's.
    if (outside) expect(answer).toMatchObject({ mode: 'quotes', reason: { code: 'provider-not-allowed' } })
    expect((await ask({ model: 'nirgends/x' })).answer).toMatchObject({ model: 'fern/tiny' })
  })

  test.runIf(outside)(`after one of this machine, no other machine’s (else: ${needsOutside})`, async () => {
    await openWith({ local: [[new AppError('model-crashed')]], settings: { chatModel: 'fern/tiny' } })
    await addBoth()
    await open.core.providers.update('local', 'nah', { enabled: false })
    await govern({ providers: ['nah', 'fern'] })
    const chat = await open.core.chats.create(open.scope, { title: 'x', model: 'spoken' })
    for (const request of [{ model: 'spoken' }, { model: 'gone.gguf' }, { model: 'nah/tiny' }, { chatId: chat.id }])
      expect((await ask(request)).answer).toMatchObject({ mode: 'quotes' })
    await govern({ chatModel: 'spoken' })
    expect((await ask()).answer).toMatchObject({ mode: 'quotes' })
    expect(asked(far)).toBe(0)
    // A server of this machine may take over, and another machine's that was asked for itself.
    await open.core.providers.update('local', 'nah', { enabled: true })
    expect((await ask({ model: 'spoken' })).answer).toMatchObject({ mode: 'model', model: 'nah/tiny' })
    expect((await ask({ model: 'fern/tiny' })).answer).toMatchObject({ mode: 'model', model: 'fern/tiny' })
    await govern({ chatModel: null })
    expect((await ask()).answer).toMatchObject({ mode: 'model', model: 'fern/tiny' })
  })
})

async function listening(server: Server): Promise<number> {
  server.on('connection', socket => socket.on('error', () => {}))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  closing.push(async () => void server.close())
  return (server.address() as AddressInfo).port
}

async function drain<T>(events: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const event of events) all.push(event)
  return all
}

describe('models that a server of this machine passes on to another', () => {
  const ollama = (): CoreSettings['providers'] => [
    { slug: 'ollama', kind: 'openai-compatible', name: 'Ollama', baseUrl: near.url, variable: 'OLLAMA_BASE_URL' },
  ]
  const wrote = () => near.calls.filter(({ path }) => path.endsWith('/completions')).map(({ body }) => body.model)
  beforeEach(() => {
    near.models = ['gpt-oss:120b-cloud', 'mine:latest', 'qwen3:0.6b'].map(id => ({ id }))
    near.tags = [{ name: 'mine:latest', remote_model: 'gpt-oss:120b', remote_host: 'https://ollama.com:443' }]
  })

  test('stand in for nothing', async () => {
    await openWith({ settings: { providers: ollama() } })
    expect((await ask()).answer).toMatchObject({ mode: 'model', model: 'ollama/qwen3:0.6b', server: { here: true } })
    near.models.pop()
    await open.core.providers.test('local', 'ollama')
    expect((await ask()).answer).toMatchObject({ mode: 'quotes' })
    expect(wrote()).toEqual(['qwen3:0.6b'])
  })

  test('are another machine’s where they are chosen, and refused by a project that is local only', async () => {
    await openWith({ settings: { providers: ollama() } })
    await govern({ localOnly: true })
    // Nobody has asked the server before which models it has.
    for (const model of ['ollama/mine', 'ollama/gpt-oss:120b-cloud', 'ollama/mine:latest'])
      expect((await ask({ model })).answer.reason).toMatchObject({ values: { why: 'project-local-only' } })
    expect(new Set(wrote())).toEqual(new Set(['qwen3:0.6b']))
    const listed = await open.core.servedModels('local', await govern({}))
    expect(listed.map(({ reference, provider, problem }) => [reference, provider.here, problem?.code])).toEqual([
      ['ollama/gpt-oss:120b-cloud', false, 'project-local-only'],
      ['ollama/mine:latest', false, 'project-local-only'],
      ['ollama/qwen3:0.6b', true, undefined],
    ])
    await govern({ localOnly: false })
    const { answer } = await ask({ model: 'ollama/mine' })
    expect(answer).toMatchObject({ model: 'ollama/mine', server: { here: false }, reason: null })
  })
})

describe.runIf(outside)(`a slug means the server it was given for (else: ${needsOutside})`, () => {
  test('also when a setting names another one by it later', async () => {
    const warned: unknown[][] = []
    const settings: Record<string, unknown> = {
      ...egressOf(),
      secrets: createSecrets({ key: 'test' }),
      servers: createServers(),
      log: { ...silent, warn: (...line: unknown[]) => void warned.push(line) },
    }
    open = await openTestCore(createLineParser(), { models: noModels, settings })
    open.core.start()
    await open.core.documents.add(open.scope, { name: 'mietvertrag.txt', open: () => bytes(lease) })
    await open.core.settled(open.scope)
    await open.core.providers.add('local', { kind: 'openai-compatible', name: 'OpenAI', baseUrl: near.url })
    await govern({ providers: ['openai'], chatModel: 'openai/tiny' })
    const openai = {
      slug: 'openai',
      kind: 'openai-compatible',
      name: 'OpenAI',
      baseUrl: far.url,
      key: 'sk-env-0123456',
    }
    Object.assign(settings, egressOf(), {
      providers: [{ ...openai, variable: 'OPENAI_API_KEY' }],
      chatModel: 'openai/large',
    })
    await open.reopen()

    expect((await ask()).answer).toMatchObject({ model: 'openai/tiny', server: { here: true }, reason: null })
    await govern({ chatModel: null })
    expect((await ask()).answer).toMatchObject({ model: 'openai/tiny', server: { here: true } })
    expect(asked(far)).toBe(0)
    expect(warned).toContainEqual([expect.any(String), { variable: 'OPENAI_API_KEY', slug: 'openai', as: 'openai-2' }])
    const shown = (await open.core.providers.list('local')).map(({ slug, source }) => [slug, source])
    expect(shown).toEqual([
      ['openai-2', 'environment'],
      ['openai', 'user'],
    ])
    expect((await ask({ model: 'openai-2/tiny' })).answer.reason).toMatchObject({
      values: { why: 'provider-not-allowed' },
    })
    // What the operator chose is the operator's, and stands where nobody chose anything else.
    await govern({ providers: null })
    expect((await ask()).answer).toMatchObject({ model: 'openai-2/large', server: { here: false }, reason: null })
    await expect(open.core.providers.remove('local', 'openai-2')).rejects.toMatchObject({ code: 'provider-fixed' })

    // The user's own goes: nobody who chose it gets the other one for it.
    await govern({ providers: ['openai'], chatModel: 'openai/tiny' })
    far.calls.length = 0
    await open.core.providers.remove('local', 'openai')
    expect(await open.core.projects.find('local')).toMatchObject({ providers: [], chatModel: null })
    expect((await ask()).answer).toMatchObject({ mode: 'quotes' })
    expect(asked(far)).toBe(0)
  })

  test('and not the one that it was moved to', async () => {
    await openWith()
    await addBoth()
    await govern({ providers: ['nah'] })
    expect((await ask()).answer).toMatchObject({ model: 'nah/tiny' })
    const { name } = await open.core.projects.find('local')
    expect(await open.core.providers.update('local', 'nah', { baseUrl: far.url })).toMatchObject({ unlisted: [name] })
    await open.core.providers.test('local', 'nah')
    expect((await ask()).answer).toMatchObject({ mode: 'quotes' })
    expect(asked(far)).toBe(0)
    await govern({ providers: ['nah'] })
    expect((await ask()).answer).toMatchObject({ model: 'nah/tiny', server: { here: false } })
    expect(await open.core.providers.update('local', 'nah', { name: 'Fort' })).toMatchObject({ unlisted: [] })
  })
})

describe.runIf(outside)(`a provider that nobody chose (else: ${needsOutside})`, () => {
  const configured = () => ({
    slug: 'openai',
    kind: 'openai-compatible' as const,
    name: 'OpenAI',
    baseUrl: far.url,
    key: 'sk-env-0123456789',
    variable: 'OPENAI_API_KEY',
  })

  test.each([true, false])('hears nothing when a question is asked; local only: %s', async localOnly => {
    await openWith({ settings: { providers: [configured()] } })
    await govern({ localOnly })
    expect((await ask()).answer).toMatchObject({ mode: 'quotes' })
    // Also where the rule is unsure what the question refers to.
    await ask({ question: 'Und wann?', before: ['Wie ist das?'] })
    expect(far.calls).toEqual([])
    const { entries } = await open.core.ledger.page('local', { installation: true, limit: 10 })
    expect(entries.filter(({ purpose }) => purpose === 'model')).toEqual([])
  })

  test('nor when somebody looks what a local-only project may use', async () => {
    await openWith({ settings: { providers: [configured()] } })
    await open.core.servedModels('local', await govern({ localOnly: true }))
    expect(far.calls).toEqual([])
    await open.core.servedModels('local', await govern({ localOnly: false }))
    expect(far.calls).toHaveLength(1)
  })
})

describe('a server that fails', () => {
  test('before its first words gives way to the next, and is tried again first', async () => {
    await openWith({ local: [[good]] })
    await addBoth()
    near.reply = () => ({ status: 503 })
    const { answer, events } = await ask({ model: 'nah/tiny' })
    expect(answer).toMatchObject({
      mode: 'model',
      model: 'spoken',
      reason: { code: 'model-replaced', values: { name: 'nah/tiny', other: 'spoken', why: 'provider-failed' } },
    })
    expect(asked(near)).toBe(2)
    expect(events.filter(({ type }) => type === 'passages')).toHaveLength(1)
    near.reply = call => (near.calls.indexOf(call) % 2 === 0 ? { status: 503 } : { pieces: [good] })
    near.calls.length = 0
    expect((await ask({ model: 'nah/tiny' })).answer).toMatchObject({ model: 'nah/tiny', reason: null })
  })

  test('after its first words leaves the word to the documents', async () => {
    const local = await openWith({ local: [[good]] })
    await addBoth()
    near.reply = () => ({
      pieces: ['Die Kaution beträgt 1.950 Euro. [1] Sie ', 'ist'],
      after: { pieces: 1, how: 'stall' },
    })
    const { answer } = await ask({ model: 'nah/tiny' })
    expect(answer).toMatchObject({ mode: 'quotes', reason: { code: 'provider-silent', values: { name: 'Nah' } } })
    expect(local?.calls).toHaveLength(0)
  })

  test('again and again rests, and is asked again later', async () => {
    // Longer than the four questions take on a busy machine.
    await openWith({ settings: { served: { guard: { ...guard, resetTimeout: 5000 } } } })
    await addBoth()
    near.reply = () => ({ status: 500 })
    const codes: unknown[] = []
    for (let at = 0; at < 4; at++) codes.push((await ask({ model: 'nah/tiny' })).answer.reason?.code)
    expect(codes.slice(0, 1)).toEqual(['provider-failed'])
    expect(codes.at(-1)).toBe('provider-rests')
    const before = asked(near)
    expect(before).toBe(4)
    near.reply = () => ({ pieces: [good] })
    // Each look is a whole question.
    await expect.poll(async () => (await ask({ model: 'nah/tiny' })).answer.mode, { interval: 500 }).toBe('model')
  })

  test('that reads less than thought is asked with less, and remembered', async () => {
    await openWith()
    await addBoth()
    near.reply = ({ body }) =>
      JSON.stringify(body.messages).length > 1400
        ? { status: 400, body: { error: { message: "This model's maximum context length is 2048 tokens." } } }
        : { pieces: [good] }
    const long = `${lease}\n`.repeat(40)
    await open.core.documents.add(open.scope, { name: 'lang.txt', open: () => bytes(long) })
    await open.core.settled(open.scope)
    const { answer } = await ask({ model: 'nah/tiny' })
    expect([answer.mode, answer.reason?.code]).not.toContain('internal')
  })

  test('is let go of when nobody waits for the answer', async () => {
    await openWith()
    await addBoth()
    near.reply = () => ({ pieces: Array.from({ length: 400 }, () => 'Die Kaution '), pace: 20 })
    const control = new AbortController()
    const asking = ask({ model: 'nah/tiny' }, control.signal)
    await expect.poll(() => near.open()).toBe(1)
    control.abort()
    await expect(asking).rejects.toMatchObject({ code: 'cancelled' })
    await expect.poll(() => near.open()).toBe(0)
  })

  test('takes so many at once and no more', async () => {
    await openWith({ settings: { served: { guard, concurrency: 2 } } })
    await addBoth()
    let most = 0
    near.reply = () => {
      most = Math.max(most, near.open())
      return { pieces: ['ja'], wait: 50 }
    }
    const prompts = Array.from({ length: 6 }, () =>
      drain(open.core.generate({ userId: 'local' }, { prompt: 'x', model: 'nah/tiny' })),
    )
    expect((await Promise.all(prompts)).map(events => events.at(-1))).toMatchObject(
      prompts.map(() => ({
        type: 'finish',
        generated: { text: 'ja', model: 'nah/tiny', server: { slug: 'nah' }, usage: { prompt: 7, generated: 1 } },
      })),
    )
    expect(most).toBe(2)
  })
})

describe('vectors of a server', () => {
  const served = () => ({ guard, embeddingModel: 'fern/nomic-embed-text' })
  const provider = () =>
    ({ slug: 'fern', kind: 'openai-compatible', name: 'Fern', baseUrl: far.url, variable: 'X' }) as const
  const embeds = () => far.calls.filter(({ path }) => path.endsWith('/embeddings'))

  test('are made and asked for there, on behalf of the project', async () => {
    await openWith({ settings: { served: served(), providers: [provider()] } })
    await open.core.embedded(open.scope, AbortSignal.timeout(20_000))
    expect(JSON.stringify(embeds())).toContain('Lindenstraße')
    await open.core.search(open.scope, 'Kaution')
    expect(JSON.stringify(embeds().at(-1)?.body.input)).toContain('Kaution')
    const { entries } = await open.core.ledger.page('local', { installation: true, limit: 50 })
    expect(entries.some(({ projectId }) => projectId === open.scope.projectId)).toBe(true)
  }, 30_000)

  test('for texts that are none of a project’s are made on behalf of the user', async () => {
    await openWith({ settings: { served: served(), providers: [provider()] } })
    await open.core.embedded(open.scope, AbortSignal.timeout(20_000))
    const { vectors } = await open.core.embed({ userId: 'local' }, { texts: ['Wort'] })
    expect(vectors).toEqual([[4, 1, 0]])
    // Its end may be written a moment after.
    const { entries } = await open.core.ledger.page('local', { installation: true, limit: 1 })
    expect(entries).toMatchObject([{ userId: 'local', projectId: null, purpose: 'model' }])
  }, 30_000)

  test('of one that is silent keep no document from being found, and no process from ending', async () => {
    const silent = createServer(() => {})
    const port = await listening(silent)
    const there = { ...provider(), baseUrl: `http://127.0.0.1:${port}/v1` }
    const began = performance.now()
    await openWith({ settings: { served: served(), providers: [there] } })
    expect((await open.core.search(open.scope, 'Kaution'))[0]?.text).toContain('1.950')
    await open.close()
    // It would be waited for a minute.
    expect(performance.now() - began).toBeLessThan(25_000)
  }, 120_000)

  test.runIf(outside)(
    `a local-only project is found by its words, and gives it nothing (else: ${needsOutside})`,
    async () => {
      await openWith({ settings: { served: served(), providers: [provider()] } })
      await open.core.embedded(open.scope, AbortSignal.timeout(20_000))
      await govern({ localOnly: true })
      far.calls.length = 0
      await open.core.documents.add(open.scope, {
        name: 'geheim.txt',
        open: () => bytes('Der Tresor steht hinter dem Vorhang.'),
      })
      await open.core.settled(open.scope)
      await open.core.embedded(open.scope, AbortSignal.timeout(20_000))
      expect((await open.core.search(open.scope, 'Tresor'))[0]?.text).toContain('Vorhang')
      expect(embeds()).toEqual([])
      expect(await open.core.byWords(open.scope)).toMatchObject({ code: 'search-by-words', values: { name: 'fern' } })
      expect((await open.core.vectorIndexes(open.scope)).trouble).toMatchObject({ code: 'search-by-words' })
      await govern({ localOnly: false })
      expect(await open.core.byWords(open.scope)).toBeUndefined()
      await open.core.embedded(open.scope, AbortSignal.timeout(20_000))
      expect(JSON.stringify(embeds())).toContain('Vorhang')
    },
    60_000,
  )
})

/** A sample of the cases that the local model meets: what is checked does not ask where the words come from. */
test('a server’s model that obeys a document gets no further than a local one', async () => {
  await openWith()
  await addBoth()
  for (const one of cases.filter((_, at) => at % 6 === 0)) {
    const text = `${sample(one.file)}\n${one.instruction.replaceAll('\n', ' ')}`
    const { document } = await open.core.documents.add(open.scope, {
      name: `${one.name}.txt`.replaceAll(/[^\w.äöüß -]/g, '_'),
      open: () => bytes(text),
    })
    await open.core.settled(open.scope)
    near.reply = () => ({ pieces: inPieces(one.obeyed, 7) })
    const { events } = await ask({
      question: one.question,
      documents: [document.id],
      evenIfWeak: true,
      model: 'nah/tiny',
    })
    expect([one.name, problemsOf(one, events, text)]).toEqual([one.name, []])
  }
}, 60_000)
