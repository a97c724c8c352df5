import type { Chat, Message, Scope } from '../model/index.ts'
import type { Clock, Ids } from '../ports.ts'
import type { ChangeLog } from './change-log.ts'
import type { ChatRow, MessageRow, Read, Tx } from './schema.ts'

export interface ChatStore {
  list(scope: Scope): Promise<Chat[]>
  get(scope: Scope, id: string): Promise<Chat | undefined>
  /** Oldest first; with `last`, only the newest so many. */
  messages(scope: Scope, chatId: string, last?: number): Promise<Message[]>
  insert(tx: Tx, scope: Scope, title: string, assistantId?: string | null): Promise<Chat>
  /** False when there is none. Only what is given changes. */
  update(tx: Tx, scope: Scope, id: string, changes: { title?: string; assistantId?: string | null }): Promise<boolean>
  /** Out of sight (a time) or back (null); undefined when there is none. */
  setDeleted(tx: Tx, scope: Scope, id: string, deletedAt: number | null): Promise<Chat | undefined>
  append(tx: Tx, scope: Scope, message: Omit<Message, 'id' | 'createdAt'>): Promise<Message>
}

export function createChatStore({
  read,
  clock,
  ids,
  changes,
}: {
  read: Read
  clock: Clock
  ids: Ids
  changes: ChangeLog
}): ChatStore {
  const within = ({ userId, projectId }: Scope) =>
    read
      .selectFrom('chat')
      .innerJoin('project', 'project.id', 'chat.project_id')
      .where('chat.project_id', '=', projectId)
      .where('project.user_id', '=', userId)
      .where('chat.deleted_at', 'is', null)

  /** As the transaction sees it; `also` one that was deleted. */
  async function owned(tx: Tx, { userId, projectId }: Scope, id: string, also = false): Promise<ChatRow | undefined> {
    const row = await tx
      .selectFrom('chat')
      .innerJoin('project', 'project.id', 'chat.project_id')
      .selectAll('chat')
      .where('chat.id', '=', id)
      .where('chat.project_id', '=', projectId)
      .where('project.user_id', '=', userId)
      .executeTakeFirst()
    return row && (also || row.deleted_at === null) ? row : undefined
  }

  return {
    async list(scope) {
      const rows = await within(scope).selectAll('chat').orderBy('chat.created_at', 'desc').orderBy('chat.id').execute()
      return rows.map(toChat)
    },
    async get(scope, id) {
      const row = await within(scope).selectAll('chat').where('chat.id', '=', id).executeTakeFirst()
      return row && toChat(row)
    },
    async messages(scope, chatId, last) {
      let query = within(scope)
        .innerJoin('message', 'message.chat_id', 'chat.id')
        .selectAll('message')
        .where('chat.id', '=', chatId)
        .orderBy('message.created_at', 'desc')
        .orderBy('message.id', 'desc')
      if (last !== undefined) query = query.limit(last)
      return (await query.execute()).map(toMessage).reverse()
    },
    async insert(tx, scope, title, assistantId = null) {
      const row: ChatRow = {
        id: ids.next(),
        project_id: scope.projectId,
        title,
        assistant_id: assistantId,
        created_at: clock.now(),
        deleted_at: null,
      }
      await tx.insertInto('chat').values(row).execute()
      const fields = { title, created_at: row.created_at, ...(assistantId !== null && { assistant_id: assistantId }) }
      await changes.record(tx, { scope: scope.projectId, entity: 'chat', id: row.id, fields })
      return toChat(row)
    },
    async update(tx, scope, id, { title, assistantId }) {
      if (!(await owned(tx, scope, id))) return false
      const fields = {
        ...(title !== undefined && { title }),
        ...(assistantId !== undefined && { assistant_id: assistantId }),
      }
      if (Object.keys(fields).length === 0) return true
      await tx.updateTable('chat').set(fields).where('id', '=', id).execute()
      await changes.record(tx, { scope: scope.projectId, entity: 'chat', id, fields })
      return true
    },
    async setDeleted(tx, scope, id, deletedAt) {
      const row = await owned(tx, scope, id, true)
      if (!row) return undefined
      const fields = { deleted_at: deletedAt }
      if ((row.deleted_at === null) === (deletedAt === null)) return toChat(row)
      await tx.updateTable('chat').set(fields).where('id', '=', id).execute()
      await changes.record(tx, { scope: scope.projectId, entity: 'chat', id, fields })
      return toChat({ ...row, ...fields })
    },
    async append(tx, scope, message) {
      const row: MessageRow = {
        id: ids.next(),
        chat_id: message.chatId,
        role: message.role,
        text: message.text,
        answer: message.answer && JSON.stringify(message.answer),
        completed: message.completed,
        created_at: clock.now(),
      }
      await tx.insertInto('message').values(row).execute()
      const { id, ...fields } = { ...row, answer: message.answer }
      await changes.record(tx, { scope: scope.projectId, entity: 'message', id, fields })
      return toMessage(row)
    },
  }
}

function toChat(row: ChatRow): Chat {
  return {
    id: row.id,
    projectId: row.project_id,
    title: row.title,
    assistantId: row.assistant_id,
    createdAt: row.created_at,
    deletedAt: row.deleted_at,
  }
}

function toMessage(row: MessageRow): Message {
  return {
    id: row.id,
    chatId: row.chat_id,
    role: row.role as Message['role'],
    text: row.text,
    answer: row.answer === null ? null : (JSON.parse(row.answer) as Message['answer']),
    completed: row.completed,
    createdAt: row.created_at,
  }
}
