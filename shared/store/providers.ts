/** Servers with models, as users added them. Keys are sealed before they come here. */
import type { ProviderKind, ServerModel, Time } from '../model/index.ts'
import type { Clock, Ids } from '../ports.ts'
import type { ProviderRow, ReadAs, Tx } from './schema.ts'
import { demandUser } from './users.ts'

export interface StoredProvider {
  id: string
  slug: string
  kind: ProviderKind
  name: string
  baseUrl: string
  /** Null with a hint: the key went by. */
  keySealed: string | null
  keyHint: string | null
  enabled: boolean
  models: ServerModel[]
  listedAt: Time | null
}

export type NewProvider = Omit<StoredProvider, 'id' | 'models' | 'listedAt'>

export interface ProviderStore {
  /** Oldest first. */
  list(userId: string): Promise<StoredProvider[]>
  /** False when there is one of this slug. */
  insert(tx: Tx, userId: string, provider: NewProvider): Promise<boolean>
  /** Only what is given changes. False when there is none. */
  update(tx: Tx, userId: string, slug: string, changes: Partial<Omit<StoredProvider, 'id' | 'slug'>>): Promise<boolean>
  /** What the server at this address said that it has; false when the provider is gone, or at another address. */
  tell(
    tx: Tx,
    userId: string,
    slug: string,
    said: Pick<StoredProvider, 'baseUrl' | 'models' | 'listedAt'>,
  ): Promise<boolean>
  /** False when there is none. */
  remove(tx: Tx, userId: string, slug: string): Promise<boolean>
}

export function createProviderStore({ read, clock, ids }: { read: ReadAs; clock: Clock; ids: Ids }): ProviderStore {
  const find = async (tx: Tx, userId: string, slug: string) =>
    tx.selectFrom('provider').select('id').where('user_id', '=', userId).where('slug', '=', slug).executeTakeFirst()

  return {
    async list(userId) {
      const rows = await read({ userId })
        .selectFrom('provider')
        .selectAll()
        .where('user_id', '=', userId)
        .orderBy('created_at')
        .orderBy('id')
        .execute()
      return rows.map(toProvider)
    },
    async insert(tx, userId, provider) {
      const now = clock.now()
      await demandUser(tx, userId)
      const row: ProviderRow = {
        id: ids.next(),
        user_id: userId,
        slug: provider.slug,
        kind: provider.kind,
        name: provider.name,
        base_url: provider.baseUrl,
        key_sealed: provider.keySealed,
        key_hint: provider.keyHint,
        enabled: provider.enabled ? 1 : 0,
        models: '[]',
        listed_at: null,
        created_at: now,
        updated_at: now,
      }
      const conflicts = tx
        .insertInto('provider')
        .values(row)
        .onConflict(conflict => conflict.doNothing())
      const { numInsertedOrUpdatedRows = 0n } = await conflicts.executeTakeFirst()
      return numInsertedOrUpdatedRows > 0n
    },
    async tell(tx, userId, slug, { baseUrl, models, listedAt }) {
      const { numUpdatedRows } = await tx
        .updateTable('provider')
        .set({ models: JSON.stringify(models), listed_at: listedAt, updated_at: clock.now() })
        .where('user_id', '=', userId)
        .where('slug', '=', slug)
        .where('base_url', '=', baseUrl)
        .executeTakeFirst()
      return numUpdatedRows > 0n
    },
    async update(tx, userId, slug, { name, kind, baseUrl, keySealed, keyHint, enabled, models, listedAt }) {
      const found = await find(tx, userId, slug)
      if (!found) return false
      const fields = {
        ...(name !== undefined && { name }),
        ...(kind !== undefined && { kind }),
        ...(baseUrl !== undefined && { base_url: baseUrl }),
        ...(keySealed !== undefined && { key_sealed: keySealed }),
        ...(keyHint !== undefined && { key_hint: keyHint }),
        ...(enabled !== undefined && { enabled: enabled ? 1 : 0 }),
        ...(models !== undefined && { models: JSON.stringify(models) }),
        ...(listedAt !== undefined && { listed_at: listedAt }),
        updated_at: clock.now(),
      }
      await tx.updateTable('provider').set(fields).where('id', '=', found.id).execute()
      return true
    },
    async remove(tx, userId, slug) {
      const found = await find(tx, userId, slug)
      if (!found) return false
      await tx.deleteFrom('provider').where('id', '=', found.id).execute()
      return true
    },
  }
}

function toProvider(row: ProviderRow): StoredProvider {
  return {
    id: row.id,
    slug: row.slug,
    kind: row.kind as ProviderKind,
    name: row.name,
    baseUrl: row.base_url,
    keySealed: row.key_sealed,
    keyHint: row.key_hint,
    enabled: row.enabled !== 0,
    models: JSON.parse(row.models) as ServerModel[],
    listedAt: row.listed_at,
  }
}
