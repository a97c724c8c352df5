/**
 * Estimated advance widths. pdf.js reports the width of a text item, not of its characters, and an item is often a whole
 * line; to say where a word inside it begins, the width is shared out by these proportions: the metrics of Times and
 * Helvetica (Adobe's font metrics of the standard 14 fonts), in thousandths of an em. Most text fonts are near one of
 * them, and what is left over in a justified line goes to its spaces.
 */
const TIMES =
  // space to / (0x20)
  '250 333 408 500 500 833 778 180 333 333 500 564 250 333 250 278 ' +
  // 0-9 : ; < = > ? @
  '500 500 500 500 500 500 500 500 500 500 278 278 564 564 564 444 921 ' +
  // A-Z [ \ ] ^ _ `
  '722 667 667 722 611 556 722 722 333 389 722 611 889 722 722 556 722 667 556 611 722 722 944 722 722 611 ' +
  '333 278 333 469 500 333 ' +
  // a-z { | } ~
  '444 500 444 500 444 333 500 500 278 278 500 278 778 500 500 500 500 333 389 278 500 500 722 500 500 444 ' +
  '480 200 480 541'
const HELVETICA =
  '278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 ' +
  '556 556 556 556 556 556 556 556 556 556 278 278 584 584 584 556 1015 ' +
  '667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722 667 611 722 667 944 667 667 611 ' +
  '278 278 278 469 556 333 ' +
  '556 556 500 556 556 278 556 556 222 222 500 222 833 556 556 556 556 333 500 278 556 500 722 500 500 500 ' +
  '334 260 334 584'

const FIRST = 0x20
const TABLE_SIZE = 0x250
const CJK = 1000
const OTHER = 528

/** Widths by UTF-16 unit, for the characters below `TABLE_SIZE`. */
export type Widths = Uint16Array

export const SERIF: Widths = buildTable(TIMES)
export const SANS: Widths = buildTable(HELVETICA)
export const MONO: Widths = new Uint16Array(TABLE_SIZE).fill(600)

function buildTable(metrics: string): Widths {
  const ascii = metrics.split(' ').map(Number)
  const result = new Uint16Array(TABLE_SIZE).fill(OTHER)
  for (const [index, width] of ascii.entries()) result[FIRST + index] = width
  for (let code = 0xa0; code < TABLE_SIZE; code++) {
    // An accented letter is as wide as its base letter.
    const base = String.fromCharCode(code).normalize('NFD').charCodeAt(0)
    if (base < 0x7f && base >= FIRST) result[code] = result[base]!
  }
  result[0xa0] = result[0x20]!
  return result
}

/** The advance of one UTF-16 unit in thousandths of an em; a combining mark and the second half of a pair have none. */
export function glyphWidth(widths: Widths, code: number): number {
  if (code < TABLE_SIZE) return widths[code]!
  if (widths === MONO) return 600
  if (code >= 0x300 && code < 0x370) return 0
  if (code >= 0xdc00 && code < 0xe000) return 0
  if (code >= 0x2e80 && code < 0xfb00) return CJK
  if (code === 0x2014 || code === 0x2026) return CJK
  if (code === 0x2018 || code === 0x2019 || code === 0x201a) return widths === SANS ? 222 : 333
  if (code >= 0x201c && code <= 0x201e) return widths === SANS ? 333 : 444
  if (code === 0x2022) return 350
  return OTHER
}
