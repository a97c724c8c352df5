/** An invitation is worth what its giver may still give: it ends with their account, their block, and the role they gave it by. */
import { type SqlBool, sql } from 'kysely'
import type { Time } from '../../shared/ports.ts'
import type { Tx } from '../../shared/store/schema.ts'
import type { Role } from '../http/identity.ts'

/** Who may make somebody what: owners everybody, administrators all but owners. */
export const mayGrant = (by: Role, role: Role): boolean => by === 'owner' || (by === 'admin' && role !== 'owner')

/** Of a row of `auth_invitation`. */
export const stillGranted = sql<SqlBool>`exists (select 1 from auth_user giver
  where giver.id = auth_invitation.invited_by and giver.blocked_at is null
    and (giver.role = 'owner' or (giver.role = 'admin' and auth_invitation.role <> 'owner')))`

/** Whoever changes them now waits, so that what is asked of them here holds until this transaction has ended. */
export async function lockGiver(tx: Tx, userId: string | null): Promise<void> {
  await tx
    .updateTable('auth_user')
    .set(({ ref }) => ({ role: ref('role') }))
    .where('id', '=', userId ?? '')
    .execute()
}

/** Takes back what somebody may not give any more, once that is written: for good, also where they may again. */
export async function revokeGrants(tx: Tx, userId: string, now: Time): Promise<void> {
  await tx
    .updateTable('auth_invitation')
    .set({ revoked_at: now })
    .where('invited_by', '=', userId)
    .where('accepted_at', 'is', null)
    .where('revoked_at', 'is', null)
    .where(sql<SqlBool>`not ${stillGranted}`)
    .execute()
}
