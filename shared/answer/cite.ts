import type {
  Block,
  Citation,
  Language,
  Piece,
  Place,
  Rectangle,
  Run,
  Segment,
  Span,
  StoredChunk,
} from '../model/index.ts'
import { longestQuote } from './clip.ts'
import { splitSentences } from './sentences.ts'

/** Characters around a quote that are read to see whether its sentence goes on: a block may be a book. */
const around = 2 * longestQuote

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
  const cut = cutOf(block.text, from, from + quote.length, chunk.language)
  return {
    documentId: chunk.documentId,
    chunkId: chunk.id,
    file: chunk.file,
    quote,
    ...(cut && { cut }),
    ...headedIn(block, from, from + quote.length),
    ...atLine(placeOf(chunk, piece, cellsOf(block, from, from + quote.length)), block, from, from + quote.length),
    rects: rectanglesOf(block, from, from + quote.length),
  }
}

/** Where the sentence goes on outside of `text.slice(from, to)`. Told from the document, so that no cut of whatever code is kept quiet. */
function cutOf(text: string, from: number, to: number, language: Language): Citation['cut'] {
  const offset = Math.max(0, from - around)
  const sentences = splitSentences(text.slice(offset, to + around), language)
  const first = sentences.find(sentence => sentence.end + offset > from)
  const last = sentences.findLast(sentence => sentence.start + offset < to)
  const start = first !== undefined && first.start + offset < from
  const end = last !== undefined && last.end + offset > to
  if (start && end) return 'both'
  return start ? 'start' : end ? 'end' : undefined
}

/** Where a chunk stands: on the page where it begins, or under the heading of its first text, over all of its stretch there. */
export function placeOfChunk(chunk: StoredChunk): Place {
  const place = placeOf(chunk, chunk.pieces.find(piece => piece.kind !== 'heading') ?? chunk.pieces[0])
  if (!place.where) return { ...place, page: chunk.pieces[0]?.segment ?? null }
  return { page: null, where: { ...place.where, span: wholeOf(chunk.pieces) } }
}

/** From the first piece on, as far as the same is counted: rows begin anew on another sheet. */
function wholeOf(pieces: readonly Piece[]): Span | null {
  let whole: Span | null = null
  for (const { span } of pieces) {
    if (!span) continue
    if (!whole) whole = { ...span }
    else if (span.unit !== whole.unit || span.first < whole.first) break
    else whole.last = Math.max(whole.last, span.last)
  }
  return whole
}

/** Where a piece of a chunk stands. */
export function placeOf(chunk: StoredChunk, piece: Piece | undefined, cells: string | null = null): Place {
  if (chunk.paged) return { page: piece?.segment ?? null, where: null }
  const path = [...chunk.headings]
  for (const heading of chunk.pieces) {
    if (!piece || heading.at >= piece.at) break
    if (heading.level === undefined) continue
    while (path.length > 0 && path[path.length - 1].level >= heading.level) path.pop()
    path.push({ level: heading.level, text: chunk.text.slice(heading.at, heading.at + heading.to - heading.from) })
  }
  const headings = path.map(heading => heading.text)
  const segment = piece?.segment ?? chunk.pieces[0]?.segment ?? 1
  return { page: null, where: { headings, segment, span: piece?.span ?? null, cells } }
}

/**
 * Of a quote in code, whose block may be a file: the lines it stands on. The fences of Markdown count in the block's span
 * and are not in its text; where more was left out, only the span is true.
 */
function atLine<P extends Place>(place: P, { kind, text, span }: Block, from: number, to: number): P {
  if (kind !== 'code' || span?.unit !== 'line' || !place.where) return place
  const breaks = (until: number) => text.slice(0, until).split('\n').length - 1
  const left = span.last - span.first - breaks(text.length)
  if (left !== 0 && left !== 2) return place
  const first = span.first + (left === 2 ? 1 : 0)
  const own: Span = { unit: 'line', first: first + breaks(from), last: first + breaks(to) }
  return { ...place, where: { ...place.where, span: own } }
}

/** The cells of a row of a sheet that `text.slice(from, to)` reaches into, such as `B7:D7`. */
function cellsOf({ cells = [], columns, span }: Block, from: number, to: number): string | null {
  if (!columns || span?.unit !== 'row') return null
  const reached = columns.filter((_, index) => {
    const start = cells[index] ?? 0
    return start < to && (cells[index + 1] ?? Number.POSITIVE_INFINITY) > from
  })
  const [first, last] = [reached[0], reached[reached.length - 1]]
  if (first === undefined || last === undefined) return null
  const name = (column: number) => `${columnName(column)}${span.first}`
  return first === last ? name(first) : `${name(first)}:${name(last)}`
}

/** The cells of a row that `text.slice(from, to)` holds, with the names of their columns; nothing where none has one. */
function headedIn({ text, cells = [], heads }: Block, from: number, to: number): Pick<Citation, 'cells'> | undefined {
  const cited = heads?.flatMap((head, index) => {
    const start = cells[index] ?? 0
    const end = cells[index + 1] ?? text.length
    const shown = start < to && end > from ? text.slice(Math.max(start, from), Math.min(end, to)).trim() : ''
    return shown === '' ? [] : [{ head, text: shown }]
  })
  return cited?.some(({ head }) => head !== '') ? { cells: cited } : undefined
}

/** 1 is `A`, 27 is `AA`. */
function columnName(column: number): string {
  let name = ''
  for (let rest = column; rest > 0; rest = Math.floor((rest - 1) / 26))
    name = String.fromCharCode(65 + ((rest - 1) % 26)) + name
  return name
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
