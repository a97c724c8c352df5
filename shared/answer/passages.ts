import type { Citation, Passage, Scope, Segment, StoredChunk } from '../model/index.ts'
import type { Hit } from '../retrieve/search.ts'
import type { Store } from '../store/index.ts'
import { cite, placeOfChunk } from './cite.ts'
import type { QuotablePassage } from './quotes.ts'

export function toPassage({ chunk, score, before, after }: Hit): Passage {
  return {
    chunkId: chunk.id,
    documentId: chunk.documentId,
    file: chunk.file,
    text: chunk.text,
    headings: chunk.headings.map(heading => heading.text),
    before: before?.text ?? null,
    after: after?.text ?? null,
    score,
    ...placeOfChunk(chunk),
  }
}

export function toQuotable({ chunk, score }: Hit): QuotablePassage {
  return {
    text: chunk.text,
    language: chunk.language,
    headings: chunk.headings.map(heading => heading.text),
    score,
    titles: chunk.pieces.filter(piece => piece.kind === 'heading').map(piece => piece.at),
    tableRows: chunk.pieces.flatMap(piece =>
      piece.header === undefined ? [] : [{ start: piece.at, header: piece.header }],
    ),
  }
}

/** Citations of one question: what is read of a document is read once. Undefined for what does not stand there letter by letter. */
export type Prove = (chunk: StoredChunk, start: number, end: number) => Promise<Citation | undefined>

export function createProve(store: Store, scope: Scope): Prove {
  const read = new Map<string, Promise<Segment | undefined>>()
  return async (chunk, start, end) => {
    const segments: Segment[] = []
    for (const number of new Set(chunk.pieces.map(piece => piece.segment))) {
      const key = `${chunk.documentId}:${number}`
      const reading = read.get(key) ?? store.segments.get(scope, chunk.documentId, number)
      read.set(key, reading)
      const segment = await reading
      if (segment) segments.push(segment)
    }
    return cite(chunk, start, end, segments)
  }
}
