/** For tests: a real S3-compatible server in this process, and a wire to it on which things go wrong. */
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

interface S3rver {
  run(): Promise<AddressInfo>
  close(): Promise<void>
}
type S3rverClass = new (options: {
  port: number
  address: string
  silent: boolean
  directory: string
  configureBuckets: { name: string; configs: never[] }[]
}) => S3rver

/** The one account it knows; it looks at the name alone. */
export const keys = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' }
export const bucket = 'files'

export interface S3Server {
  port: number
  /** The file of an object, as this server keeps it. */
  objectFile(key: string): string
  /** Uploads in parts that did not end. It knows no request to drop them. */
  uploads(): Promise<string[]>
  close(): Promise<void>
}

export async function startS3Server(): Promise<S3Server> {
  // CommonJS without types.
  const S3rver: S3rverClass = createRequire(import.meta.url)('s3rver')
  const directory = await mkdtemp(join(tmpdir(), 's3-server-'))
  const server = new S3rver({
    port: 0,
    address: '127.0.0.1',
    silent: true,
    directory,
    configureBuckets: [{ name: bucket, configs: [] }],
  })
  const { port } = await server.run()
  return {
    port,
    objectFile: key => join(directory, bucket, `${key}._S3rver_object`),
    uploads: () => readdir(join(directory, bucket, '._S3rver_uploads')).catch(() => []),
    async close() {
      await server.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** What goes wrong with a request. Numbers are bytes of its body or of the answer's. */
export type Fault =
  /** The wire answers itself. */
  | { status: number; body?: string }
  /** The connection is cut there. */
  | { cutRequest: number }
  | { cutAnswer: number }
  /** No more bytes come, and the connection stays. */
  | { stall: number }
  /** This byte of the answer arrives changed. */
  | { spoil: number }

export interface Wire {
  endpoint: string
  /** All that came so far: `PUT /files/…`, with their headers. */
  requests: { line: string; headers: IncomingHttpHeaders }[]
  /** What goes wrong with so many of the next requests of this method; replaces what was said before. */
  fail(method: string, times: number, fault: Fault): void
  /** Requests wait so many milliseconds before they go on. */
  delay(time: number): void
  close(): Promise<void>
}

export async function startWire(port: number): Promise<Wire> {
  const requests: Wire['requests'] = []
  let failing: { method: string; times: number; fault: Fault } | undefined
  let late = 0

  function faultFor(method: string | undefined): Fault | undefined {
    if (!failing || failing.times === 0 || (failing.method !== '*' && failing.method !== method)) return undefined
    failing.times -= 1
    return failing.fault
  }

  const server = createServer(async (incoming, outgoing) => {
    const { method, url, headers, socket } = incoming
    requests.push({ line: `${method} ${url}`, headers })
    const fault = faultFor(method)
    incoming.on('error', () => {})
    outgoing.on('error', () => {})
    if (late > 0) await pause(late)
    if (fault && 'status' in fault) {
      outgoing.writeHead(fault.status, { Connection: 'close' })
      outgoing.end(method === 'HEAD' ? undefined : fault.body)
      return
    }
    const passing = request({ host: '127.0.0.1', port, method, path: url, headers, agent: false })
    passing.on('error', () => socket.destroy())
    outgoing.once('close', () => passing.destroy())
    // Who reads an answer that is cut off hears of it as an error.
    passing.on('response', answer => void pass(answer).catch(() => socket.destroy()))
    async function pass(answer: IncomingMessage): Promise<void> {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
      let at = 0
      for await (const chunk of answer as AsyncIterable<Buffer>) {
        const end = fault && ('cutAnswer' in fault ? fault.cutAnswer : 'stall' in fault ? fault.stall : undefined)
        if (fault && 'spoil' in fault && at <= fault.spoil && fault.spoil < at + chunk.length)
          chunk.writeUInt8(chunk.readUInt8(fault.spoil - at) ^ 1, fault.spoil - at)
        if (end !== undefined && at + chunk.length > end) {
          outgoing.write(chunk.subarray(0, end - at), () => {
            if (fault && 'cutAnswer' in fault) socket.destroy()
          })
          return
        }
        at += chunk.length
        outgoing.write(chunk)
      }
      outgoing.end()
    }
    let sent = 0
    try {
      for await (const chunk of incoming as AsyncIterable<Buffer>) {
        if (fault && 'cutRequest' in fault && sent + chunk.length > fault.cutRequest) {
          passing.write(chunk.subarray(0, fault.cutRequest - sent), () => socket.destroy())
          return
        }
        sent += chunk.length
        passing.write(chunk)
      }
      passing.end()
    } catch {
      passing.destroy()
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address() as AddressInfo
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    requests,
    fail(method, times, fault) {
      failing = { method, times, fault }
    },
    delay(time) {
      late = time
    },
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
