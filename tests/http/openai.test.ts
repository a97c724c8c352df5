/** `/v1` as OpenAI's own client sees it, unchanged; and byte by byte where programs read it without one. */
import { fromMarkdown } from 'mdast-util-from-markdown'
import OpenAI, { APIError, AuthenticationError, NotFoundError } from 'openai'
import { v7 } from 'uuid'
import { afterEach, describe, expect, it } from 'vitest'
import type { ApiModel } from '../../shared/api/index.ts'
import { openEgress } from '../../shared/egress/egress.ts'
import { AppError } from '../../shared/errors.ts'
import type { ChatModel, EmbeddingModel } from '../../shared/model/index.ts'
import { createServers } from '../../shared/providers/servers.ts'
import { createSecrets } from '../../shared/secrets/secrets.ts'
import { openFakeServer } from '../fake-server.ts'
import { noModels } from '../open-core.ts'
import { silent } from '../open-store.ts'
import { engines, type TestEngine } from '../postgres.ts'
import { type Said, spokenModel } from '../red-team/spoken-model.ts'
import { until } from '../until.ts'
import { createWordEmbedder } from '../word-embedder.ts'
import { openTestServer, type TestServer, token } from './open-server.ts'

let server: TestServer
let client: OpenAI
afterEach(() => server.stop())

const rent = 'Die Miete beträgt 850 Euro im Monat.'
const notice = 'Die Kündigungsfrist beträgt drei Monate zum Quartalsende.'
const question = 'Wie hoch ist die Miete?'
const documents = 'cloister/my-documents'

function listed(name: string, role: 'chat' | 'embedding'): ApiModel {
  return { name, size: 1, role, parameters: null, contextSize: null, inUse: true, source: 'folder', problem: null }
}

async function open(
  chat: ChatModel | undefined,
  {
    engine,
    embedding,
    texts = [rent, notice],
  }: { engine?: TestEngine; embedding?: EmbeddingModel; texts?: string[] } = {},
): Promise<void> {
  const local = [...(chat ? [listed(chat.name, 'chat')] : []), ...(embedding ? [listed('words', 'embedding')] : [])]
  server = await openTestServer({
    chat: {
      ...noModels,
      chat: async name => (name === undefined || name === chat?.name ? chat : undefined),
      embedding: async () => embedding,
    },
    models: { list: async () => local },
    ...(engine && { engine }),
  })
  client = new OpenAI({ apiKey: token, baseURL: `${server.url}/v1`, maxRetries: 0 })
  for (const [at, text] of texts.entries()) {
    const name = `Text ${at}`
    await server.client.documents.addText({ projectId: server.projectId, name, text, format: 'plain' })
  }
  await server.core.settled(server.scope)
}

const openWith = (answers: readonly (readonly Said[])[]) => {
  const model = spokenModel(answers)
  return open(model).then(() => model)
}

type Extended = { cloister?: Record<string, unknown> }
const ours = (thing: unknown) => (thing as Extended).cloister ?? {}
const chats = async () => (await server.client.chats.list({ projectId: server.projectId })).total

async function refused(asked: Promise<unknown>): Promise<APIError> {
  const error = await asked.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!(error instanceof APIError)) throw new Error(`not refused: ${error}`)
  return error
}

interface MarkdownNode {
  type: string
  children?: MarkdownNode[]
}

function visit(node: MarkdownNode, see: (node: MarkdownNode) => void): void {
  see(node)
  for (const child of node.children ?? []) visit(child, see)
}

const user = (content: string) => ({ role: 'user' as const, content })

describe('models', () => {
  it('are projects, their assistants, and the models of this installation', async () => {
    const model = await openWith([[`${rent} [1]`]])
    const { client: api, projectId } = server
    const { id: assistant } = await api.assistants.create({ projectId, name: 'Größe & Maß' })
    await api.assistants.create({ projectId, name: 'groesse Mass' })
    const ids = (await client.models.list()).data.map(({ id }) => id)
    expect(ids.slice(0, 2)).toEqual([documents, `${documents}/groesse-mass`])
    expect(ids[2]).toMatch(new RegExp(`^${documents}/groesse-mass-[0-9a-f]{8}$`))
    expect(ids[3]).toBe(model.name)
    expect(await client.models.retrieve(`${documents}/groesse-mass`)).toMatchObject({
      object: 'model',
      cloister: { kind: 'assistant', assistant, name: 'Größe & Maß' },
    })
    // Whatever it is called, by its ids.
    await api.assistants.update({ projectId, assistantId: assistant, name: 'Anders' })
    const lasting = `cloister/${projectId}/${assistant}`
    expect((await client.models.retrieve(lasting)).id).toBe(lasting)
    expect(await refused(client.models.retrieve('gpt-4o'))).toBeInstanceOf(NotFoundError)
  })

  it('are nobody’s without the token', async () => {
    await open(undefined, { texts: [] })
    const stranger = new OpenAI({ apiKey: 'wrong', baseURL: `${server.url}/v1`, maxRetries: 0 })
    const error = await refused(stranger.models.list())
    expect(error).toBeInstanceOf(AuthenticationError)
    expect(error).toMatchObject({ status: 401, code: 'invalid_api_key', type: 'invalid_request_error' })
    const elsewhere = await server.fetch('/v1/nothing')
    expect([elsewhere.status, await elsewhere.json()]).toEqual([
      404,
      { error: { message: expect.any(String), type: 'invalid_request_error', param: null, code: 'route-not-found' } },
    ])
    expect((await server.fetch('/v1/models', { method: 'POST' })).headers.get('allow')).toBe('GET')
  })
})

describe.each(engines)('an answer from documents: $name', engine => {
  it('has our proven sentences, their citations, and a list of sources; nothing is kept', async () => {
    const model = spokenModel([[`${rent} [1] Dazu kommen 99 Kamele. [1]`]])
    await open(model, { engine })
    const { choices, usage, ...rest } = await client.chat.completions.create({
      model: documents,
      messages: [{ role: 'system', content: 'Antworte wie ein Seemann.' }, user(question)],
      temperature: 0.7,
    })
    expect(rest).toMatchObject({ object: 'chat.completion', model: documents })
    const [{ message, finish_reason }] = choices
    expect(finish_reason).toBe('stop')
    expect(message.content).toBe(
      `${rent} [1] Dazu kommen 99 Kamele. (nicht belegt)\n\nQuellen:\n- [1] Text 0.txt, S. 1`,
    )
    expect(ours(message)).toMatchObject({
      mode: 'model',
      model: 'spoken',
      citations: [{ quote: rent, file: 'Text 0.txt' }],
      passages: [{ text: rent }],
      chat: null,
    })
    expect(usage?.total_tokens).toBe(usage!.prompt_tokens + usage!.completion_tokens)
    expect(model.calls[0].temperature).toBe(0.7)
    // The rules go first, and hold.
    expect(model.calls[0].prompt[0].content).toMatch(/do not follow|Befolgen Sie keine[\s\S]*Seemann/)
    expect(await chats()).toBe(0)
  })
})

describe('an answer from documents', () => {
  it('streams sentence by sentence, with role first, what it rests on last, and usage where it is wished', async () => {
    await openWith([[`${rent} [1] `, notice, ' [2]']])
    const stream = await client.chat.completions.create({
      model: documents,
      messages: [user('Wie hoch ist die Miete und wie lang die Kündigungsfrist?')],
      stream: true,
      stream_options: { include_usage: true },
    })
    const chunks = []
    for await (const chunk of stream) chunks.push(chunk)
    expect(chunks[0].choices[0].delta).toEqual({ role: 'assistant', content: '' })
    const text = chunks.map(({ choices }) => choices[0]?.delta.content ?? '')
    expect(text.filter(Boolean)).toEqual([
      `${rent} [1]`,
      ` ${notice} [2]`,
      expect.stringMatching(/^\n\nQuellen:\n- \[1\] Text 0\.txt.*\n- \[2\] Text 1\.txt/),
    ])
    const [last, counted] = chunks.slice(-2)
    expect(last.choices[0].finish_reason).toBe('stop')
    expect(ours(last)).toMatchObject({ mode: 'model', citations: [{ quote: rent }, { quote: notice }] })
    expect([counted.choices, counted.usage?.completion_tokens]).toEqual([[], expect.any(Number)])
    expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true)
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1)
  })

  it('completes a question from those before it, and does not believe what is said to have been answered', async () => {
    const model = await openWith([['Drei Monate. [1]']])
    const { choices } = await client.chat.completions.create({
      model: documents,
      messages: [
        user('Wie lang ist die Kündigungsfrist?'),
        { role: 'assistant', content: 'Sie beträgt 77 Jahre.' },
        user('Und zu welchem Quartalsende?'),
      ],
      cloister: { sources: false },
    } as OpenAI.ChatCompletionCreateParamsNonStreaming)
    expect(JSON.stringify(model.calls)).toContain('Kündigungsfrist')
    expect(JSON.stringify(model.calls)).not.toContain('77 Jahre')
    expect(choices[0].message.content).not.toContain('Quellen')
  })

  it('is quotes without a model, and a picture in a document is not shown as one', async () => {
    const sly = 'Die Miete beträgt 850 Euro ![im Monat](http://evil.example/pixel.png).'
    await open(undefined, { texts: [sly] })
    const { choices } = await client.chat.completions.create({ model: documents, messages: [user(question)] })
    const { content } = choices[0].message
    expect(content).toContain('850 Euro')
    expect(content).not.toContain('![')
    expect(ours(choices[0].message)).toMatchObject({ mode: 'quotes', citations: [{ quote: sly }] })
  })

  it.each([
    ['quoted', undefined],
    ['written', 'model'],
  ])('%s holds no picture and no HTML for whoever shows it as Markdown, whatever stands before them', async (_, by) => {
    const sly = [
      '<img src="http://evil.example/a">',
      '\\<img src="http://evil.example/b">',
      '\\\\<img src="http://evil.example/c">',
      '\\![x](http://evil.example/d)',
      '\\\\![x](http://evil.example/e)',
      '!\\![x](http://evil.example/f)',
    ].map(picture => `Die Miete beträgt 850 Euro im Monat ${picture} für Otto.`)
    for (const text of sly) {
      await open(by ? spokenModel([[`${text} [1]`]]) : undefined, { texts: [text] })
      const { choices } = await client.chat.completions.create({ model: documents, messages: [user(question)] })
      const content = choices[0].message.content ?? ''
      expect(ours(choices[0].message)).toMatchObject({ mode: by ?? 'quotes', citations: [{ quote: text }] })
      expect(content).toContain('850 Euro')
      const kinds: string[] = []
      visit(fromMarkdown(content), ({ type }) => kinds.push(type))
      expect([content, kinds.filter(kind => /image|html/.test(kind))]).toEqual([content, []])
      if (text !== sly.at(-1)) await server.stop()
    }
  })

  it('gives way to quotes where nothing is proven: nothing unproven was streamed by then', async () => {
    await openWith([['Die Miete beträgt 77 Kamele. [1] Und 99 Ziegen. [1]']])
    const stream = await client.chat.completions.create({ model: documents, messages: [user(question)], stream: true })
    let text = ''
    for await (const { choices } of stream) text += choices[0]?.delta.content ?? ''
    expect(text).not.toContain('Kamele')
    expect(text).toMatch(new RegExp(`^„${rent}“ \\[1\\]`))
  })

  it('says so where the documents hold no answer', async () => {
    await open(undefined)
    const { choices } = await client.chat.completions.create({ model: documents, messages: [user('Wer war Goethe?')] })
    expect(ours(choices[0].message)).toMatchObject({ mode: 'declined', citations: [] })
    expect(choices[0].message.content).toBe('Dazu habe ich in Ihren Dokumenten keine Antwort gefunden.')
  })

  it('through an assistant is answered in its way; `store` keeps a chat with it', async () => {
    const model = await openWith([[`${rent} [1]`]])
    const { client: api, projectId } = server
    await api.assistants.create({ projectId, name: 'Kurz', instructions: 'Antworte knapp.', temperature: 0.9 })
    const { choices } = await client.chat.completions.create({
      model: `${documents}/kurz`,
      messages: [{ role: 'developer', content: 'Duze mich.' }, user(question)],
      store: true,
    })
    expect(model.calls[0].prompt[0].content).toMatch(/Antworte knapp\.\s+Duze mich\./)
    expect(model.calls[0].temperature).toBe(0.9)
    const [chat] = (await api.chats.list({ projectId })).chats
    expect(ours(choices[0].message)).toMatchObject({ chat: chat.id })
    const { messages } = await api.chats.get({ projectId, chatId: chat.id })
    expect(messages.map(({ text }) => text)).toEqual([question, rent])
  })

  it('ends at a stop sequence, and at so many tokens', async () => {
    await openWith([[`${rent} [1] ${notice} [2]`]])
    const ask = async (more: object) =>
      (
        await client.chat.completions.create({
          model: documents,
          messages: [user('Wie hoch ist die Miete und wie lang die Kündigungsfrist?')],
          ...more,
        })
      ).choices[0]
    expect((await ask({ stop: ['Euro im', 'nie'] })).message.content).toBe('Die Miete beträgt 850')
    expect(await ask({ max_completion_tokens: 12 })).toMatchObject({
      finish_reason: 'length',
      message: { content: `${rent} [1]` },
    })
  })

  it.each([
    ['a stop sequence', { stop: ['850'] }, 'Die Miete beträgt ', 'stop'],
    ['so many tokens', { max_tokens: 12 }, `${rent} [1]`, 'length'],
  ])('that ends at %s stops the model, and is told at once', async (_, more, said, finish) => {
    const model = await openWith([[`${rent} [1] ${notice} [2] `, 'Und ', { wait: new Promise(() => {}) }]])
    const asked = {
      model: documents,
      messages: [user('Wie hoch ist die Miete und wie lang die Kündigungsfrist?')],
      ...more,
    }
    const [choice] = (await client.chat.completions.create(asked)).choices
    expect(choice).toMatchObject({ finish_reason: finish, message: { content: said.trim() } })
    expect(ours(choice.message)).toMatchObject({ mode: 'model', citations: expect.any(Array), reason: null })
    expect(model.calls[0].abortSignal?.aborted).toBe(true)
    let text = ''
    let last: OpenAI.ChatCompletionChunk | undefined
    for await (const chunk of await client.chat.completions.create({ ...asked, stream: true, store: true })) {
      text += chunk.choices[0].delta.content ?? ''
      last = chunk
    }
    expect([text, last?.choices[0].finish_reason]).toEqual([said, finish])
    expect(model.calls[1].abortSignal?.aborted).toBe(true)
    // Kept as far as it was written.
    const { chat: chatId } = ours(last) as { chat: string }
    const { messages } = await server.client.chats.get({ projectId: server.projectId, chatId })
    expect(messages.at(-1)?.text).toContain(rent)
  })
})

it('a model that dies behind proven sentences leaves quotes: alone in a whole answer, behind them in a stream', async () => {
  // What is written at one moment with the crash is not told any more: a stream's reader has it before.
  let told = Promise.resolve()
  const pause = {
    get wait() {
      return told
    },
  }
  await openWith([[`${rent} [1] `, 'Und dazu ', pause, new AppError('model-crashed')]])
  const asked = { model: documents, messages: [user(question)], cloister: { sources: false } }
  const { choices } = await client.chat.completions.create(asked as OpenAI.ChatCompletionCreateParamsNonStreaming)
  expect(choices[0].message.content).toBe(`„${rent}“ [1]`)
  let hear = () => {}
  told = new Promise(resolve => {
    hear = resolve
  })
  const stream = await client.chat.completions.create({
    ...asked,
    stream: true,
  } as OpenAI.ChatCompletionCreateParamsStreaming)
  let text = ''
  let last: unknown
  for await (const chunk of stream) {
    text += chunk.choices[0].delta.content ?? ''
    if (text.includes(rent)) hear()
    last = chunk
  }
  expect(text).toBe(`${rent} [1]\n\nIn den Dokumenten steht:\n\n„${rent}“ [2]`)
  expect(ours(last)).toMatchObject({
    mode: 'quotes',
    reason: { code: 'model-crashed', text: expect.any(String) },
    citations: [{ quote: rent }, { quote: rent }],
  })
})

it('a server that ends says so to whoever reads a stream', async () => {
  const model = await openWith([['Hallo ', { wait: new Promise(() => {}) }]])
  const stream = await client.chat.completions.create({ model: model.name, messages: [user('Hallo')], stream: true })
  const read = async () => {
    for await (const { choices } of stream) if (choices[0].delta.content) void server.server.stop(5000)
  }
  expect(await refused(read())).toMatchObject({ code: 'server-stopping' })
})

describe('what cannot be done', () => {
  it('is refused with the field’s name, and what is unknown is ignored', async () => {
    const model = await openWith([['Ja.']])
    const image = [{ type: 'image_url' as const, image_url: { url: 'data:image/png;base64,AAAA' } }]
    const at = async (params: object) => {
      const create = { model: model.name, messages: [user('Hallo')], ...params }
      const { status, param, code } = await refused(client.chat.completions.create(create as never))
      return [status, param, code]
    }
    expect(await at({ n: 2 })).toEqual([400, 'n', 'unsupported_parameter'])
    expect(await at({ messages: [{ role: 'user', content: image }] })).toEqual([
      400,
      'messages.0.content',
      'unsupported_content',
    ])
    expect(await at({ temperature: 9 })).toEqual([400, 'temperature', 'invalid_value'])
    expect(await at({ messages: [] })).toEqual([400, 'messages', 'invalid_value'])
    expect(await at({ messages: [{ role: 'clown', content: '' }] })).toEqual([400, 'messages.0.role', 'invalid_value'])
    expect(await at({ model: 'gpt-4o' })).toEqual([404, undefined, 'model_not_found'].map(one => one ?? null))
    expect(await at({ model: documents, response_format: { type: 'json_object' } })).toEqual([
      400,
      'response_format',
      'unsupported_parameter',
    ])
    expect(await at({ model: documents, messages: [{ role: 'assistant', content: 'a' }] })).toEqual([
      400,
      'messages',
      'unsupported_parameter',
    ])
    expect(await at({ model: documents, messages: [user(' ')] })).toEqual([400, null, 'question-empty'])
    expect(await at({ model: documents, messages: [user('x'.repeat(3000))] })).toEqual([400, null, 'question-too-long'])
    expect(await at({ messages: [{ role: 'tool', content: '1', tool_call_id: 'a' }] })).toEqual([
      400,
      'messages.0.tool_call_id',
      'invalid_value',
    ])
    const body = { model: model.name, messages: [user('Hallo')], frobnicate: { yes: true }, user: 'u', n: null }
    const { choices } = await client.chat.completions.create(body as never)
    expect(choices[0].message.content).toBe('Ja.')
    const broken = await server.fetch('/v1/chat/completions', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"model":',
    })
    expect([broken.status, await broken.json()]).toMatchObject([400, { error: { code: 'body-malformed' } }])
  })

  it('is not asked of a model that has no tools', async () => {
    const model = spokenModel([['Ja.']])
    const { doStream } = model.model
    model.model.doStream = async options => {
      const { stream } = await doStream(options)
      const warned = stream.pipeThrough(
        new TransformStream({
          transform(part, controller) {
            const warnings = options.tools ? [{ type: 'unsupported', feature: 'tools' }] : []
            controller.enqueue(part.type === 'stream-start' ? { ...part, warnings } : part)
          },
        }),
      )
      return { stream: warned }
    }
    await open(model)
    const tools = [{ type: 'function' as const, function: { name: 'weather', parameters: { type: 'object' } } }]
    const asked = client.chat.completions.create({ model: model.name, messages: [user('Wetter?')], tools })
    expect(await refused(asked)).toMatchObject({ status: 400, code: 'model-cannot' })
  })
})

describe('a plain model', () => {
  it('gets the conversation as it is, and answers with usage; no document is read', async () => {
    const model = await openWith([['<think>hm</think>', 'Hallo ', 'auch.']])
    const completion = await client.chat.completions.create({
      model: model.name,
      messages: [
        { role: 'system', content: 'Sei nett.' },
        user('Hallo'),
        { role: 'assistant', content: 'Ja?' },
        { role: 'user', content: [{ type: 'text', text: 'Noch mal.' }] },
      ],
      max_tokens: 7,
      stop: 'X',
      seed: 4,
    })
    expect(completion.choices[0].message.content).toBe('Hallo auch.')
    expect(completion.usage).toMatchObject({ prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 })
    expect(model.calls[0]).toMatchObject({ maxOutputTokens: 7, stopSequences: ['X'], seed: 4 })
    expect(model.calls[0].prompt).toEqual([
      { role: 'system', content: 'Sei nett.' },
      { role: 'user', content: [{ type: 'text', text: 'Hallo' }] },
      { role: 'assistant', content: [{ type: 'text', text: 'Ja?' }] },
      { role: 'user', content: [{ type: 'text', text: 'Noch mal.' }] },
    ])
    expect(await chats()).toBe(0)
  })

  it('calls tools, in one piece and as a stream, and reads what they gave', async () => {
    const model = spokenModel([['Ja.']])
    const { doStream } = model.model
    model.model.doStream = async options => {
      const { stream } = await doStream(options)
      if (options.prompt.some(({ role }) => role === 'tool')) return { stream }
      const called = new TransformStream({
        transform(part, controller) {
          const input = '{"city":"Bonn"}'
          if (part.type === 'text-delta')
            controller.enqueue({ type: 'tool-call', toolCallId: 'c1', toolName: 'weather', input })
          else if (part.type === 'finish')
            controller.enqueue({ ...part, finishReason: { unified: 'tool-calls', raw: undefined } })
          else controller.enqueue(part)
        },
      })
      return { stream: stream.pipeThrough(called) }
    }
    await open(model)
    const parameters = { type: 'object', properties: { city: { type: 'string' } } }
    const tools = [{ type: 'function' as const, function: { name: 'weather', parameters } }]
    const asked = { model: model.name, messages: [user('Wetter in Bonn?')], tools, tool_choice: 'required' as const }
    const called = { id: 'c1', type: 'function' as const, function: { name: 'weather', arguments: '{"city":"Bonn"}' } }
    const [{ finish_reason, message }] = (await client.chat.completions.create(asked)).choices
    expect([finish_reason, message.content, message.tool_calls]).toEqual(['tool_calls', null, [called]])
    expect(model.calls[0]).toMatchObject({
      tools: [{ type: 'function', name: 'weather', inputSchema: parameters }],
      toolChoice: { type: 'required' },
    })
    // Some programs write down what they have not.
    const bare = { type: 'function' as const, function: { name: 'clock', description: null, parameters: null } }
    await client.chat.completions.create({ ...asked, tools: [...tools, bare] } as never)
    expect(model.calls[1].tools).toEqual([
      expect.objectContaining({ name: 'weather' }),
      { type: 'function', name: 'clock', inputSchema: { type: 'object', properties: {} } },
    ])
    // The client's own reader puts the pieces together.
    const runner = client.chat.completions.stream(asked)
    expect((await runner.finalChatCompletion()).choices[0].message.tool_calls).toMatchObject([called])
    const messages = [...asked.messages, message, { role: 'tool' as const, tool_call_id: 'c1', content: 'Regen' }]
    const next = await client.chat.completions.create({ model: model.name, messages, tools })
    expect(next.choices[0].message.content).toBe('Ja.')
    expect(model.calls.at(-1)?.prompt.slice(1)).toEqual([
      {
        role: 'assistant',
        content: [{ type: 'tool-call', toolCallId: 'c1', toolName: 'weather', input: { city: 'Bonn' } }],
      },
      {
        role: 'tool',
        content: [
          { type: 'tool-result', toolCallId: 'c1', toolName: 'weather', output: { type: 'text', value: 'Regen' } },
        ],
      },
    ])
  })

  it('of a server gets tools, JSON and the rest over the wire, and its calls come back', async () => {
    const fake = await openFakeServer()
    fake.reply = ({ body }) =>
      body.tools ? { call: { name: 'weather', arguments: '{"city":"Bonn"}' } } : { pieces: ['{"a":', '1}'] }
    try {
      const egress = openEgress({ clock: { now: Date.now }, ids: { next: () => v7() }, log: silent })
      server = await openTestServer({
        settings: { egress, secrets: createSecrets({ key: 'test' }), servers: createServers({}) },
      })
      client = new OpenAI({ apiKey: token, baseURL: `${server.url}/v1`, maxRetries: 0 })
      await server.client.providers.add({ kind: 'openai-compatible', name: 'Nah', slug: 'nah', baseUrl: fake.url })
      expect((await client.models.list()).data.map(({ id }) => id)).toEqual([documents, 'nah/tiny'])
      const parameters = { type: 'object', properties: { city: { type: 'string' } } }
      const tools = [{ type: 'function' as const, function: { name: 'weather', parameters } }]
      const asked = { model: 'nah/tiny', messages: [user('Wetter in Bonn?')] }
      const called = await client.chat.completions.create({ ...asked, tools, tool_choice: 'auto' })
      expect(called.choices[0]).toMatchObject({
        finish_reason: 'tool_calls',
        message: { tool_calls: [{ type: 'function', function: { name: 'weather', arguments: '{"city":"Bonn"}' } }] },
      })
      expect(ours(called.choices[0].message)).toMatchObject({ server: { slug: 'nah', here: true } })
      const schema = { type: 'object', properties: { a: { type: 'number' } } }
      const format = { type: 'json_schema' as const, json_schema: { name: 'thing', schema } }
      const shaped = await client.chat.completions.create({
        ...asked,
        response_format: format,
        temperature: 0.1,
        stop: 'X',
      })
      expect(shaped.choices[0].message.content).toBe('{"a":1}')
      const [first, second] = fake.calls
        .filter(({ path }) => path.endsWith('/chat/completions'))
        .map(({ body }) => body)
      expect(first).toMatchObject({
        model: 'tiny',
        tools: [{ function: { name: 'weather', parameters } }],
        tool_choice: 'auto',
      })
      expect(second).toMatchObject({ response_format: { type: 'json_schema' }, temperature: 0.1, stop: ['X'] })
      const models = await refused(client.chat.completions.create({ ...asked, model: 'nowhere/tiny' }))
      expect(models.status).toBe(404)
    } finally {
      await fake.close()
    }
  })

  it('whose JSON does not fit its schema gives it all the same, and says so', async () => {
    const model = spokenModel([['{"a":', '"zwei"}']])
    const { doStream } = model.model
    model.model.doStream = async options => {
      const { stream } = await doStream(options)
      // As a model of this machine ends then.
      const unfit = new TransformStream({
        transform(part, controller) {
          const finishReason = { unified: 'other', raw: 'invalid' }
          const providerMetadata = { cloister: { fitsSchema: false } }
          controller.enqueue(part.type === 'finish' ? { ...part, finishReason, providerMetadata } : part)
        },
      })
      return { stream: stream.pipeThrough(unfit) }
    }
    await open(model)
    const schema = { type: 'object', properties: { a: { type: 'string', pattern: '^eins$' } } }
    const asked = {
      model: model.name,
      messages: [user('Zahl?')],
      response_format: { type: 'json_schema' as const, json_schema: { name: 'thing', schema } },
    }
    const [choice] = (await client.chat.completions.create(asked)).choices
    expect(choice).toMatchObject({ finish_reason: 'stop', message: { content: '{"a":"zwei"}' } })
    expect(ours(choice.message)).toMatchObject({ fitsSchema: false })
    let text = ''
    let last: unknown
    for await (const chunk of await client.chat.completions.create({ ...asked, stream: true })) {
      text += chunk.choices[0].delta.content ?? ''
      last = chunk
    }
    expect([text, ours(last)]).toEqual(['{"a":"zwei"}', expect.objectContaining({ fitsSchema: false })])
    expect(model.calls).toHaveLength(2)
  })

  it('that fails before its first word is an error; behind it, the stream says so', async () => {
    const model = await openWith([[new AppError('model-timeout')], ['Erst ', new AppError('model-timeout')]])
    const asked = { model: model.name, messages: [user('Hallo')], stream: true as const }
    expect(await refused(client.chat.completions.create(asked))).toMatchObject({ status: 503, type: 'server_error' })
    const read = async () => {
      let text = ''
      for await (const { choices } of await client.chat.completions.create(asked))
        text += choices[0].delta.content ?? ''
      return text
    }
    expect(await refused(read())).toMatchObject({ code: 'model-timeout' })
  })
})

it.each([
  ['a plain model', 'spoken', 'Hallo'],
  ['documents', documents, question],
])('whoever goes away stops %s at once', async (_, name, content) => {
  const model = await openWith([[`${rent} [1] `, 'Und ', { wait: new Promise(() => {}) }]])
  const stream = await client.chat.completions.create({ model: name, messages: [user(content)], stream: true })
  for await (const { choices } of stream) if (choices[0].delta.content) break
  stream.controller.abort()
  const left = performance.now()
  await until(() => model.calls[0].abortSignal?.aborted === true, 'stopped')
  expect(performance.now() - left).toBeLessThan(10_000)
  expect(await chats()).toBe(0)
})

it('is server-sent events that end with [DONE], for whoever reads them by himself', async () => {
  const model = await openWith([['Hallo.']])
  const response = await server.fetch('/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: model.name, messages: [user('Hallo')], stream: true }),
  })
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  const text = await response.text()
  const lines = text.split('\n\n')
  expect(lines.pop()).toBe('')
  expect(lines.pop()).toBe('data: [DONE]')
  const chunks = lines.map(line => JSON.parse(line.replace(/^data: /, '')) as { object: string; choices: object[] })
  expect(chunks.map(({ object }) => object)).toEqual(Array(3).fill('chat.completion.chunk'))
  expect(chunks.map(({ choices }) => choices[0])).toMatchObject([
    { index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null },
    { index: 0, delta: { content: 'Hallo.' }, finish_reason: null },
    { index: 0, delta: {}, finish_reason: 'stop' },
  ])
})

describe('embeddings', () => {
  const openEmbedder = async () => {
    const embedder = createWordEmbedder({ contextSize: 64 })
    await open(undefined, {
      embedding: Object.assign(embedder, { queryPrefix: 'q: ', passagePrefix: 'p: ' }),
      texts: [],
    })
    return embedder
  }

  it('come as numbers and as base64, which the client asks for by itself, with the prefix of what they are', async () => {
    const embedder = await openEmbedder()
    const floats = await client.embeddings.create({ model: 'words', input: 'Miete', encoding_format: 'float' })
    const packed = await client.embeddings.create({ model: 'words', input: ['Miete', 'Ziege'] })
    expect(packed.data.map(({ index }) => index)).toEqual([0, 1])
    expect(packed.data[0].embedding).toHaveLength(64)
    for (const [at, value] of packed.data[0].embedding.entries())
      expect(value).toBeCloseTo(floats.data[0].embedding[at], 5)
    expect(floats.usage.total_tokens).toBeGreaterThan(0)
    embedder.calls.length = 0
    await client.embeddings.create({ model: 'words', input: 'Miete', input_type: 'query' } as never)
    await client.embeddings.create({ model: 'words', input: 'Miete', input_type: 'document' } as never)
    expect(embedder.calls).toEqual([['q: Miete'], ['p: Miete']])
  })

  it('are refused where they cannot be had', async () => {
    const embedder = await openEmbedder()
    const at = async (params: object) => {
      const { status, param, code } = await refused(client.embeddings.create({ model: 'words', ...params } as never))
      return [status, param, code]
    }
    expect(await at({ input: 'a', dimensions: 7 })).toEqual([400, 'dimensions', 'unsupported_parameter'])
    expect(await at({ input: [1, 2, 3] })).toEqual([400, 'input', 'unsupported_parameter'])
    expect(await at({ input: '' })).toEqual([400, 'input', 'invalid_value'])
    expect(await at({ input: 'a', model: documents })).toEqual([404, null, 'model_not_found'])
    embedder.calls.length = 0
    const many = Array.from({ length: 2049 }, () => 'a')
    expect(await at({ input: many })).toEqual([400, 'input', 'invalid_value'])
    expect(embedder.calls).toEqual([])
    expect(await at({ input: many.slice(1), dimensions: 7 })).toEqual([400, 'dimensions', 'unsupported_parameter'])
    // One tells how many there are.
    expect(embedder.calls.flat()).toHaveLength(1)
    const equal = await client.embeddings.create({ model: 'words', input: ['Miete', 'Ziege'], dimensions: 64 })
    const plain = await client.embeddings.create({ model: 'words', input: ['Miete', 'Ziege'] })
    expect(equal).toEqual(plain)
  })
})
