import { AppError } from '../errors.ts'
import type { ModelPolicy, Project, ProjectType, Scope } from '../model/index.ts'
import type { Clock, Ids } from '../ports.ts'
import type { ChangeLog } from './change-log.ts'
import type { Engine } from './engine/index.ts'
import { locks } from './locks.ts'
import type { ProjectRow, Read, ReadAs, Tx } from './schema.ts'
import { demandUser } from './users.ts'
import { removeVectors } from './vector-tables.ts'

export interface ProjectStore {
  /** Without temporary ones. */
  list(userId: string): Promise<Project[]>
  /** The same, and until the end of the transaction nobody else makes, renames or removes one. */
  lockAll(tx: Tx, userId: string): Promise<Project[]>
  temporary(userId: string): Promise<Project[]>
  /** Of all users. */
  allTemporary(): Promise<Project[]>
  get(scope: Scope): Promise<Project | undefined>
  /** Inside a transaction that writes into the project. Throws `project-not-found`. */
  require(tx: Tx, scope: Scope): Promise<void>
  byName(userId: string, name: string): Promise<Project | undefined>
  /** The scope of a project that is to be made: the access of the transaction that does. */
  next(userId: string): Scope
  /** Throws `project-exists`. */
  insert(tx: Tx, scope: Scope, name: string, type: ProjectType): Promise<Project>
  /** False when there is none. Throws `project-exists`. */
  rename(tx: Tx, scope: Scope, name: string): Promise<boolean>
  /** Only what is given changes. False when there is none. */
  govern(tx: Tx, scope: Scope, policy: Partial<ModelPolicy>): Promise<boolean>
  /** Removes the project with its rows, history and index for good. The blobs are left to the collection. */
  purge(tx: Tx, scope: Scope): Promise<void>
}

export function createProjectStore({
  read,
  clock,
  ids,
  changes,
  engine,
}: {
  read: ReadAs
  clock: Clock
  ids: Ids
  changes: ChangeLog
  engine: Engine
}): ProjectStore {
  const liveIn = (db: Read, userId: string) =>
    db.selectFrom('project').selectAll().where('user_id', '=', userId).where('deleted_at', 'is', null)
  const live = (userId: string) => liveIn(read({ userId }), userId)

  async function listed(rows: ReturnType<typeof live>): Promise<Project[]> {
    const found = await rows.where('type', '!=', 'temporary').orderBy('created_at').orderBy('id').execute()
    return found.map(toProject)
  }

  async function demandFree(tx: Tx, userId: string, name: string): Promise<void> {
    await engine.lock(tx, locks.projects(userId))
    const query = tx
      .selectFrom('project')
      .select('id')
      .where('user_id', '=', userId)
      .where('name', '=', name)
      .where('deleted_at', 'is', null)
    if (await query.executeTakeFirst()) throw new AppError('project-exists', { name })
  }

  return {
    list: userId => listed(live(userId)),
    async lockAll(tx, userId) {
      await engine.lock(tx, locks.projects(userId))
      return listed(liveIn(tx, userId))
    },
    async temporary(userId) {
      const rows = await live(userId).where('type', '=', 'temporary').execute()
      return rows.map(toProject)
    },
    async allTemporary() {
      const rows = await read('internal')
        .selectFrom('project')
        .selectAll()
        .where('type', '=', 'temporary')
        .where('deleted_at', 'is', null)
        .execute()
      return rows.map(toProject)
    },
    async get({ userId, projectId }) {
      const row = await live(userId).where('id', '=', projectId).executeTakeFirst()
      return row && toProject(row)
    },
    async require(tx, { userId, projectId }) {
      const query = tx.selectFrom('project').select('id').where('id', '=', projectId).where('user_id', '=', userId)
      if (!(await query.executeTakeFirst())) throw new AppError('project-not-found', { name: projectId })
    },
    async byName(userId, name) {
      const row = await live(userId).where('name', '=', name).executeTakeFirst()
      return row && toProject(row)
    },
    next: userId => ({ userId, projectId: ids.next() }),
    async insert(tx, { userId, projectId }, name, type) {
      const now = clock.now()
      await demandUser(tx, userId)
      await demandFree(tx, userId, name)
      const created = { id: projectId, user_id: userId, name, type, created_at: now, deleted_at: null }
      const row: ProjectRow = { ...created, local_only: 0, providers: null, chat_model: null }
      await tx.insertInto('project').values(row).execute()
      await tx.insertInto('library').values({ project_id: row.id, chunks: 0, terms: 0 }).execute()
      await changes.record(tx, {
        scope: row.id,
        entity: 'project',
        id: row.id,
        fields: { name, type, created_at: now },
      })
      return toProject(row)
    },
    async rename(tx, { userId, projectId }, name) {
      const owned = tx.selectFrom('project').select('name').where('id', '=', projectId).where('user_id', '=', userId)
      const before = await owned.where('deleted_at', 'is', null).executeTakeFirst()
      if (!before) return false
      if (before.name === name) return true
      await demandFree(tx, userId, name)
      await tx.updateTable('project').set({ name }).where('id', '=', projectId).execute()
      await changes.record(tx, { scope: projectId, entity: 'project', id: projectId, fields: { name } })
      return true
    },
    async govern(tx, { userId, projectId }, { localOnly, providers, chatModel }) {
      const owned = tx.selectFrom('project').select('id').where('id', '=', projectId).where('user_id', '=', userId)
      if (!(await owned.where('deleted_at', 'is', null).executeTakeFirst())) return false
      const synced = {
        ...(localOnly !== undefined && { local_only: localOnly }),
        ...(providers !== undefined && { providers }),
        ...(chatModel !== undefined && { chat_model: chatModel }),
      }
      if (Object.keys(synced).length === 0) return true
      const row = {
        ...(localOnly !== undefined && { local_only: localOnly ? 1 : 0 }),
        ...(providers !== undefined && { providers: providers && JSON.stringify(providers) }),
        ...(chatModel !== undefined && { chat_model: chatModel }),
      }
      await tx.updateTable('project').set(row).where('id', '=', projectId).execute()
      await changes.record(tx, { scope: projectId, entity: 'project', id: projectId, fields: synced })
      return true
    },
    async purge(tx, { userId, projectId }) {
      const owned = tx.selectFrom('project').select('id').where('id', '=', projectId).where('user_id', '=', userId)
      if (!(await owned.executeTakeFirst())) throw new AppError('project-not-found')
      await changes.purge(tx, projectId, 'project', projectId)
      const embedded = tx.selectFrom('document_vectors').select('document_id').where('chunks', '>', 0)
      const chunks = await tx
        .selectFrom('chunk')
        .select('id')
        .where('project_id', '=', projectId)
        .where('document_id', 'in', embedded)
        .execute()
      await removeVectors(
        tx,
        engine,
        chunks.map(chunk => chunk.id),
      )
      await engine.words.removeProject(tx, projectId)
      await tx.deleteFrom('chunk').where('project_id', '=', projectId).execute()
      // On an engine that shows everybody their own chats alone, those of others go with the project's row.
      await tx
        .deleteFrom('message')
        .where('chat_id', 'in', tx.selectFrom('chat').select('id').where('project_id', '=', projectId))
        .execute()
      await tx.deleteFrom('chat').where('project_id', '=', projectId).execute()
      await tx.deleteFrom('assistant').where('project_id', '=', projectId).execute()
      await tx.deleteFrom('document').where('project_id', '=', projectId).execute()
      await tx.deleteFrom('library').where('project_id', '=', projectId).execute()
      await tx.deleteFrom('project').where('id', '=', projectId).execute()
    },
  }
}

export function toProject(row: ProjectRow): Project {
  return {
    id: row.id,
    userId: row.user_id,
    role: 'owner',
    name: row.name,
    type: row.type as ProjectType,
    createdAt: row.created_at,
    localOnly: row.local_only !== 0,
    providers: row.providers === null ? null : (JSON.parse(row.providers) as string[]),
    chatModel: row.chat_model,
  }
}
