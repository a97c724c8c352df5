/** What was done that others must be able to see later, and for how long. */
import { isIP } from 'node:net'
import type { NewAuditEntry } from '../model/index.ts'
import type { Clock } from '../ports.ts'
import type { AuditPage, Store, Tx } from '../store/index.ts'

export interface Audit {
  /** `address`: as the request has it; the network alone is kept. With what it tells of, in a transaction of the installation's. */
  note(entry: NewAuditEntry, tx?: Tx): Promise<void>
  /** The latest first: what was done to what is this user's. Throws `input-invalid` where `after` is no `next`. */
  own(userId: string, page: { limit: number; after?: string }): Promise<AuditPage>
  all(page: { limit: number; after?: string }): Promise<AuditPage>
  /** Forgets what is older than twelve months. */
  tidy(): Promise<void>
}

const retention = 366 * 86_400_000

export function createAudit({ store, clock }: { store: Pick<Store, 'audit'>; clock: Clock }): Audit {
  return {
    note: ({ address, ...entry }, tx) => store.audit.write({ ...entry, address: networkOf(address) }, tx),
    own: (ownerId, page) => store.audit.page({ ownerId, ...page }),
    all: page => store.audit.page(page),
    tidy: () => store.audit.forget(clock.now() - retention),
  }
}

/** The first 24 bits of an IPv4 address, the first 48 of an IPv6 one; null for what is no address. */
export function networkOf(address: string | null | undefined): string | null {
  const plain = (address ?? '').replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
  const kind = isIP(plain)
  if (kind === 4) return `${plain.split('.').slice(0, 3).join('.')}.0/24`
  if (kind !== 6) return null
  const [head = '', tail] = plain.split('::')
  const groups = head === '' ? [] : head.split(':')
  if (tail !== undefined) {
    // The last two groups may be written as an IPv4 address.
    const rest = tail === '' ? 0 : tail.split(':').length + (tail.includes('.') ? 1 : 0)
    while (groups.length + rest < 8) groups.push('0')
  }
  const first = groups.slice(0, 3).map(group => Number.parseInt(group, 16).toString(16))
  return `${first.join(':')}::/48`
}
