import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { openGate, serveHttp, serveProxy } from './fixture.ts'
import { createProxies } from './proxy.ts'

describe('which addresses go through a proxy', () => {
  const proxyOf = createProxies({
    https: 'http://user:p%40ss@secure.proxy:3128/',
    http: 'plain.proxy:8080',
    none: 'example.org, .example.com 10.0.0.0/8,192.168.1.1 other.example:8443,[fd00::1]:8080,fd00::2,*.wild.example',
  })
  const origin = (address: string) => proxyOf(new URL(address))?.origin

  test.each([
    ['https://elsewhere.example/', 'http://secure.proxy:3128'],
    ['http://elsewhere.example/', 'http://plain.proxy:8080'],
    ['https://notexample.org/', 'http://secure.proxy:3128'],
    ['https://other.example/', 'http://secure.proxy:3128'],
    ['http://11.0.0.1/', 'http://plain.proxy:8080'],
    ['http://[fd00::1]/', 'http://plain.proxy:8080'],
    ['http://[fd00::3]/', 'http://plain.proxy:8080'],
  ])('%s through %s', (address, proxy) => expect(origin(address)).toBe(proxy))

  test.each([
    'https://example.org/',
    'https://www.EXAMPLE.org./',
    'https://example.com/',
    'https://a.b.example.com/',
    'http://10.1.2.3/',
    'http://192.168.1.1:99/',
    'https://other.example:8443/',
    'http://[fd00::1]:8080/',
    'https://[fd00::2]/',
    'https://a.wild.example/',
    'http://localhost:11434/',
    'http://127.0.0.1:11434/',
    'http://[::1]:11434/',
    'http://a.localhost/',
  ])('%s through none', address => expect(origin(address)).toBeUndefined())

  test('none at all', () => {
    expect(createProxies({})(new URL('https://example.org/'))).toBeUndefined()
    expect(createProxies({ https: ' ', none: '' })(new URL('https://example.org/'))).toBeUndefined()
    expect(createProxies({ https: 'http://p', none: '*' })(new URL('https://example.org/'))).toBeUndefined()
  })

  test('shows the credentials to the proxy alone', () => {
    const proxy = proxyOf(new URL('https://elsewhere.example/'))
    expect(proxy).toEqual({
      origin: 'http://secure.proxy:3128',
      authorization: `Basic ${Buffer.from('user:p@ss').toString('base64')}`,
    })
  })

  test.each(['socks5://proxy:1080', 'http://', 'http://user:100%@proxy', 'http://proxy:99999'])('%s is none', https => {
    const read = () => createProxies({ https })
    expect(read).toThrow(expect.objectContaining({ code: 'setting-invalid' }))
    expect(read).toThrow(expect.not.objectContaining({ message: expect.stringContaining('100') }))
  })
})

test('through a tunnel, and with the whole address where there is none; each request has its line', async () => {
  const heard: [string | undefined, unknown][] = []
  const server = await serveHttp((req, res) => {
    heard.push([req.headers.host, req.headers['proxy-authorization']])
    const { pathname, search } = new URL(req.url ?? '', 'http://x')
    res.end(pathname + search)
  })
  const proxy = await serveProxy(server.port, { credentials: 'me:secret' })
  const { fetch, fetchContent, entries } = await openGate({
    lookup: async () => [{ address: '93.184.215.14', family: 4 }],
    proxies: { http: proxy.url },
  })
  expect(await (await fetch('http://models.example:8000/v1/models?limit=1')).text()).toBe('/v1/models?limit=1')
  await turn()
  expect(await (await fetch('http://models.example:8000/again')).text()).toBe('/again')
  expect(await (await fetchContent('http://page.example/here')).text()).toBe('/here')
  expect(proxy.asked).toEqual([
    'GET http://models.example:8000/v1/models?limit=1 HTTP/1.1',
    'CONNECT 93.184.215.14:80 HTTP/1.1',
  ])
  expect(heard.map(([host]) => host)).toEqual(['models.example:8000', 'models.example:8000', 'page.example'])
  // In a tunnel, the proxy's password is not for the other end.
  expect(heard[2]?.[1]).toBeUndefined()
  const written = await entries()
  expect(written.map(({ host, port, address, outcome }) => [host, port, address, outcome])).toEqual([
    ['models.example', 8000, '127.0.0.1', 'done'],
    ['models.example', 8000, '127.0.0.1', 'done'],
    ['page.example', 80, '127.0.0.1', 'done'],
  ])
  // The proxy of this test takes the address out of the first line of a connection.
  const taken = 'http://models.example:8000'.length
  expect(written.reduce((sum, { sent }) => sum + sent, 0)).toBe(server.received() + taken)
})

test('a proxy that refuses, and one that is not there', async () => {
  const server = await serveHttp((_, res) => void res.end())
  const proxy = await serveProxy(server.port, { status: 403 })
  const lookup = async () => [{ address: '93.184.215.14', family: 4 }]
  const refusing = await openGate({ proxies: { http: proxy.url, https: proxy.url }, lookup })
  await expect(refusing.fetch('https://models.example/')).rejects.toThrow('fetch failed')
  await expect(refusing.fetchContent('http://models.example/')).rejects.toThrow('fetch failed')
  expect(await refusing.entries()).toMatchObject([
    { outcome: 'failed', why: 'proxy', sent: 0 },
    { outcome: 'failed', why: 'proxy', sent: 0 },
  ])
  const absent = await openGate({ proxies: { https: 'http://127.0.0.1:1' }, lookup })
  await expect(absent.fetch('https://models.example/')).rejects.toThrow('fetch failed')
  expect(await absent.entries()).toMatchObject([{ outcome: 'failed', why: 'proxy', sent: 0 }])
  expect(server.connections()).toBe(0)
})

test('a name that is unknown here is left to the proxy where the operator wrote it, and to nobody where a document did', async () => {
  const server = await serveHttp((_, res) => void res.end('found'))
  const proxy = await serveProxy(server.port)
  const lookup = () => Promise.reject(Object.assign(new Error('unknown'), { code: 'ENOTFOUND' }))
  const { fetch, fetchContent, entries } = await openGate({ proxies: { http: proxy.url }, lookup })
  expect(await (await fetch('http://models.example/')).text()).toBe('found')
  await expect(fetchContent('http://models.example/')).rejects.toThrow('fetch failed')
  expect((await entries()).map(({ outcome, why }) => [outcome, why])).toEqual([
    ['done', null],
    ['failed', 'name-unknown'],
  ])
})
