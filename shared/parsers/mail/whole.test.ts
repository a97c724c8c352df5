import { expect, test, vi } from 'vitest'
import { isBroken } from './whole.ts'

const head = 'From: a@example.org\nSubject: S\n'
const multipart = (border: string) => `Content-Type: multipart/mixed; boundary="${border}"\n`

test('a mail of thousands of borders is looked through for some of them only', () => {
  const borders = Array.from({ length: 3_000 }, (_, at) => `grenze-${at}`)
  const ends = borders.map(border => `--${border}--\n`).join('')
  const bytes = Buffer.from(`${head}${borders.map(multipart).join('')}\nText\n${ends}`)
  const searches = vi.spyOn(bytes, 'lastIndexOf')
  expect(isBroken(bytes)).toBe(false)
  expect(searches.mock.calls.length).toBeLessThanOrEqual(100)
  expect(isBroken(Buffer.from(`${head}${multipart('a')}\n--a\n\nText\n`))).toBe(true)
})

test('what looks like a border and is none costs no more than its length', () => {
  const before = process.threadCpuUsage()
  // Blanks behind a border took the square of their number: 40,000 of them 2 s.
  expect(isBroken(Buffer.from(`${head}\n--x${' '.repeat(500_000)}\nText\n`))).toBe(false)
  // One part that is announced as base64 again and again is looked at once.
  const encoded = 'Content-Transfer-Encoding: base64\n'.repeat(20_000)
  expect(isBroken(Buffer.from(`${head}${encoded}\n${`${'QUJD'.repeat(19)}\n`.repeat(20_000)}`))).toBe(false)
  expect(process.threadCpuUsage(before).user / 1000).toBeLessThan(3_000)
})

test('the head of a part whose border has blanks in and behind it is looked at', () => {
  const mail = (line: string) =>
    `${head}${multipart('grenze b')}\n--grenze b  \nContent-Type: text/plain\n${line}\n\nText\n--grenze b--\n`
  expect(isBroken(Buffer.from(mail('Content-Id: x')))).toBe(false)
  expect(isBroken(Buffer.from(mail('Text that belongs to the part')))).toBe(true)
})
