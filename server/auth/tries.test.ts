import { expect, it } from 'vitest'
import { createTries } from './tries.ts'

it('counts a network of IPv6 as one, and addresses of IPv4 each by itself', async () => {
  const tries = createTries({ clock: { now: () => 1_000_000 } })
  const email = 'eva@example.org'
  const from = (address: string) => tries.begin({ email, address })
  for (let at = 0; at < 6; at++) await from(`2001:db8:1:${at}::${at}`).catch(() => {})
  await expect(from('2001:db8:1:ffff::1')).rejects.toMatchObject({ code: 'too-many-tries' })
  await from('2001:db8:2::1')
  for (let at = 0; at < 6; at++) await from(`::ffff:203.0.113.${at}`)
  for (let at = 0; at < 6; at++) await from('203.0.113.9').catch(() => {})
  await expect(from('::ffff:203.0.113.9')).rejects.toMatchObject({ code: 'too-many-tries' })
})
