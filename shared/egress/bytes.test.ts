/** What the ledger says of bytes is what the other side counted. */
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer as createTlsServer } from 'node:https'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import tls, { type TLSSocket } from 'node:tls'
import { gzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { listen, openGate, serveHttp, serveTcp } from './fixture.ts'

const noise = randomBytes(300_000)
const text = 'A sentence that is said again and again. '.repeat(20_000)

const answers: Record<string, Parameters<typeof serveHttp>[0]> = {
  'a short answer': (_, res) => void res.end('hello'),
  'a long one with its length': (_, res) => void res.writeHead(200, { 'content-length': noise.length }).end(noise),
  'a long one in chunks': async (_, res) => {
    for (let at = 0; at < noise.length; at += 10_000) {
      res.write(noise.subarray(at, at + 10_000))
      await new Promise(resolve => setImmediate(resolve))
    }
    res.end()
  },
  'a compressed one': (_, res) => void res.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(text)),
  'an error': (_, res) => void res.writeHead(500).end('no'),
  'an answer without a body': (_, res) => void res.writeHead(204).end(),
  'one that ends with its connection': (_, res) => void res.writeHead(200, { connection: 'close' }).end(noise),
}

test.each(Object.entries(answers))('%s', async (_, answer) => {
  const server = await serveHttp(answer)
  const { fetch, entries } = await openGate()
  const body = await (await fetch(`${server.url}/`)).bytes()
  expect([0, 2, 5, noise.length, text.length]).toContain(body.length)
  const [entry] = await entries()
  expect(entry).toMatchObject({
    host: '127.0.0.1',
    port: server.port,
    address: '127.0.0.1',
    outcome: 'done',
    why: null,
  })
  expect(entry).toMatchObject({ sent: server.received(), received: server.sent() })
  expect(entry?.received).toBeGreaterThan(60)
})

test('the head of an answer, without its body', async () => {
  const server = await serveHttp((_, res) => void res.writeHead(200, { 'content-length': 1_000_000 }).end())
  const { fetch, entries } = await openGate()
  const response = await fetch(server.url, { method: 'HEAD' })
  expect(response.headers.get('content-length')).toBe('1000000')
  expect(await entries()).toMatchObject([{ sent: server.received(), received: server.sent(), outcome: 'done' }])
  expect(server.sent()).toBeLessThan(1000)
})

test.each([
  ['as a whole', () => ({ body: noise })],
  ['as a stream', () => ({ body: new Blob([noise]).stream(), duplex: 'half' }) as RequestInit],
  ['as a form', () => ({ body: form() })],
])('what is sent %s', async (_, init) => {
  let heard = 0
  const server = await serveHttp(async (req, res) => {
    for await (const chunk of req) heard += (chunk as Buffer).length
    res.end('thanks')
  })
  const { fetch, entries } = await openGate()
  await (await fetch(server.url, { method: 'POST', ...init() })).text()
  expect(heard).toBeGreaterThanOrEqual(noise.length)
  expect(await entries()).toMatchObject([{ sent: server.received(), received: server.sent() }])
  expect(server.received()).toBeGreaterThan(heard)
})

function form(): FormData {
  const data = new FormData()
  data.set('file', new File([noise], 'noise.bin'))
  return data
}

test('an answer that is broken off in its middle counts as far as it came', async () => {
  const said = `HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n${'x'.repeat(70_000)}`
  let heard = 0
  const { url } = await serveTcp(socket => {
    socket.on('data', data => (heard += data.length))
    socket.write(said)
  })
  const { fetch, entries } = await openGate()
  const stop = new AbortController()
  const reader = (await fetch(url, { signal: stop.signal })).body!.getReader()
  let read = 0
  while (read < 70_000) read += (await reader.read()).value?.length ?? 0
  stop.abort()
  await expect(reader.read()).rejects.toMatchObject({ name: 'AbortError' })
  expect(await entries()).toMatchObject([{ outcome: 'failed', why: 'cancelled', sent: heard, received: said.length }])
})

test('nor do those that the other side breaks off, or that it never gives', async () => {
  const half = 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf'
  const { url } = await serveTcp(socket => void socket.once('data', () => socket.end(half)))
  const silent = await serveTcp(socket => void socket.once('data', () => socket.destroy()))
  const strange = await serveTcp(socket => void socket.once('data', () => socket.end('SSH-2.0-OpenSSH\r\n')))
  const { fetch, entries } = await openGate()
  await expect((await fetch(url)).text()).rejects.toThrow('terminated')
  await expect(fetch(silent.url)).rejects.toThrow('fetch failed')
  await expect(fetch(strange.url)).rejects.toThrow('fetch failed')
  await expect(fetch('http://127.0.0.1:1/')).rejects.toThrow()
  const written = await entries()
  expect(written.map(({ outcome, why }) => [outcome, why])).toEqual([
    ['failed', 'broken'],
    ['failed', 'broken'],
    ['failed', 'broken'],
    // Of the ports that `fetch` itself knows as others', nothing is asked.
  ])
  expect(written[0]?.received).toBe(half.length)
})

test('requests over one connection, each for itself', async () => {
  const server = await serveHttp((req, res) => void res.end('x'.repeat(Number(req.url?.slice(1)))))
  const { fetch, entries } = await openGate()
  for (const length of [10, 20_000, 300, 4, 50_000, 6]) {
    await (await fetch(`${server.url}/${length}`)).text()
    // undici gives a connection back with the next turn of the event loop.
    await turn()
  }
  expect(server.connections()).toBe(1)
  const written = await entries()
  expect(written.length).toBe(6)
  expect(written.reduce((sum, { sent }) => sum + sent, 0)).toBe(server.received())
  expect(written.reduce((sum, { received }) => sum + received, 0)).toBe(server.sent())
  const [ten, long] = written
  // Five figures of its length instead of two.
  expect((long?.received ?? 0) - (ten?.received ?? 0)).toBe(20_000 - 10 + 3)
})

test('a hundred at once, each for itself', async () => {
  const server = await serveHttp((req, res) => {
    setTimeout(() => res.end('x'.repeat(Number(req.url?.slice(1)))), Number(req.url?.slice(1)) % 7)
  })
  const { fetch, entries } = await openGate()
  const lengths = Array.from({ length: 100 }, (_, index) => 1000 + index)
  const got = await Promise.all(
    lengths.map(async length => (await (await fetch(`${server.url}/${length}`)).text()).length),
  )
  expect(got).toEqual(lengths)
  const written = await entries()
  expect(written.length).toBe(100)
  expect(written.reduce((sum, { sent }) => sum + sent, 0)).toBe(server.received())
  const received = written.map(entry => entry.received)
  expect(Math.max(...received) - Math.min(...received)).toBe(99)
  expect(received.reduce((sum, one) => sum + one, 0)).toBe(server.sent())
})

const openssl = spawnSync('openssl', ['version']).status === 0

test.skipIf(!openssl)(
  `over TLS, without what it adds${openssl ? '' : ' (skipped: there is no openssl here)'}`,
  async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'cloister-egress-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const [key, cert] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')]
    const what = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/CN=localhost']
    const names = ['-addext', 'subjectAltName=DNS:localhost']
    spawnSync('openssl', ['req', '-x509', ...what, ...names, '-days', '2', '-keyout', key, '-out', cert])
    const certificate = await readFile(cert, 'utf8')
    const sockets: TLSSocket[] = []
    const server = createTlsServer({ key: await readFile(key), cert: certificate }, (_, res) => void res.end(noise))
    server.on('secureConnection', socket => sockets.push(socket))
    const port = await listen(server)
    const { fetch, entries } = await openGate()
    const failure = await fetch(`https://localhost:${port}/`).catch(error => error)
    expect(failure.cause).toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })

    const before = tls.getCACertificates('default')
    tls.setDefaultCACertificates([...before, certificate])
    onTestFinished(() => tls.setDefaultCACertificates(before))
    expect((await (await fetch(`https://localhost:${port}/`)).bytes()).length).toBe(noise.length)
    expect(sockets.length).toBe(1)
    expect(await entries()).toMatchObject([
      { outcome: 'failed', why: 'tls', sent: 0, received: 0 },
      { outcome: 'done', host: 'localhost', sent: sockets[0]?.bytesRead, received: sockets[0]?.bytesWritten },
    ])
  },
)
