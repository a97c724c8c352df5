import { expect, test } from 'vitest'
import { keyOf } from './secret.ts'

test('the key of an app is shown in groups of four', () => {
  expect(keyOf('otpauth://totp/Cloister:anna%40example.org?secret=JBSWY3DPEHPK3PXPAB&issuer=Cloister')).toBe(
    'JBSW Y3DP EHPK 3PXP AB',
  )
  expect(keyOf('otpauth://totp/Cloister?issuer=Cloister&secret=ABCDEFGH')).toBe('ABCD EFGH')
  expect(keyOf('https://example.org/')).toBe('')
})
