import { type Frame, isField, type Piece } from './piece.ts'

/** Neighbouring pieces of one line without a wide gap between them: a line of a column, or a cell. */
export interface Fragment {
  /** In reading order. */
  pieces: Piece[]
  x0: number
  x1: number
  /** Baseline of its main text. */
  y: number
  top: number
  bottom: number
  /** Font size of most of its characters. */
  size: number
  characters: number
}

/** Fragments on one baseline, from left to right (right to left for right-to-left text). */
export interface Line {
  fragments: Fragment[]
  x0: number
  x1: number
  y: number
  top: number
  bottom: number
  size: number
  /** Font of most of its characters. */
  font: string
  /** All of it is monospaced. */
  mono: boolean
  /** Something was filled in: at its end, or only before that. */
  filled?: 'end' | 'inside'
  characters: number
}

// In font sizes. A gap past this much starts another fragment: more than a justified line's widest ordinary space, less
// than any gutter between columns (both manuals: spaces up to 0.55, gutters from 1.1).
const FRAGMENT_GAP = 0.75
// Two baselines closer than this are one line; sub- and superscripts are shifted by 0.2 to 0.5.
const SAME_BASELINE = 0.25
const SCRIPT_SHIFT = 0.6
const SCRIPT_SIZE = 0.85
// The label of a box to tick stands so far behind it.
const MARK_GAP = 3

/** Joins the pieces of a frame to fragments, top to bottom. Text painted twice (fake bold) counts once. */
export function fragmentsOf(frame: Frame): Fragment[] {
  const sorted = [...frame.pieces].sort((a, b) => a.y - b.y || a.x0 - b.x0)
  const rows: { y: number; size: number; pieces: Piece[] }[] = []
  for (const piece of sorted) {
    // Only the last few rows can be near: rows are sorted by baseline.
    let target: { y: number; size: number; pieces: Piece[] } | undefined
    for (let index = rows.length - 1; index >= 0 && index >= rows.length - 4; index--) {
      const row = rows[index]!
      if (sharesLine(row, piece)) {
        target = row
        break
      }
    }
    if (!target) {
      target = { y: piece.y, size: piece.size, pieces: [] }
      rows.push(target)
    }
    target.pieces.push(piece)
    if (piece.size > target.size * 1.05) {
      target.size = piece.size
      target.y = piece.y
    }
  }
  const fragments: Fragment[] = []
  for (const row of rows) splitRow(row.pieces, fragments)
  return fragments.sort((a, b) => a.y - b.y || a.x0 - b.x0)
}

function sharesLine(row: { y: number; size: number; pieces: Piece[] }, piece: Piece): boolean {
  const distance = Math.abs(piece.y - row.y)
  const large = Math.max(row.size, piece.size)
  const small = Math.min(row.size, piece.size)
  if (distance <= SAME_BASELINE * small) return true
  // A script stands right beside the text it belongs to and is smaller.
  if (small > SCRIPT_SIZE * large || distance > SCRIPT_SHIFT * large) return false
  return row.pieces.some(other => {
    const gap = Math.max(piece.x0 - other.x1, other.x0 - piece.x1)
    return gap < 0.3 * large && Math.min(other.size, piece.size) <= SCRIPT_SIZE * Math.max(other.size, piece.size)
  })
}

function splitRow(pieces: Piece[], out: Fragment[]) {
  pieces.sort((a, b) => a.x0 - b.x0 || a.x1 - b.x1)
  let current: Piece[] = []
  let right = Number.NEGATIVE_INFINITY
  for (const piece of pieces) {
    if (isOverprint(current, piece)) continue
    const last = current[current.length - 1]
    const gap = startOf(piece) - right
    if (last && gap > gapOf(last, piece) * Math.max(last.size, piece.size)) {
      out.push(toFragment(current))
      current = []
      right = Number.NEGATIVE_INFINITY
    }
    current.push(piece)
    right = Math.max(right, endOf(piece))
  }
  if (current.length > 0) out.push(toFragment(current))
}

/** A field reaches to its edges, however short its value. */
function startOf(piece: Piece): number {
  return piece.filled && isField(piece) ? Math.min(piece.x0, piece.filled.box[0]) : piece.x0
}

function endOf(piece: Piece): number {
  return piece.filled && isField(piece) ? Math.max(piece.x1, piece.filled.box[2]) : piece.x1
}

function gapOf(last: Piece, piece: Piece): number {
  if (piece.label === last) return Number.POSITIVE_INFINITY
  return last.filled?.kind === 'mark' ? MARK_GAP : FRAGMENT_GAP
}

/** Fake bold and shadows: the same text again, shifted by a hair. */
function isOverprint(before: readonly Piece[], piece: Piece): boolean {
  for (let index = before.length - 1; index >= 0 && index >= before.length - 4; index--) {
    const other = before[index]!
    if (
      other.text === piece.text &&
      Math.abs(other.x0 - piece.x0) < 0.2 * piece.size &&
      Math.abs(other.y - piece.y) < 0.2 * piece.size
    )
      return true
  }
  return false
}

function toFragment(heads: Piece[]): Fragment {
  const sizes = dominant(heads, piece => piece.size)
  const main = heads.find(piece => piece.size === sizes)!
  const pieces = heads.some(({ tail }) => tail) ? heads.flatMap(withTail) : heads
  let characters = 0
  let rtl = 0
  let top = Number.POSITIVE_INFINITY
  let bottom = Number.NEGATIVE_INFINITY
  let x0 = Number.POSITIVE_INFINITY
  let x1 = Number.NEGATIVE_INFINITY
  for (const piece of pieces) {
    characters += piece.text.length
    if (piece.rtl) rtl += piece.text.length
    if (piece.top < top) top = piece.top
    if (piece.bottom > bottom) bottom = piece.bottom
    if (piece.x0 < x0) x0 = piece.x0
    if (piece.x1 > x1) x1 = piece.x1
  }
  if (rtl * 2 > characters) pieces.reverse()
  return { pieces, x0, x1, y: main.y, top, bottom, size: sizes, characters }
}

function withTail(piece: Piece): Piece[] {
  return piece.tail ? [piece, ...piece.tail.flatMap(withTail)] : [piece]
}

/** The value that most characters have. */
function dominant<Value>(pieces: readonly Piece[], of: (piece: Piece) => Value): Value {
  if (pieces.length === 1) return of(pieces[0]!)
  const counts = new Map<Value, number>()
  let best = of(pieces[0]!)
  let most = 0
  for (const piece of pieces) {
    const value = of(piece)
    const count = (counts.get(value) ?? 0) + piece.text.length
    counts.set(value, count)
    if (count > most) {
      most = count
      best = value
    }
  }
  return best
}

/** Groups fragments that stand on one baseline. */
export function linesOf(fragments: readonly Fragment[]): Line[] {
  const groups: Fragment[][] = []
  for (const fragment of fragments) {
    const last = groups[groups.length - 1]
    if (last && Math.abs(fragment.y - last[0]!.y) <= SAME_BASELINE * Math.min(fragment.size, last[0]!.size))
      last.push(fragment)
    else groups.push([fragment])
  }
  return groups.map(lineOf)
}

export function lineOf(fragments: Fragment[]): Line {
  fragments.sort((a, b) => a.x0 - b.x0)
  const pieces = fragments.length === 1 ? fragments[0]!.pieces : fragments.flatMap(fragment => fragment.pieces)
  if (fragments.length > 1 && pieces.filter(piece => piece.rtl).length * 2 > pieces.length) fragments.reverse()
  let top = Number.POSITIVE_INFINITY
  let bottom = Number.NEGATIVE_INFINITY
  let x0 = Number.POSITIVE_INFINITY
  let x1 = Number.NEGATIVE_INFINITY
  let characters = 0
  for (const fragment of fragments) {
    top = Math.min(top, fragment.top)
    bottom = Math.max(bottom, fragment.bottom)
    x0 = Math.min(x0, fragment.x0)
    x1 = Math.max(x1, fragment.x1)
    characters += fragment.characters
  }
  const filled = filledIn(pieces)
  return {
    ...(filled && { filled }),
    fragments,
    x0,
    x1,
    y: fragments[0]!.y,
    top,
    bottom,
    size: dominant(pieces, piece => piece.size),
    font: dominant(pieces, piece => piece.font),
    mono: pieces.every(piece => piece.mono),
    characters,
  }
}

function filledIn(pieces: readonly Piece[]): Line['filled'] {
  if (pieces.at(-1)?.filled || pieces.some(({ filled }) => filled?.kind === 'mark')) return 'end'
  return pieces.some(({ filled }) => filled) ? 'inside' : undefined
}
