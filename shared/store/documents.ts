import { sql } from 'kysely'
import type { Document, DocumentState, Language, Reason, Receipt, Scope } from '../model/index.ts'
import type { Clock, Ids } from '../ports.ts'
import type { ChangeLog } from './change-log.ts'
import { readCursor, writeCursor } from './cursor.ts'
import { embedded, newestIndex, toDocument } from './document-row.ts'
import type { Engine } from './engine/index.ts'
import { locks } from './locks.ts'
import type { Read, ReadAs, Tx } from './schema.ts'
import { sortKey } from './sort-key.ts'

export interface NewDocument {
  name: string
  path: string
  mediaType: string
  size: number
  blob: string
  parentId?: string
}

/** What the stages write: local facts, never synced. */
export interface Progress {
  state?: DocumentState
  mediaType?: string
  paged?: boolean
  segments?: number | null
  parsed?: number
  indexed?: number
  chunks?: number
  language?: Language | null
  reason?: Reason | null
  receipt?: Receipt | null
  /** What the parser said was lost; `reason` shows the first. */
  reasons?: Reason[]
  /** What the parser learned from the segments up to `parsed`; dropped where that goes back to 0. */
  parserState?: string | null
  toRecognize?: number
  recognized?: number
  /** Milliseconds to add. */
  parseTime?: number
  indexTime?: number
}

/** Which documents of a project are wanted, in which order, and which of them. */
export interface DocumentFilter {
  /** Those in the trash instead of the others. */
  trashed?: boolean
  /** In one of these states. */
  states?: readonly DocumentState[]
  /** Of those that are ready: only those whose pages wait for text recognition; false: only the others. */
  recognizing?: boolean
  /** Each of its words stands in the path, in either case. */
  name?: string
  /** Whose path or name is this. */
  called?: string
  /** Of these. */
  ids?: readonly string[]
  /** How their id begins. */
  beginning?: string
  /** `path` puts 2 before 10, and ä beside a. `newest` by default. */
  order?: 'newest' | 'oldest' | 'path'
  limit: number
  /** The `next` of the page before, in the same order. */
  after?: string
}

export interface DocumentPage {
  documents: Document[]
  /** Where the next page begins; null at the end. */
  next: string | null
  /** How many match in all. */
  total: number
  /** How many are in which state, over all that match but for their state. */
  states: Partial<Record<DocumentState, number>>
  /** How many of those that are ready have pages that wait for text recognition. */
  recognizing: number
}

/** How far the work on a project is. */
export interface ProjectWork {
  /** Documents that are waited for or worked on. */
  open: number
  /** Passages of what is ready, and how many of them can be found by their meaning. */
  chunks: number
  embedded: number
}

export interface DocumentStore {
  /** All of them: whoever answers a request takes pages. */
  list(scope: Scope, filter?: { trashed?: boolean }): Promise<Document[]>
  /** Live and trashed, as this transaction sees them. */
  all(tx: Tx, scope: Scope): Promise<Document[]>
  /** Throws `input-invalid` where `after` is no `next` of such a list. */
  page(scope: Scope, filter: DocumentFilter): Promise<DocumentPage>
  work(scope: Scope): Promise<ProjectWork>
  get(scope: Scope, id: string): Promise<Document | undefined>
  /** For jobs, which name a document alone: with the scope it belongs to, also when it is in the trash. */
  find(
    id: string,
    tx?: Tx,
  ): Promise<{ document: Document; scope: Scope; parserState: string | null; reasons: Reason[] } | undefined>
  /** The same for many at once, by their ids: what is not there is left out. */
  findAll(ids: readonly string[]): Promise<ReadonlyMap<string, { document: Document; scope: Scope }>>
  /** The live document with these bytes. */
  byBlob(tx: Tx, scope: Scope, blob: string): Promise<Document | undefined>
  receipt(scope: Scope, id: string): Promise<Receipt | undefined>
  /** The document as this transaction sees it, live or trashed. */
  lock(tx: Tx, scope: Scope, id: string): Promise<Document | undefined>
  insert(tx: Tx, scope: Scope, document: NewDocument): Promise<Document>
  update(tx: Tx, id: string, progress: Progress): Promise<void>
  /** What its file is called. */
  rename(tx: Tx, scope: Scope, id: string, fields: { name: string; path: string; mediaType?: string }): Promise<void>
  /** Moves to the trash (a time) or out of it (null). */
  setDeleted(tx: Tx, scope: Scope, id: string, deletedAt: number | null): Promise<void>
  /** Row, segments and history, for good. */
  purge(tx: Tx, scope: Scope, id: string): Promise<void>
  /** Trashed before this time, over all projects, or all of one owner. */
  trashedBefore(time: number, ownerId?: string): Promise<{ id: string; scope: Scope }[]>
  /** By a document of any project, also in the trash. To act on the answer, ask inside the transaction that does (`internal`). */
  blobInUse(blob: string, tx?: Tx): Promise<boolean>
  /**
   * These bytes neither go nor come to be in use through another transaction until this one ends: for whoever makes a
   * document of what is stored, or removes what none refers to. All at once, and before a row that syncs is written.
   */
  holdBlobs(tx: Tx, hashes: readonly string[]): Promise<void>
  /** Whether any document of the project has work still to do. */
  hasWork(scope: Scope): Promise<boolean>
}

/** Ids in one statement. */
const foundAtOnce = 500

export function createDocumentStore({
  read,
  engine,
  clock,
  ids,
  changes,
}: {
  read: ReadAs
  engine: Engine
  clock: Clock
  ids: Ids
  changes: ChangeLog
}): DocumentStore {
  const within = (db: Read, { userId, projectId }: Scope) =>
    db
      .selectFrom('document')
      .innerJoin('project', 'project.id', 'document.project_id')
      .selectAll('document')
      .select(embedded)
      .where('document.project_id', '=', projectId)
      .where('project.user_id', '=', userId)

  /** Those a filter means, whatever their state. */
  const matching = (scope: Scope, filter: Omit<DocumentFilter, 'limit'>) => {
    const { trashed = false, name = '', called, ids, beginning, recognizing } = filter
    const named = ids !== undefined || beginning !== undefined || recognizing === true
    let query = read(scope)
      .selectFrom('document')
      .innerJoin('project', 'project.id', 'document.project_id')
      // As an expression where few are named: an engine would rather read the whole project by its index (20 ms of 20,000).
      .where(named ? sql<string>`document.project_id || ''` : 'document.project_id', '=', scope.projectId)
      .where('project.user_id', '=', scope.userId)
      .where('document.deleted_at', trashed ? 'is not' : 'is', null)
    for (const word of name.normalize('NFC').split(/\s+/).filter(Boolean))
      query = query.where(engine.holdsWord(sql<string>`document.path`, word))
    if (called !== undefined)
      query = query.where(({ eb, or }) => or([eb('document.path', '=', called), eb('document.name', '=', called)]))
    if (recognizing === true) query = query.where(isRecognizing).where('document.id', 'in', awaitingRecognition)
    if (recognizing === false) query = query.where(({ not }) => not(isRecognizing))
    if (ids) query = query.where('document.id', 'in', ids.length > 0 ? ids : [''])
    // Nothing in an id comes after f.
    if (beginning !== undefined)
      query = query.where('document.id', '>=', beginning).where('document.id', '<', `${beginning}g`)
    return query
  }
  const inStates = (scope: Scope, filter: DocumentFilter) => {
    const query = matching(scope, filter)
    return filter.states ? query.where('document.state', 'in', filter.states) : query
  }

  /** A page's ids with what they are sorted by, and one more where others follow. */
  async function placesOfPage(scope: Scope, filter: DocumentFilter): Promise<{ id: string; key: string | number }[]> {
    const { order = 'newest', limit, after } = filter
    const [column, kind] =
      order === 'path' ? (['document.sort_key', 'string'] as const) : (['document.created_at', 'number'] as const)
    const [direction, beyond] = order === 'newest' ? (['desc', '<'] as const) : (['asc', '>'] as const)
    const key =
      order === 'path'
        ? sql<string | number>`coalesce(document.sort_key, '')`
        : sql<string | number>`${sql.ref(column)}`
    let query = inStates(scope, filter).select(['document.id', key.as('key')])
    if (after !== undefined) {
      const { key, id } = readCursor(after, kind)
      query = query.where(sql<boolean>`(${sql.ref(column)}, document.id) ${sql.raw(beyond)} (${key}, ${id})`)
    }
    return (
      query
        // As an expression where the states say more than the order: few are under way, and many are not.
        .orderBy(
          filter.states && filter.states.length > 1 && order !== 'path' ? sql`document.created_at + 0` : column,
          direction,
        )
        .orderBy('document.id', direction)
        .limit(limit + 1)
        .execute()
    )
  }

  return {
    async page(scope, filter) {
      const { recognizing: _, ...whatever } = filter
      // Asked for at the same moment, they travel together, as do the next two.
      const [counts, places] = await Promise.all([
        matching(scope, whatever)
          .select(['document.state', ({ fn }) => fn.countAll<number>().as('count')])
          .groupBy('document.state')
          .execute(),
        placesOfPage(scope, filter),
      ])
      const states = Object.fromEntries(counts.map(({ state, count }) => [state, count])) as DocumentPage['states']
      const wanted = filter.states ?? (Object.keys(states) as DocumentState[])
      const last = places.length > filter.limit ? places[filter.limit - 1] : undefined
      const shown = places.slice(0, filter.limit).map(({ id }) => id)
      const [waiting, rows] = await Promise.all([
        states.ready
          ? matching(scope, { ...filter, recognizing: true })
              .select(({ fn }) => fn.countAll<number>().as('count'))
              .executeTakeFirst()
          : undefined,
        shown.length > 0 ? within(read(scope), scope).where('document.id', 'in', shown).execute() : [],
      ])
      const recognizing = waiting?.count ?? 0
      const all = wanted.reduce((sum, state) => sum + (states[state] ?? 0), 0)
      const byId = new Map(rows.map(row => [row.id, row]))
      return {
        documents: shown.flatMap(id => byId.get(id) ?? []).map(toDocument),
        next: last ? writeCursor(last) : null,
        total: filter.recognizing === undefined ? all : filter.recognizing ? recognizing : all - recognizing,
        states,
        recognizing,
      }
    },
    async work({ userId, projectId }) {
      const owned = read({ userId, projectId })
        .selectFrom('document')
        .innerJoin('project', 'project.id', 'document.project_id')
        .where('document.project_id', '=', projectId)
        .where('project.user_id', '=', userId)
        .where('document.deleted_at', 'is', null)
      const counted = await owned
        .select(({ fn }) => fn.countAll<number>().as('open'))
        .where(hasWork)
        .executeTakeFirst()
      const passages = await owned
        .leftJoin('document_vectors', join =>
          join.onRef('document_vectors.document_id', '=', 'document.id').on('index_number', '=', newestIndex),
        )
        .select([
          sql<number>`cast(coalesce(sum(document.chunks), 0) as bigint)`.as('chunks'),
          sql<number>`cast(coalesce(sum(${engine.least(sql`document.chunks`, embeddedChunks)}), 0) as bigint)`.as(
            'embedded',
          ),
        ])
        .where('document.state', '=', 'ready')
        .executeTakeFirst()
      return { open: counted?.open ?? 0, chunks: passages?.chunks ?? 0, embedded: passages?.embedded ?? 0 }
    },
    async list(scope, filter = {}) {
      const query = within(read(scope), scope).where('document.deleted_at', filter.trashed ? 'is not' : 'is', null)
      const rows = await query.orderBy('document.created_at').orderBy('document.id').execute()
      return rows.map(toDocument)
    },
    all: async (tx, scope) => (await within(tx, scope).execute()).map(toDocument),
    async get(scope, id) {
      const row = await within(read(scope), scope).where('document.id', '=', id).executeTakeFirst()
      return row && toDocument(row)
    },
    async find(id, tx) {
      const row = await (tx ?? read('internal'))
        .selectFrom('document')
        .innerJoin('project', 'project.id', 'document.project_id')
        .selectAll('document')
        .select(['project.user_id', embedded])
        .where('document.id', '=', id)
        .executeTakeFirst()
      if (!row) return undefined
      const scope = { userId: row.user_id, projectId: row.project_id }
      const reasons = row.reasons === null ? [] : (JSON.parse(row.reasons) as Reason[])
      return { document: toDocument(row), scope, parserState: row.parser_state, reasons }
    },
    async findAll(ids) {
      const found = new Map<string, { document: Document; scope: Scope }>()
      for (let at = 0; at < ids.length; at += foundAtOnce) {
        const rows = await read('internal')
          .selectFrom('document')
          .innerJoin('project', 'project.id', 'document.project_id')
          .selectAll('document')
          .select(['project.user_id', embedded])
          .where('document.id', 'in', ids.slice(at, at + foundAtOnce))
          .execute()
        for (const row of rows)
          found.set(row.id, { document: toDocument(row), scope: { userId: row.user_id, projectId: row.project_id } })
      }
      return found
    },
    async byBlob(tx, scope, blob) {
      const query = within(tx, scope).where('document.blob', '=', blob).where('document.deleted_at', 'is', null)
      const row = await query.executeTakeFirst()
      return row && toDocument(row)
    },
    async receipt(scope, id) {
      const row = await within(read(scope), scope).where('document.id', '=', id).executeTakeFirst()
      return row?.receipt ? (JSON.parse(row.receipt) as Receipt) : undefined
    },
    async lock(tx, scope, id) {
      const row = await within(tx, scope).where('document.id', '=', id).executeTakeFirst()
      return row && toDocument(row)
    },
    async insert(tx, scope, document) {
      const row = {
        id: ids.next(),
        project_id: scope.projectId,
        name: document.name,
        path: document.path,
        media_type: document.mediaType,
        size: document.size,
        blob: document.blob,
        state: 'queued',
        segments: null,
        paged: 0,
        parsed: 0,
        indexed: 0,
        chunks: 0,
        language: null,
        reason: null,
        receipt: null,
        parser_state: null,
        parse_time: 0,
        index_time: 0,
        created_at: clock.now(),
        deleted_at: null,
        parent_id: document.parentId ?? null,
        reasons: null,
        inside_files: 0,
        inside_bytes: 0,
        sort_key: sortKey(document.path),
        to_recognize: 0,
        recognized: 0,
      }
      await tx.insertInto('document').values(row).execute()
      const { name, path, media_type, size, blob, created_at, parent_id } = row
      const fields = { name, path, media_type, size, blob, created_at, ...(parent_id !== null && { parent_id }) }
      await changes.record(tx, { scope: scope.projectId, entity: 'document', id: row.id, fields })
      return toDocument({ ...row, embedded: 0 })
    },
    async update(tx, id, progress) {
      await tx
        .updateTable('document')
        .set(eb => ({
          ...(progress.state !== undefined && { state: progress.state }),
          ...(progress.mediaType !== undefined && { media_type: progress.mediaType }),
          ...(progress.paged !== undefined && { paged: progress.paged ? 1 : 0 }),
          ...(progress.segments !== undefined && { segments: progress.segments }),
          ...(progress.parsed !== undefined && { parsed: progress.parsed }),
          ...(progress.parsed === 0 && { parser_state: null }),
          ...(progress.parserState !== undefined && { parser_state: progress.parserState }),
          ...(progress.indexed !== undefined && { indexed: progress.indexed }),
          ...(progress.chunks !== undefined && { chunks: progress.chunks }),
          ...(progress.toRecognize !== undefined && { to_recognize: progress.toRecognize }),
          ...(progress.recognized !== undefined && { recognized: progress.recognized }),
          ...(progress.language !== undefined && { language: progress.language }),
          ...(progress.reason !== undefined && { reason: progress.reason && JSON.stringify(progress.reason) }),
          ...(progress.receipt !== undefined && { receipt: progress.receipt && JSON.stringify(progress.receipt) }),
          ...(progress.reasons !== undefined && { reasons: JSON.stringify(progress.reasons) }),
          parse_time: eb('parse_time', '+', Math.round(progress.parseTime ?? 0)),
          index_time: eb('index_time', '+', Math.round(progress.indexTime ?? 0)),
        }))
        .where('id', '=', id)
        .execute()
    },
    async rename(tx, { projectId }, id, { name, path, mediaType }) {
      const fields = { name, path, ...(mediaType !== undefined && { media_type: mediaType }) }
      await tx
        .updateTable('document')
        .set({ ...fields, sort_key: sortKey(path) })
        .where('id', '=', id)
        .where('project_id', '=', projectId)
        .execute()
      await changes.record(tx, { scope: projectId, entity: 'document', id, fields })
    },
    async setDeleted(tx, scope, id, deletedAt) {
      await tx
        .updateTable('document')
        .set({ deleted_at: deletedAt })
        .where('id', '=', id)
        .where('project_id', '=', scope.projectId)
        .execute()
      const fields = { deleted_at: deletedAt }
      await changes.record(tx, { scope: scope.projectId, entity: 'document', id, fields })
    },
    async purge(tx, scope, id) {
      await changes.purge(tx, scope.projectId, 'document', id)
      await tx.deleteFrom('document').where('id', '=', id).where('project_id', '=', scope.projectId).execute()
    },
    async trashedBefore(time, ownerId) {
      const trashed = read('internal')
        .selectFrom('document')
        .innerJoin('project', 'project.id', 'document.project_id')
        .select(['document.id', 'document.project_id', 'project.user_id'])
        .where('document.deleted_at', '<', time)
      const rows = await (ownerId === undefined ? trashed : trashed.where('project.user_id', '=', ownerId)).execute()
      return rows.map(row => ({ id: row.id, scope: { userId: row.user_id, projectId: row.project_id } }))
    },
    async blobInUse(blob, tx) {
      const row = await (tx ?? read('internal'))
        .selectFrom('document')
        .select('id')
        .where('blob', '=', blob)
        .limit(1)
        .executeTakeFirst()
      return row !== undefined
    },
    async holdBlobs(tx, hashes) {
      for (const hash of [...new Set(hashes)].sort()) await engine.lock(tx, locks.blob(hash))
    },
    async hasWork(scope) {
      const row = await within(read(scope), scope)
        .where('document.deleted_at', 'is', null)
        .where(hasWork)
        .limit(1)
        .executeTakeFirst()
      return row !== undefined
    },
  }
}

/** One that is ready may have pages that wait for text recognition. */
const isRecognizing = sql<boolean>`(document.state = 'ready' and document.to_recognize > document.recognized)`
const hasWork = sql<boolean>`(document.state in ('queued', 'parsing', 'indexing') or ${isRecognizing})`
/** By the index of such pages: few documents have any. */
const awaitingRecognition = sql<string>`(
  select segment.document_id from segment
  where segment.recognition is null and segment.problem in ('without-text', 'broken-text'))`

/** In the index that was joined; 0 where it has none. */
const embeddedChunks = sql<number>`coalesce(document_vectors.chunks, 0)`
