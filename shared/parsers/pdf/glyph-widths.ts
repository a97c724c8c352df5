/**
 * Estimated advance widths. pdf.js reports the width of a text item, not of its characters, and an item is often a whole
 * line; to say where a word inside it begins, the width is shared out by these proportions (the common core of the
 * Times and Helvetica metrics of the standard 14 fonts, in thousandths of an em, averaged). What is left over in a
 * justified line goes to its spaces.
 */
const ASCII =
  // space ! " # $ % & ' ( ) * + , - . /
  '264 306 382 528 528 846 722 186 333 333 444 567 264 333 264 278 ' +
  // 0-9 : ; < = > ? @
  '528 528 528 528 528 528 528 528 528 528 278 278 574 574 574 500 968 ' +
  // A-Z
  '695 667 695 722 639 584 750 722 306 445 695 584 862 722 750 612 750 680 606 639 722 695 944 695 695 612 ' +
  // [ \ ] ^ _ `
  '306 278 306 469 528 333 ' +
  // a-z
  '500 528 472 528 500 306 528 528 250 250 500 250 806 528 528 528 528 333 445 278 528 500 722 500 500 472 ' +
  // { | } ~
  '407 230 407 563'

const FIRST = 0x20
const TABLE_SIZE = 0x250
const CJK = 1000
const OTHER = 528

const table = buildTable()

function buildTable(): Uint16Array {
  const ascii = ASCII.split(' ').map(Number)
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
export function glyphWidth(code: number): number {
  if (code < TABLE_SIZE) return table[code]!
  if (code >= 0x300 && code < 0x370) return 0
  if (code >= 0xdc00 && code < 0xe000) return 0
  if (code >= 0x2e80 && code < 0xfb00) return CJK
  if (code === 0x2014 || code === 0x2026) return CJK
  if (code === 0x2018 || code === 0x2019) return 280
  if (code >= 0x201c && code <= 0x201e) return 400
  if (code === 0x2022) return 400
  return OTHER
}
