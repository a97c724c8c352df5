/**
 * The change log: every change of a synced row, field by field, in the same transaction as the row. Sync will send it;
 * nothing else reads it. Winner per (entity, id, field) is the highest (hlc_physical, hlc_logical, replica, n).
 */
import { createHash } from 'node:crypto'
import type { Clock, Ids } from '../ports.ts'
import type { Engine } from './engine/index.ts'
import { locks } from './locks.ts'
import type { Tx } from './schema.ts'

export type SyncedEntity = 'project' | 'document' | 'assistant' | 'chat' | 'message' | 'setting'

export interface Change {
  /** The project's id; the user's for settings. */
  scope: string
  entity: SyncedEntity
  id: string
  /** JSON values. `null` is a value; leave a field out where it did not change. */
  fields: Record<string, unknown>
}

export interface ChangeLog {
  record(tx: Tx, change: Change): Promise<void>
  /** Many at once, numbered in this order. */
  recordAll(tx: Tx, changes: readonly Change[]): Promise<void>
  /**
   * Forgets what a row contained (for a project: what all of its rows did) while keeping the numbering: values become
   * null, hashes empty, since a name could be guessed from its hash. The `purged` change that is added wins over
   * everything else, for a project over all that is in it.
   */
  purge(tx: Tx, scope: string, entity: SyncedEntity, id: string): Promise<void>
  /** The same of many rows. */
  purgeAll(tx: Tx, scope: string, rows: readonly { entity: SyncedEntity; id: string }[]): Promise<void>
}

// SQLite takes 32,766 parameters in one statement, Postgres 65,535.
const insertLimit = 500

export function createChangeLog({ engine, clock, ids }: { engine: Engine; clock: Clock; ids: Ids }): ChangeLog {
  const record = (tx: Tx, change: Change) => recordAll(tx, [change])

  /** Kept until the transaction ends, so that numbers come in the order of the commits and none is left out. */
  async function ownReplica(tx: Tx) {
    const find = () => tx.selectFrom('replica').selectAll().modifyEnd(engine.forUpdate).executeTakeFirst()
    const known = await find()
    if (known) return known
    await engine.lock(tx, locks.replica)
    return (await find()) ?? { id: ids.next(), n: 0, hlc_physical: 0, hlc_logical: 0 }
  }

  async function recordAll(tx: Tx, changes: readonly Change[]): Promise<void> {
    const fields = changes.flatMap(change =>
      Object.entries(change.fields).map(([field, value]) => ({ change, field, value })),
    )
    if (fields.length === 0) return
    const replica = await ownReplica(tx)
    // Hybrid logical clock (Kulkarni et al., 2014): never behind the wall clock nor behind itself.
    const now = clock.now()
    const physical = Math.max(now, replica.hlc_physical)
    let logical = physical === replica.hlc_physical ? replica.hlc_logical + 1 : 0
    let n = replica.n
    const rows = fields.map(({ change, field, value }) => {
      n += 1
      const row = {
        scope: change.scope,
        replica: replica.id,
        n,
        hlc_physical: physical,
        hlc_logical: logical++,
        entity: change.entity,
        id: change.id,
        field,
        value: JSON.stringify(value ?? null),
        seq: null,
      }
      return { ...row, hash: hashOf(row) }
    })
    for (let at = 0; at < rows.length; at += insertLimit) {
      await tx
        .insertInto('changes')
        .values(rows.slice(at, at + insertLimit))
        .execute()
    }
    await tx
      .insertInto('replica')
      .values({ id: replica.id, n, hlc_physical: physical, hlc_logical: logical - 1 })
      .onConflict(conflict =>
        conflict.column('id').doUpdateSet({ n, hlc_physical: physical, hlc_logical: logical - 1 }),
      )
      .execute()
  }

  async function purgeAll(tx: Tx, scope: string, rows: readonly { entity: SyncedEntity; id: string }[]) {
    for (const { entity, id } of rows) {
      const forgotten = tx.updateTable('changes').set({ value: null, hash: '' })
      await (entity === 'project'
        ? forgotten.where('scope', '=', scope)
        : forgotten.where('entity', '=', entity).where('id', '=', id)
      ).execute()
    }
    await recordAll(
      tx,
      rows.map(({ entity, id }) => ({ scope, entity, id, fields: { purged: true } })),
    )
  }

  return { record, recordAll, purgeAll, purge: (tx, scope, entity, id) => purgeAll(tx, scope, [{ entity, id }]) }
}

/** SHA-256 over the canonical form: a JSON array in this order, numbers as they are. */
export function hashOf(row: {
  scope: string
  replica: string
  n: number
  hlc_physical: number
  hlc_logical: number
  entity: string
  id: string
  field: string
  value: string | null
}): string {
  const canonical = [
    row.scope,
    row.replica,
    row.n,
    row.hlc_physical,
    row.hlc_logical,
    row.entity,
    row.id,
    row.field,
    row.value,
  ]
  return createHash('sha256').update(JSON.stringify(canonical)).digest('hex')
}
