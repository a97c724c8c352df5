import { AppError } from '../errors.ts'
import type { Answer, Message, Scope } from '../model/index.ts'
import type { Store } from '../store/index.ts'
import type { Exchange } from './prompt.ts'

/** What a question may refer back to. */
export interface Conversation {
  /** Questions before this one, oldest first, each as it was asked and as it was understood. */
  questions: { question: string; completed: string }[]
  /** The answered ones, with what was proven. */
  exchanges: Exchange[]
}

export const noConversation: Conversation = { questions: [], exchanges: [] }

/** Earlier messages a question may refer back to. */
const memory = 8

export function createConversations(store: Store) {
  return {
    /** What was said in the chat before this question. Throws `chat-not-found`. */
    async recall(scope: Scope, chatId: string): Promise<Conversation> {
      if (!(await store.chats.get(scope, chatId))) throw new AppError('chat-not-found', { id: chatId })
      const messages = await store.chats.messages(scope, chatId, memory)
      const cited = new Set(messages.flatMap(({ answer }) => answer?.citations.map(citation => citation.chunkId) ?? []))
      const there = new Set((await store.chunks.get(scope, [...cited])).map(chunk => chunk.id))
      return conversationOf(messages, chunkId => there.has(chunkId))
    },
    /** In its chat, or in a new one. */
    keepQuestion: (
      scope: Scope,
      chatId: string | undefined,
      text: string,
      completed: string | null,
    ): Promise<Message> =>
      store.transaction(async tx => {
        await store.projects.require(tx, scope)
        const id = chatId ?? (await store.chats.insert(tx, scope, text.slice(0, 80))).id
        return store.chats.append(tx, scope, { chatId: id, role: 'user', text, answer: null, completed })
      }),
    keepAnswer(scope: Scope, answer: Omit<Answer, 'messageId'>): Promise<Message> {
      const { mode, sentences, citations, model, reason, text, chatId } = answer
      const kept = { mode, sentences, citations, model, reason }
      return store.transaction(async tx => {
        await store.projects.require(tx, scope)
        return store.chats.append(tx, scope, { chatId, role: 'assistant', text, answer: kept, completed: null })
      })
    },
  }
}

/**
 * What nothing proves is left out: one answer's invention must not be the next one's source; and what was proven by a document that is
 * not `there` any more.
 */
export function conversationOf(messages: readonly Message[], there: (chunkId: number) => boolean): Conversation {
  const questions: Conversation['questions'] = []
  const exchanges: Exchange[] = []
  for (const [at, message] of messages.entries()) {
    if (message.role !== 'user') continue
    const completed = message.completed ?? message.text
    questions.push({ question: message.text, completed })
    const reply = messages[at + 1]
    if (reply?.role !== 'assistant' || !reply.answer) continue
    const { mode, sentences = [], citations } = reply.answer
    const all =
      mode === 'model'
        ? sentences
            .filter(sentence => sentence.supported)
            .map(sentence => ({
              text: sentence.text,
              chunkIds: sentence.citations.map(index => citations[index].chunkId),
            }))
        : citations.slice(0, 2).map(({ quote, chunkId }) => ({ text: quote, chunkIds: [chunkId] }))
    const proven = all.filter(({ chunkIds }) => chunkIds.every(there))
    if (proven.length > 0) exchanges.push({ question: message.text, answer: proven })
  }
  return { questions, exchanges }
}
