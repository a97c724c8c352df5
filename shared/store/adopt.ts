import { hashOf } from './change-log.ts'
import type { Tx } from './schema.ts'

/**
 * Gives everything that one user has to another, who has nothing yet: projects with all that is in them, chats, settings, providers,
 * the ledger, what was counted. In a transaction of the installation. Keys of providers are sealed for their user, so they come
 * sealed anew, by the provider's id; those without go.
 */
export async function adoptRows(tx: Tx, from: string, to: string, keys: ReadonlyMap<string, string>): Promise<void> {
  const known = await tx.selectFrom('user').selectAll().where('id', '=', from).executeTakeFirst()
  if (!known) return
  await tx
    .insertInto('user')
    .values({ id: to, created_at: known.created_at })
    .onConflict(conflict => conflict.doNothing())
    .execute()
  for (const table of ['project', 'chat', 'setting', 'provider', 'egress', 'usage', 'quota'] as const)
    await tx.updateTable(table).set({ user_id: to }).where('user_id', '=', from).execute()
  for (const column of ['actor_id', 'owner_id'] as const)
    await tx
      .updateTable('audit')
      .set({ [column]: to })
      .where(column, '=', from)
      .execute()
  const sealed = await tx
    .selectFrom('provider')
    .select('id')
    .where('user_id', '=', to)
    .where('key_sealed', 'is not', null)
    .execute()
  for (const { id } of sealed)
    await tx
      .updateTable('provider')
      .set({ key_sealed: keys.get(id) ?? null })
      .where('id', '=', id)
      .execute()
  // The user's own scope in the change log: settings.
  for (const row of await tx.selectFrom('changes').selectAll().where('scope', '=', from).execute()) {
    const moved = { ...row, scope: to, id: to }
    await tx
      .updateTable('changes')
      .set({ scope: to, id: to, hash: row.hash === '' ? '' : hashOf(moved) })
      .where('replica', '=', row.replica)
      .where('n', '=', row.n)
      .execute()
  }
  await tx.deleteFrom('user').where('id', '=', from).execute()
}
