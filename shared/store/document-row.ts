import { sql } from 'kysely'
import type { Document, DocumentState, Language, Reason } from '../model/index.ts'
import type { DocumentRow } from './schema.ts'

/** That whose vectors a document is to be in. */
export const newestIndex = sql<number>`(
  select number from vector_index where state <> 'dropping' order by state = 'building' desc limit 1)`

/** Chunks seen to in the newest index of vectors. */
export const embedded = sql<number>`coalesce((
  select document_vectors.chunks from document_vectors
  where document_vectors.document_id = document.id
  and document_vectors.index_number = ${newestIndex}), 0)`.as('embedded')

export function toDocument(
  row: Omit<DocumentRow, 'inside_files' | 'inside_bytes' | 'sort_key'> & { embedded: number },
): Document {
  return {
    id: row.id,
    projectId: row.project_id,
    parentId: row.parent_id,
    name: row.name,
    path: row.path,
    mediaType: row.media_type,
    size: row.size,
    blob: row.blob,
    state: row.state as DocumentState,
    segments: row.segments,
    paged: row.paged === 1,
    parsed: row.parsed,
    indexed: row.indexed,
    chunks: row.chunks,
    embedded: row.embedded,
    toRecognize: row.to_recognize,
    recognized: row.recognized,
    language: row.language as Language | null,
    reason: row.reason === null ? null : (JSON.parse(row.reason) as Reason),
    parseTime: row.parse_time,
    indexTime: row.index_time,
    createdAt: row.created_at,
    deletedAt: row.deleted_at,
  }
}
