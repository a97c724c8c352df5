import { sql } from 'kysely'
import type { Document, FileInside, Reason, Scope } from '../model/index.ts'
import type { ChangeLog } from './change-log.ts'
import { embedded, toDocument } from './document-row.ts'
import type { Engine } from './engine/index.ts'
import { locks } from './locks.ts'
import type { DocumentFileRow, ReadAs, Tx } from './schema.ts'
import { sortKey } from './sort-key.ts'

/** A file found inside a document, and what it became. */
export interface FoundRow {
  number: number
  name: string
  path: string
  childId: string | null
  reason: Reason | null
}

/** A document out of another one, with the containers that hold the same file. */
export interface Member {
  document: Document
  /** Live documents in which it was found, with where. */
  holders: { id: string; path: string }[]
}

/** Containers and what came out of them. */
export interface FamilyStore {
  /** The number of the last file known of a container; 0 for none. */
  lastFile(scope: Scope, documentId: string): Promise<number>
  /** A file that is known by its number already is replaced. */
  addFiles(tx: Tx, documentId: string, files: readonly FoundRow[]): Promise<void>
  /** Before it is read anew. What came out of it stays. */
  forgetFiles(tx: Tx, documentId: string): Promise<void>
  /** In the order of the source, behind number `after`, with how many there are and how many of them are no documents. */
  files(
    scope: Scope,
    documentId: string,
    page: { after: number; limit: number },
  ): Promise<{ files: FileInside[]; total: number }>
  countFiles(scope: Scope, documentId: string): Promise<{ total: number; leftOut: number }>
  /** The containers a document lies in, innermost first. */
  ancestors(scope: Scope, document: Document): Promise<Document[]>
  /** All that came out of a document, at every depth, parents first; also what is in the trash. */
  members(tx: Tx, documentId: string): Promise<Member[]>
  /** Live documents in which it was found, with where. */
  holders(tx: Tx, id: string): Promise<Member['holders']>
  /** Gives a document to another container, or to none. */
  move(tx: Tx, scope: Scope, id: string, to: { parentId: string | null; path: string }): Promise<void>
  /** Moves many to the trash (a time) or out of it (null). */
  setDeleted(tx: Tx, scope: Scope, ids: readonly string[], deletedAt: number | null): Promise<void>
  /** Adds to what came out of the outermost container. */
  tally(tx: Tx, rootId: string, more: { files: number; bytes: number }): Promise<void>
  tallied(scope: Scope, rootId: string): Promise<{ files: number; bytes: number }>
  resetTally(tx: Tx, rootId: string): Promise<void>
  /** All documents a user keeps, with those in the trash, and their bytes. No other transaction adds one for them until this one ends. */
  kept(tx: Tx, userId: string): Promise<{ documents: number; bytes: number }>
  /** The same as it is now, which may change at once. */
  keptNow(userId: string): Promise<{ documents: number; bytes: number }>
}

/** Deeper than any rule allows; what is moved about by hand must not make a circle endless. */
const deepest = 16
const insertLimit = 1000

export function createFamilyStore({
  read,
  engine,
  changes,
}: {
  read: ReadAs
  engine: Engine
  changes: ChangeLog
}): FamilyStore {
  async function holdersOf(tx: Tx, ids: readonly string[]): Promise<Map<string, Member['holders']>> {
    const found = new Map<string, Member['holders']>()
    if (ids.length === 0) return found
    const { rows } = await sql<{ child: string; id: string; path: string }>`
      select file.child_id as child, holder.id, holder.path || '/' || file.path as path
      from document_file as file join document as holder on holder.id = file.document_id
      where file.child_id in (select value from ${engine.texts('wanted', ids)})
      and holder.deleted_at is null and holder.id <> file.child_id
      order by file.child_id, file.document_id, file.number`.execute(tx)
    for (const { child, id, path } of rows) found.set(child, [...(found.get(child) ?? []), { id, path }])
    return found
  }

  return {
    async lastFile(scope, documentId) {
      const row = await read(scope)
        .selectFrom('document_file')
        .select(({ fn }) => fn.max('number').as('last'))
        .where('document_id', '=', documentId)
        .executeTakeFirst()
      return row?.last ?? 0
    },
    async addFiles(tx, documentId, files) {
      for (let at = 0; at < files.length; at += insertLimit) {
        const rows: DocumentFileRow[] = files
          .slice(at, at + insertLimit)
          .map(({ number, name, path, childId, reason }) => ({
            document_id: documentId,
            number,
            name,
            path,
            child_id: childId,
            reason: reason && JSON.stringify(reason),
          }))
        await tx
          .insertInto('document_file')
          .values(rows)
          .onConflict(conflict =>
            conflict.columns(['document_id', 'number']).doUpdateSet(eb => ({
              name: eb.ref('excluded.name'),
              path: eb.ref('excluded.path'),
              child_id: eb.ref('excluded.child_id'),
              reason: eb.ref('excluded.reason'),
            })),
          )
          .execute()
      }
    },
    async forgetFiles(tx, documentId) {
      await tx.deleteFrom('document_file').where('document_id', '=', documentId).execute()
    },
    async files({ userId, projectId }, documentId, { after, limit }) {
      const within = read({ userId, projectId })
        .selectFrom('document_file')
        .innerJoin('document', 'document.id', 'document_file.document_id')
        .innerJoin('project', 'project.id', 'document.project_id')
        .where('document.id', '=', documentId)
        .where('document.project_id', '=', projectId)
        .where('project.user_id', '=', userId)
      const rows = await within
        .leftJoin('document as child', join =>
          join.onRef('child.id', '=', 'document_file.child_id').on('child.deleted_at', 'is', null),
        )
        .select([
          'document_file.number',
          'document_file.name',
          'document_file.path',
          'document_file.reason',
          'child.id as child',
        ])
        .where('document_file.number', '>', after)
        .orderBy('document_file.number')
        .limit(limit)
        .execute()
      const count = await within.select(({ fn }) => fn.countAll<number>().as('total')).executeTakeFirst()
      return {
        files: rows.map(({ number, name, path, reason, child }) => ({
          number,
          name,
          path,
          documentId: child,
          reason: reason === null ? null : (JSON.parse(reason) as Reason),
        })),
        total: count?.total ?? 0,
      }
    },
    async countFiles(scope, documentId) {
      const row = await read(scope)
        .selectFrom('document_file')
        .select(({ fn }) => [fn.countAll<number>().as('total'), fn.count<number>('reason').as('leftOut')])
        .where('document_id', '=', documentId)
        .executeTakeFirst()
      return { total: row?.total ?? 0, leftOut: row?.leftOut ?? 0 }
    },
    async ancestors(scope, document) {
      const found: Document[] = []
      for (let parent = document.parentId; parent !== null && found.length < deepest; ) {
        const row = await read(scope)
          .selectFrom('document')
          .selectAll()
          .select(embedded)
          .where('id', '=', parent)
          .executeTakeFirst()
        if (!row) break
        found.push(toDocument(row))
        parent = row.parent_id
      }
      return found
    },
    async members(tx, documentId) {
      const rows = await tx
        .withRecursive('family(id, depth)', db =>
          db
            .selectFrom('document')
            .select(['document.id', sql<number>`1`.as('depth')])
            .where('document.parent_id', '=', documentId)
            .unionAll(
              db
                .selectFrom('document')
                .innerJoin('family', 'family.id', 'document.parent_id')
                .select(['document.id', sql<number>`family.depth + 1`.as('depth')])
                .where('family.depth', '<', deepest),
            ),
        )
        .selectFrom('family')
        .innerJoin('document', 'document.id', 'family.id')
        .selectAll('document')
        .select([embedded])
        .orderBy('family.depth')
        .orderBy('document.id')
        .execute()
      const holders = await holdersOf(
        tx,
        rows.map(({ id }) => id),
      )
      return rows.map(row => ({ document: toDocument(row), holders: holders.get(row.id) ?? [] }))
    },
    holders: async (tx, id) => (await holdersOf(tx, [id])).get(id) ?? [],
    async move(tx, { projectId }, id, { parentId, path }) {
      await tx
        .updateTable('document')
        .set({ parent_id: parentId, path, sort_key: sortKey(path) })
        .where('id', '=', id)
        .where('project_id', '=', projectId)
        .execute()
      await changes.record(tx, { scope: projectId, entity: 'document', id, fields: { parent_id: parentId, path } })
    },
    async setDeleted(tx, { projectId }, ids, deletedAt) {
      await sql`update document set deleted_at = ${deletedAt}
        where project_id = ${projectId} and id in (select value from ${engine.texts('wanted', ids)})`.execute(tx)
      const fields = { deleted_at: deletedAt }
      await changes.recordAll(
        tx,
        ids.map(id => ({ scope: projectId, entity: 'document', id, fields })),
      )
    },
    async tally(tx, rootId, { files, bytes }) {
      await tx
        .updateTable('document')
        .set(eb => ({
          inside_files: eb('inside_files', '+', files),
          inside_bytes: eb('inside_bytes', '+', bytes),
        }))
        .where('id', '=', rootId)
        .execute()
    },
    async tallied(scope, rootId) {
      const row = await read(scope)
        .selectFrom('document')
        .select(['inside_files as files', 'inside_bytes as bytes'])
        .where('id', '=', rootId)
        .executeTakeFirst()
      return row ?? { files: 0, bytes: 0 }
    },
    async resetTally(tx, rootId) {
      await tx.updateTable('document').set({ inside_files: 0, inside_bytes: 0 }).where('id', '=', rootId).execute()
    },
    async kept(tx, userId) {
      await engine.lock(tx, locks.documents(userId))
      return engine.tallyDocuments(tx, userId)
    },
    keptNow: userId => engine.tallyDocuments(read({ userId }), userId),
  }
}
