/** Addresses that somebody else wrote must lead into the public network, whatever they look like and wherever they lead to. */
import net from 'node:net'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Lookup } from './connect.ts'
import { openGate, serveHttp, serveProxy, serveTcp } from './fixture.ts'

const refused = (promise: Promise<unknown>) =>
  promise.then(
    () => 'nothing was thrown',
    error => error.values?.why ?? `${error} ${error.cause}`,
  )
const found = (...addresses: string[]): Lookup => {
  return async () => addresses.map(address => ({ address, family: net.isIP(address) }))
}
const publicly = '93.184.215.14'

describe('written as an address', () => {
  test.each([
    ['http://127.0.0.1/', 'not-public'],
    ['http://127.1/', 'not-public'],
    ['http://2130706433/', 'not-public'],
    ['http://0x7f000001/', 'not-public'],
    ['http://0177.0.0.1/', 'not-public'],
    ['http://0.0.0.0/', 'not-public'],
    ['http://0/', 'not-public'],
    ['http://10.0.0.1/', 'not-public'],
    ['http://172.16.0.1/', 'not-public'],
    ['http://192.168.1.1/', 'not-public'],
    ['http://100.64.0.1/', 'not-public'],
    ['http://169.254.169.254/latest/meta-data/', 'not-public'],
    ['http://[::1]/', 'not-public'],
    ['http://[::]/', 'not-public'],
    ['http://[::ffff:127.0.0.1]/', 'not-public'],
    ['http://[::ffff:a00:1]/', 'not-public'],
    ['http://[::127.0.0.1]/', 'not-public'],
    ['http://[64:ff9b::7f00:1]/', 'not-public'],
    ['http://[64:ff9b::10.0.0.1]/', 'not-public'],
    ['http://[2002:7f00:1::]/', 'not-public'],
    ['http://[fe80::1]/', 'not-public'],
    ['http://[fd00::1]/', 'not-public'],
    ['http://localhost/', 'not-public'],
    ['http://LOCALHOST./', 'not-public'],
    ['http://anything.localhost/', 'not-public'],
    ['file:///etc/passwd', 'scheme'],
    ['gopher://127.0.0.1:6379/_INFO', 'scheme'],
    ['ftp://example.org/', 'scheme'],
    ['data:text/plain,hello', 'scheme'],
    ['blob:https://example.org/1', 'scheme'],
    ['javascript:alert(1)', 'scheme'],
    ['ws://example.org/', 'scheme'],
    ['http://user:password@example.org/', 'credentials'],
    ['http://user@example.org/', 'credentials'],
    ['http://:password@example.org/', 'credentials'],
    ['http://example.org:22/', 'port'],
    ['http://example.org:25/', 'port'],
    ['https://example.org:445/', 'port'],
  ])('%s: %s', async (address, why) => {
    const asked = vi.fn(found(publicly))
    const { fetchContent, entries } = await openGate({ lookup: asked })
    expect(await refused(fetchContent(address))).toBe(why)
    expect(asked).not.toHaveBeenCalled()
    const written = await entries()
    expect(written).toMatchObject([{ outcome: 'refused', why, sent: 0, received: 0, address: null, purpose: 'crawl' }])
    expect(JSON.stringify(written)).not.toMatch(/password|user@|passwd|meta-data|INFO|alert|hello/)
  })
})

describe('written as a name', () => {
  test.each([
    ['127.0.0.1'],
    ['10.0.0.1'],
    ['169.254.169.254'],
    ['::1'],
    ['::ffff:10.0.0.1'],
    ['64:ff9b::a00:1'],
    ['fd00::1'],
  ])('that means %s is not connected to', async address => {
    const { fetchContent, entries } = await openGate({ lookup: found(address) })
    expect(await refused(fetchContent('https://harmless.example/'))).toBe('not-public')
    expect(await entries()).toMatchObject([
      { host: 'harmless.example', outcome: 'refused', why: 'not-public', sent: 0 },
    ])
  })

  test('that means several, only the public one of them is connected to', async () => {
    const server = await serveHttp((_, res) => void res.end('inside'))
    const { asked, url } = await serveProxy(server.port)
    const proxies = { http: url }
    const { fetchContent } = await openGate({ lookup: found('127.0.0.1', publicly, '10.0.0.1'), proxies })
    await (await fetchContent('http://several.example/')).text()
    expect(asked).toEqual([`CONNECT ${publicly}:80 HTTP/1.1`])
  })

  test('that means another one each time it is asked is connected to where it was checked', async () => {
    const server = await serveHttp((_, res) => void res.end('inside'))
    const { asked, url } = await serveProxy(server.port)
    let turn = 0
    const lookup: Lookup = async () => [{ address: turn++ % 2 ? '127.0.0.1' : publicly, family: 4 }]
    const { fetchContent, entries } = await openGate({ lookup, proxies: { http: url } })
    for (let round = 0; round < 6; round++)
      // Each on a connection of its own.
      await fetchContent('http://rebinding.example/', { method: 'HEAD' }).catch(() => {})
    expect(asked).toEqual(Array(3).fill(`CONNECT ${publicly}:80 HTTP/1.1`))
    expect((await entries()).map(({ outcome }) => outcome)).toEqual(Array(3).fill(['done', 'refused']).flat())
  })

  test('is looked up once for a connection, which goes nowhere else; where it ended is looked at before the first byte', async () => {
    let heard = ''
    const { port } = await serveTcp(socket => void socket.on('data', data => (heard += data)))
    const real = net.connect
    const connected: unknown[] = []
    // As if the system connected elsewhere than it was told.
    const spy = vi.spyOn(net, 'connect').mockImplementation(((options: net.TcpNetConnectOpts) => {
      options.lookup?.(options.host ?? '', { all: true }, (_, addresses) => connected.push(addresses))
      return real({ host: '127.0.0.1', port })
    }) as typeof net.connect)
    onTestFinished(() => spy.mockRestore())
    const lookup = vi.fn(found(publicly))
    const { fetchContent, entries } = await openGate({ lookup })
    expect(await refused(fetchContent('http://elsewhere.example/'))).toBe('not-public')
    expect(connected).toEqual([[{ address: publicly, family: 4 }]])
    expect(lookup).toHaveBeenCalledTimes(1)
    expect(heard).toBe('')
    expect(await entries()).toMatchObject([{ outcome: 'refused', why: 'not-public', sent: 0 }])
  })
})

describe('led to by another server', () => {
  async function chain(location: string, trust: 'content' | 'operator' = 'content') {
    const inner = await serveHttp((_, res) => void res.end('what nobody may see'))
    const outer = await serveHttp((req, res) => {
      const to = req.url === '/first' ? '/second' : location.replace('INNER', String(inner.port))
      res.writeHead(302, { location: to }).end()
    })
    const { url, asked } = await serveProxy(outer.port)
    const gate = await openGate({
      lookup: async host => found(host === 'inside.example' ? '10.0.0.1' : publicly)(host),
      proxies: { http: url, https: url },
    })
    const said = await refused(gate.fetchAs({ trust, purpose: 'crawl' })('http://public.example/first'))
    const entries = await gate.entries()
    return { said, inner, asked, entries: entries.map(({ host, outcome, why }) => [host, outcome, why]) }
  }

  test.each([
    ['http://127.0.0.1:INNER/', '127.0.0.1', 'not-public'],
    ['http://localhost:INNER/', 'localhost', 'not-public'],
    ['http://[::1]:INNER/', '::1', 'not-public'],
    ['http://2130706433:INNER/', '127.0.0.1', 'not-public'],
    ['//10.0.0.1/', '10.0.0.1', 'not-public'],
    ['http://inside.example/', 'inside.example', 'not-public'],
    ['file:///etc/passwd', '', 'scheme'],
    ['gopher://127.0.0.1:INNER/', '127.0.0.1', 'scheme'],
    ['http://user:password@public.example/', 'public.example', 'credentials'],
    ['http://other.example:25/', 'other.example', 'port'],
  ])('from a public address over two steps to %s', async (location, host, why) => {
    for (const trust of ['content', 'operator'] as const) {
      const { said, inner, entries } = await chain(location, trust)
      expect(said).toBe(why)
      expect(inner.connections()).toBe(0)
      expect(entries).toEqual([
        ['public.example', 'done', null],
        ['public.example', 'done', null],
        [host, 'refused', why],
      ])
    }
  })

  test('an operator’s own host may be private, and lead to itself, and to public ones; not to other private ones', async () => {
    const other = await serveHttp((_, res) => void res.end('other'))
    const keys: (string | undefined)[] = []
    const own = await serveHttp((req, res) => {
      keys.push(req.headers['x-api-key'] as string | undefined)
      const to = {
        '/itself': '/end',
        '/other': `http://localhost:${other.port}/`,
        '/public': 'http://public.example/',
      }[req.url ?? '']
      if (to) res.writeHead(307, { location: to }).end()
      else res.end('own')
    })
    const { url, asked } = await serveProxy(own.port)
    const { fetch, entries } = await openGate({ lookup: found(publicly), proxies: { http: url } })
    const headers = { 'x-api-key': 'key', accept: 'text/plain' }
    expect(await (await fetch(`${own.url}/itself`, { headers })).text()).toBe('own')
    expect(await refused(fetch(`${own.url}/other`))).toBe('not-public')
    expect(other.connections()).toBe(0)
    keys.length = 0
    expect(await (await fetch(`${own.url}/public`, { headers })).text()).toBe('own')
    expect(asked).toEqual(['CONNECT public.example:80 HTTP/1.1'])
    // Its key is for itself alone.
    expect(keys).toEqual(['key', undefined])
    expect((await entries()).map(({ host, outcome }) => [host, outcome])).toEqual([
      ['127.0.0.1', 'done'],
      ['127.0.0.1', 'done'],
      ['127.0.0.1', 'done'],
      ['localhost', 'refused'],
      ['127.0.0.1', 'done'],
      ['public.example', 'done'],
    ])
  })

  test('a prompt goes nowhere but where it was sent', async () => {
    const heard: string[] = []
    const other = await serveHttp((_, res) => void res.end('read'))
    const { url, asked } = await serveProxy(other.port)
    const { fetchAs, entries } = await openGate({ lookup: found(publicly), proxies: { http: url } })
    const ask = fetchAs({ purpose: 'model' })
    for (const status of [301, 302, 303, 307, 308]) {
      for (const to of ['http://evil.example/v1/chat/completions', `${other.url}/v1`]) {
        const near = await serveHttp(async (req, res) => {
          heard.push(req.url ?? '')
          res.writeHead(req.url === '/there' ? status : 307, { location: req.url === '/there' ? to : '/there' }).end()
        })
        const sent = ask(near.url, { method: 'POST', body: 'the passages of the project' })
        expect(await refused(sent)).toBe('redirected')
      }
    }
    // Within its own origin a server may lead where it likes.
    expect(heard).toEqual(Array.from({ length: 10 }, () => ['/', '/there']).flat())
    expect([asked, other.received()]).toEqual([[], 0])
    expect((await entries()).filter(({ outcome }) => outcome === 'refused')).toMatchObject(
      Array.from({ length: 5 }, () => [
        { host: 'evil.example', why: 'redirected', sent: 0 },
        { host: '127.0.0.1', why: 'redirected', sent: 0 },
      ]).flat(),
    )
  })

  test('nor is an operator’s private host led back to by another server', async () => {
    const asked: (string | undefined)[] = []
    const own = await serveHttp((req, res) => {
      asked.push(req.url)
      const to = { '/start': 'http://public.example/back', '/back': `${own.url}/delete-everything` }[req.url ?? '']
      res.writeHead(307, { location: to ?? '/' }).end()
    })
    const { url } = await serveProxy(own.port)
    const { fetch } = await openGate({ lookup: found(publicly), proxies: { http: url } })
    expect(await refused(fetch(`${own.url}/start`))).toBe('not-public')
    expect(asked).toEqual(['/start', '/back'])
  })
})

describe('where only this machine may be reached', () => {
  test.each(['offline', 'local-only', 'unrecorded'] as const)(
    '%s: nothing else is, and no name is looked up',
    async why => {
      const server = await serveHttp((req, res) => {
        if (req.url === '/away') res.writeHead(302, { location: 'https://public.example/' }).end()
        else res.end('here')
      })
      const lookup = vi.fn(found('127.0.0.1'))
      const proxy = await serveProxy(server.port)
      const { fetch, fetchContent, entries } = await openGate({
        policy: async () => why,
        lookup,
        proxies: { http: proxy.url },
      })
      expect(await (await fetch(server.url)).text()).toBe('here')
      expect(await (await fetch(`http://localhost:${server.port}`)).text()).toBe('here')
      for (const address of ['https://api.example/', 'http://10.0.0.1/', 'http://0.0.0.0/', `${server.url}/away`])
        expect(await refused(fetch(address))).toBe(why)
      expect(await refused(fetchContent(server.url))).toBe(why)
      expect(lookup).not.toHaveBeenCalled()
      expect(proxy.asked).toEqual([])
      expect((await entries()).map(({ host, outcome }) => [host, outcome])).toEqual([
        ['127.0.0.1', 'done'],
        ['localhost', 'done'],
        ['api.example', 'refused'],
        ['10.0.0.1', 'refused'],
        ['0.0.0.0', 'refused'],
        ['127.0.0.1', 'done'],
        ['public.example', 'refused'],
        ['127.0.0.1', 'refused'],
      ])
    },
  )
})
