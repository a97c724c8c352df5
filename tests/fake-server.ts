/** Servers with models as others have them: OpenAI's chat completions, Anthropic's messages, xAI's responses; well behaved or not. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

export interface FakeCall {
  path: string
  headers: IncomingMessage['headers']
  body: Record<string, unknown>
}

export interface FakeReply {
  /** Other than 200: `body` is the refusal. */
  status?: number
  headers?: Record<string, string>
  body?: string | object
  /** What the model says, piece by piece. */
  pieces?: readonly string[]
  /** What it thinks before. */
  thinks?: string
  call?: { name: string; arguments: string }
  /** Milliseconds before the first piece, and between two. */
  wait?: number
  pace?: number
  /** After so many pieces: the connection breaks, the end comes without a word, or nothing comes any more. */
  after?: { pieces: number; how: 'break' | 'end' | 'stall' | 'nonsense' | 'error' }
  contentType?: string
  vectors?: (text: string) => number[]
}

export interface FakeServer {
  /** With `/v1`. */
  url: string
  port: number
  calls: FakeCall[]
  /** Requests that are being answered. */
  open(): number
  reply: (call: FakeCall) => FakeReply
  models: object[]
  /** What Ollama says in its own way; nothing of a server that is none. */
  tags: object[] | undefined
  close(): Promise<void>
}

/** `host`: which address of this machine it listens at. */
export async function openFakeServer({ host = '127.0.0.1' }: { host?: string } = {}): Promise<FakeServer> {
  let open = 0
  const fake: FakeServer = {
    url: '',
    port: 0,
    calls: [],
    open: () => open,
    reply: () => ({ pieces: ['Hallo', ' Welt'] }),
    models: [{ id: 'tiny', object: 'model' }],
    tags: undefined,
    async close() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
  const server = createServer((request, response) => {
    open += 1
    response.on('close', () => {
      open -= 1
    })
    answer(request, response).catch(() => response.destroy())
  })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const text = Buffer.concat(parts).toString('utf8')
    const path = (request.url ?? '').replace(/\?.*$/, '')
    const call = { path, headers: request.headers, body: (text === '' ? {} : JSON.parse(text)) as FakeCall['body'] }
    fake.calls.push(call)
    const reply = fake.reply(call)
    const status = reply.status ?? 200
    if (status !== 200 || reply.body !== undefined) {
      const body = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body ?? {})
      response.writeHead(status, { 'content-type': reply.contentType ?? 'application/json', ...reply.headers })
      response.end(body)
      return
    }
    if (path === '/api/tags')
      return fake.tags ? json(response, { models: fake.tags }) : void response.writeHead(404).end('404 page not found')
    if (path.endsWith('/models')) return json(response, { object: 'list', data: fake.models })
    if (path.endsWith('/embeddings')) {
      const texts = [call.body.input].flat() as string[]
      const vector = reply.vectors ?? (one => [one.length, 1, 0])
      const data = texts.map((one, index) => ({ object: 'embedding', index, embedding: vector(one) }))
      return json(response, {
        object: 'list',
        data,
        usage: { prompt_tokens: texts.length, total_tokens: texts.length },
      })
    }
    const shape = path.endsWith('/messages') ? anthropic : path.endsWith('/responses') ? xai : openai
    if (call.body.stream !== true) return json(response, shape.whole(reply))
    await stream(response, reply, shape)
  }

  await new Promise<void>(resolve => server.listen(0, host, resolve))
  fake.port = (server.address() as AddressInfo).port
  fake.url = `http://${host.includes(':') ? `[${host}]` : host}:${fake.port}/v1`
  return fake
}

function json(response: ServerResponse, body: object): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

interface Shape {
  begin: () => string[]
  thought: (text: string) => string[]
  piece: (text: string) => string[]
  call: (call: { name: string; arguments: string }) => string[]
  end: (count: number, called: boolean) => string[]
  error: string
  whole: (reply: FakeReply) => object
}

async function stream(response: ServerResponse, reply: FakeReply, shape: Shape): Promise<void> {
  const { pieces = [], wait = 0, pace = 0, after, thinks, call } = reply
  response.writeHead(200, { 'content-type': reply.contentType ?? 'text/event-stream', ...reply.headers })
  response.flushHeaders()
  const write = (lines: readonly string[]) => {
    for (const line of lines) response.write(`${line}\n\n`)
  }
  if (wait > 0) await pause(wait)
  write(shape.begin())
  if (thinks !== undefined) write(shape.thought(thinks))
  let due = performance.now()
  for (let at = 0; at <= pieces.length; at++) {
    if (after?.pieces === at) {
      if (after.how === 'break') return void response.destroy()
      if (after.how === 'end') return void response.end()
      if (after.how === 'stall') return
      if (after.how === 'error') write([shape.error])
      if (after.how === 'nonsense') write(['data: {"choices": [{"delta": ', 'data: <html>'])
    }
    if (at === pieces.length) break
    if (response.destroyed) return
    write(shape.piece(pieces[at]))
    // At a set pace, also where the timer is late.
    due += pace
    const left = due - performance.now()
    if (pace > 0 && left > 0) await pause(left)
  }
  if (call) write(shape.call(call))
  write(shape.end(pieces.length, call !== undefined))
  response.end()
}

const data = (value: object) => `data: ${JSON.stringify(value)}`
const event = (value: { type: string }) => `event: ${value.type}\n${data(value)}`

const chunk = (delta: object, finish: string | null = null) =>
  data({
    id: 'c1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'tiny',
    choices: [{ index: 0, delta, finish_reason: finish }],
  })
const usage = (count: number) => ({
  prompt_tokens: 7,
  completion_tokens: count,
  total_tokens: 7 + count,
  prompt_tokens_details: { cached_tokens: 3 },
})

const openai: Shape = {
  begin: () => [chunk({ role: 'assistant', content: '' })],
  thought: text => [chunk({ reasoning_content: text })],
  piece: text => [chunk({ content: text })],
  call: ({ name, arguments: given }) => [
    chunk({ tool_calls: [{ index: 0, id: 't1', type: 'function', function: { name, arguments: given } }] }),
  ],
  end: (count, called) => [
    chunk({}, called ? 'tool_calls' : 'stop'),
    data({ id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'tiny', choices: [], usage: usage(count) }),
    'data: [DONE]',
  ],
  error: data({ error: { message: 'The server had an error, key sk-secret', type: 'server_error' } }),
  whole: ({ pieces = [], call }) => ({
    id: 'c1',
    object: 'chat.completion',
    created: 1,
    model: 'tiny',
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: pieces.join(''),
          ...(call && { tool_calls: [{ id: 't1', type: 'function', function: call }] }),
        },
        finish_reason: call ? 'tool_calls' : 'stop',
      },
    ],
    usage: usage(pieces.length),
  }),
}

const anthropic: Shape = {
  begin: () => [
    event({
      type: 'message_start',
      message: {
        id: 'm1',
        type: 'message',
        role: 'assistant',
        model: 'claude',
        content: [],
        stop_reason: null,
        usage: { input_tokens: 7, output_tokens: 1 },
      },
    } as { type: string }),
    event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } } as { type: string }),
  ],
  thought: () => [],
  piece: text => [
    event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } } as { type: string }),
  ],
  call: ({ name, arguments: given }) => [
    event({ type: 'content_block_start', index: 1, content_block: { type: 'tool_use', id: 't1', name, input: {} } } as {
      type: string
    }),
    event({ type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: given } } as {
      type: string
    }),
    event({ type: 'content_block_stop', index: 1 } as { type: string }),
  ],
  end: (count, called) => [
    event({ type: 'content_block_stop', index: 0 } as { type: string }),
    event({
      type: 'message_delta',
      delta: { stop_reason: called ? 'tool_use' : 'end_turn', stop_sequence: null },
      usage: { output_tokens: count },
    } as { type: string }),
    event({ type: 'message_stop' }),
  ],
  error: event({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded, key sk-secret' } } as {
    type: string
  }),
  whole: ({ pieces = [] }) => ({
    id: 'm1',
    type: 'message',
    role: 'assistant',
    model: 'claude',
    content: [{ type: 'text', text: pieces.join('') }],
    stop_reason: 'end_turn',
    usage: { input_tokens: 7, output_tokens: pieces.length },
  }),
}

const respond = (rest: object) => ({ id: 'r1', object: 'response', created_at: 1, model: 'grok', ...rest })
const spent = (count: number) => ({ input_tokens: 7, output_tokens: count, total_tokens: 7 + count })
const message = (text: string, status: string) => ({
  type: 'message',
  id: 'i1',
  status,
  role: 'assistant',
  content: text === '' ? [] : [{ type: 'output_text', text, annotations: [] }],
})

const xai: Shape = {
  begin: () => [
    event({ type: 'response.created', response: respond({ status: 'in_progress', output: [] }) } as { type: string }),
    event({ type: 'response.output_item.added', item: message('', 'in_progress'), output_index: 0 } as {
      type: string
    }),
  ],
  thought: () => [],
  piece: text => [
    event({ type: 'response.output_text.delta', item_id: 'i1', output_index: 0, content_index: 0, delta: text } as {
      type: string
    }),
  ],
  call: () => [],
  end: count => [
    event({ type: 'response.output_item.done', item: message('', 'completed'), output_index: 0 } as { type: string }),
    event({
      type: 'response.completed',
      response: respond({ status: 'completed', output: [], usage: spent(count) }),
    } as { type: string }),
  ],
  error: event({ type: 'error', code: 'server_error', message: 'key sk-secret' } as { type: string }),
  whole: ({ pieces = [] }) =>
    respond({ status: 'completed', output: [message(pieces.join(''), 'completed')], usage: spent(pieces.length) }),
}
