import { expect, test } from 'vitest'
import { parseMailAddress, parseMailbox } from './mail-address.ts'

test.each([
  ['anna@example.org', 'anna@example.org'],
  ['Anna.Lena+cloister@Example.ORG', 'Anna.Lena+cloister@example.org'],
  ['anna@müller.de', 'anna@xn--mller-kva.de'],
  ['jörg@example.org', 'jörg@example.org'],
  ['"anna lena"@example.org', '"anna lena"@example.org'],
  ['"a@b"@example.org', '"a@b"@example.org'],
  ['"a\\"b"@example.org', '"a\\"b"@example.org'],
  ["o'neil@example.org", "o'neil@example.org"],
  ['root@localhost', 'root@localhost'],
])('%s is an address', (given, address) => {
  expect(parseMailAddress(given)).toBe(address)
})

test.each([
  '',
  'anna',
  '@example.org',
  'anna@',
  'anna@example.org\r\nBcc: eve@example.net',
  'anna\n@example.org',
  'anna@example.org\u2028x',
  'anna@example.org, eve@example.net',
  'anna@example.org>',
  '<anna@example.org>',
  'anna lena@example.org',
  '.anna@example.org',
  'anna..lena@example.org',
  '"a<b"@example.org',
  '"a\r\nb"@example.org',
  '"a"b"@example.org',
  '""@example.org',
  'anna@example..org',
  'anna@.example.org',
  'anna@example.org/path',
  'anna@example.org:25',
  'anna@[127.0.0.1]',
  'anna@127.0.0.1',
  'anna@1.2',
  'anna@exa mple.org',
  'anna@exa%20mple.org',
  `${'a'.repeat(65)}@example.org`,
  `anna@${'a.'.repeat(130)}org`,
  'zero\u200bwidth@example.org',
])('%j is none', given => {
  expect(parseMailAddress(given)).toBeUndefined()
})

test('a name may stand before it', () => {
  expect(parseMailbox('anna@example.org')).toEqual({ address: 'anna@example.org' })
  expect(parseMailbox(' Cloister <c@example.org> ')).toEqual({ name: 'Cloister', address: 'c@example.org' })
  expect(parseMailbox('"Müller, Anna" <anna@müller.de>')).toEqual({
    name: 'Müller, Anna',
    address: 'anna@xn--mller-kva.de',
  })
  expect(parseMailbox('Cloister\r\nBcc: eve@example.net <c@example.org>')).toBeUndefined()
  expect(parseMailbox('Cloister <a@b.org> <c@example.org>')).toBeUndefined()
})
