/** Who owns what: a row for everybody with an account, made and removed with it; and for local mode's one user, where there are no accounts. */
import { sql } from 'kysely'
import { AppError } from '../errors.ts'
import { localUser } from '../model/project.ts'
import type { Clock } from '../ports.ts'
import type { Read, ReadAs, Tx } from './schema.ts'

export interface UserStore {
  /**
   * Before the first of somebody's rows: local mode's user is made on the fly, where there are no accounts beside which it would own what
   * nobody finds. Nobody else is, or a request that was let in before an account was deleted would bring its user back.
   */
  begin(userId: string): Promise<void>
  /** The first of the owners who may log in; undefined where there is none. */
  firstOwner(): Promise<string | undefined>
}

export function createUserStore({ read, write, clock }: { read: ReadAs; write: ReadAs; clock: Clock }): UserStore {
  return {
    async begin(userId) {
      if (userId !== localUser) return
      await sql`insert into "user" (id, created_at) select ${localUser}, ${clock.now()}
        where not exists (select 1 from auth_user) on conflict do nothing`.execute(write('internal'))
    },
    firstOwner: () => firstOwner(read('internal')),
  }
}

export async function firstOwner(db: Read): Promise<string | undefined> {
  const row = await db
    .selectFrom('auth_user')
    .select('id')
    .where('role', '=', 'owner')
    .where('blocked_at', 'is', null)
    .orderBy('created_at')
    .orderBy('id')
    .limit(1)
    .executeTakeFirst()
  return row?.id
}

/** Throws `user-not-found` for whoever is gone, or never was. */
export async function demandUser(tx: Tx, userId: string): Promise<void> {
  const row = await tx.selectFrom('user').select('id').where('id', '=', userId).executeTakeFirst()
  if (!row) throw new AppError('user-not-found', { name: userId })
}
