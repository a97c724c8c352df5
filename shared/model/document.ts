import type { Time } from './project.ts'
import type { Reason } from './reason.ts'

export type Language = 'de' | 'en' | 'other'

/**
 * `queued → parsing → indexing → ready`, or out of the way: `failed` and `cancelled` can be retried, `paused` resumed.
 * Each step commits what it did, so that a document never repeats more than one batch of work.
 */
export type DocumentState = 'queued' | 'parsing' | 'indexing' | 'ready' | 'failed' | 'cancelled' | 'paused'

export interface Document {
  id: string
  projectId: string
  /** The container it came out of, a mail or an archive; null for what was added by itself. */
  parentId: string | null
  /** File name without folders. */
  name: string
  /** Path relative to the folder it came from, with `/`, or behind its container's path; equals `name` for a single file. */
  path: string
  mediaType: string
  /** Bytes. */
  size: number
  /** SHA-256 of the bytes, hex. */
  blob: string
  state: DocumentState
  /** Segments, once known. Pages for a paged format. */
  segments: number | null
  paged: boolean
  /** Segments stored by the parser and indexed so far: the progress of the two stages. */
  parsed: number
  indexed: number
  chunks: number
  /**
   * Chunks that have been given a vector in the newest index: the progress of embedding, which goes on after `ready`. 0
   * without an embedding model.
   */
  embedded: number
  /** Pages whose picture is looked at for text, and how many of them were so far: it goes on after `ready`. */
  toRecognize: number
  recognized: number
  language: Language | null
  /** Why it failed, or what was lost although it is ready. */
  reason: Reason | null
  /** Milliseconds of work in the two stages. */
  parseTime: number
  indexTime: number
  createdAt: Time
  deletedAt: Time | null
}

/** What became of a document. Nothing is dropped silently. */
export interface Receipt {
  documentId: string
  segments: number
  /** Pages of a paged format, else null. */
  pages: number | null
  characters: number
  chunks: number
  tableRows: number
  language: Language | null
  /** Page numbers in which no text is; those that wait for text recognition are not among them. */
  pagesWithoutText: number[]
  /** Null where no page needed it. */
  recognition: RecognitionReceipt | null
  /** Page numbers the parser could not read. */
  pagesUnreadable: number[]
  /** Running headers, footers and page numbers kept out of the chunks. */
  furnitureLines: number
  reasons: Reason[]
  /** Files inside, the first of them; `Documents.files` has the others. */
  files: FileInside[]
  fileCount: number
}

/** What became of the pages whose text could only be had from their picture. */
export interface RecognitionReceipt {
  /** Pages that still wait. */
  waiting: number
  /** Pages in which text was recognised. */
  pages: number
  /** Mean over those pages, 0 to 1. */
  confidence: number
  /** Page numbers with less than 0.6. */
  unsure: number[]
  failed: number[]
}

/** What became of a file inside. */
export interface FileInside {
  number: number
  name: string
  /** Inside its container. */
  path: string
  /** The document it is, also where the same bytes were there before; null for one that was not taken or is gone. */
  documentId: string | null
  /** Why it is none. */
  reason: Reason | null
}

/** A file inside another: an attachment of a mail, an entry of an archive. In the order of the source. */
export interface FoundFile {
  /** From 1; the same each time the source is read. */
  number: number
  /** Without folders, and harmless: no separators, no control characters, at most 255 bytes. */
  name: string
  /** With the folders it has inside, joined by `/`; never leads out. */
  path: string
  /** Its bytes, in `scratch`: the reader's now, to be removed by it. Absent where it was not taken out. */
  file?: string
  /** Why it was not taken out. */
  reason?: Reason
}
