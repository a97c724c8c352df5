/** How long chats are kept, and what was deleted: as their users say, and no longer than the installation does. */

import { AppError } from '../errors.ts'
import type { Chat, Message, Retention, Scope, Time } from '../model/index.ts'
import type { AppEvent, Clock } from '../ports.ts'
import type { ChatsDue, Store } from '../store/index.ts'

export type { Retention } from '../model/index.ts'

const day = 24 * 60 * 60 * 1000
/** Chats that are looked for at once. */
const batch = 100

export interface LeftChats {
  /** One's own in projects of others that one has no part in any more, also deleted ones; newest first. */
  list(userId: string): Promise<Chat[]>
  /** For good. Throws `chat-not-found`, also for one in a project that one may still enter. */
  purge(userId: string, id: string): Promise<void>
  /** What was said in a chat of one's own, wherever it is; oldest first. */
  said(userId: string, id: string): Promise<Message[]>
}

export interface Keeping {
  left: LeftChats
  /** Documents whose time in the trash is over. */
  trashedDocuments(): Promise<{ id: string; scope: Scope; deletedBefore: Time }[]>
  /** Removes the chats whose time is over, each in its own transaction. */
  tidy(): Promise<void>
  /** Removes all chats of a user who goes, wherever they are, in the same way. */
  purgeAll(userId: string): Promise<void>
}

export function createKeeping({
  store,
  clock,
  announce,
  most,
}: {
  store: Pick<Store, 'chats' | 'documents' | 'settings' | 'transaction'>
  clock: Clock
  announce(event: AppEvent): void
  most: Retention
}): Keeping {
  const before = (days: number) => clock.now() - days * day

  /** Users who want it shorter than the installation. */
  async function shorter(name: 'keepChats' | 'keepTrash', atMost: number | null) {
    const own = await store.settings.whoSet(name)
    return own.filter(({ value }) => atMost === null || value < atMost)
  }

  const purge = (id: string, due?: ChatsDue) => store.transaction('internal', tx => store.chats.purge(tx, id, due))

  async function purgeOver(due: ChatsDue): Promise<void> {
    for (;;) {
      const over = await store.chats.over(due, batch)
      let gone = 0
      for (const { id, projectId, authorId: userId } of over) {
        if (!(await purge(id, due))) continue
        gone += 1
        announce({ type: 'chat', userId, projectId, chatId: id })
      }
      // What somebody went on with meanwhile is not asked for again now.
      if (over.length < batch || gone === 0) return
    }
  }

  return {
    left: {
      list: userId => store.chats.left(userId),
      said: (userId, id) => store.chats.said(userId, id),
      async purge(userId, id) {
        const chat = (await store.chats.left(userId)).find(one => one.id === id)
        if (!chat || !(await purge(id))) throw new AppError('chat-not-found', { id })
        announce({ type: 'chat', userId, projectId: chat.projectId, chatId: id })
      },
    },
    async trashedDocuments() {
      const trashed = async (deletedBefore: Time, ownerId?: string) =>
        (await store.documents.trashedBefore(deletedBefore, ownerId)).map(one => ({ ...one, deletedBefore }))
      const found = await trashed(before(most.trash))
      for (const { userId, value } of await shorter('keepTrash', most.trash))
        found.push(...(await trashed(before(value), userId)))
      return [...new Map(found.map(one => [one.id, one])).values()]
    },
    async tidy() {
      await purgeOver({ deletedBefore: before(most.trash) })
      for (const { userId: authorId, value } of await shorter('keepTrash', most.trash))
        await purgeOver({ authorId, deletedBefore: before(value) })
      if (most.chats !== null) await purgeOver({ quietSince: before(most.chats) })
      for (const { userId: authorId, value } of await shorter('keepChats', most.chats))
        await purgeOver({ authorId, quietSince: before(value) })
    },
    async purgeAll(userId) {
      for (;;) {
        const ids = await store.chats.ofAuthor(userId, batch)
        let gone = 0
        for (const id of ids) if (await purge(id)) gone += 1
        if (gone === 0) return
      }
    },
  }
}
