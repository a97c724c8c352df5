import type { Language } from './document.ts'
import type { AnsweringServer } from './provider.ts'
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
  /** What the ranking model said, 0 to 1, where it had a part: then these stand in its order. */
  relevance?: number
}

/** A sentence that answers, verbatim, with the place it stands on. */
export interface Citation extends Place {
  documentId: string
  chunkId: number
  file: string
  /** One sentence or table row, found letter for letter in its segment: whole up to 600 characters, at most 1,000. */
  quote: string
  /** The sentence goes on before the quote, after it, or both; left out where the quote is all of it. */
  cut?: 'start' | 'end' | 'both'
  /** Of a table row whose columns have names: the quote's cells, each with what its column is called, which is no part of the quote. */
  cells?: CitedCell[]
  rects: Rectangle[]
}

export interface CitedCell {
  /** Empty where the column has no name. */
  head: string
  text: string
}

/** A quote as people see it: with a sign where its sentence was cut, which is none of its words. */
export function shownQuote({ quote, cut }: Pick<Citation, 'quote' | 'cut'>): string {
  const before = cut === 'start' || cut === 'both' ? '[…] ' : ''
  const after = cut === 'end' || cut === 'both' ? ' […]' : ''
  return before + quote + after
}

/** What the cells of a quote are: `Monat: Juni · Miete: 912,50 €`; undefined where nothing says so. Shown beside the quote. */
export function shownCells({ cells }: Pick<Citation, 'cells'>): string | undefined {
  return cells?.map(({ head, text }) => (head === '' ? text : `${head}: ${text}`)).join(' · ')
}

/**
 * `declined`: the documents do not seem to hold the answer. `none`: it was stopped, or failed, before the first word; nothing is
 * said about the documents.
 */
export type AnswerMode = 'model' | 'quotes' | 'declined' | 'none'

/** A sentence a model wrote, checked by code against the passages it cites. */
export interface AnswerSentence {
  /** Plain text: no markup, no marks of citation, no addresses that something could load. */
  text: string
  /** What stands between it and the sentence before: a space, a line break, or a line break and a list mark. */
  lead: string
  /** Its proofs: places in the answer's `citations`. */
  citations: number[]
  /** A proof was found, and every number and name in it stands in what it cites. Shown with a mark otherwise. */
  supported: boolean
}

/**
 * What `ask` streams: passages first; then either quotes, or, with a model, drafts and sentences; then `finish`. Should
 * the model fail in the middle, quotes follow, and `finish` tells which of the two is the answer.
 */
export type AnswerEvent =
  | { type: 'passages'; question: string; passages: Passage[] }
  /** Questions that the model answers before this one; 0 when it is this one's turn. */
  | { type: 'waiting'; place: number }
  | { type: 'quote'; citation: Citation }
  /** The sentence being written, as far as it is there and not checked yet: replaces the draft before. */
  | { type: 'draft'; text: string }
  /** The draft, finished and checked. `citations` are the answer's new ones, which the sentence may point at. */
  | { type: 'sentence'; sentence: AnswerSentence; citations: Citation[] }
  | { type: 'finish'; answer: Answer }

export interface Answer {
  mode: AnswerMode
  language: Language
  text: string
  /** Of mode `model`: what `text` is made of. Empty in the others. */
  sentences: AnswerSentence[]
  citations: Citation[]
  /** Of mode `model`: which one wrote it. */
  model: string | null
  /** The server it ran at; absent where that was our own process. */
  server?: AnsweringServer
  /** It was written before, to the same question over the same passages. */
  cached?: true
  /** Set when the answer is less than asked for: stopped, or a leg of the search failed. */
  reason: Reason | null
  /** How sure it is that the documents hold the answer, 0 to 1; declined where that is too little. */
  evidence: number
  /** Empty where it is kept nowhere. */
  chatId: string
  messageId: string
}
