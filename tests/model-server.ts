/** A server of models on this machine that does as it is told: ranges, redirects and checksums like a hub, and every fault of one. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'

export interface Hosted {
  bytes: Buffer
  /** Null: it says none. */
  etag: string | null
  /** Whether it says its SHA-256, as a hub does, and sends on to where the bytes lie. */
  hub?: boolean
}

/** What it does instead of what is right, in one answer. */
export interface Fault {
  /** Breaks the connection after so many bytes. */
  cut?: number
  /** Falls silent after so many bytes. */
  stall?: number
  /** Goes on with a byte every 10 ms after so many bytes. */
  drip?: number
  /** Turns over a bit of the byte at this place of the file, if it is among those asked for. */
  flip?: number
  /** Sends the whole whatever it is asked for. */
  whole?: boolean
  /** What it says in `Content-Range`, which is otherwise right; null: nothing. */
  contentRange?: string | null
  /** Sends bytes from so much further on than it says. */
  shift?: number
  /** Says, and sends, so many bytes more or fewer than there are. */
  resize?: number
  gzip?: boolean
  /** This answer, and no file. */
  status?: number
  headers?: Record<string, string>
  body?: string
  /** No length, and the end of the connection for the end of the file. */
  unsized?: boolean
  /** From now on there is another file. */
  become?: Hosted
}

export interface Asked {
  path: string
  method: string
  range: string | null
  ifRange: string | null
  /** The first byte of the file that was sent, and the one behind the last that the system took. */
  from: number
  to: number
  fault: Fault
  status: number
}

export interface ModelServer {
  url: string
  files: Map<string, Hosted>
  /** Of a path: one for each answer with bytes to come; then it does what is right. */
  faults: Map<string, Fault[]>
  asked: Asked[]
  close(): Promise<void>
}

const piece = 64 * 1024

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

export async function startModelServer(): Promise<ModelServer> {
  const files = new Map<string, Hosted>()
  const faults = new Map<string, Fault[]>()
  const asked: Asked[] = []
  const sums = new WeakMap<Buffer, string>()
  const server = createServer({ keepAliveTimeout: 1000 }, (request, response) => {
    answer(request, response).catch(() => response.destroy())
  })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '', 'http://localhost')
    const behind = pathname.startsWith('/bytes/')
    const path = behind ? pathname.slice('/bytes'.length) : pathname
    const method = request.method ?? ''
    const sendsOn = files.get(path)?.hub === true && !behind
    const fault = method === 'GET' && !sendsOn ? (faults.get(path)?.shift() ?? {}) : {}
    if (fault.become) files.set(path, fault.become)
    const hosted = files.get(path)
    const range = request.headers.range ?? null
    const ifRange = typeof request.headers['if-range'] === 'string' ? request.headers['if-range'] : null
    const note: Asked = { path, method, range, ifRange, from: 0, to: 0, fault, status: 404 }
    asked.push(note)
    const head = (status: number, headers: Record<string, string>) => {
      note.status = status
      response.writeHead(status, headers)
    }
    if (fault.status !== undefined) {
      head(fault.status, fault.headers ?? {})
      response.end(fault.body ?? '')
      return
    }
    if (!hosted) {
      head(404, {})
      response.end()
      return
    }
    if (sendsOn) {
      const sum = sums.get(hosted.bytes) ?? sha256(hosted.bytes)
      sums.set(hosted.bytes, sum)
      const linked = { 'x-linked-etag': `"${sum}"`, 'x-linked-size': String(hosted.bytes.length) }
      head(302, { ...linked, location: `/bytes${path}` })
      response.end()
      return
    }
    const all = resized(hosted.bytes, fault.resize ?? 0)
    const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? []
    const valid = ifRange === null || ifRange === hosted.etag
    const headers: Record<string, string> = { 'accept-ranges': 'bytes', ...(hosted.etag && { etag: hosted.etag }) }
    if (first === undefined || !valid || fault.whole) {
      if (fault.gzip) {
        const packed = gzipSync(all, { level: 1 })
        head(200, { ...headers, 'content-encoding': 'gzip', 'content-length': String(packed.length) })
        return send(response, note, packed, 0, packed.length, fault)
      }
      head(
        200,
        fault.unsized ? { ...headers, connection: 'close' } : { ...headers, 'content-length': String(all.length) },
      )
      return send(response, note, all, 0, all.length, fault)
    }
    const from = Number(first)
    const to = Math.min(all.length, last ? Number(last) + 1 : all.length)
    if (from >= all.length) {
      head(416, { 'content-range': `bytes */${all.length}` })
      response.end()
      return
    }
    const said = fault.contentRange === undefined ? `bytes ${from}-${to - 1}/${all.length}` : fault.contentRange
    head(206, { ...headers, ...(said !== null && { 'content-range': said }), 'content-length': String(to - from) })
    await send(response, note, all, from, to, fault)
  }

  async function send(
    response: ServerResponse,
    note: Asked,
    all: Buffer,
    from: number,
    to: number,
    fault: Fault,
  ): Promise<void> {
    note.from = from
    note.to = from
    const stop = Math.min(
      to,
      from + Math.min(...[fault.cut, fault.stall, fault.drip].map(after => after ?? Number.POSITIVE_INFINITY)),
    )
    for (let at = from; at < stop; at += piece) {
      const end = Math.min(stop, at + piece)
      const sent = await write(response, part(all, at, end, fault))
      if (!sent) return
      note.to = end
    }
    for (let at = stop; fault.drip !== undefined && at < to; at++) {
      await pause(10)
      if (!(await write(response, part(all, at, at + 1, fault)))) return
      note.to = at + 1
    }
    if (fault.cut !== undefined && stop < to) response.destroy()
    else if (fault.stall === undefined || stop === to) response.end()
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    files,
    faults,
    asked,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function part(all: Buffer, from: number, to: number, { flip, shift = 0 }: Fault): Buffer {
  const bytes = all.subarray(from, to)
  if (shift !== 0) return Buffer.from(bytes.map((_, at) => all[(from + at + shift) % all.length] ?? 0))
  if (flip === undefined || flip < from || flip >= to) return bytes
  const copy = Buffer.from(bytes)
  copy[flip - from] ^= 1
  return copy
}

function resized(bytes: Buffer, by: number): Buffer {
  if (by === 0) return bytes
  return by < 0 ? bytes.subarray(0, Math.max(1, bytes.length + by)) : Buffer.concat([bytes, Buffer.alloc(by)])
}

/** Resolves when the system has taken it; false when nobody is there any more. */
function write(response: ServerResponse, bytes: Uint8Array): Promise<boolean> {
  if (response.destroyed) return Promise.resolve(false)
  return new Promise(resolve => {
    const gone = () => resolve(false)
    response.once('close', gone)
    response.write(bytes, error => {
      response.off('close', gone)
      resolve(!error)
    })
  })
}
