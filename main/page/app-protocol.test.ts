import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Log } from '../../shared/ports.ts'
import { createAppRequests } from './app-protocol.ts'
import { listPageFiles } from './files.ts'

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }
let folder: string
let handle: (request: Request) => Promise<Response>
const asked: Request[] = []
const handedId = '0198c1f0-0000-7000-8000-000000000000'

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cloister-page-'))
  await mkdir(path.join(folder, 'built/assets'), { recursive: true })
  await writeFile(path.join(folder, 'secret.txt'), 'secret')
  await writeFile(path.join(folder, 'built/index.html'), '<script nonce="__NONCE__"></script>')
  await writeFile(path.join(folder, 'built/assets/a-1.js'), 'export {}')
  await symlink(path.join(folder, 'secret.txt'), path.join(folder, 'built/link.txt'))
  handle = createAppRequests({
    files: await listPageFiles(path.join(folder, 'built')),
    server: async request => {
      asked.push(request)
      if (request.url.endsWith('/gone')) throw new Error('no server')
      return new Response('{}', { headers: { 'set-cookie': 'a=b', 'content-type': 'application/json' } })
    },
    handed: async id => (id === handedId ? new Blob(['handed']).stream() : undefined),
    log: silent,
  })
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const get = (at: string, init?: RequestInit) =>
  handle(new Request(at.startsWith('app:') ? at : `app://bundle${at}`, init))

describe('the page', () => {
  it('goes out with a nonce of its own each time, which its policy names', async () => {
    const [first, second] = [await get('/'), await get('/index.html?a#b')]
    const nonces = [first, second].map(
      answer => /'nonce-([^']+)'/.exec(answer.headers.get('content-security-policy')!)![1],
    )
    expect(await first.text()).toBe(`<script nonce="${nonces[0]}"></script>`)
    expect(nonces[0]).not.toBe(nonces[1])
    expect(first.headers.get('content-type')).toBe('text/html; charset=utf-8')
  })

  it('has its files with their types, and nothing that was not built', async () => {
    const script = await get('/assets/a-1.js')
    expect(await script.text()).toBe('export {}')
    expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect(script.headers.get('x-content-type-options')).toBe('nosniff')
    expect((await get('/assets/a-1.js', { method: 'HEAD' })).body).toBeNull()
    for (const at of [
      '/secret.txt',
      '/../secret.txt',
      '/%2e%2e/secret.txt',
      '/assets/..%2f..%2fsecret.txt',
      '/link.txt',
      '/assets',
      '/assets/',
      '/a',
      '/docs',
      '//etc/passwd',
    ])
      expect({ at, status: (await get(at)).status }).toEqual({ at, status: 404 })
    expect((await get('/', { method: 'POST', body: 'a' })).status).toBe(405)
  })

  it('is of one origin: others have nothing, and may ask nothing', async () => {
    for (const at of ['app://other/', 'app://bundle.evil/', 'https://bundle/', 'app://bundle:80/api/v1/session'])
      expect({ at, status: (await get(at)).status }).toEqual({ at, status: 404 })
    asked.length = 0
    for (const origin of ['https://evil.example', 'null', 'app://other'])
      expect((await handle(foreign(origin))).status).toBe(403)
    expect(asked).toEqual([])
  })

  it('reaches the server, which hears nothing of where it comes from, and gives it no cookies', async () => {
    asked.length = 0
    const answer = await get('/api/v1/ask?a=1', {
      method: 'POST',
      body: '{"a":1}',
      headers: {
        authorization: 'Bearer stolen',
        'content-type': 'application/json',
        'accept-language': 'de',
        'x-forwarded-for': '1.2.3.4',
      },
    })
    expect(answer.status).toBe(200)
    expect([...answer.headers.keys()]).not.toContain('set-cookie')
    const [request] = asked as [Request]
    expect(request.url).toBe('http://localhost/api/v1/ask?a=1')
    expect([...request.headers.keys()].toSorted()).toEqual(['accept-language', 'content-type'])
    expect(await request.text()).toBe('{"a":1}')
  })

  it('gets the bytes of what it was told of, as bytes, and of nothing else', async () => {
    const answer = await get(`/handed/${handedId}`)
    expect(await answer.text()).toBe('handed')
    expect(answer.headers.get('content-type')).toBe('application/octet-stream')
    for (const other of ['0198c1f0-0000-7000-8000-000000000001', 'a', '..%2f..%2fetc%2fpasswd', ''])
      expect({ other, status: (await get(`/handed/${other}`)).status }).toEqual({ other, status: 404 })
    expect((await get(`/handed/${handedId}`, { method: 'HEAD' })).status).toBe(405)
  })

  it('hears of an error of the network where no server runs', async () => {
    expect((await get('/api/v1/gone')).type).toBe('error')
  })
})

/** With a header that `Request` does not let one set. */
function foreign(origin: string): Request {
  const request = new Request('app://bundle/api/v1/session')
  const headers = new Headers(request.headers)
  headers.set('origin', origin)
  return new Proxy(request, {
    get: (target, name) => {
      if (name === 'headers') return headers
      const value = Reflect.get(target, name) as unknown
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
