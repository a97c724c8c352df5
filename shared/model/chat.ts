import type { Answer } from './answer.ts'
import type { Time } from './project.ts'

export interface Chat {
  id: string
  projectId: string
  title: string
  /** Whom it is with; null: nobody in particular. */
  assistantId: string | null
  createdAt: Time
  deletedAt: Time | null
}

/** Immutable once stored. */
export interface Message {
  id: string
  chatId: string
  role: 'user' | 'assistant'
  text: string
  /** The assistant's: how it was answered and with which citations. */
  answer: Pick<Answer, 'mode' | 'sentences' | 'citations' | 'model' | 'reason'> | null
  /** The user's: the question as it was searched for, completed from the chat where it refers back. */
  completed: string | null
  createdAt: Time
}
