import type { Citation, KeptPassage, Passage, Piece, Scope, Segment, StoredChunk } from '../model/index.ts'
import type { Hit } from '../retrieve/search.ts'
import type { Store } from '../store/index.ts'
import { cite, placeOfChunk } from './cite.ts'
import type { QuotablePassage } from './quotes.ts'
import { headerOf } from './rows.ts'

export function toPassage({
  chunk,
  score,
  relevance,
  before,
  after,
}: Pick<Hit, 'chunk' | 'score' | 'relevance' | 'before' | 'after'>): Passage {
  return {
    chunkId: chunk.id,
    documentId: chunk.documentId,
    file: chunk.file,
    text: chunk.text,
    headings: chunk.headings.map(heading => heading.text),
    before: before?.text ?? null,
    after: after?.text ?? null,
    score,
    ...(relevance !== undefined && { relevance }),
    ...placeOfChunk(chunk),
  }
}

export function toKept({ chunk, score }: Hit): KeptPassage {
  const { segment = 0, block = 0, from = 0 } = chunk.pieces[0] ?? {}
  return { documentId: chunk.documentId, position: chunk.position, segment, block, from, score }
}

/**
 * Passages that were shown with an answer, as they are now: where a document was cut in another way since, the chunk that
 * now holds the place where the passage began. What was deleted, or is being read anew, is missing.
 */
export function createRecallPassages(store: Store) {
  return async (scope: Scope, kept: readonly KeptPassage[]): Promise<Passage[]> => {
    const { chunks } = store
    const expected = await chunks.at(scope, kept)
    const found: { chunk: StoredChunk; score: number }[] = []
    for (const passage of kept) {
      const chunk =
        expected.find(
          candidate =>
            candidate.documentId === passage.documentId &&
            candidate.position === passage.position &&
            candidate.pieces.some(piece => holds(piece, passage)),
        ) ?? (await chunks.holding(scope, passage))
      if (chunk && !found.some(one => one.chunk.id === chunk.id)) found.push({ chunk, score: passage.score })
    }
    const beside = (chunk: StoredChunk, step: number) => ({
      documentId: chunk.documentId,
      position: chunk.position + step,
    })
    const near = await chunks.at(
      scope,
      found.flatMap(({ chunk }) => [beside(chunk, -1), beside(chunk, 1)]),
    )
    const at = (chunk: StoredChunk, step: number) =>
      near.find(one => one.documentId === chunk.documentId && one.position === chunk.position + step) ?? null
    return found.map(({ chunk, score }) => toPassage({ chunk, score, before: at(chunk, -1), after: at(chunk, 1) }))
  }
}

const holds = (piece: Piece, { segment, block, from }: KeptPassage) =>
  piece.segment === segment && piece.block === block && piece.from <= from && from < Math.max(piece.to, piece.from + 1)

export function toQuotable({ chunk, score }: Hit): QuotablePassage {
  return {
    text: chunk.text,
    language: chunk.language,
    headings: chunk.headings.map(heading => heading.text),
    score,
    titles: chunk.pieces.filter(piece => piece.kind === 'heading').map(piece => piece.at),
    tableRows: chunk.pieces.flatMap(piece =>
      piece.header === undefined
        ? []
        : [{ start: piece.at, header: piece.header, ...(piece.heads && { explains: headerOf(piece) ?? '' }) }],
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
