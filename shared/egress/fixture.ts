/** The gate over a ledger, and servers of this machine that count what goes over their connections. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import { v7 } from 'uuid'
import { onTestFinished } from 'vitest'
import { openTestStore } from '../../tests/open-store.ts'
import type { TestEngine } from '../../tests/postgres.ts'
import type { LedgerEntry } from '../model/index.ts'
import type { Egress, EgressConnection, EgressRequest, EgressRules, Log } from '../ports.ts'
import type { Store } from '../store/index.ts'
import type { Lookup } from './connect.ts'
import { openEgress } from './egress.ts'
import type { ProxySettings } from './proxy.ts'

export interface Gate {
  fetch: typeof fetch
  /** As if the address had stood in a document. */
  fetchContent: typeof fetch
  fetchAs(request: Partial<EgressRequest>): typeof fetch
  /** For a mail of the installation. */
  connect(to: { host: string; port: number }, signal?: AbortSignal): Promise<EgressConnection>
  egress: Egress
  /** Every line of the ledger once nothing runs any more, the oldest first. */
  entries(): Promise<LedgerEntry[]>
  /** As it is at this moment. */
  now(): Promise<LedgerEntry[]>
  /** Everything that was logged. */
  logged: unknown[]
  close(): Promise<void>
}

/** Over a ledger in memory, or over that of a store. */
export async function openGate({
  policy = async () => undefined,
  lookup,
  proxies,
  store,
}: {
  policy?: EgressRules['policy']
  lookup?: Lookup
  proxies?: ProxySettings
  store?: Store
} = {}): Promise<Gate> {
  const written = new Map<string, LedgerEntry>()
  const ledger = store?.ledger ?? {
    async write(entries: readonly LedgerEntry[]) {
      for (const entry of entries) written.set(entry.id, entry)
    },
    page: async () => ({ entries: [...written.values()].reverse(), next: null }),
  }
  const logged: unknown[] = []
  const note = (...line: unknown[]) => void logged.push(line)
  const log: Log = { debug: note, info: note, warn: note, error: note }
  const clock = { now: () => Date.now() }
  const ids = { next: () => v7() }
  const egress = openEgress({ clock, ids, log, ...(lookup && { lookup }), ...(proxies && { proxies }) })
  egress.govern({ policy, write: (entries, how) => ledger.write(entries, how) })
  onTestFinished(() => egress.close())
  const usual = { purpose: 'download', access: { userId: 'local', projectId: 'p' }, trust: 'operator' } as const
  const now = async () => (await ledger.page('local', { installation: true, limit: 10_000 })).entries.reverse()
  return {
    logged,
    fetch: egress.fetch(usual),
    fetchContent: egress.fetch({ ...usual, purpose: 'crawl', trust: 'content' }),
    fetchAs: request => egress.fetch({ ...usual, ...request }),
    connect: (to, signal) => egress.connect({ purpose: 'mail', access: 'internal', trust: 'operator' }, to, signal),
    egress,
    now,
    async entries() {
      for (const deadline = Date.now() + 20_000; ; ) {
        const entries = await now()
        if (!entries.some(({ outcome }) => outcome === 'open')) return entries
        if (Date.now() > deadline) throw new Error('a request is open still')
        await new Promise(resolve => setTimeout(resolve, 20))
      }
    },
    close: () => egress.close(),
  }
}

/** A store that is there as long as the test. */
export async function openStore(engine?: TestEngine) {
  const opened = await openTestStore(engine)
  onTestFinished(() => opened.close())
  return opened
}

export interface CountingServer {
  server: Server
  port: number
  url: string
  /** Bytes over all of its connections so far. */
  received(): number
  sent(): number
  connections(): number
}

export async function serveHttp(
  answer: (req: IncomingMessage, res: ServerResponse) => void | Promise<void>,
): Promise<CountingServer> {
  const sockets = new Set<Socket>()
  const server = createServer((req, res) => void answer(req, res))
  server.on('connection', socket => sockets.add(socket.on('error', () => {})))
  const port = await listen(server)
  const sum = (of: (socket: Socket) => number) => [...sockets].reduce((total, socket) => total + of(socket), 0)
  return {
    server,
    port,
    url: `http://127.0.0.1:${port}`,
    received: () => sum(socket => socket.bytesRead),
    sent: () => sum(socket => socket.bytesWritten),
    connections: () => sockets.size,
  }
}

/** A server that says what it is told, byte by byte. */
export async function serveTcp(connected: (socket: Socket) => void): Promise<{ port: number; url: string }> {
  const server = createTcpServer(socket => connected(socket.on('error', () => {})))
  const port = await listen(server)
  return { port, url: `http://127.0.0.1:${port}` }
}

export async function listen(server: ReturnType<typeof createTcpServer>): Promise<number> {
  const open = new Set<Socket>()
  server.on('connection', (socket: Socket) => open.add(socket.on('close', () => open.delete(socket))))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    for (const socket of open) socket.destroy()
    await new Promise(resolve => server.close(resolve))
  })
  return (server.address() as AddressInfo).port
}

/** A proxy that opens tunnels, and passes on what comes with a whole address; it leads everything to one port of this machine. */
export async function serveProxy(
  to: number,
  { credentials, status = 200 }: { credentials?: string; status?: number } = {},
): Promise<{ url: string; port: number; asked: string[] }> {
  const { connect } = await import('node:net')
  const asked: string[] = []
  const wanted = credentials && `Basic ${Buffer.from(credentials).toString('base64')}`
  const { port } = await serveTcp(client => {
    let head = ''
    client.on('data', function read(data) {
      head += data.toString('latin1')
      const end = head.indexOf('\r\n\r\n')
      if (end < 0) return
      client.off('data', read)
      const [first = ''] = head.split('\r\n')
      asked.push(first)
      const authorized = !wanted || head.includes(`\r\nproxy-authorization: ${wanted}\r\n`)
      const answer = authorized ? status : 407
      if (answer !== 200) {
        client.end(`HTTP/1.1 ${answer} No\r\nContent-Length: 0\r\n\r\n`)
        return
      }
      const server = connect(to, '127.0.0.1').on('error', () => client.destroy())
      client.on('close', () => server.destroy())
      server.on('close', () => client.destroy())
      if (first.startsWith('CONNECT ')) client.write('HTTP/1.1 200 OK\r\n\r\n')
      else server.write(Buffer.from(head.replace(/^(\S+ )http:\/\/[^/]+/, '$1'), 'latin1'))
      client.pipe(server).pipe(client)
    })
  })
  return { url: `http://${credentials ? `${credentials}@` : ''}127.0.0.1:${port}`, port, asked }
}
