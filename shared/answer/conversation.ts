import type { Message } from '../model/index.ts'
import type { Exchange } from './prompt.ts'

/** What a question may refer back to. */
export interface Conversation {
  /** Questions before this one, oldest first, each as it was asked and as it was understood. */
  questions: { question: string; completed: string }[]
  /** The answered ones, with what was proven. */
  exchanges: Exchange[]
}

export const noConversation: Conversation = { questions: [], exchanges: [] }

/** What nothing proves is left out: one answer's invention must not be the next one's source. */
export function conversationOf(messages: readonly Message[]): Conversation {
  const questions: Conversation['questions'] = []
  const exchanges: Exchange[] = []
  for (const [at, message] of messages.entries()) {
    if (message.role !== 'user') continue
    const completed = message.completed ?? message.text
    questions.push({ question: message.text, completed })
    const reply = messages[at + 1]
    if (reply?.role !== 'assistant' || !reply.answer) continue
    const { mode, sentences = [], citations } = reply.answer
    const proven =
      mode === 'model'
        ? sentences
            .filter(sentence => sentence.supported)
            .map(sentence => ({
              text: sentence.text,
              chunkIds: sentence.citations.map(index => citations[index].chunkId),
            }))
        : citations.slice(0, 2).map(({ quote, chunkId }) => ({ text: quote, chunkIds: [chunkId] }))
    if (proven.length > 0) exchanges.push({ question: message.text, answer: proven })
  }
  return { questions, exchanges }
}
