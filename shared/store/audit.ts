/** What was done that others must be able to see later. Rows are added and forgotten, never changed. */
import { sql } from 'kysely'
import type { AuditEntry, NewAuditEntry, Time } from '../model/index.ts'
import type { Clock, Ids } from '../ports.ts'
import { readCursor, writeCursor } from './cursor.ts'
import type { ReadAs, Tx } from './schema.ts'

export interface AuditPage {
  entries: AuditEntry[]
  next: string | null
}

export interface AuditStore {
  /** In a transaction of the installation's, with what it tells of; else by itself. */
  write(entry: NewAuditEntry, tx?: Tx): Promise<void>
  /** The latest first: what was done to what is this user's, or all. Throws `input-invalid` where `after` is no `next`. */
  page(filter: { ownerId?: string; limit: number; after?: string }): Promise<AuditPage>
  forget(before: Time): Promise<void>
}

export function createAuditStore({
  read,
  write,
  clock,
  ids,
}: {
  read: ReadAs
  write: ReadAs
  clock: Clock
  ids: Ids
}): AuditStore {
  return {
    async write({ actorId, ownerId, action, objectId = null, reason = null, address = null }, tx) {
      await (tx ?? write('internal'))
        .insertInto('audit')
        .values({
          id: ids.next(),
          at: clock.now(),
          actor_id: actorId,
          owner_id: ownerId,
          action,
          object_id: objectId,
          reason,
          address,
        })
        .execute()
    },
    async page({ ownerId, limit, after }) {
      let query = read(ownerId === undefined ? 'internal' : { userId: ownerId })
        .selectFrom('audit')
        .selectAll()
      if (ownerId !== undefined) query = query.where('owner_id', '=', ownerId)
      const end = after === undefined ? undefined : readCursor(after, 'number')
      if (end) query = query.where(sql<boolean>`(at, id) < (${end.key}, ${end.id})`)
      const rows = await query
        .orderBy('at', 'desc')
        .orderBy('id', 'desc')
        .limit(limit + 1)
        .execute()
      const entries = rows.slice(0, limit).map(row => ({
        id: row.id,
        at: row.at,
        actorId: row.actor_id,
        ownerId: row.owner_id,
        action: row.action as AuditEntry['action'],
        objectId: row.object_id,
        reason: row.reason,
        address: row.address,
      }))
      const last = entries.at(-1)
      return { entries, next: last && rows.length > limit ? writeCursor({ key: last.at, id: last.id }) : null }
    },
    async forget(before) {
      await write('internal').deleteFrom('audit').where('at', '<', before).execute()
    },
  }
}
