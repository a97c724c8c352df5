import { type Boxes, overlap } from './boxes.ts'
import { glyphWidth } from './glyph-widths.ts'
import { type Piece, scaleOf } from './piece.ts'

const BLANK = /_{3,}|…{2,}|(?:\. ?){5,}/g

/**
 * “Name: ____ Vorname: ____” is one piece of text with two labels. Cut behind each blank over which a field lies, so that a
 * value stands behind its own. Places are estimates.
 */
export function cutAtBlanks(pieces: readonly Piece[], boxes: Boxes): Piece[] {
  return pieces.flatMap(piece => {
    if (piece.filled || piece.rtl) return piece
    const parts: Piece[] = []
    let places: number[] | undefined
    let start = 0
    for (const { index, 0: blank } of piece.text.matchAll(BLANK)) {
      const end = index + blank.trimEnd().length
      if (end === piece.text.length) break
      places ??= placesIn(piece)
      const [left, right] = [places[index]!, places[end]!]
      const isField = boxes(piece.y - 0.3 * piece.size, piece.y + 0.3 * piece.size).some(box => {
        return overlap(left, right, box[0], box[2]) > 0.5 * Math.min(right - left, box[2] - box[0])
      })
      if (!isField) continue
      parts.push(part(piece, places, start, end))
      start = end
    }
    return places && start > 0 ? [...parts, part(piece, places, start, piece.text.length)] : piece
  })
}

function part(piece: Piece, places: readonly number[], from: number, to: number): Piece {
  const text = piece.text.slice(from, to)
  const start = from + text.length - text.trimStart().length
  const spaced = from === 0 ? piece.spaced : start > from
  return { ...piece, text: text.trim(), x0: places[start]!, x1: places[to]!, spaced }
}

/** Where each character begins, and the last ends. */
function placesIn(piece: Piece): number[] {
  const { space, unit } = scaleOf(piece)
  const places = [piece.x0]
  let x = piece.x0
  for (let index = 0; index < piece.text.length; index++) {
    const code = piece.text.charCodeAt(index)
    x += code === 0x20 ? space : glyphWidth(piece.metrics.widths, code) * unit
    places.push(x)
  }
  return places
}
