import { expect, test } from 'vitest'
import type { AppError } from '../../shared/errors.ts'
import { createPasswords, demandGoodPassword } from './passwords.ts'

const problem = (password: string, email = 'erika.mustermann@example.org'): string | undefined => {
  try {
    demandGoodPassword(password, email)
    return undefined
  } catch (error) {
    return (error as AppError).code
  }
}

test.each([
  ['siebens', 'password-short'],
  ['x'.repeat(129), 'password-long'],
  ['Passwort', 'password-common'],
  ['passwort2026!', 'password-common'],
  ['QWERTZUIOP', 'password-common'],
  ['12345678', 'password-common'],
  ['abababab', 'password-common'],
  ['erika.mustermann', 'password-common'],
  ['erika.mustermann1', 'password-common'],
  ['hgfedcba', 'password-common'],
])('%s is refused', (password, code) => expect(problem(password)).toBe(code))

test.each(['vier alte Kühe am Bach', 'Mond-Passwort-Suppe', '🦊🦊🐢🐢🦉🦉🐝🐝', 'x9$Lq2!v'])('%s is good', password =>
  expect(problem(password)).toBeUndefined(),
)

test('a password is known again however its letters are written, and no other is', async () => {
  const { hash, verify } = createPasswords()
  const kept = await hash('Kühe')
  expect(kept).toMatch(/^scrypt\$15\$8\$3\$[\w-]{22}\$[\w-]{43}$/)
  expect(await Promise.all([verify(kept, 'Ku\u0308he'), verify(kept, 'Kuhe'), verify('nonsense', 'Kühe')])).toEqual([
    true,
    false,
    false,
  ])
}, 60_000)
