/** Connections that speak something else than HTTP: the same rules, the same ledger. */
import { once } from 'node:events'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import { expect, test } from 'vitest'
import { certificate, key } from '../db/postgres/fixture.ts'
import { listen, openGate, serveTcp } from './fixture.ts'

test('stands in the ledger with its purpose and all of its bytes', async () => {
  const gate = await openGate()
  const { port } = await serveTcp(socket => {
    socket.write('220 hello\r\n')
    socket.on('data', () => socket.end('221 bye\r\n'))
  })
  const { socket } = await gate.connect({ host: 'localhost', port })
  const [open] = await gate.now()
  expect(open).toMatchObject({ purpose: 'mail', outcome: 'open', host: 'localhost', port, userId: null })
  socket.write('QUIT\r\n')
  socket.resume()
  await once(socket, 'close')
  const [entry] = await gate.entries()
  expect(entry).toMatchObject({ outcome: 'done', why: null, sent: 6, received: 20 })
  expect(entry.address).toMatch(/^(127\.0\.0\.1|::1)$/)
})

test('counts what TLS adds, which its holder begins', async () => {
  const gate = await openGate()
  const server = createTlsServer({ key, cert: certificate }, socket => socket.end('secret'))
  server.on('tlsClientError', () => {})
  const port = await listen(server)
  const connection = await gate.connect({ host: 'localhost', port })
  const secure = connectTls({ socket: connection.socket, ca: certificate, servername: 'localhost' })
  secure.resume()
  await once(secure, 'close')
  const [entry] = await gate.entries()
  expect(entry.outcome).toBe('done')
  expect(entry.received).toBeGreaterThan(500)
  expect(entry.sent).toBeGreaterThan(200)
})

test.each(['offline', 'unrecorded'] as const)('%s: only this machine', async why => {
  const gate = await openGate({ policy: async () => why })
  const { port } = await serveTcp(socket => socket.end('220\r\n'))
  const { socket } = await gate.connect({ host: '127.0.0.1', port })
  await once(socket.resume(), 'close')
  await expect(gate.connect({ host: 'mail.example.org', port: 587 })).rejects.toMatchObject({
    code: 'egress-refused',
    values: { host: 'mail.example.org', why },
  })
  expect((await gate.entries()).map(({ outcome, why }) => [outcome, why])).toEqual([
    ['done', null],
    ['refused', why],
  ])
})

test('what came to nothing stands there with its reason', async () => {
  const gate = await openGate({
    lookup: async host => {
      throw Object.assign(new Error(host), { code: 'ENOTFOUND' })
    },
  })
  const { port } = await serveTcp(socket => socket.once('data', () => socket.resetAndDestroy()))
  const { port: silent } = await serveTcp(() => {})
  await expect(gate.connect({ host: 'mail.example.org', port })).rejects.toMatchObject({ code: 'ENOTFOUND' })
  await expect(gate.connect({ host: '127.0.0.1', port: 1 })).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  const { socket } = await gate.connect({ host: '127.0.0.1', port })
  socket.write('EHLO there\r\n')
  await new Promise(resolve => socket.on('close', resolve).on('error', () => {}))
  const told = await gate.connect({ host: '127.0.0.1', port: silent })
  told.fail('timeout')
  told.socket.destroy()
  const entries = await gate.entries()
  expect(entries.map(({ outcome, why }) => [outcome, why])).toEqual([
    ['failed', 'name-unknown'],
    ['failed', 'unreachable'],
    ['failed', 'broken'],
    ['failed', 'timeout'],
  ])
})

test('the end breaks it off', async () => {
  const gate = await openGate()
  const { port } = await serveTcp(() => {})
  const { socket } = await gate.connect({ host: '127.0.0.1', port })
  const closed = once(socket, 'close')
  await gate.close()
  await closed
  await expect(gate.connect({ host: '127.0.0.1', port })).rejects.toThrow()
})
