import { OPS } from 'pdfjs-dist/legacy/build/pdf.mjs'
import { multiply, type TextItem } from './piece.ts'

/** What pdf.js would paint: operators and what they are given, the page's own first, then each annotation's. */
export interface Operators {
  fnArray: readonly number[]
  argsArray: readonly unknown[]
}

type Matrix = [number, number, number, number, number, number]

interface Graphics {
  toUser: Matrix
  font: string
  size: number
  characterSpacing: number
  wordSpacing: number
  horizontal: number
  leading: number
  rise: number
  invisible: boolean
}

const IDENTITY: Matrix = [1, 0, 0, 1, 0, 0]
// Of an em: a gap set by hand that is wider than a loose pair of letters. What stands behind it is another item.
const GAP = 0.2
// Text that is neither filled nor stroked; 7 is used for clipping alone.
const INVISIBLE = [3, 7]

/**
 * The text that the wanted annotations draw, as `getTextContent` gives the page's, with which pdf.js leaves annotations
 * out. By the id of the annotation, in the order it is painted.
 */
export function drawnText(operators: Operators, wanted: ReadonlySet<string>): Map<string, TextItem[]> {
  const drawn = new Map<string, TextItem[]>()
  for (let index = 0; index < operators.fnArray.length; index++) {
    if (operators.fnArray[index] !== OPS.beginAnnotation) continue
    const [id, , transform, matrix] = listOf(operators.argsArray[index])
    if (typeof id !== 'string' || !wanted.has(id)) continue
    const items: TextItem[] = drawn.get(id) ?? []
    index = readAnnotation(operators, index + 1, multiply(matrixOf(transform), matrixOf(matrix)), items)
    drawn.set(id, items)
  }
  return drawn
}

/** Up to its end, which is given back. */
function readAnnotation(operators: Operators, begin: number, toUser: Matrix, items: TextItem[]): number {
  let now: Graphics = {
    toUser,
    font: '',
    size: 0,
    characterSpacing: 0,
    wordSpacing: 0,
    horizontal: 1,
    leading: 0,
    rise: 0,
    invisible: false,
  }
  const kept: Graphics[] = []
  let text = IDENTITY
  let [x, y, lineX, lineY] = [0, 0, 0, 0]
  const move = (right: number, up: number) => {
    x = lineX += right
    y = lineY += up
  }
  const keep = () => kept.push({ ...now })
  const back = () => {
    now = kept.pop() ?? now
  }
  const setFont = ([font, size]: readonly unknown[]) => {
    now.font = typeof font === 'string' ? font : ''
    now.size = Number(size)
  }

  for (let index = begin; index < operators.fnArray.length; index++) {
    const args = listOf(operators.argsArray[index])
    switch (operators.fnArray[index]) {
      case OPS.endAnnotation:
        return index
      case OPS.save:
      case OPS.beginGroup:
        keep()
        break
      case OPS.restore:
      case OPS.endGroup:
      case OPS.paintFormXObjectEnd:
        back()
        break
      case OPS.transform:
        now.toUser = multiply(now.toUser, matrixOf(args))
        break
      case OPS.paintFormXObjectBegin:
        keep()
        now.toUser = multiply(now.toUser, matrixOf(args[0]))
        break
      case OPS.setGState:
        for (const [key, value] of listOf(args[0]).map(listOf)) if (key === 'Font') setFont(listOf(value))
        break
      case OPS.beginText:
        text = IDENTITY
        x = y = lineX = lineY = 0
        break
      case OPS.setFont:
        setFont(args)
        break
      case OPS.setCharSpacing:
        now.characterSpacing = Number(args[0])
        break
      case OPS.setWordSpacing:
        now.wordSpacing = Number(args[0])
        break
      case OPS.setHScale:
        now.horizontal = Number(args[0]) / 100
        break
      case OPS.setLeading:
        now.leading = -Number(args[0])
        break
      case OPS.setTextRise:
        now.rise = Number(args[0])
        break
      case OPS.setTextRenderingMode:
        now.invisible = INVISIBLE.includes(Number(args[0]))
        break
      case OPS.moveText:
        move(Number(args[0]), Number(args[1]))
        break
      case OPS.setLeadingMoveText:
        now.leading = Number(args[1])
        move(Number(args[0]), Number(args[1]))
        break
      case OPS.nextLine:
        move(0, now.leading)
        break
      case OPS.setTextMatrix:
        text = matrixOf(args.length === 1 ? args[0] : args)
        x = y = lineX = lineY = 0
        break
      case OPS.showText:
        x += show(listOf(args[0]), now, multiply(now.toUser, text), x, y, items)
        break
    }
  }
  return operators.fnArray.length
}

/** Gives back how far it went. */
function show(
  glyphs: readonly unknown[],
  now: Graphics,
  toUser: Matrix,
  x: number,
  y: number,
  items: TextItem[],
): number {
  let str = ''
  let start = 0
  let at = 0
  const stretch = Math.hypot(toUser[0], toUser[1])
  const flush = () => {
    if (str.trim() !== '' && !now.invisible) {
      const origin = multiply(toUser, [1, 0, 0, 1, x + start, y + now.rise])
      const transform = multiply(origin, [now.size * now.horizontal, 0, 0, now.size, 0, 0])
      items.push({
        str,
        dir: 'ltr',
        transform,
        width: (at - start) * stretch,
        height: now.size,
        fontName: now.font,
        hasEOL: false,
      })
    }
    str = ''
  }
  for (const glyph of glyphs) {
    if (typeof glyph === 'number') {
      const gap = -glyph / 1000
      if (gap > GAP) flush()
      at += gap * now.size * now.horizontal
      if (str === '') start = at
      continue
    }
    if (typeof glyph !== 'object' || glyph === null || !('unicode' in glyph) || !('width' in glyph)) continue
    if (str === '') start = at
    str += String(glyph.unicode)
    const spacing = now.characterSpacing + ('isSpace' in glyph && glyph.isSpace === true ? now.wordSpacing : 0)
    at += ((Number(glyph.width) / 1000) * now.size + spacing) * now.horizontal
  }
  flush()
  return at
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  return ArrayBuffer.isView(value) && !(value instanceof DataView) ? Array.from(value as Float32Array) : []
}

function matrixOf(value: unknown): Matrix {
  const [a, b, c, d, e, f] = listOf(value).map(Number)
  return a === undefined || b === undefined || c === undefined || d === undefined || e === undefined || f === undefined
    ? IDENTITY
    : [a, b, c, d, e, f]
}
