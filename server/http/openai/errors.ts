/** Refusals in OpenAI's shape: `{error: {message, type, param, code}}`. */
import type { Response } from 'express'
import { type AppError, toAppError } from '../../../shared/errors.ts'
import { type Caller, problemOf } from '../problems.ts'

/** What a request asks for that is not to be had here. Its text is plain English, as all of the protocol is. */
export class Refusal extends Error {
  readonly status: number
  readonly param: string | null
  readonly code: string

  constructor(message: string, options: { param?: string; code?: string; status?: number } = {}) {
    super(message)
    this.status = options.status ?? 400
    this.param = options.param ?? null
    this.code = options.code ?? 'unsupported_parameter'
  }
}

export interface OpenAiError {
  error: { message: string; type: string; param: string | null; code: string | null }
}

/** Those that OpenAI's clients know by a name of their own. */
const names: Partial<Record<AppError['code'], string>> = {
  unauthorized: 'invalid_api_key',
  'model-not-found': 'model_not_found',
  'model-input': 'context_length_exceeded',
  'provider-busy': 'rate_limit_exceeded',
  'too-many-requests': 'rate_limit_exceeded',
}

export function describeError(thrown: unknown, caller: Caller): { status: number; body: OpenAiError } {
  if (thrown instanceof Refusal) {
    const { status, message, param, code } = thrown
    return { status, body: { error: { message, type: 'invalid_request_error', param, code } } }
  }
  const error = toAppError(thrown)
  const { status: usual, detail } = problemOf(error, caller)
  const status = error.code === 'provider-busy' ? 429 : error.code === 'model-input' ? 400 : usual
  const type = status === 429 ? 'rate_limit_error' : status >= 500 ? 'server_error' : 'invalid_request_error'
  return { status, body: { error: { message: detail, type, param: null, code: names[error.code] ?? error.code } } }
}

export function sendError(res: Response, thrown: unknown, caller: Caller): void {
  if (res.writableEnded) return
  if (res.headersSent) {
    res.destroy()
    return
  }
  const { status, body } = describeError(thrown, caller)
  res.status(status)
  res.setHeader('Content-Type', 'application/json; charset=utf-8')
  res.setHeader('Cache-Control', 'no-store')
  if (status === 401) res.setHeader('WWW-Authenticate', 'Bearer')
  if (status === 503 || status === 429) {
    if (!res.hasHeader('Retry-After')) res.setHeader('Retry-After', '1')
  }
  // Clients would try a 409 again, which does not help until somebody has done something.
  else res.setHeader('x-should-retry', 'false')
  res.end(JSON.stringify(body))
}
