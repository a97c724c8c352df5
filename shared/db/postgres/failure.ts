import { AppError } from '../../errors.ts'
import type { ErrorCode } from '../../model/index.ts'
import { isStale } from './named.ts'

/** On an error: the transaction was rolled back for a reason that passes, and may be run again. */
const passing = Symbol('passing')

export function isPassing(error: unknown): boolean {
  return error instanceof Error && passing in error
}

/** What the system and `pg` say of a connection that is gone, or that could not be had. */
const lostCode =
  /^(?:ECONN\w+|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN|ENOTFOUND|EAI_AGAIN|ENOENT|0800\d|57P0[1235])$/
const lostText = /^(?:Connection terminated|timeout expired|Client (?:has encountered|was closed)|Cannot use a pool)/
const tlsCode = /^(?:ERR_(?:SSL|TLS|OSSL)_\w+|EPROTO|\w*CERT\w*|UNABLE_TO_\w+)$/
const tlsText = /SSL connection|before secure TLS connection/
/** Of a transaction that is to write: as all are set so, or as the server is a standby (a code for much else). */
const readOnlyCode = '25006'
const standbyText = /^cannot .* during recovery$/
/** No rights to sign in, and what `pg` says when the server asks for a password that there is none of. */
const refusedText = /^(?:SASL|Password must be|.*client password must be)/

/** Codes of Postgres, from its appendix A, that are ours in other words. */
const known: Readonly<Record<string, ErrorCode>> = {
  '28000': 'database-refused',
  '28P01': 'database-refused',
  '3D000': 'database-not-found',
  '40001': 'database-busy',
  '40P01': 'database-busy',
  '53300': 'database-connections',
  // In their order: cancelled (by `statement_timeout`), no lock, idle inside a transaction, too long.
  '57014': 'database-busy',
  '55P03': 'database-busy',
  '25P03': 'database-busy',
  '25P04': 'database-busy',
  '53100': 'database-full',
  '53200': 'out-of-memory',
  XX001: 'data-damaged',
  XX002: 'data-damaged',
}
const passes: ReadonlySet<string> = new Set(['40001', '40P01', '53300'])

/** Who was asked, for the texts; never the password. */
export interface Peer {
  address: string
  user: string
  database: string
  /** Nobody named the database: it is called as the user. */
  unnamed?: boolean
}

/** What a message was for. Of a commit that was under way nobody knows whether it took place. */
export type Sent = 'commit' | 'work' | 'reads'

/**
 * The error as the rest of the program knows it. What is wrong with the machine or the way to it becomes an `AppError`; all
 * else (a row that is there already, a text that is no SQL) keeps Postgres' own code, `23505` for instance, and loses what
 * of it holds values of rows.
 */
export function toFailure(error: unknown, peer: Peer, sent: Sent = 'work'): Error {
  if (!(error instanceof Error)) return new Error(String(error))
  if (error instanceof AppError || error instanceof TypeError || error instanceof RangeError) return error
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const cause = withoutValues(error, code)
  if (tlsCode.test(code) || tlsText.test(error.message))
    return new AppError('database-tls', { detail: tlsCode.test(code) ? code : error.message }, { cause })
  const mapped = known[code] ?? codeOf(error)
  if (mapped) return mark(new AppError(mapped, valuesOf(mapped, peer, cause), { cause }), passes.has(code))
  // Of one that was to read only, it is the caller's mistake.
  if (code === readOnlyCode && sent !== 'reads')
    return new AppError('database-read-only', { address: peer.address }, { cause })
  if (isStale(error)) return mark(new AppError('database-busy', {}, { cause }), true)
  if (code === '58030') return new AppError('disk-error', { detail: code }, { cause })
  // A pooler says so that it has no server to ask; a server says so of messages it does not understand, and goes on.
  const turnedAway = code === '08P01' && 'severity' in error && error.severity === 'FATAL'
  if (turnedAway || lostCode.test(code) || lostText.test(error.message))
    return mark(new AppError('database-unreachable', { address: peer.address }, { cause }), sent !== 'commit')
  return cause
}

function mark(error: AppError, does: boolean): AppError {
  return does ? Object.defineProperty(error, passing, { value: true }) : error
}

function codeOf({ message }: Error): ErrorCode | undefined {
  if (refusedText.test(message)) return 'database-refused'
  return standbyText.test(message) ? 'database-read-only' : undefined
}

function valuesOf(
  code: ErrorCode,
  { user, database, unnamed, address }: Peer,
  { message }: Error,
): Record<string, string> {
  // The server's own word names user, host and database, and whether it wants to be asked over TLS or for a certificate.
  if (code === 'database-refused') return { user, detail: /password must be/.test(message) ? 'no password' : message }
  if (code === 'database-connections') return { detail: message }
  if (code === 'database-not-found') return { name: database, ...(unnamed && { context: 'unnamed' }) }
  if (code === 'database-read-only') return { address }
  return {}
}

/**
 * `detail` and `where` hold values of rows, and so does the message of class 22 (“invalid input syntax for type integer:
 * "…"”). The log must not get them.
 */
function withoutValues(error: Error, code: string): Error {
  const message = code.startsWith('22') ? error.message.replace(/: ?".*$/s, '') : error.message
  const fields = error as Error & { constraint?: string; table?: string; column?: string }
  const { constraint, table, column } = fields
  return Object.assign(new Error(message), {
    ...(code && { code }),
    ...(constraint && { constraint }),
    ...(table && { table }),
    ...(column && { column }),
  })
}
