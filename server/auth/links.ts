/** Links that work once: to log in, to confirm an address, to reset a password. */
import type { Clock, Ids } from '../../shared/ports.ts'
import type { Connection } from '../../shared/store/connection.ts'
import type { Tx } from '../../shared/store/schema.ts'
import { lockGiver } from './granted.ts'
import { hashOf, newSecret } from './secrets.ts'

export type LinkPurpose = 'log-in' | 'verify' | 'reset'

export interface NewLink {
  purpose: LinkPurpose
  userId: string | null
  age: number
  browser?: string
  by?: 'administrator'
}

/** Milliseconds, and how many links of one user for one purpose go out in them. */
const window = 15 * 60_000
const most = 5

export interface Links {
  /**
   * A new token. Earlier ones stay good, or anybody could take their owner's from them by asking anew. Without a user, and where
   * enough of the user's were made just now, it opens nothing (`good`), and takes as long. `browser`: the secret that the browser
   * which asked has in a cookie. `age`: milliseconds. `by`: those who look after the installation may always.
   */
  add(tx: Tx, link: NewLink): Promise<{ token: string; good: boolean }>
  /** Undefined where it is not good; else whose it is, and whether it was asked for with this secret. It stays good. */
  look(
    purpose: LinkPurpose,
    token: string,
    browser: string | undefined,
  ): Promise<{ place: 'here' | 'elsewhere'; email: string } | undefined>
  /**
   * Whose it was; undefined where it is used, too old, or none. Of any number at once, one gets an answer, and all the user's others
   * for the same end with it.
   */
  take(tx: Tx, purpose: LinkPurpose, token: string): Promise<string | undefined>
  sweep(): Promise<void>
}

export function createLinks({ connection, clock, ids }: { connection: Connection; clock: Clock; ids: Ids }): Links {
  return {
    async add(tx, { purpose, userId, age, browser, by }) {
      const token = newSecret()
      const now = clock.now()
      // Of any number at once, no more go out than of as many in turn.
      await lockGiver(tx, userId)
      const recent = await tx
        .selectFrom('auth_link')
        .select('id')
        .where('user_id', '=', userId ?? '')
        .where('purpose', '=', purpose)
        .where('used_at', 'is', null)
        .where('created_at', '>', now - window)
        .where('expires_at', '>', now)
        .limit(most)
        .execute()
      const good = userId !== null && (recent.length < most || by !== undefined)
      await tx
        .insertInto('auth_link')
        .values({
          id: ids.next(),
          purpose,
          hash: hashOf(token),
          user_id: good ? userId : null,
          browser: browser === undefined ? null : hashOf(browser),
          created_at: now,
          expires_at: now + age,
          used_at: null,
        })
        .execute()
      return { token, good }
    },
    async look(purpose, token, browser) {
      const row = await connection
        .read('internal')
        .selectFrom('auth_link')
        .innerJoin('auth_user', 'auth_user.id', 'auth_link.user_id')
        .select(['auth_link.browser', 'auth_user.email'])
        .where('hash', '=', hashOf(token))
        .where('purpose', '=', purpose)
        .where('used_at', 'is', null)
        .where('expires_at', '>', clock.now())
        .executeTakeFirst()
      if (!row) return undefined
      const same = row.browser !== null && browser !== undefined && row.browser === hashOf(browser)
      return { place: same ? 'here' : 'elsewhere', email: row.email }
    },
    async take(tx, purpose, token) {
      const now = clock.now()
      const row = await tx
        .updateTable('auth_link')
        .set({ used_at: now })
        .where('hash', '=', hashOf(token))
        .where('purpose', '=', purpose)
        .where('user_id', 'is not', null)
        .where('used_at', 'is', null)
        .where('expires_at', '>', now)
        .returning('user_id')
        .executeTakeFirst()
      if (!row || row.user_id === null) return undefined
      await tx
        .updateTable('auth_link')
        .set({ used_at: now })
        .where('user_id', '=', row.user_id)
        .where('purpose', '=', purpose)
        .where('used_at', 'is', null)
        .execute()
      return row.user_id
    },
    async sweep() {
      await connection.write('internal').deleteFrom('auth_link').where('expires_at', '<', clock.now()).execute()
    },
  }
}
