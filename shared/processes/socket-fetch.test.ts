import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { createSocketFetch } from './socket-fetch.ts'

let folder: string
let server: Server

async function listen(hear: RequestListener): Promise<(request: Request) => Promise<Response>> {
  folder = await mkdtemp(path.join(tmpdir(), 'cloister-socket-'))
  const file = path.join(folder, 's')
  server = createServer(hear)
  await new Promise<void>(resolve => server.listen(file, resolve))
  return createSocketFetch(file)
}

afterEach(async () => {
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
  await rm(folder, { recursive: true, force: true })
})

const upload = (megabytes: number) => {
  const body = new FormData()
  for (let number = 0; number < megabytes; number++)
    body.append('files', new File([new Uint8Array(1024 * 1024)], 'a.pdf'))
  return new Request('http://localhost/', { method: 'POST', body })
}

it('sends a body whole, in pieces', async () => {
  const send = await listen(async (request, answer) => {
    let bytes = 0
    for await (const piece of request) bytes += (piece as Buffer).length
    answer.end(String(bytes))
  })
  expect(Number(await (await send(upload(20))).text())).toBeGreaterThan(20 * 1024 * 1024)
})

it('takes no more of a body than is on its way, however long it is', async () => {
  let received = 0
  const send = await listen((request, answer) => {
    request.on('data', (bytes: Buffer) => {
      received += bytes.length
    })
    request.once('end', () => answer.end())
  })
  const piece = 256 * 1024
  const pieces = 1200
  const ahead: number[] = []
  let taken = 0
  const body = new ReadableStream<Uint8Array>({
    pull(stream) {
      if (taken === pieces * piece) return stream.close()
      stream.enqueue(new Uint8Array(piece))
      taken += piece
      ahead.push(taken - received)
    },
  })
  await (await send(new Request('http://localhost/', { method: 'POST', body, duplex: 'half' }))).text()
  expect(received).toBe(pieces * piece)
  // Of 300 MiB; what lies in the buffers of the socket is less than 1.
  expect(Math.max(...ahead)).toBeLessThan(16 * 1024 * 1024)
})

it('gives the answer that comes before all was sent', async () => {
  const send = await listen((_request, answer) => answer.writeHead(413, { connection: 'close' }).end('too large'))
  const answer = await send(upload(50))
  expect([answer.status, await answer.text()]).toEqual([413, 'too large'])
})

it('rejects where the connection is cut in the middle of a body, as often as that happens', async () => {
  const send = await listen(request => void request.once('data', () => request.socket.destroy()))
  for (let round = 0; round < 30; round++) await expect(send(upload(3))).rejects.toThrow()
})

it('stops sending what is called off', async () => {
  const send = await listen(request => void request.resume())
  const control = new AbortController()
  const endless = new ReadableStream<Uint8Array>({ pull: stream => stream.enqueue(new Uint8Array(1000)) })
  const request = new Request('http://localhost/', {
    method: 'POST',
    body: endless,
    duplex: 'half',
    signal: control.signal,
  })
  const answer = send(request)
  server.once('request', () => control.abort(new Error('called off')))
  await expect(answer).rejects.toThrow('called off')
})
