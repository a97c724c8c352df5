/** Asks a server whatever `fuzz-requests.ts` thinks of, signed in, and says what of it the server had no answer to. */
import { Agent, request } from 'node:http'
import { createFuzz, createKnown, type Description, type FuzzedRequest } from './fuzz-requests.ts'

/** A server, and somebody who is signed in there. */
export interface FuzzTarget {
  port: number
  /** As it is called. */
  host: string
  /** As the session is now. */
  cookie(): string
  /** Where that has ended. */
  logIn(): Promise<unknown>
}

export interface FuzzResult {
  requests: number
  /** By status; 0: the connection ended without one. */
  statuses: Map<number, number>
  /** What was answered with an error that is nobody's. */
  faults: { request: FuzzedRequest; status: number; text: string }[]
  /** Routes that were reached well at least once, of all that there are. */
  reached: number
  routes: number
}

/** Milliseconds until an answer begins, and between two pieces of it: a download takes as long as it takes. A stream is left after some. */
const patience = 20_000
const streamTime = 150

export async function runFuzz({
  target,
  count,
  seed,
  note = () => {},
  parallel = 8,
}: {
  target: FuzzTarget
  count: number
  seed: number
  note?: (line: string) => void
  parallel?: number
}): Promise<FuzzResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: parallel })
  try {
    const described = await send(target, agent, { method: 'GET', path: '/openapi.json', headers: {} })
    const api = parse(described.text) as Description
    const known = createKnown()
    let logging: Promise<unknown> | undefined
    const next = createFuzz(api, known, seed)
    const result: FuzzResult = { requests: 0, statuses: new Map(), faults: [], reached: 0, routes: 0 }
    const well = new Set<string>()
    const patterns = Object.entries(api.paths).flatMap(([path, item]) =>
      Object.keys(item).map(method => {
        const pattern = path.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{[^}]+\}/g, '[^/]+')
        return {
          name: `${method.toUpperCase()} ${path}`,
          method: method.toUpperCase(),
          pattern: new RegExp(`^${pattern}$`),
        }
      }),
    )
    async function one(): Promise<void> {
      const asked = next()
      const { status, text } = await send(target, agent, asked)
      result.requests += 1
      result.statuses.set(status, (result.statuses.get(status) ?? 0) + 1)
      const body = parse(text)
      const code = typeof body === 'object' && body !== null && 'code' in body ? body.code : undefined
      // Busy, stopping, without a model: said as what it is, and no fault.
      const said = status === 503 || status === 507 ? code !== undefined && code !== 'internal' : false
      if ((status >= 500 && !said) || code === 'internal' || status === 0)
        result.faults.push({ request: asked, status, text: text.slice(0, 600) })
      if (status >= 200 && status < 300) {
        known.hear(body)
        const path = asked.path.split('?', 1)[0] ?? ''
        const route = patterns.find(({ method, pattern }) => method === asked.method && pattern.test(path))
        if (route) well.add(route.name)
      }
      // Whoever logged out, or ended the session, logs in again.
      if (status !== 401) return
      logging ??= target.logIn().finally(() => {
        logging = undefined
      })
      await logging
    }

    let left = count
    const workers = Array.from({ length: parallel }, async () => {
      while (left > 0) {
        left -= 1
        await one()
        if (result.requests % 1000 === 0) note(`${result.requests} requests, ${result.faults.length} faults`)
      }
    })
    await Promise.all(workers)
    // It still answers whoever asks in order.
    const { status } = await send(target, agent, { method: 'GET', path: '/health/readiness', headers: {} })
    if (status !== 200) throw new Error(`the server is not well afterwards: ${status}`)
    return { ...result, reached: well.size, routes: patterns.length }
  } finally {
    agent.destroy()
  }
}

function send(
  target: FuzzTarget,
  agent: Agent,
  { method, path, headers, body }: FuzzedRequest,
): Promise<{ status: number; text: string }> {
  return new Promise(resolve => {
    const all = {
      host: target.host,
      'x-cloister': '1',
      ...headers,
      cookie: headers.cookie ?? target.cookie(),
      ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
    }
    let sent: ReturnType<typeof request>
    const timer = setTimeout(() => sent?.destroy(new Error('no answer')), patience)
    const end = (status: number, text: string) => {
      clearTimeout(timer)
      resolve({ status, text })
    }
    try {
      sent = request({ host: '127.0.0.1', port: target.port, path, method, headers: all, agent }, answer => {
        let text = ''
        const status = answer.statusCode ?? 0
        if (String(answer.headers['content-type']).startsWith('text/event-stream'))
          setTimeout(() => answer.destroy(), streamTime)
        answer.setEncoding('utf8')
        answer.on('data', (part: string) => {
          timer.refresh()
          if (text.length < 2_000_000) text += part
        })
        answer.on('error', () => {})
        answer.on('close', () => end(status, text))
      })
    } catch {
      // What the client itself refuses to send.
      return end(-1, '')
    }
    sent.on('error', error => end(/no answer/.test(error.message) ? 0 : -1, error.message))
    sent.on('continue', () => sent.end(body))
    if (headers.expect === undefined) sent.end(body)
    else sent.flushHeaders()
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
