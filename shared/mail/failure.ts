/** What went wrong with a mail server, in our codes; of what it said, nothing but numbers comes along: it may quote the mail. */
import { AppError } from '../errors.ts'
import type { FailureReason } from '../model/index.ts'

const ofTls = /TLS|SSL|CERT|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_CA|EPROTO$/

/** As nodemailer and sockets throw it. */
interface Thrown {
  code?: unknown
  originalCode?: unknown
  cause?: unknown
  /** The first three digits that the server answered with, and all of its answer. */
  responseCode?: unknown
  response?: unknown
}

/** `why`: what the ledger is to say of the connection, where it came to nothing; a server that says no does not mean that. */
export function toFailure(thrown: unknown, host: string): { error: AppError; why?: FailureReason } {
  if (thrown instanceof AppError) {
    const why = { 'mail-silent': 'timeout', cancelled: 'cancelled' } as const
    return { error: thrown, ...(thrown.code in why && { why: why[thrown.code as keyof typeof why] }) }
  }
  if (thrown instanceof Error && thrown.name === 'AbortError')
    return { error: new AppError('cancelled'), why: 'cancelled' }
  const { code, originalCode, responseCode, response, cause } = (thrown ?? {}) as Thrown
  const known = (cause ?? {}) as Thrown
  const detail = [originalCode, known.code, code].find(each => typeof each === 'string') as string | undefined
  const status = statusOf(responseCode, response)
  if (status !== undefined) return { error: ofStatus(Number(responseCode), status, code, host) }
  if (code === 'EAUTH') return { error: new AppError('mail-login', { host, status: 'no password' }) }
  if (code === 'EENVELOPE') return { error: new AppError('mail-refused', { host, status: 'no valid envelope' }) }
  if (code === 'ETLS' || ofTls.test(detail ?? ''))
    return { error: new AppError('mail-tls', { host, detail: detail ?? 'TLS' }), why: 'tls' }
  if (code === 'ETIMEDOUT' && detail === 'ETIMEDOUT')
    return { error: new AppError('mail-silent', { host }), why: 'timeout' }
  return { error: new AppError('mail-unreachable', { host, detail: detail ?? 'broken' }), why: 'broken' }
}

function ofStatus(code: number, status: string, what: unknown, host: string): AppError {
  if (what === 'ETLS') return new AppError('mail-tls', { host, detail: status })
  // 503 is about the order of commands: another connection may do. 421 and all of 4xx say so themselves.
  if (code < 500 || code === 503) return new AppError('mail-later', { host, status })
  if (what === 'EAUTH' || code === 530 || code === 535) return new AppError('mail-login', { host, status })
  return new AppError('mail-refused', { host, status })
}

/** `550 5.7.1` of `550-5.7.1 … `. */
function statusOf(code: unknown, response: unknown): string | undefined {
  if (typeof code !== 'number') return undefined
  const [, enhanced] = /^\d{3}[ -](\d\.\d{1,3}\.\d{1,3})\b/.exec(String(response)) ?? []
  return enhanced === undefined ? String(code) : `${code} ${enhanced}`
}
