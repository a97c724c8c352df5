import type { PDFPageProxy } from 'pdfjs-dist/legacy/build/pdf.mjs'
import type { Rectangle } from '../../model/index.ts'
import type { Note } from '../formats.ts'
import type { Annotation, Annotations } from './annotations.ts'
import { drawnText } from './drawn-text.ts'
import { glyphWidth, SANS } from './glyph-widths.ts'
import { multiply, type TextItem } from './piece.ts'

/** What was put into one field, or onto the page at one place, with where it stands. */
export interface Filled {
  /** `value` belongs to the label beside or above it, `mark` likewise (its items are one character), `loose` to nothing. */
  kind: 'value' | 'mark' | 'loose'
  /** All the room it has, in user space. */
  box: Rectangle
  /** In reading order. A value may have none: an empty field. */
  items: readonly TextItem[]
}

// pdf.js makes all annotations of a page to draw one. More are nobody's form, and are placed by estimate.
const MAX_DRAWN = 2_000
const MAX_DRAWN_VALUE = 20_000
// In font sizes: pdf.js's own.
const LINE = 1.35
const PADDING = 2
const LARGEST = 12

/**
 * What a reader of the page sees beside its content: values of fields, chosen options, boxes with and without a mark, text
 * typed onto it, stamps, visible signatures. Not what is hidden, passwords, buttons, and comments. Nothing of it is run.
 */
export async function filledIn(
  page: PDFPageProxy,
  { seen, cut }: Annotations,
  note: Note,
): Promise<{ filled: Filled[]; cut: boolean }> {
  const drawn = await drawnOf(page, seen, note)
  const filled: Filled[] = []
  for (const annotation of seen) {
    const { box, kind } = annotation
    const items = itemsOf(annotation, drawn.get(annotation.id))
    const isEmptyField = kind === 'text' || kind === 'choice'
    if (items.length === 0 && !isEmptyField) continue
    filled.push({ kind: kind === 'mark' ? 'mark' : kind === 'drawn' ? 'loose' : 'value', box, items })
  }
  return { filled, cut }
}

/** What their pictures say. Pictures are made for all of the page, so only where one is needed. */
async function drawnOf(page: PDFPageProxy, seen: readonly Annotation[], note: Note): Promise<Map<string, TextItem[]>> {
  const wanted = seen.filter(
    ({ kind, value, painted }) => kind === 'drawn' || (kind !== 'mark' && (painted || value.length > 0)),
  )
  if (wanted.length === 0 || seen.length > MAX_DRAWN) return new Map()
  const longest = Math.max(...wanted.map(({ value }) => value.reduce((sum, line) => sum + line.length, 0)))
  if (longest > MAX_DRAWN_VALUE) return new Map()
  try {
    return drawnText(await page.getOperatorList(), new Set(wanted.map(({ id }) => id)))
  } catch (error) {
    note(`page ${page.pageNumber}: ${error instanceof Error ? error.stack : error}`)
    return new Map()
  }
}

/** `drawn`: its picture, where it has one. */
function itemsOf(annotation: Annotation, drawn: readonly TextItem[] | undefined): readonly TextItem[] {
  const { kind, value, painted, comb, list } = annotation
  if (kind === 'drawn') return drawn ?? []
  if (kind === 'mark' || !drawn) return value.length > 0 ? laidOut(annotation) : []
  // Nothing is to be seen in it: a value that was set without a new picture, which viewers do not show either.
  if (drawn.length === 0) return []
  const wanted = list ? drawn.filter(({ str }) => value.includes(str.trim())) : drawn
  const said = bare(wanted.map(({ str }) => str))
  // The picture of the file is what is seen, also where it says something else than the field. One that pdf.js made of the
  // value counts where its letters are right: what the form's font cannot write comes out as something else.
  if (said !== bare(value) && (!painted || said === '' || isNonsense(said)))
    return value.length > 0 ? laidOut(annotation) : []
  return comb > 0 ? [joined(wanted)] : wanted
}

function bare(texts: readonly string[]): string {
  return texts.join('').normalize('NFKC').replace(/\s+/g, '')
}

/** Private use, the replacement character, controls: a font without a table. */
function isNonsense(text: string): boolean {
  return /[\p{Co}\p{Cc}\ufffd]/u.test(text)
}

/** The characters of a comb stand apart, and are one word. */
function joined(items: readonly TextItem[]): TextItem {
  const [first, last] = [items[0]!, items[items.length - 1]!]
  const gap = Math.hypot(last.transform[4]! - first.transform[4]!, last.transform[5]! - first.transform[5]!)
  return { ...first, str: items.map(({ str }) => str).join(''), width: gap + last.width }
}

/** Where no picture says it: about as viewers would draw the value. */
function laidOut({ kind, box, value, size: given, rotation, multiline, comb }: Annotation): TextItem[] {
  const [toUser, width, height] = uprightOf(box, rotation)
  const item = (str: string, size: number, x: number, y: number, along: number): TextItem => ({
    str,
    dir: 'ltr',
    transform: multiply(toUser, [size, 0, 0, size, x, y]),
    width: along,
    height: size,
    fontName: '',
    hasEOL: false,
  })
  if (kind === 'mark') return [item(value[0]!, Math.min(LARGEST, height), 0, 0.2 * height, width)]
  const text = multiline ? value : [value.join(' ')]
  const room = Math.max(1, width - 2 * PADDING)
  const size = given || Math.max(4, Math.min(LARGEST, height / text.length / LINE))
  const lines = multiline ? text.flatMap(line => wrapped(line, room, size)) : text
  const step = Math.min(LINE * size, (height - PADDING) / lines.length)
  const first = multiline ? height - PADDING - size : (height - 0.7 * size) / 2
  const share = comb > 0 ? width / comb : 0
  return lines.map((str, index) =>
    item(str, size, PADDING, first - index * step, share > 0 ? share * str.length : Math.min(room, widthOf(str, size))),
  )
}

/** From a frame in which the box lies upright at the origin, with its width and height there. */
function uprightOf([left, bottom, right, top]: Rectangle, rotation: number): [number[], number, number] {
  const [width, height] = [right - left, top - bottom]
  switch (rotation) {
    case 90:
      return [[0, 1, -1, 0, right, bottom], height, width]
    case 180:
      return [[-1, 0, 0, -1, right, top], width, height]
    case 270:
      return [[0, -1, 1, 0, left, top], height, width]
    default:
      return [[1, 0, 0, 1, left, bottom], width, height]
  }
}

function wrapped(text: string, room: number, size: number): string[] {
  const lines: string[] = []
  let line = ''
  let width = 0
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const more = widthOf(word, size)
    const space = line === '' ? 0 : widthOf(' ', size)
    if (line !== '' && width + space + more > room) {
      lines.push(line)
      line = word
      width = more
    } else {
      line += line === '' ? word : ` ${word}`
      width += space + more
    }
  }
  if (line !== '') lines.push(line)
  return lines
}

function widthOf(text: string, size: number): number {
  let width = 0
  for (let index = 0; index < text.length; index++) width += glyphWidth(SANS, text.charCodeAt(index))
  return (width * size) / 1000
}
