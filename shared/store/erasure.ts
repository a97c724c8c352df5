/** What is left of a user when their projects are gone, and how much there is in all. On behalf of the installation. */
import { sql } from 'kysely'
import type { Erased } from '../model/index.ts'
import type { ChatStore } from './chats.ts'
import type { Tx } from './schema.ts'

export interface ErasureStore {
  /** What the user has now. */
  count(tx: Tx, userId: string): Promise<Erased>
  /**
   * Removes it, and the user: chats that are left of them in projects of others (all but the last go before: see `ChatStore.purge`), parts in them, settings, providers, what was counted, the ledger. What the
   * audit log says stays, and names nobody; of its history, the change log keeps the numbers. Fails where a project is still there.
   */
  erase(tx: Tx, userId: string): Promise<void>
}

/** Stands in the audit log and the change log for whoever is gone. */
export const nobody = 'deleted'

const ofUser = ['setting', 'provider', 'quota', 'usage', 'egress', 'project_member'] as const

export function createErasureStore({ chats }: { chats: Pick<ChatStore, 'purge'> }): ErasureStore {
  return {
    async count(tx, userId) {
      const own = tx.selectFrom('project').select('id').where('user_id', '=', userId)
      const documents = await tx
        .selectFrom('document')
        .select(({ fn }) => [fn.countAll<number>().as('count'), sql<number>`coalesce(sum(size), 0)`.as('bytes')])
        .where('project_id', 'in', own)
        .executeTakeFirstOrThrow()
      const messages = await tx
        .selectFrom('message')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('chat_id', 'in', tx.selectFrom('chat').select('id').where('user_id', '=', userId))
        .executeTakeFirstOrThrow()
      const within = async (table: 'chunk' | 'assistant') => {
        const { count } = await tx
          .selectFrom(table)
          .select(({ fn }) => fn.countAll<number>().as('count'))
          .where('project_id', 'in', own)
          .executeTakeFirstOrThrow()
        return Number(count)
      }
      const of = async (table: 'project' | 'chat' | (typeof ofUser)[number]) => {
        const { count } = await tx
          .selectFrom(table)
          .select(({ fn }) => fn.countAll<number>().as('count'))
          .where('user_id', '=', userId)
          .executeTakeFirstOrThrow()
        return Number(count)
      }
      const audit = await tx
        .selectFrom('audit')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where(eb => eb.or([eb('actor_id', '=', userId), eb('owner_id', '=', userId)]))
        .executeTakeFirstOrThrow()
      return {
        projects: await of('project'),
        documents: Number(documents.count),
        bytes: Number(documents.bytes),
        passages: await within('chunk'),
        assistants: await within('assistant'),
        chats: await of('chat'),
        messages: Number(messages.count),
        memberships: await of('project_member'),
        providers: await of('provider'),
        settings: await of('setting'),
        ledgerEntries: await of('egress'),
        anonymised: Number(audit.count),
      }
    },
    async erase(tx, userId) {
      const left = await tx.selectFrom('chat').select('id').where('user_id', '=', userId).execute()
      for (const { id } of left) await chats.purge(tx, id)
      for (const table of ofUser) await tx.deleteFrom(table).where('user_id', '=', userId).execute()
      // Their own scope: settings.
      await tx
        .updateTable('changes')
        .set({ scope: nobody, id: nobody, value: null, hash: '' })
        .where('scope', '=', userId)
        .execute()
      const unnamed = { reason: null, address: null }
      // Why somebody looked into what is another's stays: that one may read it.
      await tx.updateTable('audit').set({ actor_id: nobody, address: null }).where('actor_id', '=', userId).execute()
      await tx
        .updateTable('audit')
        .set({ owner_id: nobody, ...unnamed })
        .where('owner_id', '=', userId)
        .execute()
      // Some name a project and a user.
      await sql`update audit set object_id = replace(object_id, ${userId}, ${nobody})
        where object_id like ${`%${userId}%`}`.execute(tx)
      await tx.deleteFrom('user').where('id', '=', userId).execute()
    },
  }
}
