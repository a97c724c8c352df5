import { AnnotationType, type PDFDocumentProxy, type PDFPageProxy } from 'pdfjs-dist/legacy/build/pdf.mjs'
import type { Rectangle } from '../../model/index.ts'

/** What was put onto a page beside its content: a filled-in field, a text typed on it, a stamp, a signature. */
export interface Annotation {
  id: string
  kind: 'text' | 'choice' | 'mark' | 'free-text' | 'drawn'
  /** In user space: lower left, upper right. */
  box: Rectangle
  /** What it holds: a line a line, chosen options as they are shown. `drawn` (stamps, signatures): nothing but its picture. */
  value: readonly string[]
  /** Its picture was made with the file, so it says what is seen; else viewers draw the value. */
  painted: boolean
  /** Of the text as the file says; 0: as large as there is room. */
  size: number
  /** Degrees counter-clockwise. */
  rotation: number
  multiline: boolean
  /** Into how many boxes its characters are shared out; 0: none. */
  comb: number
  /** Of a list box, the picture shows all options. */
  list: boolean
}

const TYPES = new Set([AnnotationType.WIDGET, AnnotationType.FREETEXT, AnnotationType.STAMP])
// Bits 2 and 6 of the annotation's flags: hidden, and not on the screen.
const UNSEEN = 2 | 32
// Nobody fills in more. pdf.js takes 60 µs and 8 kB for each.
const MAX_ANNOTATIONS = 10_000
// Characters of one value: some twenty printed pages.
const MAX_VALUE = 100_000
// Pages asked for ahead, at once. More would be held in memory for longer, and take no less time.
const BLOCK = 64

export interface Annotations {
  seen: Annotation[]
  /** More, or longer, than is kept. */
  cut: boolean
  /** There are fields, filled in or not, seen or not. */
  fields: boolean
}

/**
 * Of each page, what of this is to be seen. By type, and not by `page.getAnnotations`, which makes all links of a page and all
 * fields of the document: on a manual with links that took 1.7 to 1.9 times as long as the text alone, this 1.0. pdf.js is
 * told which pages to leave out, so to ask page by page is quadratic: twice the time of the text alone at 4,000 pages.
 * Asked is only ahead of the page that is read: one before it may have done harm. `alone`: page by page all the same, since a
 * process died, and one further on may be the reason.
 */
export function annotationsIn(
  document: PDFDocumentProxy,
  alone: boolean,
): (page: PDFPageProxy) => Promise<Annotations> {
  let ahead: { start: number; found: Map<unknown, object[]> | undefined } | undefined
  const ask = async (from: number, to: number): Promise<readonly object[]> => {
    const others = new Set<number>()
    for (let index = 0; index < document.numPages; index++) if (index < from || index >= to) others.add(index)
    // Null where the form itself cannot be read.
    return (await document.getAnnotationsByType(TYPES, others)) ?? []
  }
  const lookAhead = async (start: number) => {
    try {
      return Map.groupBy(await ask(start, start + BLOCK), data => field(data, 'pageIndex'))
    } catch {
      // One page that cannot be read is no reason to lose the fields of the others: each by itself.
      return undefined
    }
  }
  return async page => {
    const index = page.pageNumber - 1
    if (!alone && (!ahead || index < ahead.start || index >= ahead.start + BLOCK))
      ahead = { start: index, found: await lookAhead(index) }
    return seenOf(document, ahead?.found ? (ahead.found.get(index) ?? []) : await ask(index, index + 1))
  }
}

async function seenOf(document: PDFDocumentProxy, all: readonly object[]): Promise<Annotations> {
  if (all.length === 0) return { seen: [], cut: false, fields: false }
  const layers = all.some(data => field(data, 'oc')) ? await document.getOptionalContentConfig() : undefined
  let cut = all.length > MAX_ANNOTATIONS
  const seen: Annotation[] = []
  for (const data of all.slice(0, MAX_ANNOTATIONS)) {
    const layer = field(data, 'oc')
    if (layer && layers && !layers.isVisible(layer)) continue
    const annotation = readAnnotation(data)
    if (!annotation) continue
    const whole = annotation.value.join('\n')
    if (whole.length > MAX_VALUE) {
      cut = true
      annotation.value = whole.slice(0, MAX_VALUE).split('\n')
    }
    seen.push(annotation)
  }
  return { seen, cut, fields: all.some(data => field(data, 'annotationType') === AnnotationType.WIDGET) }
}

function readAnnotation(data: object): Annotation | undefined {
  const flags = Number(field(data, 'annotationFlags'))
  const box = boxOf(field(data, 'rect'))
  if (flags & UNSEEN || field(data, 'hidden') === true || !box) return undefined
  const content = field(data, 'textContent')
  const appearance = field(data, 'defaultAppearanceData')
  const of = (kind: Annotation['kind'], value: readonly string[], more: Partial<Annotation> = {}): Annotation => ({
    id: String(field(data, 'id')),
    kind,
    box,
    value: value.map(line => line.trimEnd()),
    painted: field(data, 'hasAppearance') === true,
    size: sizeOf(appearance),
    rotation: Number(field(data, 'rotation')) || 0,
    multiline: field(data, 'multiLine') === true,
    comb: field(data, 'comb') === true ? Number(field(data, 'maxLen')) : 0,
    list: false,
    ...more,
  })
  switch (field(data, 'annotationType')) {
    case AnnotationType.STAMP:
      return of('drawn', [])
    case AnnotationType.FREETEXT: {
      const contents = field(data, 'contentsObj')
      const typed = strings(content)
      return of('free-text', typed.length > 0 ? typed : linesOf(isObject(contents) ? field(contents, 'str') : ''), {
        multiline: true,
      })
    }
  }
  switch (field(data, 'fieldType')) {
    case 'Tx': {
      if (field(data, 'password') === true) return undefined
      // pdf.js tells the text of a picture only where it is one of the file: not where the form asks viewers to draw anew.
      const painted = field(data, 'hasAppearance') === true && content !== undefined
      return of('text', linesOf(field(data, 'fieldValue')), { painted })
    }
    case 'Ch':
      return of('choice', chosen(data), { list: field(data, 'combo') !== true, multiline: true })
    case 'Sig':
      return of('drawn', [])
    case 'Btn': {
      const on = onState(data)
      if (on === undefined) return undefined
      return of('mark', [on ? '☒' : '☐'])
    }
  }
  return undefined
}

/** Undefined for buttons to press, and what draws nothing. */
function onState(data: object): boolean | undefined {
  const value = field(data, 'fieldValue')
  if (field(data, 'checkBox') === true) return value === field(data, 'exportValue') && value !== 'Off'
  const own = field(data, 'buttonValue')
  if (field(data, 'radioButton') === true && typeof own === 'string') return value === own
  return undefined
}

/** As they are shown, which is not what a program is told of them. */
function chosen(data: object): string[] {
  const values = strings(field(data, 'fieldValue'))
  const options = field(data, 'options')
  const shown = new Map<unknown, string>()
  for (const option of Array.isArray(options) ? options : []) {
    if (!isObject(option)) continue
    const text = field(option, 'displayValue')
    const key = field(option, 'exportValue')
    if (typeof text === 'string' && !shown.has(key)) shown.set(key, text)
  }
  return values.map(value => shown.get(value) ?? value)
}

function boxOf(rect: unknown): Rectangle | undefined {
  if (!Array.isArray(rect) || rect.length !== 4 || !rect.every(value => Number.isFinite(value))) return undefined
  const [left, bottom, right, top]: number[] = rect
  if (left === undefined || bottom === undefined || right === undefined || top === undefined) return undefined
  return right > left && top > bottom ? [left, bottom, right, top] : undefined
}

function sizeOf(appearance: unknown): number {
  const size = isObject(appearance) ? Number(field(appearance, 'fontSize')) : 0
  return size > 0 && size < 1_000 ? size : 0
}

function linesOf(value: unknown): string[] {
  return typeof value === 'string' && value.trim() !== '' ? value.split(/\r\n?|\n/) : []
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter(each => typeof each === 'string').filter(each => each.trim() !== '') : []
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function field(data: object, name: string): unknown {
  return Reflect.get(data, name)
}
