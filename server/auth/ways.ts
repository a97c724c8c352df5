/** What opens an account, and the one place where any of it ends for the sake of all the rest. */
import type { WaysIn } from '../../shared/model/index.ts'
import type { Clock, Time } from '../../shared/ports.ts'
import type { Tx } from '../../shared/store/schema.ts'
import type { Sessions } from './sessions.ts'

/**
 * - `change`: whoever knows the password takes another one. What was opened with the old one ends; what they made themselves lasts.
 * - `change-all`: the same, for somebody who does not trust what lasts.
 * - `reset`: somebody without the password takes the account back by mail. From then on nothing opens it but the new password, and the
 *   second factor where there is one: a mailbox alone must not turn that off.
 * - `proof`: an address is proven that anybody could have registered. Nothing from before lasts.
 */
export type WayEvent = 'change' | 'change-all' | 'reset' | 'proof'

export interface Ways {
  /**
   * In the transaction of the event. Says what has ended, and what still opens the account. Sessions, browsers that are trusted, links
   * that were sent, and whatever was begun and not ended (a code that is asked for, a passkey that is being made, a way to GitHub) end
   * in each case; `except`: a session that does not.
   */
  end(tx: Tx, userId: string, event: WayEvent, except?: string): Promise<{ ended: WaysIn; left: WaysIn }>
  /** Browsers that are trusted, and what was begun. */
  endBegun(tx: Tx, userId: string): Promise<void>
}

export function createWays({ sessions, clock }: { sessions: Sessions; clock: Clock }): Ways {
  /** better-auth keeps them together, with the user in the value or somewhere in it. */
  async function endBegun(tx: Tx, userId: string): Promise<void> {
    await tx.deleteFrom('auth_verification').where('value', 'like', `%${userId}%`).execute()
  }

  return {
    endBegun,
    async end(tx, userId, event, except) {
      const now = clock.now()
      const before = await waysOf(tx, userId, now)
      await sessions.endAll(tx, userId, except)
      await endBegun(tx, userId)
      await tx
        .updateTable('auth_link')
        .set({ used_at: now })
        .where('user_id', '=', userId)
        .where('used_at', 'is', null)
        .execute()
      if (event !== 'change') {
        await tx
          .updateTable('auth_api_key')
          .set({ revoked_at: now })
          .where('user_id', '=', userId)
          .where('revoked_at', 'is', null)
          .execute()
        await tx.deleteFrom('auth_passkey').where('user_id', '=', userId).execute()
        const accounts = tx.deleteFrom('auth_account').where('user_id', '=', userId)
        await (event === 'proof' ? accounts : accounts.where('provider_id', '!=', 'credential')).execute()
      }
      if (event === 'proof') {
        await tx.deleteFrom('auth_two_factor').where('user_id', '=', userId).execute()
        await tx.updateTable('auth_user').set({ two_factor_enabled: 0 }).where('id', '=', userId).execute()
      }
      const left = await waysOf(tx, userId, now)
      const ended = { ...before }
      for (const way of Object.keys(ended) as (keyof WaysIn)[]) ended[way] = before[way] - left[way]
      return { ended, left }
    },
  }
}

async function waysOf(tx: Tx, userId: string, now: Time): Promise<WaysIn> {
  const count = async (table: 'auth_session' | 'auth_passkey' | 'auth_two_factor') =>
    (await tx.selectFrom(table).select('id').where('user_id', '=', userId).execute()).length
  const keys = await tx
    .selectFrom('auth_api_key')
    .select('expires_at')
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .execute()
  const accounts = await tx.selectFrom('auth_account').select('provider_id').where('user_id', '=', userId).execute()
  const passwords = accounts.filter(({ provider_id }) => provider_id === 'credential').length
  return {
    passwords,
    sessions: await count('auth_session'),
    keys: keys.filter(({ expires_at }) => expires_at === null || expires_at > now).length,
    passkeys: await count('auth_passkey'),
    gitHub: accounts.length - passwords,
    secondFactors: await count('auth_two_factor'),
  }
}
