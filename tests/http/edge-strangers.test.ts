/** From where a server that faces the network lets itself be asked. */
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { openEdge } from '../../server/compose-edge.ts'
import { type Environment, readConfig } from '../../server/config.ts'
import { createAccess } from '../../server/http/access.ts'
import type { EdgeSettings } from '../../server/http/edge.ts'
import { silent } from '../open-store.ts'
import { openTestServer, type TestServer, token } from './open-server.ts'

let server: TestServer
const publicUrl = 'https://ask.example'
const projects = '/api/v1/projects'
const open = async (edge: EdgeSettings = { publicUrl }) => {
  server = await openTestServer({ edge })
}
afterEach(() => server.stop())

interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
}

/** With whatever headers: `fetch` sets some by itself. */
function send(method: string, target: string, headers: Record<string, string> = {}, body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { port } = server.http.address() as AddressInfo
    const sent = request({ host: '127.0.0.1', port, path: target, method, headers }, answer => {
      let text = ''
      answer.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

const key = { authorization: `Bearer ${token}` }
const host = { host: 'ask.example' }
const json = { 'content-type': 'application/json' }

/** As a browser has it after the token was exchanged. */
async function cookie(): Promise<string> {
  const opened = await send('POST', '/api/v1/session', { ...host, ...json }, JSON.stringify({ token }))
  expect(opened.status).toBe(200)
  return String(opened.headers['set-cookie']).split(';', 1)[0]!
}

it('knows itself by the one name that it is opened at, and no other', async () => {
  await open()
  expect((await send('GET', projects, { ...key, ...host })).status).toBe(200)
  expect((await send('GET', '/', host)).status).toBe(200)
  for (const other of ['evil.example', 'ask.example:8443', 'ask.example.evil.example', '10.0.0.1', ''])
    expect([other, (await send('GET', '/', { host: other })).status]).toEqual([other, 403])
  // A browser that was led here by another name has our cookie for no other name, but the page would be ours.
  const { port } = server.http.address() as AddressInfo
  expect((await send('GET', '/', { host: `127.0.0.1:${port}` })).status).toBe(403)
  // A command of this machine brings the key.
  expect((await send('GET', projects, { ...key, host: `127.0.0.1:${port}` })).status).toBe(200)
})

it('answers probes by whatever address they have', async () => {
  await open()
  for (const path of [
    '/health',
    '/health/liveness',
    '/health/readiness',
    '/api/v1/live',
    '/api/v1/ready',
    '/api/v1/health',
  ])
    expect([path, (await send('GET', path, { host: 'healthcheck.railway.app' })).status]).toEqual([path, 200])
  expect((await send('GET', '/health/metrics', { host: '10.0.0.7:80' })).status).toBe(403)
})

it('believes a proxy which name was asked for, and nobody else', async () => {
  await open({ publicUrl, trustProxy: 1 })
  const forwarded = { host: 'internal:8080', 'x-forwarded-host': 'ask.example' }
  expect((await send('GET', projects, { ...key, ...forwarded })).status).toBe(200)
  await server.stop()
  await open()
  expect((await send('GET', projects, { ...key, ...forwarded })).status).toBe(403)
})

it('tells browsers to come by HTTPS alone, and to keep other windows out', async () => {
  await open()
  const { headers } = await send('GET', '/', host)
  const [, age] = /^max-age=(\d+)/.exec(String(headers['strict-transport-security'])) ?? []
  expect(Number(age)).toBeGreaterThanOrEqual(365 * 24 * 3600)
  expect(headers).toMatchObject({
    'cross-origin-opener-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'x-frame-options': 'DENY',
  })
  const policy = String(headers['content-security-policy'])
  expect(policy).toContain("default-src 'none'")
  expect(policy).not.toMatch(/unsafe-inline|'unsafe-eval'|\*/)
  expect(headers['x-powered-by']).toBeUndefined()
  await server.stop()
  await open({ publicUrl: 'http://localhost:3210' })
  const plain = await send('GET', '/', { host: 'localhost:3210' })
  expect([plain.status, plain.headers['strict-transport-security']]).toEqual([200, undefined])
})

it('changes nothing on the word of a cookie that another site’s page could have sent along', async () => {
  await open()
  const own = { ...host, ...json, cookie: await cookie() }
  const body = JSON.stringify({ name: 'Neu' })
  const post = async (more: Record<string, string>) => (await send('POST', projects, { ...own, ...more }, body)).status
  const ours = { 'x-cloister': '1' }
  expect(await post({})).toBe(403)
  expect(await post({ ...ours, origin: 'https://evil.example' })).toBe(403)
  expect(await post({ ...ours, origin: 'null' })).toBe(403)
  expect(await post({ ...ours, 'sec-fetch-site': 'cross-site' })).toBe(403)
  expect(await post({ ...ours, 'sec-fetch-site': 'same-site', origin: 'https://other.ask.example' })).toBe(403)
  expect(await post({ origin: publicUrl, 'sec-fetch-site': 'same-origin' })).toBe(403)
  expect(await post({ ...ours, 'content-type': 'text/plain' })).toBe(415)
  expect((await server.client.projects.list()).projects.map(({ name }) => name)).not.toContain('Neu')
  expect(await post({ ...ours, origin: publicUrl, 'sec-fetch-site': 'same-origin' })).toBe(201)
  expect((await send('DELETE', '/api/v1/session', own)).status).toBe(403)
  // Reading is free, and no key comes by itself.
  expect((await send('GET', projects, own)).status).toBe(200)
  expect(
    (await send('POST', projects, { ...host, ...json, ...key }, JSON.stringify({ name: 'Mit Schlüssel' }))).status,
  ).toBe(201)
})

it('lets pages of listed origins ask and read, and those of no other', async () => {
  await open({ publicUrl, corsOrigins: ['https://app.example'] })
  const wish = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type, x-cloister' }
  const asked = await send('OPTIONS', projects, { ...host, origin: 'https://app.example', ...wish })
  expect([asked.status, asked.headers['access-control-allow-origin']]).toEqual([204, 'https://app.example'])
  expect(asked.headers['access-control-allow-credentials']).toBe('true')
  expect(String(asked.headers['access-control-allow-headers'])).toContain('x-cloister')
  expect(String(asked.headers.vary)).toContain('Origin')
  const listed = await send('GET', projects, {
    ...host,
    ...key,
    origin: 'https://app.example',
    'sec-fetch-site': 'cross-site',
  })
  expect([listed.status, listed.headers['access-control-allow-origin']]).toEqual([200, 'https://app.example'])
  for (const origin of ['https://evil.example', 'http://app.example', 'https://app.example.evil.example', 'null']) {
    const refused = await send('OPTIONS', projects, { ...host, origin, ...wish })
    expect([origin, refused.status, refused.headers['access-control-allow-origin']]).toEqual([origin, 403, undefined])
    expect((await send('GET', projects, { ...host, ...key, origin })).status).toBe(403)
  }
})

const edgeOf = (environment: Environment, url: string | undefined) =>
  openEdge(readConfig({ environment, platform: 'linux' }), silent, url)

it('takes no other scheme than ours for a key', async () => {
  await open()
  const basic = { authorization: `Basic ${Buffer.from('a:b').toString('base64')}` }
  const named = await send('GET', '/', { ...basic, host: `127.0.0.1:${(server.http.address() as AddressInfo).port}` })
  expect(named.status).toBe(403)
  const own = { ...host, ...json, ...basic, cookie: await cookie() }
  const name = JSON.stringify({ name: 'Neu' })
  expect((await send('POST', projects, own, name)).status).toBe(403)
  expect((await send('POST', projects, { ...own, 'x-cloister': '1' }, name)).status).toBeLessThan(300)
})

it('warns once of a proxy that nobody counted', async () => {
  const warned: string[] = []
  const log = { ...silent, warn: (message: string) => void warned.push(message) }
  server = await openTestServer({ edge: { publicUrl }, log })
  await send('GET', projects, { ...key, ...host })
  expect(warned).toEqual([])
  for (let time = 0; time < 3; time++)
    await send('GET', projects, { ...key, ...host, 'x-forwarded-for': '203.0.113.1' })
  expect(warned).toEqual([expect.stringContaining('TRUST_PROXY')])
  await server.stop()
  server = await openTestServer({ edge: { publicUrl, trustProxy: 1 }, log })
  await send('GET', projects, { ...key, ...host, 'x-forwarded-for': '203.0.113.1' })
  expect(warned).toHaveLength(1)
})

it('does not start behind https before somebody said how many proxies there are', async () => {
  await open()
  await expect(edgeOf({}, 'https://cloister.example')).rejects.toMatchObject({ code: 'trust-proxy-missing' })
  for (const [said, trustProxy] of [
    ['0', 0],
    ['2', 2],
  ] as const)
    expect((await edgeOf({ TRUST_PROXY: said }, 'https://cloister.example')).edge.trustProxy).toBe(trustProxy)
  expect((await edgeOf({}, 'http://localhost:3210')).edge.trustProxy).toBe(0)
})

it('refuses to let every site in', async () => {
  await open()
  await expect(edgeOf({ CORS_ORIGINS: 'https://a.example, *' }, publicUrl)).rejects.toMatchObject({ code: 'cors-any' })
  const { edge } = await edgeOf({ CORS_ORIGINS: '*' }, undefined)
  expect(edge.corsOrigins).toEqual([])
  const { edge: some } = await edgeOf(
    { CORS_ORIGINS: 'https://a.example/, http://b.example:80 nonsense', TRUST_PROXY: '1' },
    publicUrl,
  )
  expect(some.corsOrigins).toEqual(['https://a.example', 'http://b.example'])
})

it('calls a request as the proxy did, where there is one, and never by what could be read as something else', async () => {
  await open({ publicUrl, trustProxy: 1 })
  const id = '0f8fad5b-d9cb-469f-a165-70867728950e'
  const asked = async (given: string) => {
    const { headers, text } = await send('GET', '/api/v1/nothing', { ...host, ...key, 'x-request-id': given })
    const { instance } = JSON.parse(text) as { instance: string }
    expect(headers['x-request-id']).toBe(instance)
    return instance
  }
  expect(await asked(id)).toBe(`urn:uuid:${id}`)
  expect(await asked('trace.4711-abc_1')).toBe('trace.4711-abc_1')
  for (const bad of ['short', 'x'.repeat(200), 'with blank inside', '<script>alert(1)</script>', '../../../etc/passwd'])
    expect(await asked(bad)).toMatch(/^urn:uuid:[\da-f-]{36}$/)
  await server.stop()
  await open()
  expect(await asked(id)).not.toContain(id)
})

it('shows no stack and no path of its own, whatever goes wrong', async () => {
  server = await openTestServer({
    edge: { publicUrl },
    access: {
      ...createAccess(token, 'local'),
      demand() {
        throw new Error('SELECT secret FROM table')
      },
    },
  })
  const { status, text } = await send('GET', projects, host)
  expect([status, JSON.parse(text)]).toMatchObject([500, { code: 'internal' }])
  expect(text).not.toMatch(/SELECT|\.ts|node_modules|\bat /)
})
