import type { Rectangle, Run } from '../../model/index.ts'
import { glyphWidth } from './glyph-widths.ts'
import { jointOf } from './joint.ts'
import type { Line } from './line.ts'
import { isField, type Piece, scaleOf, toPageBox } from './piece.ts'

export interface Composed {
  text: string
  runs: Run[]
}

// In font sizes, between two pieces of a line: pdf.js and poppler both call a gap of a tenth a space.
const WORD_GAP = 0.1
// Where the stream itself has a space, a hair of distance is enough.
const SPACED_GAP = 0.02
// A run is cut after punctuation, where sentences end, and otherwise at a word gap after this many characters: inside a
// run positions are interpolated, and the estimate is off by about half a character in the middle of a long line.
const MAX_RUN = 32
// Of the width of a space.
const CUT_MARGIN = 0.4
const PUNCTUATION = '.!?:;,…)]"”“»›–—'
const OPENING = '„“"‚(»«•'
const CLOSING = /^[.,;:!?)]/

/**
 * The text of a block with its runs. Lines are joined by one space; a word hyphenated at a line end is joined. The
 * boxes come back on the page as shown.
 */
export function compose(lines: readonly Line[], degrees: number): Composed {
  const builder = createBuilder(degrees)
  for (const line of lines) builder.line(line)
  return builder.done()
}

/** Several groups of lines (cells) as one text; `cells` tells where each begins. */
export function composeCells(cells: readonly (readonly Line[])[], degrees: number): Composed & { cells: number[] } {
  const builder = createBuilder(degrees)
  const starts: number[] = []
  for (const lines of cells) {
    builder.breakCell()
    starts.push(builder.next())
    for (const line of lines) builder.line(line)
  }
  return { ...builder.done(), cells: starts }
}

/** Keeps the lines and their indentation. */
export function composeCode(lines: readonly Line[], degrees: number): Composed {
  const builder = createBuilder(degrees)
  const left = Math.min(...lines.map(line => line.x0))
  for (const line of lines) {
    const piece = line.fragments[0]!.pieces[0]!
    const column = Math.max(0.1, piece.size * 0.6)
    builder.codeLine(line, Math.min(40, Math.round((line.x0 - left) / column)))
  }
  return builder.done()
}

function createBuilder(degrees: number) {
  // The upright box of a slanted line is as high as the line is long: word by word it stays near.
  const slanted = degrees % 90 !== 0
  let text = ''
  const runs: Run[] = []
  let fresh = true

  function addLine(line: Line) {
    let last: Piece | undefined
    for (const fragment of line.fragments) {
      for (const piece of fragment.pieces) {
        if (last && isGap(last, piece)) text += ' '
        addPiece(piece)
        last = piece
      }
    }
  }

  function addPiece(piece: Piece) {
    const at = text.length
    const words = piece.text
    text += words
    if (piece.rtl) {
      addRun(at, text.length, piece, piece.x0, piece.x1)
      return
    }
    let space = words.indexOf(' ')
    if (space === -1) {
      addRun(at, text.length, piece, piece.x0, piece.x1)
      return
    }
    const scale = scaleOf(piece)
    // A cut between two words is an estimate: each side reaches into the space between, but not to the next word.
    const margin = CUT_MARGIN * scale.space
    let start = 0
    let left = piece.x0
    let x = left
    let index = 0
    for (; space !== -1; space = words.indexOf(' ', space + 1)) {
      const cut =
        space > start &&
        (slanted || space - start >= MAX_RUN || endsClause(words, space) || OPENING.includes(words[space + 1] ?? ' '))
      for (; index < space; index++) x += advance(index)
      if (!cut) {
        // A second space right after a cut belongs to no run.
        if (space === start) {
          x += advance(index++)
          start = index
          left = Math.max(x - margin, piece.x0)
        }
        continue
      }
      addRun(at + start, at + space, piece, left, Math.min(x + margin, piece.x1))
      x += advance(index++)
      start = index
      left = Math.min(Math.max(x - margin, piece.x0), piece.x1)
    }
    if (start < words.length) addRun(at + start, at + words.length, piece, left, piece.x1)

    function advance(position: number): number {
      const code = words.charCodeAt(position)
      if (code === 0x20) return position === 1 && scale.bullet > 0 ? scale.bullet : scale.space
      return glyphWidth(piece.metrics.widths, code) * scale.unit
    }
  }

  function addRun(at: number, end: number, piece: Piece, left: number, right: number) {
    runs.push({ at, end, rect: rounded(toPageBox([left, piece.top, right, piece.bottom], degrees)) })
  }

  function joinLine(line: Line) {
    const first = line.fragments[0]!.pieces[0]!.text
    const joint = jointOf(text, first)
    if (joint === 'drop-hyphen') return dropHyphen()
    if (joint === 'none') return
    text += ' '
  }

  /** The hyphen belongs to no run any more. */
  function dropHyphen() {
    text = text.slice(0, -1)
    const run = runs[runs.length - 1]
    if (!run) return
    run.end--
    if (run.end <= run.at) runs.pop()
  }

  return {
    line(line: Line) {
      if (!fresh) joinLine(line)
      fresh = false
      addLine(line)
    },
    codeLine(line: Line, indent: number) {
      if (text !== '') text += '\n'
      text += ' '.repeat(indent)
      addLine(line)
    },
    breakCell() {
      if (text !== '' && !text.endsWith(' ')) text += ' '
      fresh = true
    },
    next: () => text.length,
    done(): Composed {
      // Empty cells at the end leave a space behind.
      return { text: text.trimEnd(), runs }
    },
  }
}

/** The dots that lead to a page number are no ends of sentences. */
function endsClause(text: string, space: number): boolean {
  return PUNCTUATION.includes(text[space - 1]!) && text[space - 2] !== ' '
}

export function isGap(last: Piece, piece: Piece): boolean {
  // A value may fill its field to the edge, or stand below its label.
  if (last.filled !== piece.filled && (isField(last) || isField(piece)))
    return !(isField(last) && CLOSING.test(piece.text))
  if (last.filled && Math.abs(last.y - piece.y) > 0.5 * piece.size) return true
  const gap = last.rtl && piece.rtl ? last.x0 - piece.x1 : piece.x0 - last.x1
  const size = Math.min(last.size, piece.size)
  return gap > (piece.spaced ? SPACED_GAP : WORD_GAP) * size
}

/** Hundredths of a point, outwards: finer than any screen, and a segment is a third shorter to store. */
function rounded(box: Rectangle): Rectangle {
  return [down(box[0]), down(box[1]), -down(-box[2]), -down(-box[3])]
}

function down(value: number): number {
  return Math.floor(value * 100 + 1e-6) / 100
}
