import { sql } from 'kysely'
import type { Block, Scope, Segment } from '../model/index.ts'
import type { ReadAs, SegmentRow, Tx } from './schema.ts'

export interface SegmentStore {
  /** In one transaction with the document's `parsed`; a segment that is there already is replaced. */
  insert(tx: Tx, documentId: string, segments: readonly Segment[]): Promise<void>
  /** In order, `limit` at a time, from the number after `after`. */
  page(scope: Scope, documentId: string, after: number, limit: number): Promise<Segment[]>
  /** The lines at the pages' edges, of all segments that have any: few, and needed together. */
  margins(scope: Scope, documentId: string): Promise<{ number: number; margins: Block[] }[]>
  /** One segment of a document in the scope. */
  get(scope: Scope, documentId: string, number: number): Promise<Segment | undefined>
  /** The first that waits for text recognition. */
  nextToRecognize(scope: Scope, documentId: string, tx?: Tx): Promise<Segment | undefined>
  /** How many wait for it, and for how many it has come to an end. */
  recognition(scope: Scope, documentId: string, tx?: Tx): Promise<{ waiting: number; done: number }>
  remove(tx: Tx, documentId: string): Promise<void>
}

export function createSegmentStore({ read }: { read: ReadAs }): SegmentStore {
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
            recognition: segment.recognition ? JSON.stringify(segment.recognition) : null,
          })),
        )
        .onConflict(conflict =>
          conflict.columns(['document_id', 'number']).doUpdateSet(eb => ({
            width: eb.ref('excluded.width'),
            height: eb.ref('excluded.height'),
            problem: eb.ref('excluded.problem'),
            blocks: eb.ref('excluded.blocks'),
            margins: eb.ref('excluded.margins'),
            recognition: eb.ref('excluded.recognition'),
          })),
        )
        .execute()
    },
    async page(scope, documentId, after, limit) {
      const rows = await read(scope)
        .selectFrom('segment')
        .selectAll()
        .where('document_id', '=', documentId)
        .where('number', '>', after)
        .orderBy('number')
        .limit(limit)
        .execute()
      return rows.map(toSegment)
    },
    async margins(scope, documentId) {
      const rows = await read(scope)
        .selectFrom('segment')
        .select(['number', 'margins'])
        .where('document_id', '=', documentId)
        .where('margins', '!=', '[]')
        .orderBy('number')
        .execute()
      return rows.map(row => ({ number: row.number, margins: JSON.parse(row.margins) as Block[] }))
    },
    async get({ userId, projectId }, documentId, number) {
      const row = await read({ userId, projectId })
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
    async nextToRecognize(scope, documentId, tx) {
      const row = await (tx ?? read(scope))
        .selectFrom('segment')
        .selectAll()
        .where('document_id', '=', documentId)
        .where(waits)
        .orderBy('number')
        .limit(1)
        .executeTakeFirst()
      return row && toSegment(row)
    },
    async recognition(scope, documentId, tx) {
      const count = async (which: typeof waits) => {
        const all = (tx ?? read(scope)).selectFrom('segment').select(({ fn }) => fn.countAll<number>().as('count'))
        const row = await all.where('document_id', '=', documentId).where(which).executeTakeFirst()
        return row?.count ?? 0
      }
      return { waiting: await count(waits), done: await count(sql<boolean>`recognition is not null`) }
    },
    async remove(tx, documentId) {
      await tx.deleteFrom('segment').where('document_id', '=', documentId).execute()
    },
  }
}

/** In the words of the index. */
const waits = sql<boolean>`recognition is null and problem in ('without-text', 'broken-text')`

function toSegment(row: SegmentRow): Segment {
  return {
    number: row.number,
    ...(row.width !== null && { width: row.width }),
    ...(row.height !== null && { height: row.height }),
    ...(row.problem !== null && { problem: row.problem as Segment['problem'] }),
    blocks: JSON.parse(row.blocks) as Block[],
    margins: JSON.parse(row.margins) as Block[],
    ...(row.recognition !== null && { recognition: JSON.parse(row.recognition) as Segment['recognition'] }),
  }
}
