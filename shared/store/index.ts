import type { Access, Clock, Database, Ids, Log, SqlExecutor } from '../ports.ts'
import { type AdministrationStore, createAdministrationStore } from './administration.ts'
import { type AnswerStore, createAnswerStore } from './answers.ts'
import { type AssistantStore, createAssistantStore } from './assistants.ts'
import { type AuditStore, createAuditStore } from './audit.ts'
import { type BackupTroubleStore, createBackupTroubleStore } from './backup-trouble.ts'
import { createChangeLog } from './change-log.ts'
import { type ChatStore, createChatStore } from './chats.ts'
import { type ChunkStore, createChunkStore } from './chunks.ts'
import { connect } from './connection.ts'
import { createDocumentStore, type DocumentStore } from './documents.ts'
import { engineOf } from './engine/index.ts'
import { createErasureStore, type ErasureStore } from './erasure.ts'
import { executor } from './executor.ts'
import { createFamilyStore, type FamilyStore } from './families.ts'
import { fillSortKeys } from './fill-sort-keys.ts'
import { createFolderStore, type FolderStore } from './folders.ts'
import { createInvitationStore, type InvitationStore } from './invitations.ts'
import { createLedgerStore, type LedgerStore } from './ledger.ts'
import { createLibraries } from './libraries.ts'
import { createMemberStore, type MemberStore } from './members.ts'
import { migrate } from './migrate.ts'
import { createProjectStore, type ProjectStore } from './projects.ts'
import { createProviderStore, type ProviderStore } from './providers.ts'
import { createQuotaStore, type QuotaStore } from './quotas.ts'
import type { Tx } from './schema.ts'
import { createSegmentStore, type SegmentStore } from './segments.ts'
import { createSettingStore, type SettingStore } from './settings.ts'
import { createUserStore, type UserStore } from './users.ts'
import { createVectorStore, type VectorStore } from './vectors.ts'
import { createWordIndex } from './word-index.ts'
import { createWordStore, type WordStore } from './words.ts'

export type { ProjectCounts, StorageCounts, UserCounts } from './administration.ts'
export type { AnswerRun, NewRun, RunProgress, RunWishes } from './answers.ts'
export type { AuditPage } from './audit.ts'
export type { ChatPlace, ChatsDue, NewChat } from './chats.ts'
export type { ChunkText, PagedChunk } from './chunks.ts'
export { readCursor, writeCursor } from './cursor.ts'
export type { DocumentFilter, DocumentPage, NewDocument, Progress, ProjectWork } from './documents.ts'
export type { FoundRow, Member } from './families.ts'
export { type FileRow, type FileState, type FolderRow, missingSince } from './folders.ts'
export type { OpenInvitation } from './invitations.ts'
export type { Connection, LedgerPage } from './ledger.ts'
export type { NewProvider, StoredProvider } from './providers.ts'
export { quotaBytes } from './quotas.ts'
export type { Tx } from './schema.ts'
export type { VectorIndex } from './vectors.ts'
export type { Candidate, Vocabulary } from './words.ts'

/** All SQL of the core. Reads go to the readers; whatever writes takes the transaction it belongs to. */
export interface Store {
  users: UserStore
  projects: ProjectStore
  members: MemberStore
  invitations: InvitationStore
  quotas: QuotaStore
  erasure: ErasureStore
  audit: AuditStore
  administration: AdministrationStore
  backupTrouble: BackupTroubleStore
  documents: DocumentStore
  families: FamilyStore
  folders: FolderStore
  segments: SegmentStore
  chunks: ChunkStore
  words: WordStore
  vectors: VectorStore
  chats: ChatStore
  answers: AnswerStore
  assistants: AssistantStore
  settings: SettingStore
  ledger: LedgerStore
  providers: ProviderStore
  /**
   * Everything inside commits together, on behalf of this access: nothing of other projects can be seen or changed in there
   * (see `Access`), and those with the same access run one after the other. Never await a model, a parser or the network in
   * there. Throws `database-busy`.
   *
   * `run` must be repeatable: where an engine refuses the commit for a reason that passes, it is called again after the
   * rollback. So it changes nothing outside that adds up; what is to stay comes out as its result.
   */
  transaction<T>(access: Access, run: (tx: Tx) => Promise<T>): Promise<T>
  executor(tx: Tx): SqlExecutor
  close(): Promise<void>
}

/** Opens the store over a database, migrating it first. */
export async function openStore(deps: {
  database: Database
  clock: Clock
  ids: Ids
  log: Log
  /** The path of a new file in the folder of snapshots. */
  backups: (name: string) => string
}): Promise<Store> {
  const { database, clock, ids } = deps
  const { read, write, writeHastily, transaction, close } = connect(database)
  const engine = engineOf(database)
  await migrate({ ...deps, engine }, write('internal'))
  await fillSortKeys(read('internal'), write('internal'))
  const changes = createChangeLog({ engine, clock, ids })
  const libraries = createLibraries({ read })
  const chats = createChatStore({ read, engine, clock, ids, changes })
  return {
    users: createUserStore({ read, write, clock }),
    projects: createProjectStore({ read, engine, clock, ids, changes }),
    administration: createAdministrationStore({ read, write, engine }),
    backupTrouble: createBackupTroubleStore({ read, write, clock }),
    erasure: createErasureStore({ chats }),
    audit: createAuditStore({ read, write, clock, ids }),
    quotas: createQuotaStore({ read, write, clock }),
    members: createMemberStore({ read, clock }),
    invitations: createInvitationStore({ read, write, clock, ids }),
    documents: createDocumentStore({ read, engine, clock, ids, changes }),
    families: createFamilyStore({ read, engine, changes }),
    folders: createFolderStore({ read, engine, clock, ids }),
    segments: createSegmentStore({ read }),
    chunks: createChunkStore({ read, engine, words: createWordIndex(engine) }),
    words: createWordStore({ read, engine, libraries }),
    vectors: createVectorStore({ read, write, engine, libraries, clock }),
    chats,
    answers: createAnswerStore({ read, write, engine }),
    assistants: createAssistantStore({ read, clock, ids, changes }),
    settings: createSettingStore({ read, changes }),
    ledger: createLedgerStore({ read, write, writeHastily, engine, clock, ids }),
    providers: createProviderStore({ read, clock, ids }),
    transaction,
    executor: tx => executor(tx),
    async close() {
      close()
    },
  }
}
