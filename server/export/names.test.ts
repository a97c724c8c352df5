import { expect, test } from 'vitest'
import { createNames, safePart } from './names.ts'

test('parts are names that every system takes', () => {
  expect(['a:b?.txt', '..', 'NUL', 'nul.txt', 'x. .', '', 'ü\u202e.txt'].map(safePart)).toEqual([
    'a_b_.txt',
    '_',
    '_NUL',
    '_nul.txt',
    'x',
    '_',
    'ü_.txt',
  ])
  expect(safePart(`${'a'.repeat(300)}.pdf`)).toHaveLength(200)
})

test('no name comes twice, and no file stands where a folder is', () => {
  const name = createNames()
  expect(
    ['a.txt', 'A.txt', 'mail.eml', 'mail.eml/x.pdf', 'MAIL.eml/x.pdf', 'd/e', 'd', '../../etc/passwd'].map(path =>
      name(path),
    ),
  ).toEqual([
    'a.txt',
    'A (2).txt',
    'mail.eml',
    'mail (2).eml/x.pdf',
    'mail (2).eml/x (2).pdf',
    'd/e',
    'd (2)',
    '_/_/etc/passwd',
  ])
})
