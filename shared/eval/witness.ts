/**
 * An independent reader of the same pages, to hold quotes and rectangles against: poppler's pdftotext, which shares no
 * code with the product's own reader.
 */
import type { Rectangle } from '../model/index.ts'

export interface WitnessPage {
  /** The page's text in several reading orders; a quote is literal when it stands in one of them. */
  texts: string[]
  /** The page's words with their boxes, in points from the upper left. Empty when unknown. */
  words: WitnessWord[]
}

export interface WitnessWord {
  text: string
  box: Rectangle
}

/** Runs `pdftotext` with these arguments and gives what it writes; undefined when it is not installed or fails. */
export type Pdftotext = (args: readonly string[]) => Promise<string | undefined>

/** All pages of a file, the first at 0; undefined without pdftotext. */
export async function readWitness(pdftotext: Pdftotext, file: string): Promise<WitnessPage[] | undefined> {
  // Reading order as poppler sees it, as printed (rows of a table stay rows), and as the file draws it.
  const outputs = await Promise.all([[], ['-layout'], ['-raw']].map(mode => pdftotext([...mode, file, '-'])))
  const boxes = await pdftotext(['-bbox', file, '-'])
  if (boxes === undefined) return undefined
  const texts = outputs.map(output => (output ?? '').split('\f'))
  return parseBoxes(boxes).map((words, index) => ({ texts: texts.map(pages => pages[index] ?? ''), words }))
}

/** The words of each page out of what `pdftotext -bbox` writes. */
export function parseBoxes(output: string): WitnessWord[][] {
  return output
    .split(/<page /)
    .slice(1)
    .map(page =>
      [...page.matchAll(WORD)].map(([, left, top, right, bottom, text]) => ({
        text: unescapeXml(text),
        box: [Number(left), Number(top), Number(right), Number(bottom)],
      })),
    )
}

const WORD = /<word xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)">([^<]*)<\/word>/g

function unescapeXml(text: string): string {
  const named: Record<string, string> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' }
  return text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (whole, decimal, hex, name) =>
    name === undefined
      ? String.fromCodePoint(decimal ? Number(decimal) : Number.parseInt(hex, 16))
      : (named[name] ?? whole),
  )
}

/**
 * Is the quote found in one of the texts, white space collapsed and words hyphenated at a line end joined? Of a table
 * row, `cells` are the texts of its cells: they have to stand there one after the other, whatever comes between.
 */
export function isLiteral(quote: string, texts: readonly string[], cells?: readonly string[]): boolean {
  const pages = texts.map(readable)
  const whole = pattern(quote)
  if (pages.some(page => whole.test(page))) return true
  if (cells === undefined || cells.length < 2) return false
  const parts = cells.map(cell => pattern(cell))
  return pages.some(page => {
    let from = 0
    return parts.every(part => {
      const match = part.exec(page.slice(from))
      if (!match) return false
      from += match.index + match[0].length
      return true
    })
  })
}

/** Where a line ended in a hyphen: the word may go on without it, or the hyphen may be its own. */
const LINE_END = '\u0001'

function readable(text: string): string {
  return sameLetters(text)
    .replace(/(?<=\S)[-\u00ad\u2010] *\r?\n\s*/g, LINE_END)
    .replace(/\s+/g, ' ')
}

/** A ligature and its letters are the same text; so are the two kinds of hyphen. */
const sameLetters = (text: string) => text.normalize('NFKC').replaceAll('\u2010', '-')

function pattern(text: string): RegExp {
  const source = [...sameLetters(text).replace(/\s+/g, ' ').trim()].map(escapeSign).join(`${LINE_END}?`)
  // "Haupt- und" may stand there with its hyphen at the line's end.
  return new RegExp(source.replaceAll(`-${LINE_END}? `, `(?:- |${LINE_END})`).replaceAll('-', `(?:-|${LINE_END})`), 'u')
}

const escapeSign = (letter: string) => (/[\\^$.*+?()[\]{}|/]/.test(letter) ? `\\${letter}` : letter)
