/** Words with their fonts, and the lines they fill. */
import type { PhrasingContent } from 'mdast'
import { type PdfFont, type PdfText, widthOf } from '../write-pdf.ts'

export interface Word {
  /** Begins with U+2060 where no space parts it from the word before. */
  text: string
  font: PdfFont
}

export const plain: PdfFont = 'Helvetica'
export const bold: PdfFont = 'Helvetica-Bold'
/** Running text, in points. */
export const body = { size: 10, leading: 14 }

export function textOf(children: readonly PhrasingContent[]): string {
  return children
    .map(child => ('value' in child ? child.value : 'children' in child ? textOf(child.children) : ''))
    .join('')
}

export function wordsOf(children: readonly PhrasingContent[], font: PdfFont = plain): Word[] {
  const words: Word[] = []
  let joined = false
  for (const child of children) {
    const text = textOf([child])
    const own = child.type === 'strong' ? bold : font
    for (const [at, part] of text.split(/\s+/).entries()) {
      if (part === '') joined = false
      // What stands close behind a bold word, a comma or a parenthesis, stays with it.
      else if (at === 0 && joined && words.length > 0) words.push({ text: `\u2060${part}`, font: own })
      else words.push({ text: part, font: own })
    }
    joined = !/\s$/.test(text)
  }
  return keepTogether(words)
}

/** A paragraph sign and its number, a figure and its unit stay on one line. */
function keepTogether(words: readonly Word[]): Word[] {
  const result: Word[] = []
  for (const word of words) {
    const last = result.at(-1)
    const bound =
      last &&
      (/(^|[^\w])§{1,2}$/.test(last.text) || (/\d$/.test(last.text) && /^(Euro|Uhr|Prozent|Grad)\b/.test(word.text)))
    if (bound && last.font === word.font) last.text += ` ${word.text}`
    else result.push({ ...word })
  }
  return result
}

export function widthOfLine(words: readonly Word[], size: number): number {
  return words.reduce((sum, word, at) => sum + advance(word, at, size), 0)
}

function advance({ text, font }: Word, at: number, size: number): number {
  const close = text.startsWith('\u2060')
  return widthOf(text.replace('\u2060', ''), font, size) + (at === 0 || close ? 0 : widthOf(' ', plain, size))
}

export function wrap(words: readonly Word[], room: number, size = body.size): Word[][] {
  const lines: Word[][] = []
  let line: Word[] = []
  let used = 0
  for (const word of words) {
    const more = advance(word, line.length, size)
    if (line.length > 0 && used + more > room) {
      lines.push(line)
      line = []
      used = 0
    }
    used += advance(word, line.length, size)
    line.push(word)
  }
  if (line.length > 0) lines.push(line)
  return lines
}

/** A line as texts, one for each change of font. */
export function place(line: readonly Word[], x: number, y: number, size: number): PdfText[] {
  const texts: PdfText[] = []
  let at = x
  for (const [index, word] of line.entries()) {
    const last = texts.at(-1)
    const close = index === 0 || word.text.startsWith('\u2060')
    const text = word.text.replace('\u2060', '')
    const start = at + advance(word, index, size) - widthOf(text, word.font, size)
    if (last && last.font === word.font) last.text += close ? text : ` ${text}`
    else texts.push({ x: start, y, text, font: word.font, size })
    at = start + widthOf(text, word.font, size)
  }
  return texts
}
