/** What passes the gate passes as it comes. */
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { until } from '../../tests/until.ts'
import { openGate, serveHttp, serveTcp } from './fixture.ts'

test('the first words are here before the last ones are said', async () => {
  let finish = () => {}
  const server = await serveHttp((req, res) => {
    if (req.url === '/go') {
      finish()
      res.end()
      return
    }
    res.writeHead(200, { 'content-type': 'text/event-stream' })
    res.write('data: first\n\n')
    finish = () => void res.end('data: last\n\n')
  })
  const { fetch, now } = await openGate()
  const reader = (await fetch(server.url)).body!.getReader()
  expect(Buffer.from((await reader.read()).value!).toString()).toBe('data: first\n\n')
  expect(await now()).toMatchObject([{ outcome: 'open' }])
  await fetch(`${server.url}/go`)
  expect(Buffer.from((await reader.read()).value!).toString()).toBe('data: last\n\n')
  expect((await reader.read()).done).toBe(true)
})

test('what is sent goes as it is made', async () => {
  const heard: string[] = []
  const server = await serveHttp((req, res) => {
    req.on('data', data => heard.push(String(data)))
    req.on('end', () => res.end('all'))
  })
  const { fetch } = await openGate()
  let more = () => {}
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(Buffer.from('one'))
      more = () => {
        controller.enqueue(Buffer.from('two'))
        controller.close()
      }
    },
  })
  const response = fetch(server.url, { method: 'POST', body, duplex: 'half' } as RequestInit)
  await until(() => heard.length === 1, 'the first piece arrives')
  more()
  expect(await (await response).text()).toBe('all')
  expect(heard).toEqual(['one', 'two'])
})

test('whoever stops, stops the other side: before its answer, in its midst, and by reading no further', async () => {
  const closed: string[] = []
  const server = await serveHttp((req, res) => {
    res.on('close', () => void (res.writableFinished || closed.push(req.url ?? '')))
    if (req.url !== '/before') res.write('some')
  })
  const { fetch, entries } = await openGate()
  const stop = new AbortController()
  const before = fetch(`${server.url}/before`, { signal: stop.signal })
  await until(() => server.connections() === 1 && server.received() > 0, 'the request arrives')
  stop.abort(new Error('enough'))
  await expect(before).rejects.toThrow('enough')
  const amidst = new AbortController()
  const response = await fetch(`${server.url}/amidst`, { signal: amidst.signal })
  amidst.abort()
  await expect(response.text()).rejects.toMatchObject({ name: 'AbortError' })
  await (await fetch(`${server.url}/further`)).body?.cancel()
  await until(() => closed.length === 3, 'all are closed')
  expect(closed).toEqual(['/before', '/amidst', '/further'])
  expect((await entries()).map(({ outcome, why }) => [outcome, why])).toEqual(Array(3).fill(['failed', 'cancelled']))
})

test('who stopped before it began connects to nobody', async () => {
  const server = await serveHttp((_, res) => void res.end())
  const { fetch, now } = await openGate()
  await expect(fetch(server.url, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' })
  const late = new AbortController()
  const waiting = openGate({ policy: async () => void late.abort() })
  await expect((await waiting).fetch(server.url, { signal: late.signal })).rejects.toMatchObject({ name: 'AbortError' })
  expect(server.connections()).toBe(0)
  expect(await now()).toEqual([])
})

test('nobody is sent more than he reads', async () => {
  let written = 0
  const { url } = await serveTcp(async socket => {
    await once(socket, 'data')
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100000000000\r\n\r\n')
    const piece = Buffer.alloc(65_536)
    const write = () => {
      do written += piece.length
      while (!socket.destroyed && socket.write(piece))
    }
    socket.on('drain', write)
    write()
  })
  const { fetch } = await openGate()
  const response = await fetch(url)
  let before = -1
  await until(async () => {
    const still = before === written
    before = written
    await new Promise(resolve => setTimeout(resolve, 200))
    return still && before === written
  }, 'the server has to wait')
  // What the system keeps for both sides, and the stream for its reader.
  expect(written).toBeLessThan(32_000_000)
  const reader = response.body!.getReader()
  for (let read = 0; read < 64_000_000; ) read += (await reader.read()).value?.length ?? 0
  expect(written).toBeGreaterThan(60_000_000)
  await reader.cancel()
})
