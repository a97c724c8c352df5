/** The end of an account, and of all that is its owner's. */
import type { ErasedAccount } from '../../shared/api/account.ts'
import type { Core } from '../../shared/core.ts'
import { AppError } from '../../shared/errors.ts'
import type { Clock } from '../../shared/ports.ts'
import type { Connection } from '../../shared/store/connection.ts'
import type { Tx } from '../../shared/store/schema.ts'
import type { Identity } from '../http/identity.ts'
import { revokeGrants } from './granted.ts'
import type { People } from './people.ts'
import type { OwnSession, Sessions } from './sessions.ts'
import type { Visit } from './visit.ts'

export interface Departure {
  /**
   * One's own, with its password; where there is none, with its address typed in, in a session that was just proven. Throws
   * `password-incorrect`, `too-many-tries`, `confirmation-wrong`, `proof-needed`, `unauthorized`, `last-owner`.
   */
  leave(visit: Visit, session: OwnSession, proof: { password?: string; confirmation?: string }): Promise<ErasedAccount>
  /** Somebody else's, by an owner. What broke off in the middle goes on. Throws `role-needed`, `account-not-found`, `last-owner`. */
  remove(by: Identity, userId: string): Promise<ErasedAccount>
}

export function createDeparture({
  connection,
  clock,
  people,
  touch,
  hold,
  demandPassword,
  demandProof,
  erase,
}: {
  connection: Connection
  clock: Clock
  people: People
  /** Their ways in change with this transaction. */
  touch(tx: Tx, userId: string): void
  hold: Sessions['hold']
  demandPassword(visit: Visit, userId: string, given: string | undefined): Promise<string | undefined>
  demandProof(session: OwnSession): Promise<void>
  erase: Core['erase']
}): Departure {
  async function end(userId: string, actorId: string, session?: OwnSession): Promise<ErasedAccount> {
    // At once and before anything else goes, nobody gets in any more: what follows may take a while.
    const ended = await connection.transaction('internal', async tx => {
      // All who change an owner take the rows of all of them, so that the last two cannot both go.
      await tx.updateTable('auth_user').set({ role: 'owner' }).where('role', '=', 'owner').execute()
      if (session) await hold(tx, session)
      const person = await people.byId(userId, tx)
      if (!person) throw new AppError('account-not-found', { name: userId })
      if (person.role === 'owner') {
        const others = tx.selectFrom('auth_user').select('id').where('role', '=', 'owner').where('id', '!=', userId)
        if (!(await others.where('blocked_at', 'is', null).limit(1).executeTakeFirst()))
          throw new AppError('last-owner')
      }
      await tx
        .updateTable('auth_user')
        .set({ blocked_at: person.blocked_at ?? clock.now() })
        .where('id', '=', userId)
        .execute()
      await revokeGrants(tx, userId, clock.now())
      touch(tx, userId)
      return {
        email: person.email,
        sessions: await remove(tx, 'auth_session', userId),
        keys: await remove(tx, 'auth_api_key', userId),
        passkeys: await remove(tx, 'auth_passkey', userId),
      }
    })
    const { email, ...counts } = ended
    const { removed, at, backupsUntil } = await erase(userId, actorId, async tx => {
      for (const table of ['auth_session', 'auth_api_key', 'auth_passkey', 'auth_two_factor', 'auth_link'] as const)
        await remove(tx, table, userId)
      await remove(tx, 'auth_account', userId)
      await tx.deleteFrom('auth_invitation').where('email', '=', email).execute()
      await tx.deleteFrom('project_invitation').where('email', '=', email).execute()
      await tx.updateTable('auth_invitation').set({ invited_by: null }).where('invited_by', '=', userId).execute()
      await tx.deleteFrom('auth_verification').where('value', 'like', `%${userId}%`).execute()
      await tx.deleteFrom('auth_user').where('id', '=', userId).execute()
    })
    return { at, backupsUntil, removed: { ...removed, ...counts } }
  }

  return {
    async leave(visit, session, { password, confirmation }) {
      const { userId } = session
      const person = await people.byId(userId)
      if (!person) throw new AppError('account-not-found', { name: userId })
      if ((await demandPassword(visit, userId, password)) === undefined) {
        if (confirmation?.trim().toLowerCase() !== person.email) throw new AppError('confirmation-wrong')
        // The address stands on the screen that somebody found open.
        await demandProof(session)
      }
      return end(userId, userId, session)
    },
    async remove(by, userId) {
      if (by.role !== 'owner') throw new AppError('role-needed')
      return end(userId, by.userId)
    },
  }
}

async function remove(
  tx: Tx,
  table: 'auth_session' | 'auth_api_key' | 'auth_passkey' | 'auth_two_factor' | 'auth_link' | 'auth_account',
  userId: string,
): Promise<number> {
  const { numDeletedRows } = await tx.deleteFrom(table).where('user_id', '=', userId).executeTakeFirst()
  return Number(numDeletedRows)
}
