import { AppError } from '../errors.ts'
import type { Answer, KeptPassage, Message, Scope } from '../model/index.ts'
import type { NewChat, Store, Tx } from '../store/index.ts'
import { completeQuestion } from './follow-up.ts'
import type { Exchange } from './prompt.ts'

/** What a question may refer back to. */
export interface Conversation {
  /**
   * Questions before this one that were answered, oldest first, each as it was asked and as it was understood. Of one that was
   * declined, or stopped before the first word, nothing is known but its words: they may be nonsense, or a slip.
   */
  questions: { question: string; completed: string }[]
  /** The answered ones, with what was proven. */
  exchanges: Exchange[]
}

export const noConversation: Conversation = { questions: [], exchanges: [] }

/** Earlier messages of its chat that a question may refer back to, where nothing else is set. */
export const usualHistory = 10

/** A question of the chat that is answered anew. */
export interface Earlier {
  /** The question. */
  question: Message
  /** What was answered so far; undefined where nothing was kept of it. */
  answer: Message | undefined
}

/** `history`: earlier messages a question may refer back to. */
export function createConversations(store: Store, history: number) {
  async function understand(scope: Scope, messages: readonly Message[]): Promise<Conversation> {
    const cited = new Set(messages.flatMap(({ answer }) => answer?.citations.map(citation => citation.chunkId) ?? []))
    const there = new Set((await store.chunks.get(scope, [...cited])).map(chunk => chunk.id))
    return conversationOf(messages, chunkId => there.has(chunkId))
  }

  async function begin(tx: Tx, scope: Scope, chat: NewChat | undefined, text: string): Promise<string> {
    const { title = text.slice(0, 80), assistantId, id } = chat ?? {}
    return (await store.chats.insert(tx, scope, title, assistantId, null, id)).id
  }

  return {
    /** What was said in the chat before this question. Throws `chat-not-found`. */
    async recall(scope: Scope, chatId: string): Promise<Conversation> {
      if (!(await store.chats.get(scope, chatId))) throw new AppError('chat-not-found', { id: chatId })
      return understand(scope, await store.chats.messages(scope, chatId, history))
    },
    /**
     * The question that this message is, or answers; and what was said before it. Throws `chat-not-found`,
     * `message-not-found`.
     */
    async goBack(
      scope: Scope,
      chatId: string,
      messageId: string,
    ): Promise<{ earlier: Earlier; conversation: Conversation }> {
      if (!(await store.chats.get(scope, chatId))) throw new AppError('chat-not-found', { id: chatId })
      const messages = await store.chats.messages(scope, chatId)
      const named = messages.findIndex(({ id }) => id === messageId)
      const at = messages.findLastIndex(({ role }, index) => role === 'user' && index <= named)
      if (at < 0) throw new AppError('message-not-found', { id: messageId })
      const reply = messages[at + 1]
      const earlier = { question: messages[at], answer: reply?.role === 'assistant' ? reply : undefined }
      return { earlier, conversation: await understand(scope, messages.slice(Math.max(0, at - history), at)) }
    },
    /** In its chat, or in a new one: then the chat is there with its question, or not at all. */
    keepQuestion: (
      scope: Scope,
      chat: string | NewChat | undefined,
      text: string,
      completed: string | null,
    ): Promise<Message> =>
      store.transaction(scope, async tx => {
        await store.projects.require(tx, scope)
        const chatId = typeof chat === 'string' ? chat : await begin(tx, scope, chat, text)
        return store.chats.append(tx, scope, {
          chatId,
          role: 'user',
          text,
          answer: null,
          completed,
        })
      }),
    /**
     * In the place of the earlier one, where there is one; behind its question, where that was asked long ago. Gives its id, which
     * `within` hears inside the transaction.
     */
    keepAnswer(
      scope: Scope,
      answer: Omit<Answer, 'messageId'>,
      passages: readonly KeptPassage[],
      earlier?: Earlier,
      within: (tx: Tx, messageId: string) => Promise<void> = async () => {},
    ): Promise<string> {
      const { mode, sentences, citations, model, server, cached, reason, text, chatId } = answer
      const by = { model, ...(server && { server }), ...(cached && { cached }) }
      const kept = { text, answer: { mode, sentences, citations, ...by, reason }, passages }
      return store.transaction(scope, async tx => {
        await store.projects.require(tx, scope)
        const { question, answer: before } = earlier ?? {}
        const replaced = before && (await store.chats.replace(tx, scope, before.id, kept))
        const message = { ...kept, chatId, role: 'assistant' as const, completed: null }
        const id = replaced ? before.id : (await store.chats.append(tx, scope, message, question?.createdAt)).id
        await within(tx, id)
        return id
      })
    },
  }
}

/** Of one that is held elsewhere: its questions, as far back as `history` messages go. */
export function conversationOfQuestions(asked: readonly string[], history: number): Conversation {
  const questions: Conversation['questions'] = []
  const count = Math.ceil(history / 2)
  for (const question of count > 0 ? asked.slice(-count) : [])
    questions.push({ question, completed: completeQuestion(question, questions).text })
  return { questions, exchanges: [] }
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
    const reply = messages[at + 1]
    if (reply?.role !== 'assistant' || !reply.answer) continue
    if (reply.answer.mode === 'declined' || reply.answer.mode === 'none') continue
    questions.push({ question: message.text, completed: message.completed ?? message.text })
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
