import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestServer, type TestServer, token } from './open-server.ts'

let page: string
let server: TestServer
beforeAll(async () => {
  page = await mkdtemp(path.join(tmpdir(), 'cloister-page-'))
  await mkdir(path.join(page, 'assets'))
  await writeFile(
    path.join(page, 'index.html'),
    '<!doctype html><script nonce="__NONCE__" src="/assets/a-1b2c.js"></script>',
  )
  await writeFile(path.join(page, 'assets/a-1b2c.js'), 'export {}')
  await writeFile(path.join(page, '.secret'), 'secret')
  server = await openTestServer({ page, allowedHosts: ['host.docker.internal'] })
})
afterAll(async () => {
  await server.stop()
  await rm(page, { recursive: true, force: true })
})

/** As a program would that sets what `fetch` does not let it set. */
function raw(
  target: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<{ status: number; text: string; headers: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    const { port } = server.http.address() as AddressInfo
    const sent = request({ host: '127.0.0.1', port, path: target, method, headers }, answer => {
      let text = ''
      answer.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text, headers: answer.headers }))
    })
    sent.on('error', reject)
    sent.end()
  })
}

const bearer = { authorization: `Bearer ${token}` }
const projects = '/api/v1/projects'

describe('who is let in', () => {
  it.each(['/', '/projects/1', '/health', '/health/liveness', '/health/readiness', '/openapi.json', '/docs'])(
    'everybody to %s',
    async target => {
      expect((await raw(target, { accept: '*/*' })).status).toBe(200)
    },
  )

  it('nobody without the token to anything else', async () => {
    for (const target of [projects, '/api/v1/events', '/api/v1/settings', '/api/v1/nothing', '/api', '/api/v1/session'])
      expect([target, (await raw(target)).status]).toEqual([target, 401])
    for (const authorization of ['', 'Bearer', 'Bearer wrong', `Basic ${token}`, `Bearer ${token}x`, token])
      expect([authorization, (await raw(projects, { authorization })).status]).toEqual([authorization, 401])
    for (const cookie of ['cloister=1', `cloister-${new URL(server.url).port}=${token}`, `=${token}`])
      expect((await raw(projects, { cookie })).status).toBe(401)
  })

  it('who brings the token as a bearer, or exchanges it for a cookie', async () => {
    expect((await raw(projects, bearer)).status).toBe(200)
    const opened = await fetch(`${server.url}/api/v1/session`, {
      method: 'POST',
      body: JSON.stringify({ token }),
      headers: { 'content-type': 'application/json' },
    })
    const [set] = opened.headers.getSetCookie()
    expect(set).toMatch(/^cloister-\d+=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/$/)
    expect(set).not.toContain(token)
    const [cookie] = set.split(';')
    expect((await raw(projects, { cookie })).status).toBe(200)
    expect((await raw(projects, { cookie: `other=1; ${cookie}` })).status).toBe(200)
    expect((await raw(projects, { cookie: `${cookie}x` })).status).toBe(401)
    const closed = await fetch(`${server.url}/api/v1/session`, { method: 'DELETE', headers: { cookie } })
    expect([closed.status, closed.headers.getSetCookie()[0]]).toEqual([204, expect.stringContaining('Max-Age=0')])
  })

  it('not who guesses the token', async () => {
    const wrong = await fetch(`${server.url}/api/v1/session`, {
      method: 'POST',
      body: JSON.stringify({ token: `${token} ` }),
      headers: { 'content-type': 'application/json' },
    })
    expect([wrong.status, wrong.headers.getSetCookie()]).toEqual([401, []])
    expect(await wrong.json()).toMatchObject({ code: 'unauthorized' })
  })
})

describe('other sites and names', () => {
  it.each(['evil.example', 'evil.example:3210', '127.0.0.1.evil.example', 'localhost', '127.0.0.1:1', '0.0.0.0:80'])(
    'Host %s is refused, token or not',
    async host => {
      for (const target of ['/', '/health', projects])
        expect((await raw(target, { ...bearer, host })).text).toContain('foreign-site')
    },
  )

  it('this machine’s own names are fine', async () => {
    const { port } = new URL(server.url)
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `LOCALHOST:${port}`, `[::1]:${port}`])
      expect((await raw(projects, { ...bearer, host })).status).toBe(200)
  })

  it('a name that was allowed is one for programs with the token alone: it shows no page, and no page may ask by it', async () => {
    const { port } = new URL(server.url)
    const host = `Host.docker.internal:${port}`
    expect((await raw('/v1/models', { ...bearer, host })).status).toBe(200)
    expect((await raw('/v1/models', { host })).status).toBe(401)
    for (const target of ['/', '/health', projects, '/v10'])
      expect([target, (await raw(target, { ...bearer, host })).text]).toEqual([
        target,
        expect.stringContaining('foreign'),
      ])
    for (const wrong of ['host.docker.internal', 'host.docker.internal:1', `other.internal:${port}`])
      expect((await raw('/v1/models', { ...bearer, host: wrong })).status).toBe(403)
    const origin = `http://host.docker.internal:${port}`
    expect((await raw('/v1/models', { ...bearer, host, origin })).status).toBe(403)
  })

  it.each<Record<string, string>>([
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { origin: 'https://127.0.0.1:3210' },
    { origin: 'http://localhost:5173' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
  ])('a request with %j is refused', async headers => {
    expect((await raw(projects, { ...bearer, ...headers })).status).toBe(403)
  })

  it('a link from elsewhere opens the page, a frame or an image of it does not', async () => {
    const visit = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }
    expect((await raw('/', { ...visit, 'sec-fetch-dest': 'document' })).status).toBe(200)
    expect((await raw('/', { ...visit, 'sec-fetch-dest': 'iframe' })).status).toBe(403)
    expect((await raw('/', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' })).status).toBe(403)
  })
})

describe('the page', () => {
  it('carries a nonce that is new each time, and loads nothing from elsewhere', async () => {
    const [first, second] = [await raw('/'), await raw('/')]
    const nonce = /nonce="([^"]+)"/.exec(first.text)?.[1]
    expect(String(first.headers['content-security-policy'])).toContain(`'nonce-${nonce}'`)
    expect(second.text).not.toContain(nonce)
    expect(first.text).not.toContain('__NONCE__')
    const policy = String(first.headers['content-security-policy'])
    expect(policy).not.toMatch(/https?:|unsafe-inline|'unsafe-eval|\*/)
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(first.headers['x-content-type-options']).toBe('nosniff')
    expect(first.headers['x-powered-by']).toBeUndefined()
  })

  it('keeps hashed files for good, and the shell not at all', async () => {
    expect((await raw('/assets/a-1b2c.js')).headers['cache-control']).toContain('immutable')
    expect((await raw('/')).headers['cache-control']).toBe('no-store')
    expect((await raw(projects, bearer)).headers['cache-control']).toBe('no-store')
  })

  it.each([
    '/../package.json',
    '/assets/../../package.json',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/assets/..%2f..%2fpackage.json',
    '/assets/..%5c..%5cpackage.json',
    '//etc/passwd',
    '/.secret',
    '/%2esecret',
    '/assets/a-1b2c.js%00.html',
    '/%',
    '/%c0%ae%c0%ae/etc/passwd',
    '/assets/none.js',
    '/index.html/..%2f',
  ])('does not give out %s', async target => {
    const { status, text } = await raw(target)
    expect([400, 403, 404]).toContain(status)
    expect(text).not.toMatch(/root:|secret|"dependencies"/)
  })
})

describe('problems', () => {
  const send = (target: string, init: RequestInit = {}) => server.fetch(target, init)
  const json = { 'content-type': 'application/json' }

  it('speak the caller’s language, and name code, values and request', async () => {
    const missing = `${projects}/019a0000-0000-7000-8000-000000000000`
    const german = await send(missing, { headers: { 'accept-language': 'fr, de-CH;q=0.8, en;q=0.5' } })
    expect(german.headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
    const problem = (await german.json()) as { instance: string; detail: string }
    expect(problem).toMatchObject({
      type: 'urn:cloister:problem:project-not-found',
      title: 'Not Found',
      status: 404,
      code: 'project-not-found',
      values: { name: '019a0000-0000-7000-8000-000000000000' },
    })
    expect(problem.detail).toMatch(/gibt es nicht/)
    expect(problem.instance).toBe(german.headers.get('x-request-id'))
    const english = (await (await send(missing)).json()) as { detail: string }
    expect(english.detail).toMatch(/^There is no project/)
  })

  it.each<[string, string, RequestInit, number, string]>([
    ['an unknown route', '/api/v1/nothing', {}, 404, 'route-not-found'],
    ['a wrong method', projects, { method: 'PUT' }, 405, 'method-not-allowed'],
    ['a post to the page', '/', { method: 'POST' }, 405, 'method-not-allowed'],
    ['half JSON', projects, { method: 'POST', headers: json, body: '{"name":' }, 400, 'body-malformed'],
    [
      'JSON in another charset',
      projects,
      { method: 'POST', headers: { 'content-type': 'application/json; charset=klingon' }, body: '{}' },
      400,
      'body-malformed',
    ],
    ['XML', projects, { method: 'POST', headers: { 'content-type': 'text/xml' }, body: '<a/>' }, 415, 'media-type'],
    ['a form', projects, { method: 'POST', body: new URLSearchParams({ name: 'a' }) }, 415, 'media-type'],
    ['a wrong type', projects, { method: 'POST', headers: json, body: '{"name":5}' }, 400, 'input-invalid'],
    ['no body', projects, { method: 'POST' }, 400, 'input-invalid'],
    ['null', projects, { method: 'POST', headers: json, body: 'null' }, 400, 'input-invalid'],
    ['a list', projects, { method: 'POST', headers: json, body: '[1]' }, 400, 'input-invalid'],
    ['an empty name', projects, { method: 'POST', headers: json, body: '{"name":" "}' }, 400, 'name-invalid'],
    [
      'too much',
      projects,
      { method: 'POST', headers: json, body: `{"name":"${'x'.repeat(1_100_000)}"}` },
      413,
      'body-too-large',
    ],
    ['no id', `${projects}/1`, {}, 400, 'input-invalid'],
    ['a broken escape', `${projects}/%E0%A4%A`, {}, 400, 'input-invalid'],
  ])('%s', async (_name, target, init, status, code) => {
    const answer = await send(target, init)
    expect([answer.status, await answer.json()]).toEqual([status, expect.objectContaining({ code, status })])
    if (status === 405) expect(answer.headers.get('allow')).toBeTruthy()
  })

  it('names the field that does not fit', async () => {
    const body = JSON.stringify({ query: 'x', limit: 1000 })
    const answer = await send(`${projects}/${server.projectId}/search`, { method: 'POST', headers: json, body })
    expect(await answer.json()).toMatchObject({ values: { field: 'limit' }, issues: [{ path: 'limit' }] })
  })
})

describe('nonsense', () => {
  it('of 1,000 kinds is answered or hung up on, and the server goes on', async () => {
    const { port } = server.http.address() as AddressInfo
    let seed = 7
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
      return seed % below
    }
    const parts = [
      'GET',
      'POST',
      ' ',
      '/',
      projects,
      'HTTP/1.1',
      '\r\n',
      '\n',
      '\0',
      'Host:',
      ` 127.0.0.1:${port}`,
      'Content-Length: 5',
      'Transfer-Encoding: chunked',
      '{"a"',
      '\xff\xfe',
      `Authorization: Bearer ${token}`,
      'Content-Type: multipart/form-data; boundary=x',
      '--x',
      ':'.repeat(300),
      '%00',
      '0\r\n\r\n',
    ]
    const nonsense = () => Array.from({ length: 1 + random(12) }, () => parts[random(parts.length)]).join('')
    const one = (text: string) =>
      new Promise<void>(resolve => {
        const socket = connect(port, '127.0.0.1', () => socket.end(Buffer.from(text, 'latin1')))
        socket.on('error', () => {})
        socket.on('data', () => {})
        socket.on('close', () => resolve())
      })
    for (let round = 0; round < 20; round++) await Promise.all(Array.from({ length: 50 }, () => one(nonsense())))
    expect((await raw(projects, bearer)).status).toBe(200)
  })
})
