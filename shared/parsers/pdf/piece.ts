import type { Rectangle } from '../../model/index.ts'
import type { Filled } from './filled.ts'
import { glyphWidth, MONO, SANS, SERIF, type Widths } from './glyph-widths.ts'

/** What `getTextContent` yields for one stretch of text; marked-content items have no `str`. */
export interface TextItem {
  str: string
  dir: string
  /** To user space: [a b c d e f]; e, f is where the baseline begins. */
  transform: number[]
  /** Advance in user space, along the direction of the text (along the height when vertical). */
  width: number
  height: number
  fontName: string
  hasEOL: boolean
}

export interface TextStyle {
  /** pdf.js's substitute: `serif`, `sans-serif` or `monospace`. */
  fontFamily: string
  ascent: number
  descent: number
  vertical: boolean
}

/**
 * One stretch of text in one font, in the upright frame of its text direction: x grows along the text, y downwards.
 * The frame is the page as shown, turned so that the text runs left to right.
 */
export interface Piece {
  text: string
  /** Left end, right end, baseline. */
  x0: number
  x1: number
  y: number
  /** Font size in points. */
  size: number
  top: number
  bottom: number
  font: string
  mono: boolean
  rtl: boolean
  /** The stream had white space right before it. */
  spaced: boolean
  metrics: FontMetrics
  /** It is no text of the page, but was put there. */
  filled?: { kind: Filled['kind']; box: Rectangle }
  /** What follows it in reading order, wherever that stands. */
  tail?: Piece[]
  /** The label right before it in its line, however wide the gap. */
  label?: Piece
}

/** A value or a mark, which has a label. */
export function isField({ filled }: Piece): boolean {
  return filled !== undefined && filled.kind !== 'loose'
}

/** How wide a font of this page runs, against the table that stands for it. */
export interface FontMetrics {
  widths: Widths
  /** Sums over the page's text in this font, in points and in points of the table. */
  measured: number
  natural: number
}

/** All text of one direction. `degrees` clockwise on the page as shown; 0 is ordinary text. */
export interface Frame {
  degrees: number
  /** Extent of the page in this frame, where degrees is a multiple of 90: [left, top, right, bottom]. */
  extent: Rectangle
  pieces: Piece[]
  /** Fields with nothing in them: what stands before one is no label of the next. */
  empty: Rectangle[]
  characters: number
}

// Text set along a curve has another angle with every glyph; past this many directions the rest counts as upright.
const MAX_FRAMES = 12
// The same limits as poppler's, which is the witness of our boxes; fonts lie about their ascent (0, 8, -2 were all seen).
const MAX_ASCENT = 1.05
const MAX_DESCENT = 0.4
// Font sizes a space at either end of an item is worth.
const EDGE_SPACE = 0.25
// “• text” in one item: pdf.js gives a gap of up to 0.6 font sizes as a space.
const BULLET = /^[•▪■●○‣∙] /
const BULLET_GAP = 0.45
// Points of text after which the width of a font is known well enough.
const ENOUGH = 5_000
// So many points of text in the table's own width are taken for granted: one stretched line tells nothing of its font.
const PRIOR = 500

export interface PageGeometry {
  /** From user space to the page as shown, origin upper left (rotation and crop box applied). */
  toPage: number[]
  width: number
  height: number
}

/**
 * Turns the items of a page, and what was filled in, into pieces by direction of text; the direction with the most text
 * comes first.
 */
export function framesOf(
  items: readonly TextItem[],
  styles: Record<string, TextStyle>,
  page: PageGeometry,
  filled: readonly Filled[] = [],
): Frame[] {
  const frames = new Map<number, Frame>()
  let fonts = new Map<string, FontMetrics>()
  const read = (items: readonly TextItem[], add: (piece: Piece, frame: Frame) => void) => {
    let spaced = true
    for (const item of items) {
      if (item.str === undefined) continue
      const text = cleanText(item.str)
      const trimmed = text.trim()
      if (trimmed === '') {
        spaced = spaced || text !== '' || item.hasEOL
        continue
      }
      const style = styles[item.fontName]
      let metrics = fonts.get(item.fontName)
      if (!metrics) {
        metrics = { widths: widthsOf(style), measured: 0, natural: 0 }
        fonts.set(item.fontName, metrics)
      }
      const placed = pieceOf(frames, item, text, trimmed, spaced, style, metrics, page)
      if (placed) add(placed.piece, placed.frame)
      spaced = item.hasEOL || text.endsWith(' ')
    }
  }
  const most = () => [...frames.values()].sort((a, b) => b.characters - a.characters)
  read(items, (piece, frame) => frame.pieces.push(piece))
  const [main] = most()
  // The widths of the page's text are learned from that text alone.
  fonts = new Map()
  for (const each of filled) addFilled(each, page, main, read)
  return most().filter(frame => frame.pieces.length > 0)
}

/** One piece in each frame; all others follow that one. */
function addFilled(
  { kind, box, items }: Filled,
  page: PageGeometry,
  main: Frame | undefined,
  read: (items: readonly TextItem[], add: (piece: Piece, frame: Frame) => void) => void,
) {
  const onPage = boxOnPage(box, page)
  if (onPage[2] < 0 || onPage[3] < 0 || onPage[0] > page.width || onPage[1] > page.height) return
  const groups = new Map<Frame, Piece[]>()
  read(items, (piece, own) => {
    // A mark has no direction of its own.
    const frame = kind === 'mark' && main ? main : own
    const group = groups.get(frame)
    if (group) group.push(piece)
    else groups.set(frame, [piece])
  })
  if (groups.size === 0 && kind === 'value') main?.empty.push(boxInFrame(onPage, main.degrees))
  for (const [frame, pieces] of groups) {
    const room = boxInFrame(onPage, frame.degrees)
    const filled = { kind, box: room }
    for (const piece of pieces) {
      piece.filled = filled
      piece.mono = false
      if (kind === 'mark') fill(piece, room)
      if (kind === 'value') keepInside(piece, room)
    }
    // Stamps and signatures in the order they were painted: a name beside the lines that repeat it.
    if (kind !== 'loose') pieces.sort((a, b) => (Math.abs(a.y - b.y) > 0.5 * a.size ? a.y - b.y : a.x0 - b.x0))
    const [first, ...rest] = pieces
    if (first) frame.pieces.push(rest.length > 0 ? { ...first, tail: rest } : first)
  }
}

function fill(piece: Piece, [left, top, right, bottom]: Rectangle) {
  Object.assign(piece, { x0: left, x1: right, top, bottom, y: bottom - 0.2 * (bottom - top) })
}

/** What runs over the edge of its field is not seen there. */
function keepInside(piece: Piece, [left, top, right, bottom]: Rectangle) {
  const within = (value: number, from: number, to: number) => Math.max(from, Math.min(value, to))
  piece.x0 = within(piece.x0, left, right - 0.1)
  piece.x1 = within(piece.x1, piece.x0 + 0.1, right)
  const height = Math.min(piece.size, bottom - top)
  piece.top = within(piece.top, top - 0.3 * piece.size, bottom - height)
  piece.bottom = within(piece.bottom, piece.top + height, bottom + 0.3 * piece.size)
}

function boxOnPage([left, bottom, right, top]: Rectangle, { toPage }: PageGeometry): Rectangle {
  const corners = [multiply(toPage, [1, 0, 0, 1, left, bottom]), multiply(toPage, [1, 0, 0, 1, right, top])]
  const xs = corners.map(corner => corner[4])
  const ys = corners.map(corner => corner[5])
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)]
}

function widthsOf(style: TextStyle | undefined): Widths {
  if (style?.fontFamily === 'monospace') return MONO
  return style?.fontFamily === 'serif' ? SERIF : SANS
}

function pieceOf(
  frames: Map<number, Frame>,
  item: TextItem,
  text: string,
  trimmed: string,
  spaced: boolean,
  style: TextStyle | undefined,
  metrics: FontMetrics,
  page: PageGeometry,
): { piece: Piece; frame: Frame } | undefined {
  const [a, b, c, d, e, f] = multiply(page.toPage, item.transform)
  const vertical = style?.vertical === true
  const advance = vertical ? item.height : item.width
  // Vertical writing runs down the page; its frame is turned like text rotated by 90 degrees.
  const along: [number, number] = vertical ? [-c, -d] : [a, b]
  const length = Math.hypot(along[0], along[1])
  const size = Math.hypot(c, d) || Math.abs(item.height)
  if (!Number.isFinite(e + f + size + advance) || length === 0 || size < 0.1) return undefined
  let degrees = along[1] === 0 && along[0] > 0 ? 0 : degreesOf(along)
  if (!frames.has(degrees) && frames.size >= MAX_FRAMES) degrees = 0
  let frame = frames.get(degrees)
  if (!frame) {
    frame = {
      degrees,
      extent: boxInFrame([0, 0, page.width, page.height], degrees),
      pieces: [],
      empty: [],
      characters: 0,
    }
    frames.set(degrees, frame)
  }
  const [x, y] = toFrame(e, f, degrees)
  let ascent = limit(style?.ascent, MAX_ASCENT, 0.75)
  let descent = limit(style === undefined ? undefined : -style.descent, MAX_DESCENT, 0.25)
  if (vertical) ascent = descent = 0.5
  learnWidth(metrics, text, advance, size)
  const lead = text.length - text.trimStart().length
  const x0 = x + lead * EDGE_SPACE * size
  const x1 = x + advance - (text.length - lead - trimmed.length) * EDGE_SPACE * size
  frame.characters += trimmed.length
  const piece = {
    text: trimmed,
    x0,
    x1: Math.max(x1, x0 + 0.1),
    y,
    size,
    top: y - ascent * size,
    // Poppler sets the lower edge a hair lower than the font says.
    bottom: y + (descent + 0.02) * size,
    font: item.fontName,
    mono: metrics.widths === MONO,
    rtl: item.dir === 'rtl',
    spaced: spaced || lead > 0,
    metrics,
  }
  return { piece, frame }
}

function degreesOf([x, y]: readonly [number, number]): number {
  const exact = (Math.atan2(y, x) * 180) / Math.PI
  // A slant of a degree or two is a scan laid crookedly, not another direction.
  const quarter = Math.round(exact / 90) * 90
  const degrees = Math.abs(exact - quarter) < 3 ? quarter : Math.round(exact)
  return (degrees + 360) % 360
}

// Controls, the replacement for what has no meaning, and the byte order mark are nothing a reader sees. NBSP and the
// other spaces count as spaces.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be removed
const NOT_TEXT = /[\u0000-\u0008\u000e-\u001f\u007f-\u009f\ufeff\u200b\ufffe\uffff]/g
const PLAIN = /^[\x20-\x7e\u00a1-\u00ac\u00ae-\u024f\u2010-\u2027\u2030-\u205e\u20ac]*$/
// Ligatures and presentation forms stay what the document says they are: pdftotext prints them so too, and a quote must
// be found in the page's own text.
function cleanText(text: string): string {
  if (PLAIN.test(text)) return text
  return text.replace(NOT_TEXT, '').replace(/\s/g, ' ').normalize('NFC')
}

function limit(value: number | undefined, most: number, otherwise: number): number {
  if (value === undefined || !Number.isFinite(value)) return otherwise
  const size = Math.abs(value)
  if (size < 0.05) return otherwise
  return Math.min(size, most)
}

function learnWidth(metrics: FontMetrics, text: string, advance: number, size: number) {
  if (metrics.widths === MONO || metrics.natural > ENOUGH) return
  let units = 0
  for (let index = 0; index < text.length; index++) units += glyphWidth(metrics.widths, text.charCodeAt(index))
  metrics.measured += advance
  metrics.natural += (units * size) / 1000
}

/**
 * How the width of a piece is shared out: the width of a space, and of one thousandth of an em. A justified line stretches
 * its spaces; a narrow or wide font, or letter-spacing, stretches everything, and shows in all text of the font.
 */
export function scaleOf(piece: Piece): { space: number; unit: number; bullet: number } {
  const { text, metrics, size } = piece
  // The gap behind a bullet is wider than a space and no part of what justification stretches.
  const bullet = BULLET.test(text) ? BULLET_GAP * size : 0
  const advance = piece.x1 - piece.x0 - bullet
  let spaces = bullet > 0 ? -1 : 0
  let units = 0
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === 0x20) spaces++
    else units += glyphWidth(metrics.widths, code)
  }
  if (metrics.widths === MONO) {
    const unit = (piece.x1 - piece.x0) / (text.length * 600)
    return { space: unit * 600, unit, bullet: 0 }
  }
  if (units === 0) return { space: advance / Math.max(1, spaces), unit: 0, bullet }
  const stretch = Math.min(2, Math.max(0.5, (metrics.measured + PRIOR) / (metrics.natural + PRIOR)))
  const glyphs = (units * size * stretch) / 1000
  const space = spaces <= 0 ? 0 : Math.min(0.8 * size, Math.max(0.15 * size, (advance - glyphs) / spaces))
  return { space, unit: Math.max(0, advance - Math.max(0, spaces) * space) / units, bullet }
}

export function multiply(m: readonly number[], n: readonly number[]): [number, number, number, number, number, number] {
  return [
    m[0]! * n[0]! + m[2]! * n[1]!,
    m[1]! * n[0]! + m[3]! * n[1]!,
    m[0]! * n[2]! + m[2]! * n[3]!,
    m[1]! * n[2]! + m[3]! * n[3]!,
    m[0]! * n[4]! + m[2]! * n[5]! + m[4]!,
    m[1]! * n[4]! + m[3]! * n[5]! + m[5]!,
  ]
}

function turn(x: number, y: number, degrees: number): [number, number] {
  switch (degrees) {
    case 0:
      return [x, y]
    case 90:
      return [-y, x]
    case 180:
      return [-x, -y]
    case 270:
      return [y, -x]
    default: {
      const angle = (degrees * Math.PI) / 180
      const cos = Math.cos(angle)
      const sin = Math.sin(angle)
      return [x * cos - y * sin, x * sin + y * cos]
    }
  }
}

function toFrame(x: number, y: number, degrees: number): [number, number] {
  return turn(x, y, (360 - degrees) % 360)
}

function boxInFrame(box: Rectangle, degrees: number): Rectangle {
  return turnBox(box, (360 - degrees) % 360)
}

function turnBox([left, top, right, bottom]: Rectangle, degrees: number): Rectangle {
  if (degrees === 0) return [left, top, right, bottom]
  const corners = [
    turn(left, top, degrees),
    turn(right, top, degrees),
    turn(left, bottom, degrees),
    turn(right, bottom, degrees),
  ]
  const xs = corners.map(corner => corner[0])
  const ys = corners.map(corner => corner[1])
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)]
}

/** A box of the frame on the page as shown. */
export function toPageBox(box: Rectangle, degrees: number): Rectangle {
  return turnBox(box, degrees)
}
