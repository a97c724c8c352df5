/** Several users without accounts, for tests of who may see what: each request says who sends it. */
import type { Access } from '../../server/http/access.ts'
import type { Role } from '../../server/http/identity.ts'
import { AppError } from '../../shared/errors.ts'

export const whoHeader = 'x-test-user'

/** `roles`: of those who are more than members. */
export function createTestAccess(roles: Readonly<Record<string, Role>> = {}): Access {
  return {
    demand(req, res, next) {
      const userId = req.headers[whoHeader]
      if (typeof userId !== 'string') throw new AppError('unauthorized')
      res.locals.who = { userId, role: roles[userId] ?? 'member', via: 'session' }
      next()
    },
    cookieFor() {
      throw new AppError('unauthorized')
    },
    forget: () => 'none=; Max-Age=0',
  }
}

export interface Answer {
  status: number
  text: string
  /** Of JSON; undefined otherwise. */
  body: Record<string, unknown> | undefined
}

export type Send = (who: string, method: string, path: string, body?: unknown) => Promise<Answer>

/** A form is sent as it is, everything else as JSON. */
export function createSend(url: string): Send {
  return async (who, method, path, body) => {
    const form = body instanceof FormData
    const response = await fetch(url + path, {
      method,
      headers: { [whoHeader]: who, ...(body !== undefined && !form && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: form ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    const isJson = /json/.test(response.headers.get('content-type') ?? '')
    return {
      status: response.status,
      text,
      body: isJson && text !== '' ? (JSON.parse(text) as Record<string, unknown>) : undefined,
    }
  }
}
