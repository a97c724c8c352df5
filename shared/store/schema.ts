/** Row types of the core's tables, as Kysely sees them; `migrations/` creates them. */
import type { Generated, Kysely, Transaction } from 'kysely'
import type { Access } from '../ports.ts'
import type { AuthTables } from './auth-tables.ts'

export interface Schema extends AuthTables {
  user: { id: string; created_at: number }
  replica: { id: string; n: number; hlc_physical: number; hlc_logical: number }
  changes: ChangeRow
  project: ProjectRow
  document: DocumentRow
  document_file: DocumentFileRow
  segment: SegmentRow
  chunk: ChunkRow
  library: {
    number: Generated<number>
    project_id: string
    chunks: number
    terms: number
    /** Counts each change of its words and vectors. */
    revision: Generated<number>
  }
  term: { library: number; term: string; reversed: string; chunks: number }
  chunk_words: { rowid: number; terms: string; context: string }
  vector_index: VectorIndexRow
  document_vectors: DocumentVectorsRow
  vector_orphan: { chunk_id: number }
  clearing: { document_id: string; project_id: string }
  chat: ChatRow
  message: MessageRow
  answer_run: AnswerRunRow
  answer_event: { run_id: string; number: number; event: string }
  assistant: AssistantRow
  setting: { user_id: string; name: string; value: string }
  egress: EgressRow
  provider: ProviderRow
  project_member: ProjectMemberRow
  project_invitation: ProjectInvitationRow
  quota: QuotaRow
  usage: UsageRow
  audit: AuditRow
  followed_folder: FollowedFolderRow
  followed_file: FollowedFileRow
  backup_trouble: { one: number; at: number; until: number; reason: string }
}

export interface ChangeRow {
  scope: string
  replica: string
  n: number
  hlc_physical: number
  hlc_logical: number
  entity: string
  id: string
  field: string
  value: string | null
  hash: string
  seq: number | null
}

export interface ProjectRow {
  id: string
  user_id: string
  name: string
  type: string
  created_at: number
  deleted_at: number | null
  local_only: number
  /** JSON of slugs. */
  providers: string | null
  chat_model: string | null
}

export interface ProjectMemberRow {
  project_id: string
  user_id: string
  role: string
  created_at: number
  expires_at: number | null
}

export interface ProjectInvitationRow {
  id: string
  project_id: string
  email: string
  role: string
  created_at: number
  expires_at: number
  declined_at: number | null
}

export interface QuotaRow {
  user_id: string
  files: number | null
  bytes: number | null
  questions: number | null
}

export interface UsageRow {
  user_id: string
  /** Days since 1970, UTC. */
  day: number
  questions: number
  files: number
  bytes: number
  tokens: number
  seen_at: number
}

export interface AuditRow {
  id: string
  at: number
  actor_id: string
  owner_id: string | null
  action: string
  object_id: string | null
  reason: string | null
  address: string | null
}

export interface ProviderRow {
  id: string
  user_id: string
  slug: string
  kind: string
  name: string
  base_url: string
  key_sealed: string | null
  key_hint: string | null
  enabled: number
  /** JSON of `ServerModel[]`. */
  models: string
  listed_at: number | null
  created_at: number
  updated_at: number
}

export interface DocumentRow {
  id: string
  project_id: string
  name: string
  path: string
  media_type: string
  size: number
  blob: string
  state: string
  segments: number | null
  paged: number
  parsed: number
  indexed: number
  chunks: number
  language: string | null
  reason: string | null
  receipt: string | null
  parser_state: string | null
  parse_time: number
  index_time: number
  created_at: number
  deleted_at: number | null
  /** The container it came out of. */
  parent_id: string | null
  /** JSON of `Reason[]`: what the parser said was lost. */
  reasons: string | null
  /** Of a document that lies in no other: what came out of it, at every depth. */
  inside_files: Generated<number>
  inside_bytes: Generated<number>
  /** See `sort-key.ts`; null until the program has filled it in. */
  sort_key: Generated<string | null>
  /** Pages for text recognition, and those it has come to an end for. */
  to_recognize: number
  recognized: number
}

export interface DocumentFileRow {
  document_id: string
  number: number
  name: string
  path: string
  child_id: string | null
  reason: string | null
}

export interface SegmentRow {
  document_id: string
  number: number
  width: number | null
  height: number | null
  problem: string | null
  blocks: string
  margins: string
  /** JSON of the segment's `recognition`. */
  recognition: string | null
}

export interface ChunkRow {
  id: Generated<number>
  project_id: string
  document_id: string
  position: number
  text: string
  headings: string
  pieces: string
  language: string
  terms: string
  context_terms: string
}

export interface VectorIndexRow {
  number: Generated<number>
  fingerprint: string
  name: string
  dimensions: number
  state: 'active' | 'building' | 'dropping'
  created_at: number
  /** Of one that is kept, though it is `dropping`: since when nobody uses it. */
  retired_at: number | null
}

export interface DocumentVectorsRow {
  document_id: string
  index_number: number
  chunks: number
  complete: number
  rest_until: number
}

export interface ChatRow {
  id: string
  project_id: string
  /** Its author. */
  user_id: string
  title: string
  assistant_id: string | null
  created_at: number
  deleted_at: number | null
  model: string | null
  /** When something was last said in it here, or it came back from the trash. Each installation has its own: it is in no change. */
  said_at: number
}

export interface AssistantRow {
  id: string
  project_id: string
  name: string
  instructions: string
  language: string | null
  model: string | null
  temperature: number | null
  documents: string | null
  created_at: number
  deleted_at: number | null
}

export interface MessageRow {
  id: string
  chat_id: string
  role: string
  text: string
  answer: string | null
  completed: string | null
  /** JSON of `KeptPassage[]`. */
  passages: string | null
  created_at: number
}

/** See `answers.ts`. */
export interface AnswerRunRow {
  id: string
  project_id: string
  chat_id: string
  question: string
  /** Of a question that is answered anew. */
  question_id: string | null
  server: string
  beat: number
  events: number
  draft: string
  model: string | null
  stop: number
  reads: number
  message_id: string | null
  started_at: number
  ended_at: number | null
}

/** See `ledger.ts`. */
export interface EgressRow {
  id: string
  started_at: number
  ended_at: number | null
  beat: number
  user_id: string | null
  project_id: string | null
  purpose: string
  host: string
  port: number
  address: string | null
  sent: number
  received: number
  outcome: string
  why: string | null
}

/** See `folders.ts`. */
export interface FollowedFolderRow {
  id: string
  project_id: string
  path: string
  device: string
  inode: string
  /** Lines. */
  ignore: string
  unsupported: number | null
  leaving: number
  created_at: number
}

export interface FollowedFileRow {
  folder_id: string
  path: string
  size: number
  modified_at: number
  device: string
  inode: string
  blob: string | null
  document_id: string | null
  own: number
  previous_id: string | null
  /** JSON of a `Reason`. */
  refused: string | null
}

export type Read = Kysely<Schema>
/** What may be read on behalf of somebody. Costs nothing; asked for with each statement. */
export type ReadAs = (access: Access) => Read
export type Tx = Transaction<Schema>
