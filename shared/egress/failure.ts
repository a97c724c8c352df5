import { AppError } from '../errors.ts'
import type { FailureReason, RefusalReason } from '../model/index.ts'

const ofTheName = /^(?:ENOTFOUND|EAI_.*|ENODATA|ESERVFAIL)$/
const ofTheWay =
  /^(?:ECONNREFUSED|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|ENETDOWN|EADDRNOTAVAIL|ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT)$/
const ofTls =
  /^(?:ERR_TLS_.*|ERR_SSL_.*|CERT_.*|UNABLE_TO_.*|SELF_SIGNED_.*|DEPTH_ZERO_.*|HOSTNAME_MISMATCH|INVALID_CA|EPROTO)$/
const ofTheTime = /^UND_ERR_(?:HEADERS|BODY)_TIMEOUT$/

/** What ended a request, in a word: of an error of the gate, of a socket, of TLS or of undici. */
export function reasonOfFailure(error: Error): { refused?: RefusalReason; failed?: FailureReason } {
  if (error instanceof AppError && error.code === 'egress-refused')
    return { refused: error.values.why as RefusalReason }
  if (error.name === 'AbortError') return { failed: 'cancelled' }
  const code = codeOf(error)
  if (code === 'ERR_PROXY') return { failed: 'proxy' }
  if (ofTheName.test(code)) return { failed: 'name-unknown' }
  if (ofTheWay.test(code)) return { failed: 'unreachable' }
  if (ofTls.test(code)) return { failed: 'tls' }
  return { failed: ofTheTime.test(code) ? 'timeout' : 'broken' }
}

/** Where several addresses were tried, the error of the first. */
function codeOf(error: Error): string {
  const { code } = error as { code?: unknown }
  if (typeof code === 'string') return code
  const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : []
  return first instanceof Error ? codeOf(first) : ''
}
