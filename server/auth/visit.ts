/** A request as accounts see it, and what better-auth says to it in words of ours. */
import { isIPv4 } from 'node:net'
import { APIError, isAPIError } from 'better-auth/api'
import { AppError } from '../../shared/errors.ts'
import type { ErrorCode } from '../../shared/model/index.ts'
import { addressHeader } from './better-auth.ts'

export interface Visit {
  cookie: string | undefined
  userAgent: string | undefined
  /** Of who asks, as far as it can be known. */
  address: string | undefined
  language: 'de' | 'en'
  /** Fires when nobody waits for the answer any more. */
  signal?: AbortSignal | undefined
  /** Whole `Set-Cookie` lines, for the answer. */
  setCookies(lines: readonly string[]): void
}

/** Without the part that tells one machine from its neighbours: enough to recognise one's own sessions by. */
export function shortened(address: string | undefined): string {
  if (address === undefined) return ''
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '')
  if (isIPv4(plain)) return plain.replace(/\.\d+$/, '.0')
  const url = URL.canParse(`http://[${plain}]`) ? new URL(`http://[${plain}]`).hostname.slice(1, -1) : ''
  return url === '' ? '' : `${whole(url).slice(0, 3).join(':')}::`
}

/** All eight parts of an address of IPv6. */
function whole(address: string): string[] {
  const [head = '', tail] = address.split('::')
  const before = head.split(':').filter(Boolean)
  const after = (tail ?? '').split(':').filter(Boolean)
  return [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after]
}

/** The headers that better-auth is given. `without`: a cookie that it must not see. */
export function headersOf(visit: Visit, without?: string): Headers {
  const headers = new Headers()
  const cookies = (visit.cookie ?? '').split(/;\s*/).filter(pair => pair !== '' && pair.split('=', 1)[0] !== without)
  if (cookies.length > 0) headers.set('cookie', cookies.join('; '))
  if (visit.userAgent) headers.set('user-agent', visit.userAgent.slice(0, 300))
  const address = shortened(visit.address)
  // Only whole addresses are taken.
  if (address !== '') headers.set(addressHeader, address)
  return headers
}

const codes: Record<string, ErrorCode> = {
  INVALID_EMAIL_OR_PASSWORD: 'log-in-failed',
  INVALID_EMAIL: 'log-in-failed',
  PASSWORD_TOO_LONG: 'log-in-failed',
  EMAIL_NOT_VERIFIED: 'email-unverified',
  INVALID_PASSWORD: 'password-incorrect',
  INVALID_CODE: 'code-wrong',
  INVALID_BACKUP_CODE: 'code-wrong',
  INVALID_TWO_FACTOR_COOKIE: 'code-late',
  TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE: 'code-late',
  TOTP_ALREADY_ENABLED: 'second-factor-set',
  TOTP_NOT_ENABLED: 'second-factor-none',
  TWO_FACTOR_NOT_ENABLED: 'second-factor-none',
  BACKUP_CODES_NOT_ENABLED: 'second-factor-none',
  UNAUTHORIZED: 'unauthorized',
}
/** Seconds for which better-auth takes no more second factors of an account, after ten wrong ones. */
const locked = 900

/** An error of ours, in a shape in which it comes through better-auth. */
export const refusal = (error: AppError): APIError => Object.assign(new APIError('FORBIDDEN'), { cause: error })

/** What better-auth refuses, by our codes; `otherwise` for what has none. Other errors as they are. */
export async function asked<T>(call: Promise<T>, otherwise: ErrorCode = 'internal'): Promise<T> {
  try {
    return await call
  } catch (error) {
    if (!isAPIError(error)) throw error
    // An error of ours that was thrown inside comes out as its cause.
    if (error.cause instanceof AppError) throw error.cause
    const code = String(error.body?.code ?? '')
    if (code === 'ACCOUNT_TEMPORARILY_LOCKED')
      throw new AppError('too-many-tries', { seconds: locked }, { cause: error })
    throw new AppError(codes[code] ?? otherwise, {}, { cause: error })
  }
}

/** The same for calls that answer with headers: their cookies go to whoever asks. */
export async function askedWith<T>(
  visit: Visit,
  call: Promise<{ headers: Headers; response: T }>,
  otherwise?: ErrorCode,
): Promise<T> {
  const { headers, response } = await asked(call, otherwise)
  visit.setCookies(headers.getSetCookie())
  return response
}
