import { AppError } from '../errors.ts'
import type { Chat, Message, Scope } from '../model/index.ts'
import type { Clock, Ids } from '../ports.ts'
import type { NewChat, Store } from '../store/index.ts'

export interface Chats {
  /** Newest first. */
  list(scope: Scope): Promise<Chat[]>
  /** Throws `chat-not-found`. */
  get(scope: Scope, id: string): Promise<Chat>
  /** Oldest first. */
  messages(scope: Scope, id: string): Promise<Message[]>
  /** Throws `project-not-found`, `assistant-not-found`. */
  create(scope: Scope, chat: { title: string; assistantId?: string | null; model?: string | null }): Promise<Chat>
  /**
   * One that its first question makes (`AskRequest.begins`), and that is not there before: whoever is refused leaves none. Throws
   * `assistant-not-found`, `name-invalid`.
   */
  prepare(scope: Scope, chat: { title: string; assistantId: string | null }): Promise<NewChat>
  /** Throws `chat-not-found`, `assistant-not-found`, `name-invalid`. */
  update(
    scope: Scope,
    id: string,
    changes: { title?: string; assistantId?: string | null; model?: string | null },
  ): Promise<Chat>
  /** Out of sight; `undo` brings it back. */
  delete(scope: Scope, id: string): Promise<Chat>
  undo(scope: Scope, id: string): Promise<Chat>
  /** What was deleted and can be brought back, newest first. */
  trash(scope: Scope): Promise<Chat[]>
}

const longestTitle = 200

export function createChats({ store, clock, ids }: { store: Store; clock: Clock; ids: Ids }): Chats {
  async function demandAssistant(scope: Scope, id: string | null | undefined): Promise<void> {
    if (id && !(await store.assistants.get(scope, id))) throw new AppError('assistant-not-found', { id })
  }

  async function setDeleted(scope: Scope, id: string, deletedAt: number | null): Promise<Chat> {
    const chat = await store.transaction(scope, tx => store.chats.setDeleted(tx, scope, id, deletedAt))
    if (!chat) throw new AppError('chat-not-found', { id })
    return chat
  }

  async function get(scope: Scope, id: string): Promise<Chat> {
    const chat = await store.chats.get(scope, id)
    if (!chat) throw new AppError('chat-not-found', { id })
    return chat
  }

  return {
    list: scope => store.chats.list(scope),
    get,
    messages: (scope, id) => store.chats.messages(scope, id),
    async create(scope, { title, assistantId = null, model = null }) {
      await demandAssistant(scope, assistantId)
      return store.transaction(scope, async tx => {
        await store.projects.require(tx, scope)
        return store.chats.insert(tx, scope, cleanTitle(title), assistantId, model)
      })
    },
    async prepare(scope, { title, assistantId }) {
      await demandAssistant(scope, assistantId)
      return { id: ids.next(), title: cleanTitle(title), assistantId }
    },
    async update(scope, id, { title, assistantId, model }) {
      await demandAssistant(scope, assistantId)
      const changes = {
        ...(title !== undefined && { title: cleanTitle(title) }),
        ...(assistantId !== undefined && { assistantId }),
        ...(model !== undefined && { model }),
      }
      if (!(await store.transaction(scope, tx => store.chats.update(tx, scope, id, changes))))
        throw new AppError('chat-not-found', { id })
      return get(scope, id)
    },
    delete: (scope, id) => setDeleted(scope, id, clock.now()),
    undo: (scope, id) => setDeleted(scope, id, null),
    trash: scope => store.chats.trash(scope),
  }
}

function cleanTitle(title: string): string {
  const clean = title
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Bidi_Control}]+/gu, ' ')
    .trim()
  if (clean === '' || clean.length > longestTitle)
    throw new AppError('name-invalid', { name: clean.slice(0, longestTitle), max: longestTitle })
  return clean
}
