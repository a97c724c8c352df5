import { expect, test } from 'vitest'
import type { AppError } from '../shared/errors.ts'
import { readConfig } from './config.ts'
import { demandServerMode } from './config-auth.ts'

const read = (environment: Record<string, string>) => readConfig({ environment, data: '/nowhere' }).auth
const secret = 'k3W9vQ0pZx7Lr2Ts8Yb4Nd6Fh1Jm5Gc-'
const codeOf = (environment: Record<string, string>, host = '0.0.0.0') => {
  try {
    return demandServerMode(read(environment), host)?.publicUrl
  } catch (error) {
    return (error as AppError).code
  }
}

test('a library of one user listens on this machine alone', () => {
  expect(codeOf({}, '127.0.0.1')).toBeUndefined()
  expect(codeOf({})).toBe('mode-server-needed')
  expect(codeOf({}, '192.168.0.7')).toBe('mode-server-needed')
})

test('a server with accounts needs an address and a secret, and says which is wrong', () => {
  const mode = { MODE: 'server' }
  expect(codeOf(mode)).toBe('public-url-missing')
  for (const PUBLIC_URL of [
    'cloister.example',
    'http://cloister.example',
    'https://x.example/a',
    'https://a:b@x.example',
  ])
    expect([PUBLIC_URL, codeOf({ ...mode, PUBLIC_URL, AUTH_SECRET: secret })]).toEqual([
      PUBLIC_URL,
      'public-url-invalid',
    ])
  const good = { ...mode, PUBLIC_URL: 'https://Cloister.example/' }
  expect(codeOf(good)).toBe('auth-secret-missing')
  expect(codeOf({ ...good, AUTH_SECRET: secret.slice(1) })).toBe('auth-secret-weak')
  expect(codeOf({ ...good, AUTH_SECRET: 'a'.repeat(64) })).toBe('auth-secret-weak')
  expect(codeOf({ ...good, AUTH_SECRET: secret })).toBe('https://cloister.example')
  expect(codeOf({ ...mode, PUBLIC_URL: 'http://localhost:3210', AUTH_SECRET: secret })).toBe('http://localhost:3210')
})

test('what is not understood is what is usual, and noted', () => {
  expect(read({})).toEqual({ mode: 'local', registration: 'invite', linkAge: 900_000, sessionAge: 2_592_000_000 })
  const { ignored, auth } = readConfig({ environment: { MODE: 'serve', REGISTRATION: 'OPEN' }, data: '/nowhere' })
  expect([auth.mode, auth.registration]).toEqual(['local', 'open'])
  expect(ignored).toEqual([{ variable: 'MODE', given: 'serve', inForce: 'local' }])
})
