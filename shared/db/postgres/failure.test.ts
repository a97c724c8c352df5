import { expect, it } from 'vitest'
import { AppError, toAppError } from '../../errors.ts'
import { isPassing, toFailure } from './failure.ts'

const peer = { address: 'db:5432', user: 'someone', database: 'library' }
const coded = (code: string, message = 'it failed') => Object.assign(new Error(message), { code, severity: 'ERROR' })

it.each([
  ['28P01', 'database-refused', false],
  ['28000', 'database-refused', false],
  ['3D000', 'database-not-found', false],
  ['53100', 'database-full', false],
  ['25006', 'database-read-only', false],
  ['ERR_OSSL_PEM_NO_START_LINE', 'database-tls', false],
  ['53200', 'out-of-memory', false],
  ['58030', 'disk-error', false],
  ['XX001', 'data-damaged', false],
  ['57014', 'database-busy', false],
  ['55P03', 'database-busy', false],
  ['25P03', 'database-busy', false],
  ['53300', 'database-connections', true],
  ['40001', 'database-busy', true],
  ['40P01', 'database-busy', true],
  ['57P01', 'database-unreachable', true],
  ['57P03', 'database-unreachable', true],
  ['08006', 'database-unreachable', true],
  ['ECONNREFUSED', 'database-unreachable', true],
  ['CERT_HAS_EXPIRED', 'database-tls', false],
] as const)('%s is %s', (code, ours, passes) => {
  const error = toFailure(coded(code), peer)
  expect([toAppError(error).code, isPassing(error)]).toEqual([ours, passes])
})

it('knows what comes without a code', () => {
  const codeOf = (message: string) => toAppError(toFailure(new Error(message), peer)).code
  expect(codeOf('SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string')).toBe('database-refused')
  expect(codeOf('Connection terminated unexpectedly')).toBe('database-unreachable')
  expect(codeOf('The server does not support SSL connections')).toBe('database-tls')
  expect(codeOf('cannot set transaction read-write mode during recovery')).toBe('database-read-only')
})

it('says what the server said of whoever it does not let in, and never the password', () => {
  const refused = (message: string) => toAppError(toFailure(coded('28000', message), peer)).values
  const detail = 'pg_hba.conf rejects connection for host "10.0.0.1", user "someone", database "library", no encryption'
  expect(refused(detail)).toEqual({ user: 'someone', detail })
  const without = toFailure(new Error('SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string'), peer)
  expect(toAppError(without).values).toEqual({ user: 'someone', detail: 'no password' })
})

it('says which database there is none of, and whether anybody named it', () => {
  const values = (more: object) => toAppError(toFailure(coded('3D000'), { ...peer, ...more })).values
  expect(values({})).toEqual({ name: 'library' })
  expect(values({ database: 'someone', unnamed: true })).toEqual({ name: 'someone', context: 'unnamed' })
})

it('takes what a pooler turns away for a server out of reach', () => {
  const away = Object.assign(coded('08P01', 'server login has been failing'), { severity: 'FATAL' })
  expect(toAppError(toFailure(away, peer)).code).toBe('database-unreachable')
  expect(isPassing(toFailure(away, peer))).toBe(true)
})

it('leaves what is wrong with a statement as it is, and what is ours', () => {
  for (const code of ['23505', '42P01', '08P01', '25P02', '42501']) {
    const error = toFailure(coded(code), peer)
    expect([error instanceof AppError, 'code' in error && error.code, isPassing(error)]).toEqual([false, code, false])
  }
  const own = new AppError('lease-lost')
  expect(toFailure(own, peer)).toBe(own)
})

it('does not run anything again of which nobody knows whether it was kept', () => {
  expect(isPassing(toFailure(coded('57P01'), peer, 'commit'))).toBe(false)
  // What the server refuses at the commit it has undone.
  expect(isPassing(toFailure(coded('40001'), peer, 'commit'))).toBe(true)
})
