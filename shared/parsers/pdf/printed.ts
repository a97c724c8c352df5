import type { Piece } from './piece.ts'

const TICKED = /^[☒☑✓✔✗✘✕×xX■●•]$/
const UNTICKED = /^[☐□❏❑◻▢○◯]$/
// In font sizes: so near is the same place.
const SAME_PLACE = 0.5
// Pieces farther apart are no parts of one word.
const WORD_GAP = 0.15

/**
 * Does the page itself say what the field does, at the same place? That is a form that was flattened and kept its fields. A
 * value that only occurs in the label at its edge (“1 bis 6”) is not printed. `inside`: the page's text in the field.
 */
export function isPrinted(field: Piece, inside: readonly Piece[]): boolean {
  if (field.filled!.kind === 'mark') {
    const printed = field.text === '☒' ? TICKED : UNTICKED
    return inside.some(({ text }) => printed.test(text))
  }
  const said = bare([field, ...(field.tail ?? [])])
  const texts = inside.toSorted((a, b) => (Math.abs(a.y - b.y) > SAME_PLACE * a.size ? a.y - b.y : a.x0 - b.x0))
  return texts.some((first, begin) => {
    if (!isNear(first, field) || isJoined(texts[begin - 1], first)) return false
    let end = begin
    let text = ''
    while (end < texts.length && text.length < said.length) text += bare([texts[end++]!])
    return text === said && !isJoined(texts[end - 1], texts[end])
  })
}

function isNear(text: Piece, field: Piece): boolean {
  const near = SAME_PLACE * field.size
  return Math.abs(text.x0 - field.x0) < near && Math.abs(text.y - field.y) < near
}

function isJoined(before: Piece | undefined, after: Piece | undefined): boolean {
  if (!before || !after || Math.abs(before.y - after.y) > SAME_PLACE * after.size) return false
  return after.x0 - before.x1 < WORD_GAP * after.size
}

function bare(pieces: readonly Piece[]): string {
  return pieces.map(({ text }) => text.replaceAll(' ', '')).join('')
}
