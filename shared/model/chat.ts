import type { Answer } from './answer.ts'
import type { Time } from './project.ts'

export interface Chat {
  id: string
  projectId: string
  title: string
  /** Whom it is with; null: nobody in particular. */
  assistantId: string | null
  /** Reference of the model that answers in it; null: the assistant's, or the project's. */
  model: string | null
  createdAt: Time
  deletedAt: Time | null
}

/** Questions never change; an answer is replaced when its question is answered again. */
export interface Message {
  id: string
  chatId: string
  role: 'user' | 'assistant'
  text: string
  /** The assistant's: how it was answered and with which citations. */
  answer: Pick<Answer, 'mode' | 'sentences' | 'citations' | 'model' | 'server' | 'cached' | 'reason'> | null
  /** The user's: the question as it was searched for, completed from the chat where it refers back. */
  completed: string | null
  /** The assistant's: how many passages were shown with it. */
  passages: number
  createdAt: Time
}

/**
 * A passage that was shown with an answer, by where it begins: chunks get new numbers, and other borders, when their
 * document is indexed anew.
 */
export interface KeptPassage {
  documentId: string
  /** The chunk's, as long as the document is not cut in another way. */
  position: number
  /** Segment, index in its blocks and offset, as in `Piece`. */
  segment: number
  block: number
  from: number
  score: number
}
