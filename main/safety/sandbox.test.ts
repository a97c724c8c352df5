import { expect, test } from 'vitest'
import { refuseUnsandboxed } from './sandbox.ts'

const facts = { switchedOff: true, packaged: true, allowed: false, appImage: true, languages: ['de-DE'] }

test('without its sandbox a release does not start, and says what does', () => {
  expect(refuseUnsandboxed(facts)?.text).toContain('das Paket .deb')
  expect(refuseUnsandboxed({ ...facts, languages: ['en-GB'] })?.text).toContain('the .deb package')
  expect(refuseUnsandboxed({ ...facts, appImage: false })?.text).toContain('--no-sandbox')
  expect(refuseUnsandboxed({ ...facts, allowed: true })).toBeDefined()
  expect(refuseUnsandboxed({ ...facts, switchedOff: false })).toBeUndefined()
})

test('a checkout does where whoever works on it says so', () => {
  const checkout = { ...facts, packaged: false, appImage: false }
  expect(refuseUnsandboxed(checkout)).toBeDefined()
  expect(refuseUnsandboxed({ ...checkout, allowed: true })).toBeUndefined()
})
