/** Keys for programs: `clo_` and 256 bits. */
import type { KeyScope } from '../../shared/api/account.ts'
import { AppError } from '../../shared/errors.ts'
import type { Clock, Ids, Log, Time } from '../../shared/ports.ts'
import type { Connection } from '../../shared/store/connection.ts'
import type { Read, Tx } from '../../shared/store/schema.ts'
import type { Role } from '../http/identity.ts'
import { hashOf, newSecret } from './secrets.ts'

export interface KnownKey {
  userId: string
  role: Role
  scopes: readonly KeyScope[]
}

export interface ShownKey {
  id: string
  name: string
  shown: string
  scopes: KeyScope[]
  createdAt: Time
  usedAt: Time | null
  expiresAt: Time | null
}

export interface ApiKeys {
  /** `looking`: as `Sessions.find`. */
  find(key: string, looking?: 'looking'): Promise<KnownKey | undefined>
  list(userId: string): Promise<ShownKey[]>
  /** `key` is to be seen this once. `first`: what must hold in the same transaction. Throws `too-many-keys` past 100 of them. */
  add(
    userId: string,
    key: { name: string; scopes: readonly KeyScope[]; expiresAt: Time | null },
    first?: (tx: Tx) => Promise<void>,
  ): Promise<{ id: string; key: string }>
  /** Throws `key-not-found`. */
  remove(userId: string, id: string): Promise<void>
}

export const keyPrefix = 'clo_'
const most = 100
/** Milliseconds: how exactly it is known when one was used. */
const grain = 60_000

export function createApiKeys({
  connection,
  clock,
  ids,
  log,
}: {
  connection: Connection
  clock: Clock
  ids: Ids
  log: Log
}): ApiKeys {
  const read = () => connection.read('internal')
  const write = () => connection.write('internal')

  async function list(userId: string, db: Read = read()): Promise<ShownKey[]> {
    const rows = await db
      .selectFrom('auth_api_key')
      .selectAll()
      .where('user_id', '=', userId)
      .where('revoked_at', 'is', null)
      .orderBy('created_at')
      .orderBy('id')
      .execute()
    return rows.map(row => ({
      id: row.id,
      name: row.name,
      shown: row.shown,
      scopes: JSON.parse(row.scopes) as KeyScope[],
      createdAt: row.created_at,
      usedAt: row.used_at,
      expiresAt: row.expires_at,
    }))
  }

  return {
    async find(key, looking) {
      const row = await read()
        .selectFrom('auth_api_key')
        .innerJoin('auth_user', 'auth_user.id', 'auth_api_key.user_id')
        .select(['auth_api_key.id', 'auth_api_key.user_id', 'auth_api_key.scopes', 'auth_api_key.used_at'])
        .select(['auth_api_key.expires_at', 'auth_api_key.revoked_at', 'auth_user.role', 'auth_user.blocked_at'])
        .where('auth_api_key.hash', '=', hashOf(key))
        .executeTakeFirst()
      const now = clock.now()
      if (!row || row.revoked_at !== null || row.blocked_at !== null) return undefined
      if (row.expires_at !== null && row.expires_at <= now) return undefined
      if ((row.used_at ?? 0) + grain <= now && !looking)
        void write()
          .updateTable('auth_api_key')
          .set({ used_at: now })
          .where('id', '=', row.id)
          .execute()
          .catch(error => log.warn('the use of a key was not noted', { error }))
      return { userId: row.user_id, role: row.role as Role, scopes: JSON.parse(row.scopes) as KeyScope[] }
    },
    list: userId => list(userId),
    async add(userId, { name, scopes, expiresAt }, first) {
      const key = `${keyPrefix}${newSecret()}`
      const id = ids.next()
      const kept = { revoked_at: null, used_at: null, created_at: clock.now(), expires_at: expiresAt }
      const row = { id, user_id: userId, name, shown: key.slice(0, 10), hash: hashOf(key) }
      await connection.transaction('internal', async tx => {
        await first?.(tx)
        if ((await list(userId, tx)).length >= most) throw new AppError('too-many-keys', { limit: most })
        await tx
          .insertInto('auth_api_key')
          .values({ ...row, ...kept, scopes: JSON.stringify([...new Set(scopes)]) })
          .execute()
      })
      return { id, key }
    },
    async remove(userId, id) {
      const { numUpdatedRows } = await write()
        .updateTable('auth_api_key')
        .set({ revoked_at: clock.now() })
        .where('user_id', '=', userId)
        .where('id', '=', id)
        .where('revoked_at', 'is', null)
        .executeTakeFirst()
      if (numUpdatedRows === 0n) throw new AppError('key-not-found')
    },
  }
}
