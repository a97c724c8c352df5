import type { Chat, KeptPassage, Message, Scope, Time } from '../model/index.ts'
import type { Clock, Ids } from '../ports.ts'
import type { ChangeLog } from './change-log.ts'
import type { ChatRow, MessageRow, ReadAs, Tx } from './schema.ts'

export interface NewMessage extends Omit<Message, 'id' | 'createdAt' | 'passages'> {
  passages?: readonly KeptPassage[]
}

export interface ChatStore {
  list(scope: Scope): Promise<Chat[]>
  get(scope: Scope, id: string): Promise<Chat | undefined>
  /** Oldest first; with `last`, only the newest so many. */
  messages(scope: Scope, chatId: string, last?: number): Promise<Message[]>
  insert(tx: Tx, scope: Scope, title: string, assistantId?: string | null, model?: string | null): Promise<Chat>
  /** False when there is none. Only what is given changes. */
  update(
    tx: Tx,
    scope: Scope,
    id: string,
    changes: { title?: string; assistantId?: string | null; model?: string | null },
  ): Promise<boolean>
  /** Out of sight (a time) or back (null); undefined when there is none. */
  setDeleted(tx: Tx, scope: Scope, id: string, deletedAt: number | null): Promise<Chat | undefined>
  /** `createdAt`: for an answer that comes long after its question; now when not said. */
  append(tx: Tx, scope: Scope, message: NewMessage, createdAt?: Time): Promise<Message>
  /** Another answer takes the place of this one, which stays in the change log alone. False when it is not there. */
  replace(tx: Tx, scope: Scope, id: string, answer: Pick<NewMessage, 'text' | 'answer' | 'passages'>): Promise<boolean>
  /** What was shown with an answer; undefined when the chat has no such message. */
  passages(scope: Scope, chatId: string, messageId: string): Promise<KeptPassage[] | undefined>
}

export function createChatStore({
  read,
  clock,
  ids,
  changes,
}: {
  read: ReadAs
  clock: Clock
  ids: Ids
  changes: ChangeLog
}): ChatStore {
  const within = ({ userId, projectId }: Scope) =>
    read({ userId, projectId })
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
    async insert(tx, scope, title, assistantId = null, model = null) {
      const row: ChatRow = {
        id: ids.next(),
        project_id: scope.projectId,
        title,
        assistant_id: assistantId,
        created_at: clock.now(),
        deleted_at: null,
        model,
      }
      await tx.insertInto('chat').values(row).execute()
      const fields = {
        title,
        created_at: row.created_at,
        ...(assistantId !== null && { assistant_id: assistantId }),
        ...(model !== null && { model }),
      }
      await changes.record(tx, { scope: scope.projectId, entity: 'chat', id: row.id, fields })
      return toChat(row)
    },
    async update(tx, scope, id, { title, assistantId, model }) {
      if (!(await owned(tx, scope, id))) return false
      const fields = {
        ...(title !== undefined && { title }),
        ...(assistantId !== undefined && { assistant_id: assistantId }),
        ...(model !== undefined && { model }),
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
    async append(tx, scope, message, createdAt = clock.now()) {
      const row: MessageRow = {
        id: ids.next(),
        chat_id: message.chatId,
        role: message.role,
        text: message.text,
        answer: message.answer && JSON.stringify(message.answer),
        completed: message.completed,
        passages: message.passages ? JSON.stringify(places(message.passages)) : null,
        created_at: createdAt,
      }
      await tx.insertInto('message').values(row).execute()
      const { id, ...fields } = {
        ...row,
        answer: message.answer,
        passages: message.passages ? places(message.passages) : null,
      }
      await changes.record(tx, { scope: scope.projectId, entity: 'message', id, fields })
      return toMessage(row)
    },
    async replace(tx, scope, id, { text, answer, passages }) {
      const found = await tx.selectFrom('message').select('chat_id').where('id', '=', id).executeTakeFirst()
      if (!found || !(await owned(tx, scope, found.chat_id))) return false
      const row = {
        text,
        answer: answer && JSON.stringify(answer),
        passages: passages ? JSON.stringify(places(passages)) : null,
      }
      await tx.updateTable('message').set(row).where('id', '=', id).execute()
      const fields = { text, answer, passages: passages ? places(passages) : null }
      await changes.record(tx, { scope: scope.projectId, entity: 'message', id, fields })
      return true
    },
    async passages(scope, chatId, messageId) {
      const row = await within(scope)
        .innerJoin('message', 'message.chat_id', 'chat.id')
        .select('message.passages')
        .where('chat.id', '=', chatId)
        .where('message.id', '=', messageId)
        .executeTakeFirst()
      return row && placesOf(row.passages).map(toKept)
    },
  }
}

function toChat(row: ChatRow): Chat {
  return {
    id: row.id,
    projectId: row.project_id,
    title: row.title,
    assistantId: row.assistant_id,
    model: row.model,
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
    passages: placesOf(row.passages).length,
    createdAt: row.created_at,
  }
}

/** Short, since every answer has ten of them. */
type KeptPlace = [documentId: string, position: number, segment: number, block: number, from: number, score: number]

const places = (passages: readonly KeptPassage[]) =>
  passages.map(
    ({ documentId, position, segment, block, from, score }): KeptPlace => [
      documentId,
      position,
      segment,
      block,
      from,
      Math.round(score * 1000) / 1000,
    ],
  )
const placesOf = (stored: string | null) => (stored === null ? [] : (JSON.parse(stored) as KeptPlace[]))
const toKept = ([documentId, position, segment, block, from, score]: KeptPlace): KeptPassage => ({
  documentId,
  position,
  segment,
  block,
  from,
  score,
})
