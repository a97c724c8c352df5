import type { Rectangle } from '../../model/index.ts'
import { cutAtBlanks } from './blanks.ts'
import { type Boxes, boxesOf, overlap } from './boxes.ts'
import { type Frame, isField, type Piece } from './piece.ts'
import { isPrinted } from './printed.ts'

// In font sizes. A label stands so far left of its field at most, and one behind a box to tick so far right of it.
const LEFT = 40
const RIGHT = 3
// Past this much, a caption printed right over the field is the label, and not what stands at the left of both.
const BESIDE = 10
// Past this much where the caption is small print.
const BESIDE_SMALL = 3
// Two baselines of one line of a form: fields are drawn by hand, some points higher or lower than their labels.
const SAME_LINE = 0.8
// How far above the field a label stands that is printed over it.
const ABOVE = 1.3
// How far a caption begins from where its field does.
const ALIGNED = 1
// Fields this near below each other, in heights of one, are a table.
const STACKED = 1.2
// Lines of running text are at least this wide, and at most this far below each other.
const WIDE = 12
const PITCH = 1.7
// “1”, “12a.”: the number of a line of the form.
const LINE_NUMBER = /^\p{N}{1,3}\p{Ll}?[.)]?$/u
const UNIT = /^[^:]{1,6}$/

/**
 * Puts what was filled in into the lines of its labels, as it is read: on the baseline of what stands beside it, or right
 * behind a label that is printed above or inside its field. Places stay what they are. A value at the wrong label is worse
 * than one without: what is not clear is left where it stands, to be read as text there would be. What the page says itself
 * at the same place is left out.
 */
export function joinLabels(frame: Frame): void {
  const fields = frame.pieces.filter(isField)
  if (fields.length === 0) return
  const boxes = boxesOf([...fields.map(({ filled }) => filled!.box), ...frame.empty])
  frame.pieces = cutAtBlanks(frame.pieces, boxes)
  const form: Form = { texts: byLine(frame.pieces.filter(({ filled }) => !filled)), boxes, empty: new Set(frame.empty) }
  const gone = new Set<Piece>()
  for (const field of fields) if (isPrinted(field, inside(field, form.texts))) gone.add(field)

  // First what surely stands beside: a label that has its field there is not that of another one below.
  const taken = new Set<Piece>()
  const unclear: (() => void)[] = []
  for (const field of byLine(fields.filter(field => !gone.has(field))).pieces) {
    const { left, row, right } = beside(field, form)
    if (field.filled!.kind === 'mark') {
      if (right) alignWith(field, right)
      else if (left) follow(field, left)
      else if (row) alignWith(field, row)
      continue
    }
    const stacked = isStacked(field, form)
    const over = stacked ? undefined : above(field, form.texts)
    const caption = over !== left && over && isCaption(field, over, left) ? over : undefined
    if (left && !caption) {
      taken.add(left)
      follow(field, left)
      continue
    }
    unclear.push(() => {
      // What is said elsewhere already, or says something itself, is nobody's unit: its own value would vanish with it.
      const isFree = right && right !== caption && !taken.has(right) && !right.tail
      const unit = isFree && isUnit(right, form) ? right : undefined
      if (caption && !taken.has(caption)) return hang(field, caption, unit)
      if (left) return follow(field, left)
      if (right) return alignWith(field, right)
      if (row && (stacked || isChained(field, form))) return alignWith(field, row)
      if (over && !taken.has(over)) return hang(field, over)
      // A list, or a field of many lines, with its label somewhere along it.
      const [, top, , bottom] = field.filled!.box
      const { left: along } = leftOf(field, form.texts.between(top, bottom), form)
      if (along) {
        field.y = along.y
        field.label = along
      }
    })
  }
  for (const place of unclear) place()
  frame.pieces = frame.pieces.filter(piece => !gone.has(piece))

  function follow(field: Piece, label: Piece) {
    alignWith(field, label)
    field.label = label
  }

  function alignWith(field: Piece, text: Piece) {
    taken.add(text)
    field.y = text.y
    if (text.font !== '') field.font = text.font
  }

  function hang(field: Piece, label: Piece, unit?: Piece) {
    field.font = label.font
    label.tail = [...(label.tail ?? []), field, ...(field.tail ?? []), ...(unit ? [unit] : [])]
    delete field.tail
    gone.add(field)
    if (!unit) return
    gone.add(unit)
    taken.add(unit)
  }
}

interface Form {
  texts: Lines
  /** Of all fields, also those with nothing in them. */
  boxes: Boxes
  empty: ReadonlySet<Rectangle>
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

function inside({ filled, size }: Piece, texts: Lines): Piece[] {
  const [left, top, right, bottom] = filled!.box
  return texts.between(top, bottom + 0.3 * size).filter(({ x0, x1 }) => x1 > left + 1 && x0 < right - 1)
}

interface Beside {
  /** Nothing stands between. */
  left?: Piece
  /** Left of it, with fields between: the head of a row. */
  row?: Piece
  right?: Piece
}

/** The text of the page that the field shares a line with. */
function beside(field: Piece, form: Form): Beside {
  const { size, y } = field
  const end = field.filled!.box[2]
  const line = form.texts.between(y - SAME_LINE * size, y + SAME_LINE * size)
  let right: Piece | undefined
  for (const text of line) {
    const gap = text.x0 - end
    if (gap > -0.5 * size && gap < RIGHT * size && (!right || text.x0 < right.x0)) right = text
  }
  return { ...leftOf(field, line, form), ...(right && { right }) }
}

function leftOf(field: Piece, texts: readonly Piece[], form: Form): Pick<Beside, 'left' | 'row'> {
  const [start, , end] = field.filled!.box
  // A label may also be printed where the field begins.
  const before = Math.min(start + 1.5 * field.size, (start + end) / 2)
  let left: Piece | undefined
  for (const text of texts)
    if (text.x0 < before && start - text.x1 < LEFT * field.size && (!left || text.x1 > left.x1)) left = text
  if (!left || isRunning(left, field, form)) return {}
  return fieldsBetween(left.x1, field, form).length > 0 ? { row: left } : { left }
}

/** The fields of its line that stand left of it, and right of `from`. */
function fieldsBetween(from: number, { filled, y, size }: Piece, { boxes }: Form): Rectangle[] {
  return boxes(y - 0.3 * size, y + 0.3 * size).filter(box => {
    const middle = (box[0] + box[2]) / 2
    return box !== filled!.box && middle > from && middle < filled!.box[0]
  })
}

/** The field left of it, on its line, holds something, and the two belong together: a row, or one label for both. */
function isChained(field: Piece, form: Form): boolean {
  const [nearest] = fieldsBetween(Number.NEGATIVE_INFINITY, field, form).sort((a, b) => b[2] - a[2])
  return nearest !== undefined && !form.empty.has(nearest)
}

/** A line of a column of text that ends left of the field: those above or below it do, too, and have no field there. */
function isRunning(text: Piece, field: Piece, { texts, boxes }: Form): boolean {
  const { x0, x1, y, size } = text
  const start = field.filled!.box[0]
  if (x1 - x0 < WIDE * size || start - x1 < size) return false
  return texts.between(y - PITCH * size, y + PITCH * size).some(other => {
    if (Math.abs(other.y - y) < 0.5 * size || Math.abs(other.x0 - x0) > 0.5 * size) return false
    if (other.x1 - other.x0 < WIDE * size || other.x1 > start) return false
    return !boxes(other.y - 0.3 * size, other.y).some(box => box !== field.filled!.box && box[0] > other.x1 - size)
  })
}

/** Is what stands over the field its label, also where something stands at its left? */
function isCaption(field: Piece, over: Piece, left: Piece | undefined): boolean {
  const start = field.filled!.box[0]
  if (Math.abs(over.x0 - start) > ALIGNED * field.size || over.text.startsWith('(')) return false
  if (!left || LINE_NUMBER.test(left.text)) return true
  const isSmall = over.size < 0.85 * left.size
  return start - left.x1 > (isSmall ? BESIDE_SMALL : BESIDE) * field.size
}

/** “Euro” behind a field that is not the label of the next, nor of one that begins right below it. */
function isUnit({ text, x0, x1, y, size }: Piece, { boxes }: Form): boolean {
  if (!UNIT.test(text)) return false
  if (boxes(y - 0.3 * size, y).some(box => box[0] > x1 - size && box[0] < x1 + RIGHT * size)) return false
  return !boxes(y, y + ABOVE * size).some(box => Math.abs(box[0] - x0) <= ALIGNED * size)
}

/** The end of the label that is printed right over the field, or small at its upper edge. */
function above(field: Piece, texts: Lines): Piece | undefined {
  const [start, top, end] = field.filled!.box
  const over = texts.between(top - 3 * field.size, field.y - 0.5 * field.size).filter(text => {
    const near = text.y > top - ABOVE * text.size && text.y < top + 1.6 * text.size
    return near && text.x0 > start - 1.5 * field.size && text.x0 < (start + end) / 2
  })
  const lowest = Math.max(...over.map(({ y }) => y))
  let label: Piece | undefined
  for (const text of over.filter(({ y, size }) => y > lowest - 0.25 * size).sort((a, b) => a.x0 - b.x0))
    if (!label || text.x0 - label.x1 < 0.75 * text.size) label = text
  return label
}

/** One of several fields below each other with no text between: a column of a table, whose head is no label of its own. */
function isStacked(field: Piece, { texts, boxes }: Form): boolean {
  const [start, top, end, bottom] = field.filled!.box
  const reach = STACKED * (bottom - top)
  return boxes(top - reach, bottom + reach).some(other => {
    const [left, upper, right, lower] = other
    if (other === field.filled!.box) return false
    if (overlap(start, end, left, right) < 0.5 * Math.max(end - start, right - left)) return false
    const [from, to] = upper >= bottom - 1 ? [bottom, upper] : [lower, top]
    if (to < from - 1 || to - from > reach) return false
    const between = texts.between(from - 0.2 * field.size, Math.max(from, to) + 1.2 * field.size)
    return !between.some(({ x0, x1 }) => x0 < end && x1 > start)
  })
}
