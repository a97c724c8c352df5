import type { Language } from './document.ts'
import type { Reason } from './reason.ts'
import type { Place, Rectangle } from './segment.ts'

/** A chunk found for a question. */
export interface Passage extends Place {
  chunkId: number
  documentId: string
  /** The document's path in its project. */
  file: string
  /** The chunk's text: blocks joined by line feeds. */
  text: string
  /** Headings above it, outermost first. */
  headings: string[]
  /** The chunks around it in the document, for whoever reads on; null at the ends. */
  before: string | null
  after: string | null
  score: number
}

/** A sentence that answers, verbatim, with the place it stands on. */
export interface Citation extends Place {
  documentId: string
  chunkId: number
  file: string
  /** One sentence or table row, at most 300 characters, found letter for letter in its segment. */
  quote: string
  rects: Rectangle[]
}

export type AnswerMode = 'model' | 'quotes' | 'declined'

/** What `ask` streams: passages first, then quotes, then `finish`. */
export type AnswerEvent =
  | { type: 'passages'; question: string; passages: Passage[] }
  | { type: 'quote'; citation: Citation }
  | { type: 'finish'; answer: Answer }

export interface Answer {
  mode: AnswerMode
  language: Language
  text: string
  citations: Citation[]
  /** Set when the answer is less than asked for: stopped, or a leg of the search failed. */
  reason: Reason | null
  /** How sure it is that the documents hold the answer, 0 to 1; declined where that is too little. */
  evidence: number
  chatId: string
  messageId: string
}
