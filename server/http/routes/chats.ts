import type { Core } from '../../../shared/core.ts'
import { pageOf } from '../shapes.ts'
import { type Gates, os } from './gates.ts'

/** A chat is its author's: other members of the project, and its owner too, do not find it. */
export function chatRoutes({ core }: { core: Core }, { inProject }: Gates) {
  const reading = inProject('read')
  const changed = (userId: string, projectId: string, chatId: string) =>
    core.announce({ type: 'chat', userId, projectId, chatId })

  return {
    list: os.chats.list.use(reading).handler(async ({ input, context: { scope } }) => {
      const { items, next, total } = pageOf(await core.chats.list(scope), input)
      return { chats: items, next, total }
    }),
    create: os.chats.create.use(reading).handler(async ({ input, context: { scope, userId } }) => {
      const { projectId, title, assistantId, model } = input
      const chat = await core.chats.create(scope, { title, assistantId, model })
      changed(userId, projectId, chat.id)
      return chat
    }),
    get: os.chats.get.use(reading).handler(async ({ input, context: { scope } }) => {
      const chat = await core.chats.get(scope, input.chatId)
      // Asked for first: what ends in between is among the messages.
      const answering = await core.answers.of(scope, chat.id)
      return { chat, messages: await core.chats.messages(scope, chat.id), answering }
    }),
    passages: os.chats.passages
      .use(reading)
      .handler(({ input, context: { scope } }) => core.chats.passages(scope, input.chatId, input.messageId)),
    update: os.chats.update.use(reading).handler(async ({ input, context: { scope, userId } }) => {
      const { projectId, chatId, title, assistantId, model } = input
      const chat = await core.chats.update(scope, chatId, {
        ...(title !== undefined && { title }),
        ...(assistantId !== undefined && { assistantId }),
        ...(model !== undefined && { model }),
      })
      changed(userId, projectId, chatId)
      return chat
    }),
    delete: os.chats.delete.use(reading).handler(async ({ input, context: { scope, userId } }) => {
      const chat = await core.chats.delete(scope, input.chatId)
      changed(userId, input.projectId, chat.id)
      return chat
    }),
    undo: os.chats.undo.use(reading).handler(async ({ input, context: { scope, userId } }) => {
      const chat = await core.chats.undo(scope, input.chatId)
      changed(userId, input.projectId, chat.id)
      return chat
    }),
  }
}
