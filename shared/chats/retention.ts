/** How long chats are kept, and what was deleted: as their users say, and no longer than the installation does. */

import { AppError } from '../errors.ts'
import type { Chat, Message, Retention, Scope, Time } from '../model/index.ts'
import type { AppEvent, Clock, Log } from '../ports.ts'
import type { ChatPlace, ChatsDue, Store } from '../store/index.ts'

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
  /** Removes the chats whose time is over, each in its own transaction; one that cannot be is logged and left to the next round. */
  tidy(): Promise<void>
  /** Removes all chats of a user who goes, wherever they are, in the same way. */
  purgeAll(userId: string): Promise<void>
}

export function createKeeping({
  store,
  clock,
  log,
  announce,
  forget,
  most,
}: {
  store: Pick<Store, 'chats' | 'documents' | 'settings' | 'transaction'>
  clock: Clock
  log: Log
  announce(event: AppEvent): void
  /** Takes back what is remembered of a project: what was said in a chat may be. */
  forget(projectId: string): Promise<void>
  most: Retention
}): Keeping {
  const before = (days: number) => clock.now() - days * day

  /** Users who want it shorter than the installation. */
  async function shorter(name: 'keepChats' | 'keepTrash', atMost: number | null) {
    const own = await store.settings.whoSet(name)
    return own.filter(({ value }) => atMost === null || value < atMost)
  }

  const purge = (id: string, due?: ChatsDue) => store.transaction('internal', tx => store.chats.purge(tx, id, due))

  /** Around the removal of chats: before it, in case a kill comes in between, and for what was kept meanwhile. */
  async function forgetting<Result>(chats: readonly Pick<ChatPlace, 'projectId'>[], remove: () => Promise<Result>) {
    const projects = new Set(chats.map(({ projectId }) => projectId))
    for (const projectId of projects) await forget(projectId)
    try {
      return await remove()
    } finally {
      for (const projectId of projects) await forget(projectId)
    }
  }

  async function purgeOver(due: ChatsDue): Promise<void> {
    // Each is asked for once: neither one that somebody went on with meanwhile nor one that cannot be purged is in the way of the rest.
    for (let after: string | undefined; ; ) {
      const over = await store.chats.over(due, batch, after)
      await forgetting(over, async () => {
        for (const { id, projectId, authorId: userId } of over) {
          try {
            if (await purge(id, due)) announce({ type: 'chat', userId, projectId, chatId: id })
          } catch (error) {
            log.error('a chat whose time is over was not purged', { chatId: id, error })
          }
        }
      })
      if (over.length < batch) return
      after = over.at(-1)?.id
    }
  }

  return {
    left: {
      list: userId => store.chats.left(userId),
      said: (userId, id) => store.chats.said(userId, id),
      async purge(userId, id) {
        const chat = (await store.chats.left(userId)).find(one => one.id === id)
        if (!chat || !(await forgetting([chat], () => purge(id)))) throw new AppError('chat-not-found', { id })
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
        const chats = await store.chats.ofAuthor(userId, batch)
        let gone = 0
        await forgetting(chats, async () => {
          for (const { id } of chats) if (await purge(id)) gone += 1
        })
        if (gone === 0) return
      }
    },
  }
}
