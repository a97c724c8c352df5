import { randomUUID } from 'node:crypto'
import type { Request, Response } from 'express'
import type { Issue, Problem } from '../../shared/api/index.ts'
import { type AppError, reasonOf, toAppError } from '../../shared/errors.ts'
import { createTranslate, type MessageLanguage, type Translate } from '../../shared/messages/index.ts'
import type { ErrorCode } from '../../shared/model/index.ts'
import { textOf } from '../present.ts'
import { STATUS_CODES } from './node-http.ts'

/** The status of each code; 500 where none stands here. */
const statuses: Partial<Record<ErrorCode, number>> = {
  'body-malformed': 400,
  'input-invalid': 400,
  'file-absent': 400,
  'question-empty': 400,
  'question-too-long': 400,
  'prompt-empty': 400,
  'model-cannot': 400,
  'download-address': 400,
  'download-unnamed': 400,
  'name-invalid': 400,
  'folder-not-absolute': 400,
  'reason-missing': 400,
  unauthorized: 401,
  'foreign-site': 403,
  'role-needed': 403,
  'project-role': 403,
  'egress-refused': 403,
  'provider-not-allowed': 403,
  'project-local-only': 403,
  'project-not-found': 404,
  'user-not-found': 404,
  'member-not-found': 404,
  'document-not-found': 404,
  'job-not-found': 404,
  'chat-not-found': 404,
  'message-not-found': 404,
  'answer-not-found': 404,
  'assistant-not-found': 404,
  'segment-not-found': 404,
  'model-not-found': 404,
  'provider-not-found': 404,
  'download-not-found': 404,
  'folder-not-found': 404,
  'route-not-found': 404,
  'blob-missing': 404,
  'blob-damaged': 404,
  'method-not-allowed': 405,
  duplicate: 409,
  'project-exists': 409,
  'last-project': 409,
  'folder-overlaps': 409,
  'missing-more': 409,
  'folders-off': 409,
  'folder-missing': 409,
  'folder-silent': 409,
  'folder-unreadable': 409,
  'folder-no-folder': 409,
  'own-data': 409,
  'state-conflict': 409,
  'member-owner': 409,
  'access-needless': 409,
  'model-exists': 409,
  'provider-exists': 409,
  'provider-fixed': 409,
  'provider-off': 409,
  'provider-key': 409,
  'provider-key-lost': 409,
  'secrets-key': 409,
  'secrets-unreadable': 409,
  'download-other': 409,
  'download-elsewhere': 409,
  // Trying again does not help, as it would with 503, until somebody has done something.
  'no-model': 409,
  'model-missing': 409,
  'file-changed': 409,
  'too-large': 413,
  'body-too-large': 413,
  'too-many-at-once': 413,
  'model-input': 413,
  'model-too-large': 413,
  'unsupported-type': 415,
  'type-mismatch': 415,
  'media-type': 415,
  'range-invalid': 416,
  'headers-too-large': 431,
  'empty-file': 422,
  'too-many-pages': 422,
  'password-protected': 422,
  'password-wrong': 422,
  'archive-too-large': 422,
  'archive-too-deep': 422,
  'drm-protected': 422,
  'no-text': 422,
  'parser-timeout': 422,
  'parser-memory': 422,
  'parser-crashed': 422,
  'document-ambiguous': 409,
  'model-context': 413,
  'lease-lost': 503,
  'download-missing': 404,
  'download-refused': 409,
  'download-no-model': 422,
  'download-wrong': 422,
  'download-unreachable': 503,
  'update-unreachable': 503,
  'update-unavailable': 502,
  'mail-refused': 409,
  'mail-address': 422,
  'mail-later': 503,
  'mail-login': 503,
  'mail-tls': 503,
  'mail-unreachable': 503,
  'mail-silent': 503,
  damaged: 422,
  'too-many-files': 422,
  'quota-bytes': 422,
  'quota-full': 422,
  'quota-questions': 429,
  'too-many-invitations': 409,
  'model-invalid': 422,
  'provider-invalid': 422,
  'model-unsupported': 422,
  // What nginx calls a client that went away; nobody sees it.
  cancelled: 499,
  'accounts-off': 404,
  'mail-off': 409,
  'log-in-failed': 401,
  'email-unverified': 403,
  'account-blocked': 403,
  'account-not-found': 404,
  'account-exists': 409,
  'last-owner': 409,
  'confirmation-wrong': 422,
  'code-wrong': 401,
  'code-late': 401,
  'second-factor-set': 409,
  'second-factor-none': 409,
  'link-invalid': 410,
  'link-elsewhere': 409,
  'verify-elsewhere': 409,
  'password-short': 422,
  'password-long': 422,
  'password-common': 422,
  'password-incorrect': 403,
  'registration-closed': 403,
  'invitation-invalid': 410,
  'invitation-not-found': 404,
  'passkey-failed': 400,
  'passkey-unverified': 403,
  'proof-needed': 403,
  'passkey-not-found': 404,
  'session-not-found': 404,
  'key-not-found': 404,
  'key-scope': 403,
  'session-needed': 403,
  'github-off': 404,
  'too-many-tries': 429,
  'too-many-requests': 429,
  'too-many-streams': 429,
  'too-many-keys': 409,
  'request-slow': 408,
  'request-timeout': 503,
  'database-busy': 503,
  'database-unreachable': 503,
  'database-refused': 503,
  'database-not-found': 503,
  'database-connections': 503,
  'database-read-only': 503,
  'database-tls': 503,
  'blob-store-unreachable': 503,
  'blob-store-refused': 503,
  'blob-store-missing': 503,
  'server-stopping': 503,
  'server-lost': 503,
  'model-memory': 503,
  'provider-unreachable': 503,
  'provider-silent': 503,
  'provider-busy': 503,
  'provider-failed': 503,
  'provider-broken': 503,
  'provider-strange': 503,
  'provider-rests': 503,
  'model-unavailable': 503,
  'model-crashed': 503,
  'model-timeout': 503,
  'disk-error': 503,
  'data-unwritable': 503,
  'out-of-memory': 503,
  'disk-full': 507,
  'blob-store-full': 507,
  'database-full': 507,
}

const texts: Record<MessageLanguage, Translate> = { de: createTranslate('de'), en: createTranslate('en') }

/** What the texts are to be written in, and how the log calls the request. */
export interface Caller {
  language: MessageLanguage
  instance: string
}

export function problemOf(thrown: unknown, caller: Caller, issues?: readonly Issue[]): Problem {
  const error: AppError = toAppError(thrown)
  const status = statuses[error.code] ?? 500
  return {
    type: `urn:cloister:problem:${error.code}`,
    title: STATUS_CODES[status] ?? 'Client Closed Request',
    status,
    detail: textOf(texts[caller.language], reasonOf(error)),
    instance: caller.instance,
    code: error.code,
    values: { ...error.values },
    ...(issues && { issues: [...issues] }),
  }
}

export function sendProblem(res: Response, problem: Problem, extra: object = {}): void {
  // It was given up, and has been told so.
  if (res.writableEnded) return
  if (res.headersSent) {
    res.destroy()
    return
  }
  // What is left of it is not waited for long: see `endUnread`. The rest of a short one is there by now.
  if (!res.req.complete && isLong(res.req)) res.setHeader('Connection', 'close')
  res.status(problem.status)
  res.setHeader('Content-Type', 'application/problem+json; charset=utf-8')
  res.setHeader('Cache-Control', 'no-store')
  if (problem.status === 401) res.setHeader('WWW-Authenticate', 'Bearer')
  if (problem.status === 503) res.setHeader('Retry-After', '1')
  res.end(JSON.stringify({ ...problem, ...extra }))
}

/** Bytes of a request that come with its head, or right behind. */
const short = 64 * 1024
const isLong = ({ headers }: Request) =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > short

/** A whole response, for a connection that did not get as far as a request: in which language it was to be is not known. */
export function rawProblem(error: AppError): string {
  const problem = problemOf(error, { language: 'en', instance: `urn:uuid:${randomUUID()}` })
  const body = JSON.stringify(problem)
  return [
    `HTTP/1.1 ${problem.status} ${problem.title}`,
    'Content-Type: application/problem+json; charset=utf-8',
    'Cache-Control: no-store',
    'Connection: close',
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n')
}

/** German where the caller likes it better than English (RFC 9110, 12.5.4), else English. */
export function languageOf(header: string | undefined): MessageLanguage {
  const weights = { de: 0, en: 0 }
  for (const part of (header ?? '').slice(0, 1000).split(',')) {
    const [tag = '', ...parameters] = part.trim().toLowerCase().split(';')
    const quality = Number(/^\s*q=([\d.]+)/.exec(parameters[0] ?? '')?.[1] ?? 1)
    const primary = tag.split('-')[0]
    if (primary === 'de' || primary === 'en') weights[primary] = Math.max(weights[primary], quality)
  }
  return weights.de > weights.en ? 'de' : 'en'
}
