import { minifyContractRouter } from '@orpc/contract'
import { describe, expect, expectTypeOf, it } from 'vitest'
import type { z } from 'zod'
import type {
  Answer,
  AnswerEvent,
  Chat,
  Citation,
  Document,
  Message,
  Passage,
  Receipt,
  Segment,
} from '../model/index.ts'
import type { answer, answerEvent } from './answer.ts'
import type { chat, message } from './chat.ts'
import { createClient, follow } from './client.ts'
import type { document, receipt } from './document.ts'
import { ApiError, contract, isProblem } from './index.ts'
import { problem as problemSchema } from './problem.ts'
import type { citation, passage } from './search.ts'
import type { segment } from './segment.ts'

const problem = {
  type: 'urn:cloister:problem:duplicate',
  title: 'Conflict',
  status: 409,
  detail: 'Schon da.',
  instance: 'urn:uuid:1',
  code: 'duplicate',
  values: { file: 'a.pdf' },
}

function problemResponse(): Response {
  return new Response(JSON.stringify(problem), {
    status: 409,
    headers: { 'content-type': 'application/problem+json; charset=utf-8' },
  })
}

function eventStream(text: string, end: 'end' | 'break' | 'stay' = 'end'): Response {
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(text))
      if (end === 'end') controller.close()
      if (end === 'break') setTimeout(() => controller.error(new TypeError('terminated')), 5)
    },
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}

const clientOf = (
  fetch: (request: Request) => Promise<Response>,
  more: { token?: string; language?: () => string } = {},
) => createClient({ routes: minifyContractRouter(contract), url: 'http://127.0.0.1:1', fetch, ...more })

it.each<[boolean, unknown]>([
  [true, problem],
  [true, { ...problem, more: 1 }],
  [true, { ...problem, values: { limit: 3 }, issues: [{ path: '', message: 'Nein.' }] }],
  [false, { ...problem, values: undefined }],
  [false, { ...problem, values: { file: null } }],
  [false, { ...problem, values: [] }],
  [false, { ...problem, status: 409.5 }],
  [false, { ...problem, status: '409' }],
  [false, { ...problem, code: 3 }],
  [false, { ...problem, issues: {} }],
  [false, { ...problem, issues: [{ path: '' }] }],
  [false, [problem]],
  [false, null],
  [false, 'problem'],
])('%s: a problem, for the page as for its schema', (expected, value) => {
  expect(isProblem(value)).toBe(expected)
  expect(problemSchema.safeParse(value).success).toBe(expected)
})

const projectId = '019a0000-0000-7000-8000-000000000000'

describe('the contract', () => {
  it('says what the model says', () => {
    expectTypeOf<z.output<typeof passage>>().toEqualTypeOf<Passage>()
    expectTypeOf<z.output<typeof citation>>().toEqualTypeOf<Citation>()
    expectTypeOf<z.output<typeof answer>>().toEqualTypeOf<Answer>()
    expectTypeOf<z.output<typeof answerEvent>>().toEqualTypeOf<AnswerEvent>()
    expectTypeOf<z.output<typeof segment>>().toEqualTypeOf<Segment>()
    expectTypeOf<z.output<typeof receipt>>().toEqualTypeOf<Receipt>()
    expectTypeOf<z.output<typeof message>>().toEqualTypeOf<Message>()
    expectTypeOf<Omit<z.output<typeof chat>, 'assistantId'>>().toEqualTypeOf<Omit<Chat, 'assistantId'>>()
    expectTypeOf<Omit<z.output<typeof document>, 'secondsLeft'>>().toEqualTypeOf<Omit<Document, 'blob'>>()
  })

  it('has a path and a summary everywhere, and no two routes alike', () => {
    const seen = new Set<string>()
    const walk = (value: object) => {
      if (!('~orpc' in value)) {
        for (const inner of Object.values(value) as object[]) walk(inner)
        return
      }
      const { route } = value['~orpc'] as { route: { method?: string; path?: string; summary?: string } }
      expect(route.path).toMatch(/^\/(api\/v1|health)/)
      expect(route.summary).toBeTruthy()
      const key = `${route.method} ${route.path?.replace(/\{[^}]+\}/g, '{}')}`
      expect(seen).not.toContain(key)
      seen.add(key)
    }
    walk(contract)
    expect(seen.size).toBeGreaterThan(40)
  })
})

describe('the client', () => {
  it('keeps code, values and text of a problem', async () => {
    const client = clientOf(async () => problemResponse())
    const error = await client.projects.create({ name: 'a' }).catch(thrown => thrown)
    expect(error).toBeInstanceOf(ApiError)
    expect(error).toMatchObject({ code: 'duplicate', values: { file: 'a.pdf' }, detail: 'Schon da.', status: 409 })
  })

  it('sends token and language', async () => {
    const sent: Request[] = []
    const client = clientOf(
      async request => {
        sent.push(request)
        return Response.json({ projects: [] })
      },
      { token: 'secret', language: () => 'de' },
    )
    expect(await client.projects.list()).toEqual({ projects: [] })
    expect(sent[0].url).toBe('http://127.0.0.1:1/api/v1/projects')
    expect(sent[0].headers.get('authorization')).toBe('Bearer secret')
    expect(sent[0].headers.get('accept-language')).toBe('de')
  })

  it('says that nobody answers', async () => {
    const client = clientOf(() => Promise.reject(new TypeError('fetch failed')))
    await expect(client.projects.list()).rejects.toMatchObject({ code: 'server-unreachable', status: 0 })
  })

  it('does not take a stranger’s page for an answer', async () => {
    const client = clientOf(async () => new Response('<h1>Bad gateway</h1>', { status: 502 }))
    await expect(client.projects.list()).rejects.toMatchObject({ code: 'internal', status: 502 })
  })

  it('throws what the signal says when it is aborted', async () => {
    const control = new AbortController()
    const client = clientOf(
      request =>
        new Promise((_, reject) => {
          request.signal.addEventListener('abort', () => reject(request.signal.reason))
        }),
    )
    const listing = client.projects.list(undefined, { signal: control.signal })
    control.abort(new Error('enough'))
    await expect(listing).rejects.toThrow('enough')
  })

  it('reads a stream, and what went wrong in the middle', async () => {
    const data = JSON.stringify({ defined: false, code: 'PROBLEM', status: 409, message: '', data: problem })
    const client = clientOf(async () =>
      eventStream(`: \n\nevent: message\ndata: {"type":"draft","text":"Ä"}\n\nevent: error\ndata: ${data}\n\n`),
    )
    const events: unknown[] = []
    const reading = (async () => {
      for await (const event of await client.answers.ask({ projectId, question: '?' })) events.push(event)
    })()
    await expect(reading).rejects.toMatchObject({ code: 'duplicate', detail: 'Schon da.' })
    expect(events).toEqual([{ type: 'draft', text: 'Ä' }])
  })

  it('ends the request when the loop is left', async () => {
    let cancelled = false
    const body = new ReadableStream({
      start: controller => controller.enqueue(new TextEncoder().encode('event: message\ndata: {"type":"reset"}\n\n')),
      cancel: () => {
        cancelled = true
      },
    })
    const client = clientOf(async () => new Response(body, { headers: { 'content-type': 'text/event-stream' } }))
    for await (const _ of await client.jobs.events()) break
    await expect.poll(() => cancelled).toBe(true)
  })
})

describe('following a stream', () => {
  it('goes on after the last event when the connection broke, and tells', async () => {
    const asked: (string | null)[] = []
    const connected: boolean[] = []
    const control = new AbortController()
    const client = clientOf(async request => {
      asked.push(request.headers.get('last-event-id'))
      if (asked.length === 2) throw new TypeError('fetch failed')
      if (asked.length === 1) return eventStream('event: message\nid: x-7\ndata: {"type":"projects"}\n\n', 'break')
      return eventStream('event: message\nid: x-8\ndata: {"type":"models"}\n\n', 'stay')
    })
    const types: string[] = []
    const events = follow(options => client.jobs.events(undefined, options), {
      signal: control.signal,
      pauses: [1],
      connected: now => connected.push(now),
    })
    for await (const event of events) {
      types.push(event.type)
      if (types.length === 2) control.abort()
    }
    expect(types).toEqual(['projects', 'models'])
    expect(asked).toEqual([null, 'x-7', 'x-7'])
    expect(connected).toEqual([true, false, true])
  })

  it('gives up where the server refuses for good', async () => {
    const client = clientOf(async () => problemResponse())
    const reading = (async () => {
      const { signal } = new AbortController()
      for await (const _ of follow(options => client.jobs.events(undefined, options), { signal, pauses: [1] })) break
    })()
    await expect(reading).rejects.toMatchObject({ code: 'duplicate' })
  })
})
