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
  // With a library that is restored where it was, the same folders are followed on; elsewhere they are not what they were, and wait.
  table('followed_folder', 'id project_id path device inode ignore unsupported leaving created_at'),
  table(
    'followed_file',
    'folder_id path size modified_at device inode blob document_id own previous_id refused',
    'folder_id path',
  ),
  table('chat', 'id project_id title assistant_id created_at deleted_at model user_id said_at'),
  table('message', 'id chat_id role text answer completed passages created_at'),
  table('egress', 'id started_at ended_at beat user_id project_id purpose host port address sent received outcome why'),
  table(
    'auth_user',
    'id name email email_verified image role language two_factor_enabled blocked_at created_at updated_at',
  ),
  table('auth_account', 'id user_id provider_id account_id password scope created_at updated_at'),
  table('auth_two_factor', 'id user_id secret backup_codes verified failed_verification_count locked_until'),
  table(
    'auth_passkey',
    'id user_id name public_key credential_id counter device_type backed_up transports created_at aaguid',
  ),
  table('auth_api_key', 'id user_id name shown hash scopes created_at used_at expires_at revoked_at'),
  table('auth_invitation', 'id hash email role language invited_by created_at expires_at accepted_at revoked_at'),
  table('project_member', 'project_id user_id role created_at expires_at', 'project_id user_id'),
  table('project_invitation', 'id project_id email role created_at expires_at declined_at'),
  table('quota', 'user_id files bytes questions', 'user_id'),
  table('usage', 'user_id day questions files bytes tokens seen_at', 'user_id day'),
  table('audit', 'id at actor_id owner_id action object_id reason address'),
  table('changes', 'scope replica n hlc_physical hlc_logical entity id field value hash seq', 'replica n'),
]

/**
 * Columns of these tables that are made anew from others, and tables that are not handed on. Of keys, only their hint is: a
 * backup that is given away opens nobody's account, and elsewhere nobody could read them; they are entered again.
 */
export const leftOut = {
  columns: {
    document: ['sort_key'],
    library: ['chunks', 'terms', 'revision'],
    provider: ['key_sealed'],
    auth_two_factor: ['used_step'],
    auth_account: ['access_token', 'refresh_token', 'id_token', 'access_token_expires_at', 'refresh_token_expires_at'],
  },
  tables: [
    'replica',
    'answer_run',
    'answer_event',
    'term',
    'vector_index',
    'document_vectors',
    'vector_orphan',
    'auth_session',
    'auth_verification',
    'auth_link',
    'auth_setup',
    'backup_trouble',
  ],
} as const

/** A value of a row as the tables hold it. */
export type Cell = string | number | null

/** The latest time of the change log's clock. */
export interface LogicalTime {
  physical: number
  logical: number
}
