import { sql } from 'kysely'
import type { Chat, KeptPassage, Message, Scope, Time } from '../model/index.ts'
import { authorOf } from '../model/project.ts'
import type { Clock, Ids } from '../ports.ts'
import type { ChangeLog } from './change-log.ts'
import type { Engine } from './engine/index.ts'
import type { ChatRow, MessageRow, Read, ReadAs, Tx } from './schema.ts'

export interface NewMessage extends Omit<Message, 'id' | 'createdAt' | 'passages'> {
  passages?: readonly KeptPassage[]
}

/** A chat that is to be: it is there with what makes it. */
export type NewChat = Pick<Chat, 'id' | 'title' | 'assistantId'>

/** A chat is found by its author alone, whoever owns the project. */
export interface ChatStore {
  list(scope: Scope): Promise<Chat[]>
  get(scope: Scope, id: string): Promise<Chat | undefined>
  /** Oldest first; with `last`, only the newest so many. */
  messages(scope: Scope, chatId: string, last?: number): Promise<Message[]>
  insert(
    tx: Tx,
    scope: Scope,
    title: string,
    assistantId?: string | null,
    model?: string | null,
    id?: string,
  ): Promise<Chat>
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
  /** Deleted, not yet purged; newest first. */
  trash(scope: Scope): Promise<Chat[]>
  /** An author's in projects of others that they have no part in any more, with deleted ones; newest first. */
  left(authorId: string): Promise<Chat[]>
  /** Of any chat of its author's, wherever it is; oldest first. */
  said(authorId: string, chatId: string): Promise<Message[]>
  /** Chats whose time is over, of all projects, by their id; at most so many. */
  over(due: ChatsDue, limit: number, after?: string): Promise<ChatPlace[]>
  /** All of an author's, wherever they are; at most so many. */
  ofAuthor(authorId: string, limit: number): Promise<ChatPlace[]>
  /**
   * For good, with its messages, what is being answered in it and its history; in a transaction of the installation. With `due`, only where
   * its time is over all the same. False when it is not there.
   */
  purge(tx: Tx, id: string, due?: ChatsDue): Promise<boolean>
}

/** Of one author, or of all; in which nothing was said since, or which were deleted before. */
export type ChatsDue = { authorId?: string } & ({ quietSince: Time } | { deletedBefore: Time })

/** Where a chat is. */
export interface ChatPlace {
  id: string
  projectId: string
  authorId: string
}

export function createChatStore({
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
}): ChatStore {
  const all = (scope: Scope) =>
    read(scope)
      .selectFrom('chat')
      .innerJoin('project', 'project.id', 'chat.project_id')
      .where('chat.project_id', '=', scope.projectId)
      .where('project.user_id', '=', scope.userId)
      .where('chat.user_id', '=', authorOf(scope))
  const within = (scope: Scope) => all(scope).where('chat.deleted_at', 'is', null)
  const ordered = (chats: ReturnType<typeof all>) =>
    chats.selectAll('chat').orderBy('chat.created_at', 'desc').orderBy('chat.id').execute()

  const placesOfChats = (db: Read) =>
    db.selectFrom('chat').select(['id', 'project_id as projectId', 'user_id as authorId'])

  function overdue(db: Read, { authorId, ...due }: ChatsDue) {
    const chats = placesOfChats(db)
    const some = authorId === undefined ? chats : chats.where('user_id', '=', authorId)
    if ('deletedBefore' in due) return some.where('deleted_at', '<', due.deletedBefore)
    return some
      .where('said_at', '<', due.quietSince)
      .where(
        sql<boolean>`not exists (select 1 from answer_run where answer_run.chat_id = chat.id and answer_run.ended_at is null)`,
      )
  }

  const touch = (tx: Tx, id: string) =>
    tx.updateTable('chat').set({ said_at: clock.now() }).where('id', '=', id).execute()

  /** As the transaction sees it; `also` one that was deleted. */
  async function owned(tx: Tx, scope: Scope, id: string, also = false): Promise<ChatRow | undefined> {
    const row = await tx
      .selectFrom('chat')
      .innerJoin('project', 'project.id', 'chat.project_id')
      .selectAll('chat')
      .where('chat.id', '=', id)
      .where('chat.project_id', '=', scope.projectId)
      .where('project.user_id', '=', scope.userId)
      .where('chat.user_id', '=', authorOf(scope))
      .executeTakeFirst()
    return row && (also || row.deleted_at === null) ? row : undefined
  }

  return {
    async list(scope) {
      return (await ordered(within(scope))).map(toChat)
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
    async insert(tx, scope, title, assistantId = null, model = null, id = ids.next()) {
      const now = clock.now()
      const row: ChatRow = {
        id,
        project_id: scope.projectId,
        user_id: authorOf(scope),
        title,
        assistant_id: assistantId,
        created_at: now,
        deleted_at: null,
        model,
        said_at: now,
      }
      await tx.insertInto('chat').values(row).execute()
      const fields = {
        title,
        created_at: row.created_at,
        ...(assistantId !== null && { assistant_id: assistantId }),
        ...(model !== null && { model }),
        // Else it is the project's owner's, as all were before there were members.
        ...(scope.memberId !== undefined && { user_id: scope.memberId }),
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
      // Whoever takes it out of the trash wants it.
      const wanted = deletedAt === null ? { said_at: clock.now() } : {}
      await tx
        .updateTable('chat')
        .set({ ...fields, ...wanted })
        .where('id', '=', id)
        .execute()
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
      await touch(tx, message.chatId)
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
      await touch(tx, found.chat_id)
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
    async trash(scope) {
      return (await ordered(all(scope).where('chat.deleted_at', 'is not', null))).map(toChat)
    },
    async left(authorId) {
      const rows = await read('internal')
        .selectFrom('chat')
        .innerJoin('project', 'project.id', 'chat.project_id')
        .leftJoin('project_member', join =>
          join
            .onRef('project_member.project_id', '=', 'chat.project_id')
            .on('project_member.user_id', '=', authorId)
            .on(sql<boolean>`(project_member.expires_at is null or project_member.expires_at > ${clock.now()})`),
        )
        .selectAll('chat')
        .where('chat.user_id', '=', authorId)
        .where('project.user_id', '<>', authorId)
        .where('project_member.user_id', 'is', null)
        .orderBy('chat.created_at', 'desc')
        .orderBy('chat.id')
        .execute()
      return rows.map(toChat)
    },
    async said(authorId, chatId) {
      const rows = await read('internal')
        .selectFrom('message')
        .innerJoin('chat', 'chat.id', 'message.chat_id')
        .selectAll('message')
        .where('chat.id', '=', chatId)
        .where('chat.user_id', '=', authorId)
        .orderBy('message.created_at')
        .orderBy('message.id')
        .execute()
      return rows.map(toMessage)
    },
    over(due, limit, after = '') {
      return overdue(read('internal'), due).where('id', '>', after).orderBy('id').limit(limit).execute()
    },
    ofAuthor(authorId, limit) {
      return placesOfChats(read('internal')).where('user_id', '=', authorId).orderBy('id').limit(limit).execute()
    },
    async purge(tx, id, due) {
      // Held first, so that nothing more is said in it; looked at then, as it is.
      const held = await tx
        .selectFrom('chat')
        .select('project_id')
        .where('id', '=', id)
        .modifyEnd(engine.forUpdate)
        .executeTakeFirst()
      if (!held || (due && !(await overdue(tx, due).where('id', '=', id).executeTakeFirst()))) return false
      const said = await tx.selectFrom('message').select('id').where('chat_id', '=', id).execute()
      const runs = tx.selectFrom('answer_run').select('id').where('chat_id', '=', id)
      await tx.deleteFrom('answer_event').where('run_id', 'in', runs).execute()
      await tx.deleteFrom('answer_run').where('chat_id', '=', id).execute()
      await tx.deleteFrom('message').where('chat_id', '=', id).execute()
      await tx.deleteFrom('chat').where('id', '=', id).execute()
      const messages = said.map(message => ({ entity: 'message' as const, id: message.id }))
      await changes.purgeAll(tx, held.project_id, [...messages, { entity: 'chat', id }])
      return true
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
