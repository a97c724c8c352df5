import type { Block, Citation, Piece, Place, Rectangle, Run, Segment, StoredChunk } from '../model/index.ts'

export const longestQuote = 300

/**
 * The citation of `chunk.text.slice(start, end)`, or undefined when its source does not hold these very letters: what
 * cannot be proven is not shown.
 */
export function cite(
  chunk: StoredChunk,
  start: number,
  end: number,
  segments: readonly Segment[],
): Citation | undefined {
  const piece = pieceAt(chunk, start)
  if (!piece || end > piece.at + piece.to - piece.from) return undefined
  const segment = segments.find(candidate => candidate.number === piece.segment)
  const block = segment && blockOf(segment, piece)
  const quote = chunk.text.slice(start, end)
  if (!block || quote.trim() === '' || quote.length > longestQuote) return undefined
  const from = piece.from + start - piece.at
  if (block.text.slice(from, from + quote.length) !== quote) return undefined
  return {
    documentId: chunk.documentId,
    chunkId: chunk.id,
    file: chunk.file,
    quote,
    ...placeOf(chunk, piece),
    rects: rectanglesOf(block, from, from + quote.length),
  }
}

/** Where a chunk stands: on the page where it begins, or under the heading of its first text, over all of its lines. */
export function placeOfChunk(chunk: StoredChunk): Place {
  const place = placeOf(chunk, chunk.pieces.find(piece => piece.kind !== 'heading') ?? chunk.pieces[0])
  if (!place.where) return { ...place, page: chunk.pieces[0]?.segment ?? null }
  const lines = chunk.pieces.flatMap(piece => piece.lines ?? [])
  return { page: null, where: { ...place.where, lines: lines.length > 0 ? [lines[0], Math.max(...lines)] : null } }
}

/** Where a piece of a chunk stands. */
export function placeOf(chunk: StoredChunk, piece: Piece | undefined): Place {
  if (chunk.paged) return { page: piece?.segment ?? null, where: null }
  const path = [...chunk.headings]
  for (const heading of chunk.pieces) {
    if (!piece || heading.at >= piece.at) break
    if (heading.level === undefined) continue
    while (path.length > 0 && path[path.length - 1].level >= heading.level) path.pop()
    path.push({ level: heading.level, text: chunk.text.slice(heading.at, heading.at + heading.to - heading.from) })
  }
  const headings = path.map(heading => heading.text)
  return { page: null, where: { headings, lines: piece?.lines ?? null } }
}

/** The piece a position of the chunk's text lies in. */
export function pieceAt(chunk: StoredChunk, position: number): Piece | undefined {
  return chunk.pieces.find(piece => position >= piece.at && position < piece.at + piece.to - piece.from)
}

function blockOf(segment: Segment, piece: Piece): Block | undefined {
  return piece.block >= 0 ? segment.blocks[piece.block] : segment.margins?.[-1 - piece.block]
}

/**
 * One rectangle per line of text and column. A run that is only partly quoted is cut in proportion to its characters.
 */
export function rectanglesOf(block: Block, from: number, to: number): Rectangle[] {
  const rectangles: Rectangle[] = []
  for (const run of block.runs ?? []) {
    if (run.end <= from || run.at >= to) continue
    const rectangle = cutRun(run, Math.max(from, run.at), Math.min(to, run.end))
    const last = rectangles[rectangles.length - 1]
    if (last && onOneLine(last, rectangle)) {
      last[0] = Math.min(last[0], rectangle[0])
      last[1] = Math.min(last[1], rectangle[1])
      last[2] = Math.max(last[2], rectangle[2])
      last[3] = Math.max(last[3], rectangle[3])
    } else rectangles.push(rectangle)
  }
  return rectangles.map(rectangle => rectangle.map(value => Math.round(value * 100) / 100) as Rectangle)
}

function cutRun(run: Run, from: number, to: number): Rectangle {
  const [left, top, right, bottom] = run.rect
  const length = run.end - run.at
  const width = right - left
  return [left + (width * (from - run.at)) / length, top, left + (width * (to - run.at)) / length, bottom]
}

/** The same line goes on: the boxes share half their height. */
function onOneLine(last: Rectangle, next: Rectangle): boolean {
  const height = Math.min(last[3] - last[1], next[3] - next[1])
  const shared = Math.min(last[3], next[3]) - Math.max(last[1], next[1])
  return shared > height / 2
}
