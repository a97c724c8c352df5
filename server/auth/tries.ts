/**
 * Slows down who tries passwords: not by locking an account, which would let anybody lock its owner out, but by the pair of account and
 * address. Who logs in from elsewhere is not held up; how many come from one address in all is looked at before (`server/http`).
 */
import { isIPv4 } from 'node:net'
import { AppError } from '../../shared/errors.ts'
import type { Clock } from '../../shared/ports.ts'
import { shortened } from './visit.ts'

export interface Try {
  email: string
  address: string | undefined
}

export interface Tries {
  /** Before a password is looked at. Throws `too-many-tries`. */
  begin(one: Try): Promise<void>
  /** The password was right. */
  succeeded(one: Try): Promise<void>
  /** Nobody looked at the password after all. */
  giveBack(one: Try): Promise<void>
}

const free = 5
const minute = 60_000
const longestWait = 15 * minute
/** After so long without another one, all is forgotten. */
const memory = 60 * minute
/** Pairs that are remembered; beyond, the oldest are forgotten. */
const mostPairs = 20_000

/** In this process alone. */
export function createTries({ clock }: { clock: Clock }): Tries {
  const known = new Map<string, { count: number; last: number; before: number }>()
  const keyOf = ({ email, address }: Try) => `${email} ${networkOf(address)}`
  const waitAfter = (count: number) => (count < free ? 0 : Math.min(longestWait, 2 ** (count - free) * 1000))

  return {
    async begin(one) {
      const key = keyOf(one)
      const now = clock.now()
      const before = known.get(key)
      const fresh = before && before.last + memory > now ? before : { count: 0, last: 0, before: 0 }
      const until = fresh.last + waitAfter(fresh.count)
      if (until > now) throw new AppError('too-many-tries', { seconds: Math.ceil((until - now) / 1000) })
      known.delete(key)
      known.set(key, { count: fresh.count + 1, last: now, before: fresh.last })
      const oldest = known.size > mostPairs ? known.keys().next().value : undefined
      if (oldest !== undefined) known.delete(oldest)
    },
    async succeeded(one) {
      known.delete(keyOf(one))
    },
    async giveBack(one) {
      const key = keyOf(one)
      const now = known.get(key)
      if (!now) return
      if (now.count <= 1) known.delete(key)
      else known.set(key, { count: now.count - 1, last: now.before, before: now.before })
    },
  }
}

/** One line of IPv6 has more addresses than anybody could count: they are one, as far as 48 bits. */
function networkOf(address = ''): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '')
  return isIPv4(plain) ? plain : shortened(plain)
}
