import type { Block, Scope, Segment } from '../model/index.ts'
import type { Read, SegmentRow, Tx } from './schema.ts'

export interface SegmentStore {
  /** In one transaction with the document's `parsed`; a segment that is there already is replaced. */
  insert(tx: Tx, documentId: string, segments: readonly Segment[]): Promise<void>
  /** For jobs. In order, `limit` at a time, from the number after `after`. */
  page(documentId: string, after: number, limit: number): Promise<Segment[]>
  /** The lines at the pages' edges, of all segments that have any: few, and needed together. */
  margins(documentId: string): Promise<{ number: number; margins: Block[] }[]>
  /** One segment of a document in the scope. */
  get(scope: Scope, documentId: string, number: number): Promise<Segment | undefined>
  remove(tx: Tx, documentId: string): Promise<void>
}

export function createSegmentStore({ read }: { read: Read }): SegmentStore {
  return {
    async insert(tx, documentId, segments) {
      if (segments.length === 0) return
      await tx
        .insertInto('segment')
        .values(
          segments.map(segment => ({
            document_id: documentId,
            number: segment.number,
            width: segment.width ?? null,
            height: segment.height ?? null,
            problem: segment.problem ?? null,
            blocks: JSON.stringify(segment.blocks),
            margins: JSON.stringify(segment.margins ?? []),
          })),
        )
        .onConflict(conflict =>
          conflict.columns(['document_id', 'number']).doUpdateSet(eb => ({
            width: eb.ref('excluded.width'),
            height: eb.ref('excluded.height'),
            problem: eb.ref('excluded.problem'),
            blocks: eb.ref('excluded.blocks'),
            margins: eb.ref('excluded.margins'),
          })),
        )
        .execute()
    },
    async page(documentId, after, limit) {
      const rows = await read
        .selectFrom('segment')
        .selectAll()
        .where('document_id', '=', documentId)
        .where('number', '>', after)
        .orderBy('number')
        .limit(limit)
        .execute()
      return rows.map(toSegment)
    },
    async margins(documentId) {
      const rows = await read
        .selectFrom('segment')
        .select(['number', 'margins'])
        .where('document_id', '=', documentId)
        .where('margins', '!=', '[]')
        .orderBy('number')
        .execute()
      return rows.map(row => ({ number: row.number, margins: JSON.parse(row.margins) as Block[] }))
    },
    async get({ userId, projectId }, documentId, number) {
      const row = await read
        .selectFrom('segment')
        .innerJoin('document', 'document.id', 'segment.document_id')
        .innerJoin('project', 'project.id', 'document.project_id')
        .selectAll('segment')
        .where('document.id', '=', documentId)
        .where('document.project_id', '=', projectId)
        .where('project.user_id', '=', userId)
        .where('segment.number', '=', number)
        .executeTakeFirst()
      return row && toSegment(row)
    },
    async remove(tx, documentId) {
      await tx.deleteFrom('segment').where('document_id', '=', documentId).execute()
    },
  }
}

function toSegment(row: SegmentRow): Segment {
  return {
    number: row.number,
    ...(row.width !== null && { width: row.width }),
    ...(row.height !== null && { height: row.height }),
    ...(row.problem !== null && { problem: row.problem as Segment['problem'] }),
    blocks: JSON.parse(row.blocks) as Block[],
    margins: JSON.parse(row.margins) as Block[],
  }
}
