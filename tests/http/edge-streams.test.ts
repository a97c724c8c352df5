/** Streams through a proxy of the kind that stands before servers: it cuts what is silent, and breaks in the middle. */
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { createClient, follow } from '../../shared/api/client.ts'
import type { ServerEvent } from '../../shared/api/index.ts'
import { contract } from '../../shared/api/index.ts'
import { noModels } from '../open-core.ts'
import { spokenModel } from '../red-team/spoken-model.ts'
import { until } from '../until.ts'
import { openTestServer, type TestServer, token } from './open-server.ts'

let server: TestServer
let proxy: Proxy
afterEach(async () => {
  proxy?.close()
  await server.stop()
})

interface Proxy {
  url: string
  /** Connections that were cut for being silent. */
  cut: number
  /** Breaks all that is open. */
  break(): void
  close(): void
}

/** Keeps what comes until it has `hold` bytes, unless it was asked not to; cuts after `idle` milliseconds in which nothing came. */
async function openProxy(target: string, { idle, hold }: { idle: number; hold: number }): Promise<Proxy> {
  const sockets = new Set<Socket>()
  const made: Proxy = { url: '', cut: 0, break: breakAll, close: () => {} }
  function breakAll(): void {
    for (const socket of sockets) socket.destroy()
  }
  const http: Server = createServer((req, res) => {
    const { port } = new URL(target)
    const headers = { ...req.headers, host: `127.0.0.1:${port}` }
    const up = request({ host: '127.0.0.1', port, path: req.url, method: req.method, headers }, answer => {
      const { 'x-accel-buffering': wish, ...rest } = answer.headers
      res.writeHead(answer.statusCode ?? 502, rest)
      let kept: Buffer[] = []
      let timer = setTimeout(give, idle)
      function give() {
        made.cut += 1
        res.destroy()
        up.destroy()
      }
      answer.on('data', (part: Buffer) => {
        clearTimeout(timer)
        timer = setTimeout(give, idle)
        kept.push(part)
        if (wish !== 'no' && Buffer.concat(kept).length < hold) return
        res.write(Buffer.concat(kept))
        kept = []
      })
      answer.on('close', () => clearTimeout(timer))
      answer.on('end', () => res.end(Buffer.concat(kept)))
      answer.on('error', () => res.destroy())
    })
    up.on('error', () => res.destroy())
    res.on('close', () => up.destroy())
    req.pipe(up)
  })
  http.on('connection', socket => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>(resolve => http.listen(0, '127.0.0.1', resolve))
  made.url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  made.close = () => {
    http.close()
    made.break()
  }
  return made
}

const clientThrough = () => createClient({ routes: contract, url: proxy.url, token, language: () => 'en' })

it('is not cut for silence, and not kept back', { timeout: 60_000 }, async () => {
  server = await openTestServer()
  proxy = await openProxy(server.url, { idle: 9000, hold: 64 * 1024 })
  const control = new AbortController()
  const events: ServerEvent[] = []
  const reading = (async () => {
    for await (const event of await clientThrough().jobs.events(undefined, { signal: control.signal }))
      events.push(event)
  })().catch(() => {})
  await until(() => events.some(({ type }) => type === 'reset'), 'the first event')
  // Twice as long as the proxy takes silence.
  const end = performance.now() + 18_000
  await until(() => performance.now() > end, 'time')
  expect(proxy.cut).toBe(0)
  await server.client.projects.create({ name: 'Neu' })
  await until(() => events.some(({ type }) => type === 'projects'), 'an event after the silence')
  control.abort()
  proxy.break()
  void reading
})

it('goes on behind the last event that was heard, however often it breaks', { timeout: 60_000 }, async () => {
  server = await openTestServer()
  proxy = await openProxy(server.url, { idle: 60_000, hold: 64 * 1024 })
  const control = new AbortController()
  const events: ServerEvent[] = []
  const client = clientThrough()
  const reading = (async () => {
    const open = (options: { signal: AbortSignal; lastEventId?: string }) => client.jobs.events(undefined, options)
    for await (const event of follow(open, { signal: control.signal, pauses: [20] })) events.push(event)
  })()
  await until(() => events.length > 0, 'connected')
  const { projectId } = server
  const names = ['a', 'b', 'c', 'd']
  for (const name of names) {
    proxy.break()
    const { document } = await server.client.documents.addText({
      projectId,
      name,
      text: `Text ${name}`,
      format: 'plain',
    })
    const heard = () =>
      events.some(
        event => event.type === 'document' && event.documentId === document.id && event.document?.state === 'ready',
      )
    await until(heard, `${name} is heard of`)
  }
  // Nothing had to be read anew.
  expect(events.filter(({ type }) => type === 'reset')).toHaveLength(1)
  control.abort()
  void reading
})

it('an answer that breaks in the middle is read to its end, each sentence once', { timeout: 60_000 }, async () => {
  const sentences = Array.from({ length: 6 }, (_, at) => `Die Miete beträgt ${850 + at} Euro im Monat.`)
  const gates = sentences.slice(1).map(() => Promise.withResolvers<void>())
  // That a sentence has ended is known when the next one begins.
  const said = sentences.flatMap((sentence, at) => [
    at === 0 ? sentence : sentence.slice('Die '.length),
    ...(at < gates.length ? [' [1] ', 'Die '] : [' [1]']),
    ...(at < gates.length ? [{ wait: gates[at]!.promise }] : []),
  ])
  const chat = spokenModel([said])
  server = await openTestServer({ chat: { ...noModels, chat: async () => chat } })
  proxy = await openProxy(server.url, { idle: 60_000, hold: 64 * 1024 })
  const { projectId } = server
  const text = sentences.join(' ')
  const { document } = await server.client.documents.addText({ projectId, name: 'Miete', text, format: 'plain' })
  const isReady = async () =>
    (await server.client.documents.get({ projectId, documentId: document.id })).state === 'ready'
  await until(isReady, 'ready')
  const client = clientThrough()
  const control = new AbortController()
  const told: string[] = []
  let answerId = ''
  let finished = false
  const asked = await client.answers.ask({ projectId, question: 'Wie hoch ist die Miete?' })
  const first = (async () => {
    for await (const event of asked) {
      if (event.type === 'started') answerId = event.answerId
      if (event.type === 'sentence') told.push(event.sentence.text)
    }
  })().catch(() => {})
  await until(() => told.length > 0, 'a sentence')
  proxy.break()
  await first
  told.length = 0
  const reading = (async () => {
    const open = (options: { signal: AbortSignal; lastEventId?: string }) =>
      client.answers.follow({ projectId, answerId }, options)
    for await (const event of follow(open, { signal: control.signal, pauses: [20] })) {
      if (event.type === 'sentence') told.push(event.sentence.text)
      if (event.type !== 'finish') continue
      finished = true
      control.abort()
    }
  })()
  for (const [at, gate] of gates.entries()) {
    await until(() => told.length > at, `sentence ${at}`)
    proxy.break()
    gate.resolve()
  }
  await until(() => finished, 'the end')
  proxy.break()
  void reading
  expect(told).toEqual(sentences)
})
