import { type Frame, isField, type Piece } from './piece.ts'

// In font sizes. A label stands so far left of its field at most, and one behind a box to tick so far right of it.
const LEFT = 40
const RIGHT = 3
// Two baselines of one line of a form: fields are drawn by hand, some points higher or lower than their labels.
const SAME_LINE = 0.8
// How far above the field a label stands that is printed over it.
const ABOVE = 1.3
// Fields this near below each other, in heights of one, are a table.
const STACKED = 1.2
const TICKED = /^[☒☑✓✔✗✘✕×xX■●•]$/
const UNTICKED = /^[☐□❏❑◻▢○◯]$/

/**
 * Puts what was filled in into the lines of its labels, as it is read: on the baseline of what stands beside it, or right
 * behind a label that is printed above or inside its field. Places stay what they are. What the page says itself at the
 * same place (a form that was flattened and kept its fields) is left out.
 */
export function joinLabels(frame: Frame): void {
  const fields = frame.pieces.filter(isField)
  if (fields.length === 0) return
  const texts = byLine(frame.pieces.filter(({ filled }) => !filled))
  const gone = new Set<Piece>()
  for (const field of fields) if (isPrinted(field, texts)) gone.add(field)
  const left = byLine(fields.filter(field => !gone.has(field)))

  // First what stands beside: a label that has its field there is not that of another one below.
  const taken = new Set<Piece>()
  const alone: Piece[] = []
  for (const field of left.pieces) {
    const label = beside(field, texts)
    if (!label) {
      alone.push(field)
      continue
    }
    taken.add(label)
    field.y = label.y
    if (label.font !== '') field.font = label.font
  }
  for (const field of alone) {
    const isValue = field.filled!.kind === 'value'
    const label = isValue && !isStacked(field, left, texts) && above(field, texts, taken)
    if (label) {
      field.font = label.font
      label.tail = [...(label.tail ?? []), field, ...(field.tail ?? [])]
      delete field.tail
      gone.add(field)
      continue
    }
    // A list, or a field of many lines, with its label somewhere along it.
    const along = isValue && leftOf(field, texts.between(field.filled!.box[1], field.filled!.box[3]))
    if (along) field.y = along.y
  }
  frame.pieces = frame.pieces.filter(piece => !gone.has(piece))
}

interface Lines {
  pieces: readonly Piece[]
  /** Those with a baseline in between. */
  between(top: number, bottom: number): Piece[]
}

function byLine(pieces: readonly Piece[]): Lines {
  const sorted = pieces.toSorted((a, b) => a.y - b.y)
  return {
    pieces: sorted,
    between(top, bottom) {
      let low = 0
      let high = sorted.length
      while (low < high) {
        const middle = (low + high) >> 1
        if (sorted[middle]!.y < top) low = middle + 1
        else high = middle
      }
      let end = low
      while (end < sorted.length && sorted[end]!.y <= bottom) end++
      return sorted.slice(low, end)
    },
  }
}

function isPrinted(field: Piece, texts: Lines): boolean {
  const { kind, box } = field.filled!
  const inside = texts
    .between(box[1], box[3] + 0.3 * field.size)
    .filter(({ x0, x1 }) => x1 > box[0] + 1 && x0 < box[2] - 1)
    .sort((a, b) => (Math.abs(a.y - b.y) > 0.5 * a.size ? a.y - b.y : a.x0 - b.x0))
  if (inside.length === 0) return false
  if (kind === 'mark') {
    const printed = field.text === '☒' ? TICKED : UNTICKED
    return inside.some(({ text }) => printed.test(text))
  }
  const said = bare([field, ...(field.tail ?? [])])
  return bare(inside).includes(said)
}

function bare(pieces: readonly Piece[]): string {
  return pieces.map(({ text }) => text.replaceAll(' ', '')).join('')
}

/** The text of the page that the field shares a line with: left of it, or right behind it. */
function beside(field: Piece, texts: Lines): Piece | undefined {
  const { kind, box } = field.filled!
  const { size, y } = field
  const line = texts.between(y - SAME_LINE * size, y + SAME_LINE * size)
  const left = leftOf(field, line)
  let right: Piece | undefined
  for (const text of line) {
    const gap = text.x0 - box[2]
    if (gap > -0.5 * size && gap < RIGHT * size && (!right || text.x0 < right.x0)) right = text
  }
  return kind === 'mark' ? (right ?? left) : (left ?? right)
}

function leftOf({ filled, size }: Piece, texts: readonly Piece[]): Piece | undefined {
  const start = filled!.box[0]
  let left: Piece | undefined
  for (const text of texts)
    if (text.x0 < start && start - text.x1 < LEFT * size && (!left || text.x1 > left.x1)) left = text
  return left
}

/** The end of the label that is printed right over the field, or small at its upper edge. */
function above(field: Piece, texts: Lines, taken: ReadonlySet<Piece>): Piece | undefined {
  const [start, top, end] = field.filled!.box
  const over = texts.between(top - 3 * field.size, field.y - 0.5 * field.size).filter(text => {
    const near = text.y > top - ABOVE * text.size && text.y < top + 1.6 * text.size
    return near && text.x0 > start - 1.5 * field.size && text.x0 < (start + end) / 2
  })
  const lowest = Math.max(...over.map(({ y }) => y))
  let label: Piece | undefined
  for (const text of over.filter(({ y, size }) => y > lowest - 0.25 * size).sort((a, b) => a.x0 - b.x0))
    if (!label || text.x0 - label.x1 < 0.75 * text.size) label = text
  return label && !taken.has(label) ? label : undefined
}

/** One of several fields below each other with no text between: a column of a table, whose head is no label of its own. */
function isStacked(field: Piece, fields: Lines, texts: Lines): boolean {
  const [start, top, end, bottom] = field.filled!.box
  const reach = STACKED * (bottom - top)
  return fields.between(top - 3 * reach, bottom + 3 * reach).some(other => {
    const [left, upper, right, lower] = other.filled!.box
    const shared = Math.min(end, right) - Math.max(start, left)
    if (other === field || shared < 0.5 * Math.max(end - start, right - left)) return false
    const [from, to] = upper >= bottom - 1 ? [bottom, upper] : [lower, top]
    if (to < from - 1 || to - from > reach) return false
    const between = texts.between(from - 0.2 * field.size, Math.max(from, to) + 1.2 * field.size)
    return !between.some(({ x0, x1 }) => x0 < end && x1 > start)
  })
}
