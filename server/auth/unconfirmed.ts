/** Accounts that somebody registered and nobody confirmed: they hold an address and open nothing. */
import type { NotNull } from 'kysely'
import type { Clock } from '../../shared/ports.ts'
import type { Connection } from '../../shared/store/connection.ts'
import type { Tx } from '../../shared/store/schema.ts'

/** Milliseconds: a link to confirm an address is good for a day, and may be asked for again. */
const keep = 7 * 86_400_000
/** Taken away in one transaction. */
const batch = 100

/** Rows of these would be somebody's doing, an administrator's too: such an account stays. */
const traces = [
  ...(['auth_session', 'auth_api_key', 'auth_passkey', 'auth_two_factor'] as const),
  ...(['project', 'project_member', 'chat', 'setting', 'provider', 'quota', 'usage'] as const),
] as const

/** For where mails are sent; without, nobody can confirm anything. Says how many were taken away. */
export async function sweepUnconfirmed({
  connection,
  clock,
}: {
  connection: Connection
  clock: Clock
}): Promise<number> {
  for (let all = 0; ; ) {
    const gone = await connection.transaction('internal', takeSome)
    all += gone
    if (gone < batch) return all
  }

  async function takeSome(tx: Tx): Promise<number> {
    const taken = await tx
      .deleteFrom('auth_user')
      .where('id', 'in', untouched(tx).limit(batch))
      // Again for the row itself: a confirmation may be under way, and is waited for.
      .where('email_verified', '=', 0)
      .returning('id')
      .execute()
    const ids = taken.map(({ id }) => id)
    if (ids.length > 0) await tx.deleteFrom('user').where('id', 'in', ids).execute()
    return taken.length
  }

  function untouched(tx: Tx) {
    const now = clock.now()
    const elsewhere = tx.selectFrom('auth_account').select('user_id').where('provider_id', '<>', 'credential')
    const open = tx.selectFrom('auth_link').select('user_id').where('used_at', 'is', null).where('expires_at', '>', now)
    const owners = tx.selectFrom('audit').select('owner_id').where('owner_id', 'is not', null)
    let found = tx
      .selectFrom('auth_user')
      .select('id')
      .where('email_verified', '=', 0)
      .where('role', '=', 'member')
      .where('blocked_at', 'is', null)
      .where('created_at', '<', new Date(now - keep).toISOString())
      .where('id', 'not in', elsewhere)
      .where('id', 'not in', open.where('user_id', 'is not', null).$narrowType<{ user_id: NotNull }>())
      .where('id', 'not in', owners.$narrowType<{ owner_id: NotNull }>())
      .where('id', 'not in', tx.selectFrom('audit').select('actor_id'))
    for (const table of traces) found = found.where('id', 'not in', tx.selectFrom(table).select('user_id'))
    return found
  }
}
