/** How often, how much and how long one may ask. */
import { request } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { MemoryStore, type Store } from 'express-rate-limit'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openEdge } from '../../server/compose-edge.ts'
import { readConfig } from '../../server/config.ts'
import type { RateConfig } from '../../server/config-edge.ts'
import type { EdgeSettings } from '../../server/http/edge.ts'
import { classOf, withFallback } from '../../server/http/limits.ts'
import { silent } from '../open-store.ts'
import { openTestRedis, type TestRedis, withoutRedis } from '../redis.ts'
import { until } from '../until.ts'
import { openTestServer, type TestServer, token } from './open-server.ts'

const wide: RateConfig = {
  on: true,
  perAddress: 1e6,
  perAccount: 1e6,
  asking: 1e6,
  uploads: 1e6,
  signIn: 1e6,
  signInToAccount: 1e6,
}
const publicUrl = 'http://localhost:3210'
const projects = '/api/v1/projects'

let server: TestServer
const open = async (edge: EdgeSettings) => {
  server = await openTestServer({ edge: { publicUrl, trustProxy: 1, ...edge } })
}
afterEach(() => server?.stop())

interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: { code?: string; detail?: string; values?: Record<string, unknown> }
}

function send(
  method: string,
  target: string,
  { from = '203.0.113.1', body, headers = {} }: { from?: string; body?: object; headers?: Record<string, string> } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { port } = server.http.address() as AddressInfo
    const all = {
      host: 'localhost:3210',
      authorization: `Bearer ${token}`,
      'x-forwarded-for': from,
      ...(body && { 'content-type': 'application/json' }),
      ...headers,
    }
    const sent = request({ host: '127.0.0.1', port, path: target, method, headers: all }, answer => {
      let text = ''
      answer.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      answer.on('end', () =>
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          body: text.startsWith('{') ? JSON.parse(text) : {},
        }),
      )
    })
    sent.on('error', reject)
    sent.end(body && JSON.stringify(body))
  })
}

const statuses = async (count: number, ask: () => Promise<Answer>) => {
  const all: number[] = []
  for (let at = 0; at < count; at++) all.push((await ask()).status)
  return all
}

describe('requests are counted', () => {
  it('by address, as the proxy says it, and told in both languages when there are too many', async () => {
    await open({ rates: { ...wide, perAddress: 3 } })
    expect(await statuses(5, () => send('GET', projects))).toEqual([200, 200, 200, 429, 429])
    const { headers, body } = await send('GET', projects)
    expect(body).toMatchObject({ code: 'too-many-requests', detail: expect.stringContaining('too many requests') })
    expect(Number(headers['retry-after'])).toBeGreaterThan(0)
    expect(Number(headers['retry-after'])).toBeLessThanOrEqual(60)
    expect(String(headers['ratelimit-policy'])).toContain('"address"; q=3; w=60')
    expect(String(headers.ratelimit)).toContain('r=0')
    const german = await send('GET', projects, { headers: { 'accept-language': 'de' } })
    expect(german.body.detail).toContain('zu viele Anfragen')
    // Others are not held up, and probes never.
    expect((await send('GET', projects, { from: '203.0.113.2' })).status).toBe(200)
    expect((await send('GET', '/health/readiness')).status).toBe(200)
    // What stands before the proxy's own word is the sender's.
    expect((await send('GET', projects, { from: '198.51.100.9, 203.0.113.1' })).status).toBe(429)
    // A network of IPv6 is one.
    expect(await statuses(3, () => send('GET', projects, { from: '2001:db8:1:200::1' }))).toEqual([200, 200, 200])
    expect((await send('GET', projects, { from: '2001:db8:1:2ff:ffff::9' })).status).toBe(429)
  })

  it('without a proxy by the connection: nobody can say that he is somebody else', async () => {
    await open({ rates: { ...wide, perAddress: 2 }, trustProxy: 0 })
    let from = 0
    expect(await statuses(3, () => send('GET', projects, { from: `203.0.113.${++from}` }))).toEqual([200, 200, 429])
  })

  it('by account, and more strictly where a model works or files come', async () => {
    await open({ rates: { ...wide, perAccount: 6, asking: 2, uploads: 1 } })
    let from = 0
    const ask = (target: string, body?: object) =>
      send(body ? 'POST' : 'GET', target, { from: `203.0.113.${++from}`, ...(body && { body }) })
    const once = `${projects}/${server.projectId}/answer`
    expect(await statuses(3, () => ask(once, { question: 'Was?' }))).toEqual([200, 200, 429])
    const text = `${projects}/${server.projectId}/documents/text`
    const document = { name: 'a', text: 'b', format: 'plain' }
    expect(await statuses(2, () => ask(text, document))).toEqual(
      [200, 429].map(status => expect.toBeOneOf([status, 201])),
    )
    expect((await ask(projects)).status).toBe(200)
    expect((await ask(projects)).status).toBe(429)
  })

  it('by address and by the account that somebody wants into, so that nobody is locked out by others', async () => {
    await open({ rates: { ...wide, signIn: 6, signInToAccount: 2 } })
    const logIn = (email: string, from: string) =>
      send('POST', '/api/v1/session', { from, body: { token: 'wrong', email }, headers: { authorization: '' } })
    expect(await statuses(3, () => logIn('eva@example.org', '203.0.113.1'))).toEqual([401, 401, 429])
    expect((await logIn('EVA@example.org ', '203.0.113.1')).status).toBe(429)
    expect((await logIn('eva@example.org', '203.0.113.2')).status).toBe(401)
    expect((await logIn('ida@example.org', '203.0.113.1')).status).toBe(401)
    expect(await statuses(2, () => logIn('uwe@example.org', '203.0.113.1'))).toEqual([401, 429])
    expect((await send('GET', projects)).status).toBe(200)
  })

  it('by proxies that write ports, and in IPv6 by the network, too', async () => {
    await open({ rates: { ...wide, perAddress: 2 } })
    let port = 4000
    expect(await statuses(3, () => send('GET', projects, { from: `203.0.113.1:${++port}` }))).toEqual([200, 200, 429])
    const six = () => send('GET', projects, { from: `[2001:db8:7::1]:${++port}` })
    expect(await statuses(3, six)).toEqual([200, 200, 429])
    expect((await send('GET', projects, { from: '2001:db8:7::1' })).status).toBe(429)
  })

  it('by the streams of an account that are open at once', async () => {
    await open({ rates: wide })
    const control = new AbortController()
    const events = () =>
      fetch(`${server.url}/api/v1/events`, {
        signal: control.signal,
        headers: { authorization: `Bearer ${token}`, 'x-cloister': '1' },
      })
    const opened = await Promise.all(Array.from({ length: 20 }, events))
    expect(opened.map(({ status }) => status)).toEqual(Array(20).fill(200))
    const { status, body } = await send('GET', '/api/v1/events')
    expect([status, body.code, body.values]).toEqual([429, 'too-many-streams', { limit: 20 }])
    expect((await send('GET', projects)).status).toBe(200)
    control.abort()
    await until(async () => {
      const again = new AbortController()
      const one = await fetch(`${server.url}/api/v1/events`, {
        signal: again.signal,
        headers: { authorization: `Bearer ${token}` },
      })
      again.abort()
      return one.status === 200
    }, 'room for another one')
  })

  it('nowhere on a machine of one’s own', async () => {
    const config = readConfig({ environment: { RATE_LIMIT_ADDRESS: '2' }, platform: 'linux' })
    const { edge } = await openEdge(config, silent, undefined)
    server = await openTestServer({ edge })
    const all = await Promise.all(Array.from({ length: 20 }, () => server.fetch(projects)))
    expect(all.map(({ status }) => status)).toEqual(Array(20).fill(200))
    expect(all[0].headers.get('ratelimit')).toBeNull()
  })
})

describe('a count that is lost', () => {
  it('goes on in this process, and comes back', async () => {
    const shared = new MemoryStore()
    let up = true
    let now = 0
    const flaky: Store = {
      init: options => (up ? shared.init(options) : Promise.reject(new Error('down'))),
      increment: async key => (up ? shared.increment(key) : Promise.reject(new Error('down'))),
      decrement: key => shared.decrement(key),
      resetKey: key => shared.resetKey(key),
    }
    const store = withFallback(flaky, silent, () => now)
    await store.init?.({ windowMs: 60_000 } as never)
    const count = async () => (await store.increment('a')).totalHits
    expect([await count(), await count()]).toEqual([1, 2])
    up = false
    expect([await count(), await count()]).toEqual([1, 2])
    up = true
    expect(await count()).toBe(3)
    now = 5000
    // As far as the shared one had got, whatever was counted here meanwhile.
    expect(await count()).toBeLessThanOrEqual(3)
    await store.shutdown?.()
    await shared.shutdown()
  })

  describe.skipIf(withoutRedis)(`in Redis${withoutRedis ? `: ${withoutRedis}` : ''}`, () => {
    let redis: TestRedis
    beforeAll(async () => {
      redis = await openTestRedis()
    })
    afterAll(() => redis.remove())

    it('is one for all servers, and fails no request when Redis is lost', async () => {
      const environment = { REDIS_URL: redis.url, RATE_LIMIT_ADDRESS: '4', TRUST_PROXY: '1' }
      const config = readConfig({ environment, platform: 'linux' })
      const [one, other] = [await openEdge(config, silent, publicUrl), await openEdge(config, silent, publicUrl)]
      server = await openTestServer({ edge: one.edge })
      const second = await openTestServer({ edge: other.edge })
      const first = server
      const ask = async (which: TestServer) => {
        server = which
        const { status } = await send('GET', projects)
        server = first
        return status
      }
      // Until both are connected, each counts for itself.
      const end = Date.now() + 10_000
      for (let from = 0; ; from++) {
        const many = await statuses(5, () => send('GET', projects, { from: `198.51.100.${from}` }))
        server = second
        const after = (await send('GET', projects, { from: `198.51.100.${from}` })).status
        server = first
        if (many.at(-1) === 429 && after === 429) break
        if (Date.now() > end) throw new Error('they do not count together')
      }
      const together = [await ask(first), await ask(second), await ask(first), await ask(second), await ask(first)]
      expect(together).toEqual([200, 200, 200, 200, 429])
      // Another installation that uses the same Redis counts for itself.
      const third = await openEdge(config, silent, 'http://localhost:3211')
      const stores = [one, other, third].map(({ edge }) => edge.rateStore?.('test'))
      for (const store of stores) store?.init?.({ windowMs: 60_000 } as never)
      const counted = async () => {
        const hits: (number | undefined)[] = []
        for (const store of stores) hits.push((await store?.increment('a'))?.totalHits)
        return hits
      }
      await counted()
      const [first1, second1, third1] = await counted()
      expect([first1, second1]).toEqual([3, 4])
      expect(third1).toBe(2)
      await third.close()
      await redis.kill()
      expect(await ask(second)).toBe(200)
      expect([await ask(first), await ask(first)]).toEqual([200, 200])
      await second.stop()
      await Promise.all([one.close(), other.close()])
    })
  })
})

describe('a request', () => {
  it('may be as large as MAX_REQUEST_SIZE says', async () => {
    await open({ maxRequestSize: 4096 })
    const text = `${projects}/${server.projectId}/documents/text`
    const document = (size: number) => ({ name: 'a', text: 'x'.repeat(size), format: 'plain' })
    expect((await send('POST', text, { body: document(5000) })).body).toMatchObject({ code: 'body-too-large' })
    expect((await send('POST', text, { body: document(3000) })).status).toBeLessThan(300)
    expect((await send('POST', projects, { body: { name: 'x'.repeat(5000) } })).status).toBe(413)
  })

  it('is given up when its answer does not begin in time, and its work is broken off', async () => {
    server = await openTestServer({
      edge: { publicUrl, requestTimeout: 300 },
      models: { list: () => new Promise(() => {}), catalog: () => new Promise(() => {}) },
    })
    const began = performance.now()
    const { status, body, headers } = await send('GET', '/api/v1/models')
    expect([status, body.code]).toEqual([503, 'request-timeout'])
    expect(headers['retry-after']).toBe('1')
    expect(performance.now() - began).toBeLessThan(5000)
    expect((await send('GET', projects)).status).toBe(200)
    // Under /v1, in the shape that is read there.
    const late = await send('GET', '/v1/models')
    expect([late.status, late.body]).toMatchObject([503, { error: { type: 'server_error', code: 'request-timeout' } }])
    // A stream that has begun goes on.
    const events = await server.fetch('/api/v1/events', { headers: { 'x-cloister': '1' } })
    const reader = events.body!.getReader()
    const until = Date.now() + 700
    while (Date.now() < until) expect((await reader.read()).done).toBe(false)
    await reader.cancel()
  })

  it.each([
    ['by nobody', { shown: 'wrong', path: `${projects}/x/documents` }, 401],
    ['to where nothing is', { shown: token, path: `${projects}/018f0000-0000-7000-8000-000000000000/documents` }, 404],
    ['that is no upload', { shown: 'wrong', path: projects }, 401],
  ] as const)(
    '%s that is refused ends soon, however slowly it goes on',
    async (_, { shown, path }, status) => {
      await open({ trustProxy: 0 })
      const { port } = server.http.address() as AddressInfo
      const socket = connect(port, '127.0.0.1')
      let said = ''
      let closed = false
      socket.on('data', part => {
        said += part
      })
      socket.on('error', () => {})
      socket.on('close', () => {
        closed = true
      })
      socket.write(
        `POST ${path} HTTP/1.1\r\nHost: localhost:3210\r\nAuthorization: Bearer ${shown}\r\nContent-Length: 1000000\r\n` +
          'Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\n',
      )
      const dribble = setInterval(() => socket.write('x'), 200)
      await until(() => closed, 'the end', 15_000)
      clearInterval(dribble)
      expect(said).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
      expect(said).toMatch(/connection: close/i)
    },
    30_000,
  )

  it('that does not arrive is not waited for without end', async () => {
    await open({})
    const { port } = server.http.address() as AddressInfo
    const said = await new Promise<string>(resolve => {
      const socket = connect(port, '127.0.0.1')
      let text = ''
      socket.on('data', part => {
        text += part
      })
      socket.on('error', () => {})
      socket.on('close', () => resolve(text))
      socket.write('GET / HTTP/1.1\r\nHost: localhost:3210\r\nX-Slow: ')
    })
    expect(said).toMatch(/^HTTP\/1\.1 408 /)
    expect(said).toContain('"request-slow"')
  }, 60_000)
})

it.each([
  ['POST', '/api/v1/auth/login', 'sign-in'],
  ['POST', '/api/v1/auth/password', 'sign-in'],
  ['POST', '/api/v1/auth/delete', 'sign-in'],
  ['POST', '/api/v1/auth/prove', 'sign-in'],
  ['POST', '/api/v1/auth/totp/off', 'sign-in'],
  ['POST', '/api/v1/auth/keys', 'other'],
  ['POST', '/api/v1/auth/register', 'sign-in'],
  ['POST', '/api/v1/auth/forgot-password', 'sign-in'],
  ['POST', '/api/v1/auth/magic-link', 'sign-in'],
  ['POST', '/api/v1/auth/magic-link/redeem', 'sign-in'],
  ['POST', '/api/v1/auth/second-factor', 'sign-in'],
  ['POST', '/api/v1/auth/login/passkey', 'sign-in'],
  ['POST', '/api/v1/auth/logout', 'other'],
  ['GET', '/api/v1/auth/me', 'other'],
  ['POST', '/api/v1/projects/x/ask', 'ask'],
  ['POST', '/api/v1/projects/x/answer', 'ask'],
  ['POST', '/api/v1/chat', 'ask'],
  ['POST', '/api/v1/generate', 'ask'],
  ['POST', '/v1/chat/completions', 'ask'],
  ['POST', '/v1/embeddings', 'ask'],
  ['POST', '/api/v1/ingest', 'upload'],
  ['POST', '/api/v1/projects/x/documents', 'upload'],
  ['POST', '/api/v1/projects/x/documents/text', 'upload'],
  ['POST', '/api/v1/models', 'upload'],
  ['GET', '/api/v1/projects/x/documents', 'other'],
])('%s %s is counted as %s', (method, path, expected) => {
  expect(classOf({ method, path })).toBe(expected)
})
