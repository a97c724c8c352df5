import type { LedgerEntry, LedgerFilter, LedgerSum } from '../model/index.ts'
import type { LedgerPage, Store } from '../store/index.ts'

/** What left this machine on the user's behalf, or the installation's where that is asked for, and what was refused. */
export interface Ledger {
  /** The latest first. Throws `input-invalid` where `after` is no `next`. */
  page(userId: string, filter: LedgerFilter & { limit: number; after?: string }): Promise<LedgerPage>
  /** By host and purpose, most bytes first, 1,000 at most. */
  sums(userId: string, filter: LedgerFilter): Promise<LedgerSum[]>
  /** All of them, the latest first, read as they are taken. */
  all(userId: string, filter: LedgerFilter): AsyncIterable<LedgerEntry>
}

/** `pageSize`: of what is read at once of all. */
export function createLedger({ page, sums }: Pick<Store['ledger'], 'page' | 'sums'>, { pageSize = 1000 } = {}): Ledger {
  return {
    page,
    sums,
    async *all(userId, filter) {
      for (let after: string | undefined; ; ) {
        const { entries, next } = await page(userId, {
          ...filter,
          limit: pageSize,
          ...(after && { after }),
        })
        yield* entries
        if (next === null) return
        after = next
      }
    },
  }
}
