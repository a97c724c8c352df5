import type { Language } from './document.ts'
import type { BlockKind, Span } from './segment.ts'

/** Where a stretch of a chunk's text comes from: `text.slice(at, at + to - from)` is `from … to` of a block's text. */
export interface Piece {
  at: number
  segment: number
  /** Index in the segment's `blocks`; a line of the page's edge that turned out to be text has -1 - its index in `margins`. */
  block: number
  from: number
  to: number
  kind: BlockKind
  /** Of a heading. */
  level?: number
  /** Of a table row: its header row's text. */
  header?: string
  /** Of a table row with named columns: where its cells start in the block's text, and what each one's column is called. */
  cells?: number[]
  heads?: string[]
  /** Where there are no pages: where the block stands. */
  span?: Span
}

export interface Heading {
  /** 1 is the highest. */
  level: number
  text: string
}

export interface Chunk {
  /** From 0, in the order of the document. */
  position: number
  /** Its pieces, joined by line feeds (a paragraph cut in two stays cut). */
  text: string
  /** Headings above its beginning, outermost first. */
  headings: Heading[]
  pieces: Piece[]
  language: Language
  /** The text's terms in order; what `terms` and `contextTerms` hold is the index's business. */
  terms: string[]
  /** Terms of the headings, the table headers and the file's name. */
  contextTerms: string[]
}

export interface StoredChunk extends Chunk {
  id: number
  documentId: string
  /** The document's path. */
  file: string
  paged: boolean
}
