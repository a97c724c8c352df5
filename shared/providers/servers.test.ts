import type { LanguageModelV4, LanguageModelV4StreamPart } from '@ai-sdk/provider'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type FakeReply, type FakeServer, openFakeServer } from '../../tests/fake-server.ts'
import type { ProviderKind } from '../model/index.ts'
import { createServers } from './servers.ts'

const servers = createServers({
  prefixesOf: ([name]) => ({ queryPrefix: `${name}? `, passagePrefix: `${name}: ` }),
})
/** Only for who is silent: on a busy machine all else may take a second. */
const hasty = createServers({ patience: { first: 400, next: 200, whole: 1000 } })
const secret = 'sk-geheim-4711'

let fake: FakeServer
beforeEach(async () => {
  fake = await openFakeServer()
})
afterEach(() => fake.close())

const at = (kind: ProviderKind = 'openai-compatible') => ({ kind, name: 'Haus', baseUrl: fake.url, key: secret, fetch })
const prompt = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'Was gilt?' }] }]

async function read(model: LanguageModelV4, options: Partial<Parameters<LanguageModelV4['doStream']>[0]> = {}) {
  const parts: LanguageModelV4StreamPart[] = []
  let error: unknown
  try {
    const { stream } = await model.doStream({ prompt, ...options })
    for await (const part of stream) parts.push(part)
  } catch (thrown) {
    error = thrown
  }
  const text = parts.map(part => (part.type === 'text-delta' ? part.delta : '')).join('')
  return { parts, text, error, finish: parts.find(part => part.type === 'finish') }
}

describe.each<[ProviderKind, string]>([
  ['openai-compatible', '/v1/chat/completions'],
  ['anthropic', '/v1/messages'],
  ['xai', '/v1/responses'],
])('%s', (kind, path) => {
  test('streams what the model says, with what it cost', async () => {
    fake.reply = () => ({ pieces: ['Es gilt', ' die Hausordnung', '.'] })
    const { text, finish, error } = await read(servers.chat(at(kind), 'm'), { maxOutputTokens: 50, temperature: 0.2 })
    expect([error, text]).toEqual([undefined, 'Es gilt die Hausordnung.'])
    expect(finish).toMatchObject({
      finishReason: { unified: 'stop' },
      usage: { inputTokens: { total: 7 }, outputTokens: { total: 3 } },
    })
    expect(fake.calls[0]).toMatchObject({ path, body: { model: 'm', stream: true } })
    expect(JSON.stringify(fake.calls[0].headers)).toContain(secret)
  })

  test('gives what comes in one piece', async () => {
    fake.reply = () => ({ pieces: ['Ja.'] })
    const { content, usage } = await servers.chat(at(kind), 'm').doGenerate({ prompt })
    expect(content).toMatchObject([{ type: 'text', text: 'Ja.' }])
    expect(usage.outputTokens.total).toBe(1)
  })

  test.each<[what: string, reply: FakeReply, expected: object]>([
    [
      'a wrong key',
      { status: 401, body: { error: { message: `Incorrect key ${secret}` } } },
      { code: 'provider-key', values: { name: 'Haus' } },
    ],
    [
      'a wrong key, told otherwise',
      { status: 400, body: { error: 'Incorrect API key provided' } },
      { code: 'provider-key' },
    ],
    [
      'an unknown model',
      { status: 404, body: { error: { message: 'The model `m` does not exist' } } },
      { code: 'model-not-found', values: { name: 'm' } },
    ],
    [
      'too many requests',
      { status: 429, headers: { 'retry-after': '7' }, body: {} },
      { code: 'provider-busy', values: { name: 'Haus', seconds: 7 } },
    ],
    [
      'overload',
      { status: 529, body: { error: { type: 'overloaded_error' } } },
      { code: 'provider-failed', values: { status: 529 } },
    ],
    [
      'too long a text',
      { status: 400, body: { error: { message: "This model's maximum context length is 2048 tokens. However …" } } },
      { code: 'model-input', values: { name: 'm', size: 2048 } },
    ],
    [
      'a page for people',
      { status: 404, contentType: 'text/html', body: '<h1>Not here</h1>' },
      { code: 'provider-strange' },
    ],
    ['nonsense', { body: 'Guten Tag', contentType: 'text/html' }, { code: 'provider-strange' }],
    [
      'a connection that breaks at once',
      { pieces: [], after: { pieces: 0, how: 'break' } },
      { code: 'provider-broken' },
    ],
    [
      'a connection that breaks in the middle',
      { pieces: ['a', 'b'], after: { pieces: 1, how: 'break' } },
      { code: 'provider-broken' },
    ],
    ['silence in the middle', { pieces: ['a', 'b'], after: { pieces: 1, how: 'stall' } }, { code: 'provider-silent' }],
    ['silence before the first word', { pieces: ['a'], wait: 2000 }, { code: 'provider-silent' }],
    [
      'a stream that ends without an end',
      { pieces: ['a', 'b'], after: { pieces: 1, how: 'end' } },
      { code: 'provider-broken' },
    ],
    ['an error in the stream', { pieces: ['a', 'b'], after: { pieces: 1, how: 'error' } }, { code: 'provider-failed' }],
    ['broken pieces', { pieces: ['a', 'b'], after: { pieces: 1, how: 'nonsense' } }, { code: 'provider-strange' }],
  ])('tells %s', async (what, reply, expected) => {
    fake.reply = () => reply
    const { error, text } = await read((what.startsWith('silence') ? hasty : servers).chat(at(kind), 'm'))
    expect([what, error]).toMatchObject([what, expected])
    expect(error).toBeDefined()
    expect(['', 'a', 'ab']).toContain(text)
    const shown = JSON.stringify([error, String(error), (error as Error).stack, String((error as Error).cause)])
    expect(shown).not.toMatch(/sk-|Was gilt/)
  })

  test('stops the server when nobody listens any more', async () => {
    fake.reply = () => ({ pieces: Array.from({ length: 500 }, () => 'wort '), pace: 20 })
    const control = new AbortController()
    const { stream } = await servers.chat(at(kind), 'm').doStream({ prompt, abortSignal: control.signal })
    const reader = stream.getReader()
    for (let words = 0; words < 3; ) if ((await reader.read()).value?.type === 'text-delta') words += 1
    control.abort()
    await expect(
      (async () => {
        for (;;) if ((await reader.read()).done) return
      })(),
    ).rejects.toMatchObject({ code: 'cancelled' })
    await expect.poll(() => fake.open()).toBe(0)
  })

  test('lists models', async () => {
    fake.models = [
      { id: 'nomic-embed-text' },
      { id: 'grok', context_length: 131072 },
      { id: 'whisper-1' },
      { id: 'vllm', max_model_len: 4096 },
      { id: 'x\ny' },
      { no: 1 },
    ]
    expect(await servers.list(at(kind))).toEqual([
      { id: 'grok', role: 'chat', contextSize: 131072, here: true },
      { id: 'vllm', role: 'chat', contextSize: 4096, here: true },
      { id: 'nomic-embed-text', role: 'embedding', contextSize: null, here: true },
    ])
  })
})

test('tells which models of an Ollama on this machine run elsewhere', async () => {
  fake.models = ['qwen3:0.6b', 'gpt-oss:120b-cloud', 'glm-4.6:cloud', 'mine:latest'].map(id => ({ id }))
  // A copy is called as anybody likes.
  fake.tags = [{ name: 'qwen3:0.6b' }, { name: 'mine:latest', remote_host: 'https://ollama.com:443' }, { no: 1 }]
  const listed = await servers.list(at())
  expect(listed.filter(({ here }) => here).map(({ id }) => id)).toEqual(['qwen3:0.6b'])
  expect(listed).toHaveLength(4)
})

test('a server that is not there', async () => {
  const gone = { ...at(), baseUrl: 'http://127.0.0.1:1/v1' }
  const expected = { code: 'provider-unreachable', values: { name: 'Haus', host: '127.0.0.1:1' } }
  expect((await read(servers.chat(gone, 'm'))).error).toMatchObject(expected)
  await expect(servers.list(gone)).rejects.toMatchObject(expected)
})

test('thinking comes as such, and tools and formats go through', async () => {
  fake.reply = () => ({ thinks: 'hm', call: { name: 'look', arguments: '{"where":"here"}' } })
  const tools = [{ type: 'function' as const, name: 'look', inputSchema: { type: 'object' as const } }]
  const schema = { type: 'object' as const, properties: { a: { type: 'string' as const } } }
  const { parts, finish } = await read(servers.chat(at(), 'm'), { tools, responseFormat: { type: 'json', schema } })
  expect(parts.find(part => part.type === 'reasoning-delta')).toMatchObject({ delta: 'hm' })
  expect(parts.find(part => part.type === 'tool-call')).toMatchObject({ toolName: 'look', input: '{"where":"here"}' })
  expect(finish).toMatchObject({ finishReason: { unified: 'tool-calls' }, usage: { inputTokens: { cacheRead: 3 } } })
  expect(fake.calls[0].body).toMatchObject({
    tools: [{ function: { name: 'look' } }],
    response_format: { type: 'json_schema', json_schema: { schema } },
  })
})

test('learns what a server does not take, once', async () => {
  const refuse = (name: string): FakeReply => ({
    status: 400,
    body: { error: { message: `Unsupported parameter: '${name}'` } },
  })
  fake.reply = ({ body }) =>
    'reasoning_effort' in body
      ? refuse('reasoning_effort')
      : 'max_tokens' in body
        ? refuse('max_tokens')
        : { pieces: ['ja'] }
  const options = { reasoning: 'none' as const, maxOutputTokens: 9 }
  for (const calls of [3, 4]) {
    expect(await read(servers.chat(at(), 'odd'), options)).toMatchObject({ text: 'ja', error: undefined })
    expect(fake.calls).toHaveLength(calls)
  }
  expect(fake.calls[3].body).toMatchObject({ max_completion_tokens: 9 })
})

test.each<[what: string, body: object, learnt: boolean]>([
  ['a word of the text', { error: { message: 'The server had to stop: out of memory, seed corrupted.' } }, false],
  ['another field', { error: { message: 'Unsupported: stop, seed', param: 'messages' } }, false],
  ['a value', { error: { message: 'stop: at most 4 sequences', param: 'stop', code: 'invalid_value' } }, false],
  ['far from it', { error: { message: `Unknown role. ${'x'.repeat(80)} Please stop.` } }, false],
  ['its name', { error: { message: 'x', param: 'stop', code: 'unsupported_parameter' } }, true],
  ['in words', { error: { message: 'stop is not supported with this model' } }, true],
  ['as Pydantic does', { detail: [{ loc: ['body', 'stop'], msg: 'Extra inputs are not permitted' }] }, true],
])('a refusal that tells %s', async (_, body, learnt) => {
  fake.reply = call => ('stop' in call.body ? { status: 400, body } : { pieces: ['ja'] })
  const { text } = await read(servers.chat(at(), `stops ${JSON.stringify(body)}`), { stopSequences: ['x'], seed: 1 })
  expect([text, fake.calls.length]).toEqual(learnt ? ['ja', 2] : ['', 1])
  if (learnt) expect(fake.calls[1].body).toMatchObject({ seed: 1 })
})

test('makes vectors, with what goes before a text', async () => {
  const { model, queryPrefix, passagePrefix } = servers.embedding(at(), 'e5')
  expect([queryPrefix, passagePrefix]).toEqual(['e5? ', 'e5: '])
  expect((await model.doEmbed({ values: ['ab', 'abc'] })).embeddings).toEqual([
    [2, 1, 0],
    [3, 1, 0],
  ])
  fake.reply = () => ({ status: 503, body: 'sk-secret' })
  await expect(model.doEmbed({ values: ['a'] })).rejects.toMatchObject({ code: 'provider-failed' })
})

test('what is refused on the way out is told as that', async () => {
  const { AppError } = await import('../errors.ts')
  const refused = async () => {
    throw new AppError('egress-refused', { host: 'x', why: 'local-only' })
  }
  const { error } = await read(servers.chat({ ...at(), fetch: refused }, 'm'))
  expect(error).toMatchObject({ code: 'egress-refused' })
})
