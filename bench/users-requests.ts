/** What browsers of many users send to a server, by way of a proxy that says where each of them is. */
import { Agent, request } from 'node:http'
import { type Client, createClient } from '../shared/api/client.ts'
import { contract } from '../shared/api/index.ts'
import type { Account } from './users-library.ts'

export interface User extends Account {
  /** Of the session. */
  cookie: string
}

export const kinds = ['search', 'listing', 'opening', 'chats'] as const
export type Kind = (typeof kinds)[number]

export interface Answer {
  status: number
  body: string
  cookies: readonly string[]
}

export interface Sent {
  method: string
  path: string
  /** Where it comes from. */
  address: string
  cookie?: string
  body?: unknown
}

export interface Requests {
  /** Whatever the answer is. Throws where there is none. */
  send(sent: Sent): Promise<Answer>
  /** Throws for every answer but 200, with its beginning. */
  demand(sent: Sent): Promise<Answer>
  /** Throws where it is refused. */
  logIn(account: Account, password: string): Promise<User>
  close(): void
}

const patience = 30_000

/** Node's own client: `fetch` takes a good part of the processor time that the server does. */
export function createRequests(url: string): Requests {
  const agent = new Agent({ keepAlive: true })
  const { hostname, port } = new URL(url)

  function send({ method, path, address, cookie, body }: Sent): Promise<Answer> {
    const headers = {
      'x-forwarded-for': address,
      'x-cloister': '1',
      'accept-language': 'en',
      ...(cookie !== undefined && { cookie }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    }
    return new Promise((resolve, reject) => {
      const asked = request({ hostname, port, agent, headers, method, timeout: patience, path }, response => {
        const parts: Buffer[] = []
        response.on('data', part => parts.push(part))
        response.on('error', reject)
        response.on('end', () => {
          const { statusCode: status = 0, headers: given } = response
          resolve({ status, body: Buffer.concat(parts).toString(), cookies: given['set-cookie'] ?? [] })
        })
      })
      asked.on('timeout', () => asked.destroy(new Error(`no answer within ${patience / 1000} s`)))
      asked.on('error', reject)
      asked.end(body === undefined ? undefined : JSON.stringify(body))
    })
  }

  async function demand(sent: Sent): Promise<Answer> {
    const answer = await send(sent)
    if (answer.status !== 200) throw new Error(`${answer.status} of ${sent.path}: ${answer.body.slice(0, 300)}`)
    return answer
  }

  return {
    send,
    demand,
    async logIn(account, password) {
      const { email, address } = account
      const { cookies } = await demand({ ...logInRequest, address, body: { email, password } })
      return { ...account, cookie: cookies.map(line => line.split(';', 1)[0]).join('; ') }
    },
    close: () => agent.destroy(),
  }
}

export const logInRequest = { method: 'POST', path: '/api/v1/auth/login' } as const

/** The request of this kind that a user sends as the `at`th. */
export function requestOf({ cookie, address, projectId, documents, questions }: User, kind: Kind, at: number): Sent {
  const base = `/api/v1/projects/${projectId}`
  const from = { address, cookie }
  if (kind === 'search') {
    const body = { query: questions[at % questions.length], limit: 10 }
    return { ...from, method: 'POST', path: `${base}/documents/search`, body }
  }
  const paths = {
    listing: `${base}/documents`,
    opening: `${base}/documents/${documents[at % documents.length]}/segments/1`,
    chats: `${base}/chats`,
  }
  return { ...from, method: 'GET', path: paths[kind] }
}

/** For what is no part of the load. */
export function clientOf(url: string, { cookie, address }: User): Client {
  return createClient({
    routes: contract,
    url,
    language: () => 'en',
    fetch: (asked, init) => {
      const headers = new Headers(asked.headers)
      headers.set('cookie', cookie)
      headers.set('x-forwarded-for', address)
      return fetch(new Request(asked, { headers }), init)
    },
  })
}
