/** What programs send that no page of ours would, and what they get at a server's end. */
import { request } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isLoopback } from '../../server/loopback.ts'
import { AppError } from '../../shared/errors.ts'
import { makePlace } from '../run-cli.ts'
import { openTestServer, type TestServer, token } from './open-server.ts'

let server: TestServer
let stopped: boolean
beforeEach(async () => {
  server = await openTestServer({
    models: {
      async add(_name, bytes) {
        for await (const _ of bytes);
        throw new AppError('model-invalid')
      },
    },
  })
  stopped = false
})
afterEach(async () => {
  if (stopped) await server.close()
  else await server.stop()
})

interface Answer {
  status: number
  headers: Record<string, unknown>
  text: string
}

function send(
  method: string,
  target: string,
  headers: Record<string, string> = {},
  body: string | Buffer = '',
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { port } = server.http.address() as AddressInfo
    const all = { authorization: `Bearer ${token}`, ...headers }
    const sent = request({ host: '127.0.0.1', port, path: target, method, headers: all }, answer => {
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

const projects = '/api/v1/projects'

it('a body that says it is compressed and is not is the sender’s mistake', async () => {
  for (const encoding of ['gzip', 'deflate', 'br', 'klingon']) {
    const headers = { 'content-type': 'application/json', 'content-encoding': encoding }
    const { status, text } = await send('POST', projects, headers, '{"name":"Neu"}')
    expect([encoding, status, JSON.parse(text)]).toMatchObject([encoding, 400, { code: 'body-malformed' }])
  }
})

it('50 KB of other programs’ cookies do not lock a browser out; more are refused in words', async () => {
  expect((await send('GET', projects, { cookie: `a=${'x'.repeat(50_000)}` })).status).toBe(200)
  for (const target of [projects, '/']) {
    const { status, headers, text } = await send('GET', target, { cookie: `a=${'x'.repeat(100_000)}` })
    expect([status, headers['content-type']]).toEqual([431, 'application/problem+json; charset=utf-8'])
    expect(JSON.parse(text)).toMatchObject({ code: 'headers-too-large', status: 431, values: { limit: 64 } })
    expect(text).toContain('Delete the cookies')
  }
  expect((await send('GET', projects)).status).toBe(200)
})

it('HEAD is GET without the body, and ends also where GET would stream', async () => {
  for (const target of ['/health', '/health/liveness', '/health/readiness', projects, '/', '/openapi.json']) {
    const [head, get] = [await send('HEAD', target), await send('GET', target)]
    expect([target, head.status, head.text]).toEqual([target, 200, ''])
    expect(head.headers['content-type']).toBe(get.headers['content-type'])
  }
  const events = await send('HEAD', '/api/v1/events')
  expect([events.status, events.headers['content-type']]).toEqual([200, 'text/event-stream'])
  expect((await send('HEAD', projects, { authorization: 'Bearer wrong' })).status).toBe(401)
  expect((await send('HEAD', '/api/v1/nothing')).status).toBe(404)
  const put = await send('PUT', '/health')
  expect([put.status, String(put.headers.allow).split(', ').toSorted()]).toEqual([405, ['GET', 'HEAD']])
  expect((await send('HEAD', `${projects}/${server.projectId}/search`)).status).toBe(405)
})

it('an upload that is half there when the server ends is refused in words, and holds nothing up', async () => {
  const { port } = server.http.address() as AddressInfo
  const uploads = ['documents', 'models'].map(what => {
    const target = what === 'models' ? '/api/v1/models' : `${projects}/${server.projectId}/documents`
    const socket = connect(port, '127.0.0.1')
    let text = ''
    socket.on('data', part => {
      text += part
    })
    const closed = new Promise<string>(resolve => socket.on('close', () => resolve(text)))
    socket.on('error', () => {})
    const part = '--x\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\nHalb'
    socket.write(
      `POST ${target} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${token}\r\nContent-Length: 5000000\r\n` +
        `Accept-Language: de\r\nContent-Type: multipart/form-data; boundary=x\r\n\r\n${part}`,
    )
    return closed
  })
  // They were read as far as they came once a request that followed them is answered.
  await server.client.projects.list()
  const began = performance.now()
  stopped = true
  await server.server.stop(8000)
  expect(performance.now() - began).toBeLessThan(4000)
  for (const text of await Promise.all(uploads)) {
    expect(text).toMatch(/^HTTP\/1\.1 503 /)
    expect(text).toContain('"server-stopping"')
    expect(text).toContain('wird gerade beendet')
  }
  expect(await server.core.documents.list(server.scope)).toEqual([])
})

it('the exchange of the token is described as what it is: open', async () => {
  const { text } = await send('GET', '/openapi.json')
  const { '/api/v1/session': session } = (
    JSON.parse(text) as { paths: Record<string, Record<string, { security?: object[] }>> }
  ).paths
  expect([session.post.security, session.get.security]).toEqual([[], undefined])
})

it.each([
  ['127.0.0.1', true],
  ['127.1.2.3', true],
  ['::1', true],
  ['localhost', true],
  ['127.999.1.1', false],
  ['127.0.0.010', false],
  ['127.1', false],
  ['127.0.0.1.evil.example', false],
  ['0.0.0.0', false],
  ['::', false],
  ['', false],
])('an address of this machine alone: %s %s', (host, expected) => {
  expect(isLoopback(host)).toBe(expected)
})

describe('CLOISTER_TOKEN', () => {
  it.each([
    ['with a blank inside', 'correct horse battery', 'Leerzeichen'],
    ['too short', 'kurz', '16 bis 1000'],
    ['with an umlaut', 'Schlüsselbund-für-alle', 'ASCII'],
    ['longer than the page can bring', 'x'.repeat(1001), '16 bis 1000'],
  ])('%s is refused', async (_name, CLOISTER_TOKEN, text) => {
    const place = await makePlace()
    const args = ['serve', '--data', 'data', '--port', '0']
    const { code, stderr } = await place.run(args, { environment: { CLOISTER_TOKEN }, language: 'de' })
    await place.remove()
    expect([code, stderr]).toEqual([2, expect.stringContaining(text)])
  })

  it('lets in who brings it, whatever blanks are around it and signs in it', async () => {
    const place = await makePlace()
    const secret = 'a+b/c%20d#e&f="g"~'
    const running = place.start(['serve', '--data', 'data', '--port', '0', '--json'], {
      environment: { CLOISTER_TOKEN: `  ${secret}\n` },
    })
    const { url } = await new Promise<{ url: string }>(resolve => {
      running.child.stdout?.on('data', (line: string) => resolve(JSON.parse(line) as { url: string }))
    })
    const { origin, hash } = new URL(url)
    expect(new URLSearchParams(hash.slice(1)).get('token')).toBe(secret)
    const answer = await fetch(origin + projects, { headers: { authorization: `Bearer ${secret}` } })
    const opened = await fetch(`${origin}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: secret }),
    })
    expect([answer.status, opened.status]).toEqual([200, 200])
    running.child.kill('SIGTERM')
    expect((await running.finished).code).toBe(0)
    await place.remove()
  })
})
