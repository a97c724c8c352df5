import type { Access, Clock, Database, Ids, Log, SqlExecutor } from '../ports.ts'
import { type AnswerStore, createAnswerStore } from './answers.ts'
import { type AssistantStore, createAssistantStore } from './assistants.ts'
import { createChangeLog } from './change-log.ts'
import { type ChatStore, createChatStore } from './chats.ts'
import { type ChunkStore, createChunkStore } from './chunks.ts'
import { connect } from './connection.ts'
import { createDocumentStore, type DocumentStore } from './documents.ts'
import { engineOf } from './engine/index.ts'
import { executor } from './executor.ts'
import { createFamilyStore, type FamilyStore } from './families.ts'
import { fillSortKeys } from './fill-sort-keys.ts'
import { createLedgerStore, type LedgerStore } from './ledger.ts'
import { createLibraries } from './libraries.ts'
import { migrate } from './migrate.ts'
import { createProjectStore, type ProjectStore } from './projects.ts'
import { createProviderStore, type ProviderStore } from './providers.ts'
import type { Tx } from './schema.ts'
import { createSegmentStore, type SegmentStore } from './segments.ts'
import { createSettingStore, type SettingStore } from './settings.ts'
import { createVectorStore, type VectorStore } from './vectors.ts'
import { createWordIndex } from './word-index.ts'
import { createWordStore, type WordStore } from './words.ts'

export type { AnswerRun, NewRun, RunProgress, RunWishes } from './answers.ts'
export type { ChunkText } from './chunks.ts'
export { readCursor, writeCursor } from './cursor.ts'
export type { DocumentFilter, DocumentPage, NewDocument, Progress, ProjectWork } from './documents.ts'
export type { FoundRow, Member } from './families.ts'
export type { Connection, LedgerPage } from './ledger.ts'
export type { NewProvider, StoredProvider } from './providers.ts'
export type { Tx } from './schema.ts'
export type { VectorIndex } from './vectors.ts'
export type { Candidate, Vocabulary } from './words.ts'

/** All SQL of the core. Reads go to the readers; whatever writes takes the transaction it belongs to. */
export interface Store {
  projects: ProjectStore
  documents: DocumentStore
  families: FamilyStore
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
  const { read, write, transaction, close } = connect(database)
  const engine = engineOf(database)
  await migrate({ ...deps, engine }, write('internal'))
  await fillSortKeys(read('internal'), write('internal'))
  const changes = createChangeLog({ engine, clock, ids })
  const libraries = createLibraries({ read })
  return {
    projects: createProjectStore({ read, engine, clock, ids, changes }),
    documents: createDocumentStore({ read, engine, clock, ids, changes }),
    families: createFamilyStore({ read, engine, changes }),
    segments: createSegmentStore({ read }),
    chunks: createChunkStore({ read, engine, words: createWordIndex(engine) }),
    words: createWordStore({ read, engine, libraries }),
    vectors: createVectorStore({ read, write, engine, libraries, clock }),
    chats: createChatStore({ read, clock, ids, changes }),
    answers: createAnswerStore({ read, write, engine }),
    assistants: createAssistantStore({ read, clock, ids, changes }),
    settings: createSettingStore({ read, clock, changes }),
    ledger: createLedgerStore({ read, write, engine, clock, ids }),
    providers: createProviderStore({ read, clock, ids }),
    transaction,
    executor: tx => executor(tx),
    async close() {
      close()
    },
  }
}
