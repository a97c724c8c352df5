/** Text on its way to a terminal: made harmless, measured, wrapped. */

/** Controls, marks of direction, line separators, lone surrogates: what lets a name move the cursor or pose as another. */
const dangerous = /[\p{Cc}\p{Bidi_Control}\u2028\u2029\p{Cs}]/gu

/** A name on one line, with everything that a terminal would obey shown as what it is: `\u001b`. */
export function safe(text: string): string {
  return text.replace(dangerous, character => escapeCharacter(character))
}

/** Text of a document on one line: what a terminal would obey becomes a space, marks of direction vanish. */
export function prose(text: string): string {
  return text
    .replace(/\p{Bidi_Control}/gu, '')
    .replace(dangerous, ' ')
    .replace(/\s+/g, ' ')
    .trim()
}

/** JSON on one line; what a terminal would obey (JSON itself leaves DEL, C1 and marks of direction) is written as escapes. */
export function toJson(value: object): string {
  return JSON.stringify(value).replace(dangerous, character => escapeCharacter(character))
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** For terminals that know no Unicode: our own signs in ASCII. Letters of names and quotes stay as they are. */
export function toPlainSigns(text: string): string {
  return text.replace(/[„“”‚‘’–—…›·━─✓✗]/g, sign => plainSigns[sign] ?? sign)
}

const plainSigns: Record<string, string> = {
  '„': '"',
  '“': '"',
  '”': '"',
  '‚': "'",
  '‘': "'",
  '’': "'",
  '–': '-',
  '—': '--',
  '…': '...',
  '›': '>',
  '·': '|',
  '━': '#',
  '─': '-',
  '✓': '+',
  '✗': 'x',
}

// Unicode's East Asian Width W and F, in the blocks that matter (UAX #11), and pictures.
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** Columns a terminal needs. */
export function widthOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length
  let width = 0
  for (const { segment } of graphemes.segment(text)) {
    width += wide.test(segment) ? 2 : /^[\p{Mn}\p{Me}\p{Cf}]+$/u.test(segment) ? 0 : 1
  }
  return width
}

/** At most so many columns, with `…` in the middle where something was left out: the end of a file name matters. */
export function shorten(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text
  if (columns < 5) return '…'.slice(0, columns)
  const parts = [...graphemes.segment(text)].map(part => part.segment)
  const tail: string[] = []
  const head: string[] = []
  let left = columns - 1
  for (let turn = 0; parts.length > 0; turn++) {
    const part = turn % 2 === 0 ? parts.pop()! : parts.shift()!
    left -= widthOf(part)
    if (left < 0) break
    if (turn % 2 === 0) tail.unshift(part)
    else head.push(part)
  }
  return `${head.join('')}…${tail.join('')}`
}

export function padEnd(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - widthOf(text)))
}

export function padStart(text: string, columns: number): string {
  return ' '.repeat(Math.max(0, columns - widthOf(text))) + text
}

/** Lines of at most so many columns, broken at spaces; a longer word stays whole. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > columns) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
