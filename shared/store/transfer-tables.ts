/**
 * What a database hands on to another: the rows of the core and its change log. Not what this installation alone has: jobs,
 * its place in the change log, answers that are being given (what is kept of them is a message), what is made from other rows
 * (words, vectors, keys to sort by).
 */
import type { Schema } from './schema.ts'

export interface TransferTable {
  name: keyof Schema
  /** In this order, in every backup. */
  columns: readonly string[]
  /** Of these, in their order: no two rows are alike in them, and none is null. */
  key: readonly string[]
  /** How many of the last columns hold numbers that are not whole, which each engine writes in its own way. */
  reals: number
}

const table = (name: keyof Schema, columns: string, key = 'id', reals = 0): TransferTable => ({
  name,
  columns: columns.split(' '),
  key: key.split(' '),
  reals,
})

/**
 * Whether rows of the table are content. The numbers of libraries are not: they only keep the words of projects apart. Nor is
 * the ledger: a library is the same wherever it lies, and on a server its very place is named there.
 */
export const isContent = (name: string) => name !== 'library' && name !== 'egress'

/** In an order in which each row finds those it refers to, but for documents out of documents: see `load.ts`. */
export const transferTables: readonly TransferTable[] = [
  table('user', 'id created_at'),
  table('setting', 'user_id name value', 'user_id name'),
  table('provider', 'id user_id slug kind name base_url key_hint enabled models listed_at created_at updated_at'),
  table('project', 'id user_id name type created_at deleted_at local_only providers chat_model'),
  table(
    'assistant',
    'id project_id name instructions language model documents created_at deleted_at temperature',
    'id',
    1,
  ),
  table('library', 'number project_id', 'number'),
  table(
    'document',
    'id project_id name path media_type size blob state segments paged parsed indexed chunks language reason receipt ' +
      'parser_state parse_time index_time created_at deleted_at parent_id reasons inside_files inside_bytes ' +
      'to_recognize recognized',
  ),
  table('document_file', 'document_id number name path child_id reason', 'document_id number'),
  table('segment', 'document_id number problem blocks margins recognition width height', 'document_id number', 2),
  table('chunk', 'id project_id document_id position text headings pieces language terms context_terms'),
  table('clearing', 'document_id project_id', 'document_id'),
  table('chat', 'id project_id title assistant_id created_at deleted_at model'),
  table('message', 'id chat_id role text answer completed passages created_at'),
  table('egress', 'id started_at ended_at beat user_id project_id purpose host port address sent received outcome why'),
  table('changes', 'scope replica n hlc_physical hlc_logical entity id field value hash seq', 'replica n'),
]

/**
 * Columns of these tables that are made anew from others, and tables that are not handed on. Of keys, only their hint is: a
 * backup that is given away opens nobody's account, and elsewhere nobody could read them; they are entered again.
 */
export const leftOut = {
  columns: { document: ['sort_key'], library: ['chunks', 'terms'], provider: ['key_sealed'] },
  tables: ['replica', 'answer_run', 'answer_event', 'term', 'vector_index', 'document_vectors', 'vector_orphan'],
} as const

/** A value of a row as the tables hold it. */
export type Cell = string | number | null

/** The latest time of the change log's clock. */
export interface LogicalTime {
  physical: number
  logical: number
}
