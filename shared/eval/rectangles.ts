import type { Rectangle } from '../model/index.ts'
import type { WitnessWord } from './witness.ts'

/** Share of the quote's words that have to lie inside, and lines of other text that may. */
const leastInside = 0.95
const mostForeignLines = 1

export interface RectangleFinding {
  /** Share of the quote's words, as the witness sees them, that lie inside the rectangles. */
  inside: number
  /** Lines of other text inside. */
  foreignLines: number
  right: boolean
}

/**
 * Do the rectangles hold the quote and nothing else? The witness's words that make up the quote are found by its letters
 * in their order, or, where the witness reads in another order (rows of a table), one by one among those inside.
 */
export function judgeRectangles(
  quote: string,
  rects: readonly Rectangle[],
  words: readonly WitnessWord[],
): RectangleFinding {
  const inside = words.map(word => covered(word.box, rects) >= 0.9)
  const best = [...stretches(quote, words), singly(quote, words, inside)].reduce((one, other) =>
    share(other, inside) > share(one, inside) ? other : one,
  )
  const own = new Set(best.found)
  const foreign = words.filter((word, index) => !own.has(index) && covered(word.box, rects) >= 0.5)
  const foreignLines = countForeignLines(
    foreign,
    best.found.map(index => words[index]),
  )
  const found = share(best, inside)
  return { inside: found, foreignLines, right: found >= leastInside && foreignLines <= mostForeignLines }
}

/**
 * Do the witness's words inside the rectangles, one rectangle after the other, spell the quote? For table rows with cells
 * of several lines, which no reading order gives in one piece.
 */
export function spelledBy(quote: string, rects: readonly Rectangle[], words: readonly WitnessWord[]): boolean {
  const spelled = rects.map(rect => {
    const inside = words.filter(word => covered(word.box, [rect]) >= 0.5)
    return inside
      .sort((a, b) => a.box[0] - b.box[0])
      .map(word => letters(word.text))
      .join('')
  })
  return spelled.join('') === letters(quote)
}

interface Match {
  /** Indexes of the witness's words that belong to the quote. */
  found: number[]
  /** Words of the quote the witness does not have where they should be. */
  missing: number
}

function share({ found, missing }: Match, inside: readonly boolean[]): number {
  const all = found.length + missing
  return all === 0 ? 0 : found.filter(index => inside[index]).length / all
}

/** Every place where the witness's words, one after the other, have the letters of the quote. */
function stretches(quote: string, words: readonly WitnessWord[]): Match[] {
  const wanted = letters(quote)
  if (wanted === '') return []
  let stream = ''
  const owner: number[] = []
  words.forEach((word, index) => {
    const text = letters(word.text)
    stream += text
    for (let at = 0; at < text.length; at++) owner.push(index)
  })
  const matches: Match[] = []
  for (let at = stream.indexOf(wanted); at >= 0; at = stream.indexOf(wanted, at + 1))
    matches.push({ found: [...new Set(owner.slice(at, at + wanted.length))], missing: 0 })
  return matches
}

/**
 * Each word of the quote for itself, among the witness's words inside. It may be several of them in a row: its halves
 * where it was cut at a line end, or signs set in another type.
 */
function singly(quote: string, words: readonly WitnessWord[], inside: readonly boolean[]): Match {
  const free = new Set(words.flatMap((_, index) => (inside[index] ? [index] : [])))
  const found: number[] = []
  let missing = 0
  for (const token of quote.split(/\s+/)) {
    const wanted = letters(token)
    if (wanted === '') continue
    const row = [...free].map(index => rowOf(wanted, index, words, free)).find(indexes => indexes.length > 0) ?? []
    if (row.length === 0) missing += 1
    for (const index of row) {
      free.delete(index)
      found.push(index)
    }
  }
  return { found, missing }
}

/** The words from `first` on that make up `wanted` together; none if they do not. */
function rowOf(wanted: string, first: number, words: readonly WitnessWord[], free: ReadonlySet<number>): number[] {
  const row: number[] = []
  let text = ''
  for (let index = first; free.has(index) && text.length < wanted.length; index++) {
    text += letters(words[index].text)
    row.push(index)
    if (!wanted.startsWith(text)) return []
  }
  return text === wanted ? row : []
}

/** Letters, digits and signs without white space and hyphens: these two depend on where the lines end. */
const letters = (text: string) => text.normalize('NFKC').replace(/[\s\u00ad\u2010-]/g, '')

/** Share of a word's width that the rectangles over its middle cover. A point may be missing at each side. */
function covered([left, top, right, bottom]: Rectangle, rects: readonly Rectangle[]): number {
  const middle = (top + bottom) / 2
  const width = Math.max(right - left, 0.1)
  const sum = rects
    .filter(rect => rect[1] <= middle && middle <= rect[3])
    .reduce((total, rect) => total + Math.max(0, Math.min(right, rect[2] + 1) - Math.max(left, rect[0] - 1)), 0)
  return Math.min(1, sum / width)
}

/**
 * Lines that hold words of other text alone. A word or two beside the quote on its own line are no line: a run of text is
 * cut in proportion to its letters, so a neighbour's edge may fall inside.
 */
function countForeignLines(foreign: readonly WitnessWord[], own: readonly WitnessWord[]): number {
  const lines: WitnessWord[][] = []
  for (const word of foreign) {
    const line = lines.find(([first]) => sameLine(first.box, word.box))
    if (line) line.push(word)
    else lines.push([word])
  }
  return lines.filter(line => line.length > 2 || !own.some(word => sameLine(word.box, line[0].box))).length
}

function sameLine(one: Rectangle, other: Rectangle): boolean {
  const shared = Math.min(one[3], other[3]) - Math.max(one[1], other[1])
  return shared > Math.min(one[3] - one[1], other[3] - other[1]) / 2
}
