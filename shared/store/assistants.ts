import type { Assistant, Scope } from '../model/index.ts'
import type { Clock, Ids } from '../ports.ts'
import type { ChangeLog } from './change-log.ts'
import type { AssistantRow, Read, ReadAs, Tx } from './schema.ts'

/** What a user sets. */
export type AssistantFields = Omit<Assistant, 'id' | 'projectId' | 'createdAt'>

export interface AssistantStore {
  /** Oldest first. */
  list(scope: Scope): Promise<Assistant[]>
  get(scope: Scope, id: string): Promise<Assistant | undefined>
  insert(tx: Tx, scope: Scope, fields: AssistantFields): Promise<Assistant>
  /** False when there is none. Only what is given changes. */
  update(tx: Tx, scope: Scope, id: string, fields: Partial<AssistantFields>): Promise<boolean>
  /** False when there is none. */
  delete(tx: Tx, scope: Scope, id: string): Promise<boolean>
}

export function createAssistantStore({
  read,
  clock,
  ids,
  changes,
}: {
  read: ReadAs
  clock: Clock
  ids: Ids
  changes: ChangeLog
}): AssistantStore {
  const within = (db: Read, { userId, projectId }: Scope) =>
    db
      .selectFrom('assistant')
      .innerJoin('project', 'project.id', 'assistant.project_id')
      .selectAll('assistant')
      .where('assistant.project_id', '=', projectId)
      .where('project.user_id', '=', userId)
      .where('assistant.deleted_at', 'is', null)

  async function change(tx: Tx, scope: Scope, id: string, fields: Partial<AssistantRow>, synced: object) {
    const row = await within(tx, scope).where('assistant.id', '=', id).executeTakeFirst()
    if (!row) return false
    if (Object.keys(fields).length === 0) return true
    await tx.updateTable('assistant').set(fields).where('id', '=', id).execute()
    await changes.record(tx, { scope: scope.projectId, entity: 'assistant', id, fields: { ...synced } })
    return true
  }

  return {
    async list(scope) {
      const rows = await within(read(scope), scope).orderBy('assistant.created_at').orderBy('assistant.id').execute()
      return rows.map(toAssistant)
    },
    async get(scope, id) {
      const row = await within(read(scope), scope).where('assistant.id', '=', id).executeTakeFirst()
      return row && toAssistant(row)
    },
    async insert(tx, scope, fields) {
      const created = { id: ids.next(), project_id: scope.projectId, created_at: clock.now(), deleted_at: null }
      const { documents, ...plain } = fields
      const row: AssistantRow = { ...created, ...plain, documents: documents && JSON.stringify(documents) }
      await tx.insertInto('assistant').values(row).execute()
      const synced = { ...fields, created_at: row.created_at }
      await changes.record(tx, { scope: scope.projectId, entity: 'assistant', id: row.id, fields: synced })
      return toAssistant(row)
    },
    update(tx, scope, id, fields) {
      const { documents, ...plain } = fields
      const row = { ...plain, ...(documents !== undefined && { documents: documents && JSON.stringify(documents) }) }
      return change(tx, scope, id, row, fields)
    },
    delete(tx, scope, id) {
      const fields = { deleted_at: clock.now() }
      return change(tx, scope, id, fields, fields)
    },
  }
}

function toAssistant(row: AssistantRow): Assistant {
  return {
    id: row.id,
    projectId: row.project_id,
    name: row.name,
    instructions: row.instructions,
    language: row.language as Assistant['language'],
    model: row.model,
    temperature: row.temperature,
    documents: row.documents === null ? null : (JSON.parse(row.documents) as string[]),
    createdAt: row.created_at,
  }
}
