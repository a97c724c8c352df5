import type { Block, BlockKind } from '../../model/index.ts'
import type { Reading, Source } from '../formats.ts'
import type { ParserLimits } from '../protocol.ts'
import { cutAt, linesOf } from './decode.ts'
import { NO_MARKS, openText, type TextMarks } from './open-text.ts'
import { linesFrom } from './segments.ts'

// A paragraph longer than this goes on in another block (a file without line ends, a log).
const MAX_BLOCK = 8_000
const ITEM = /^\s*(?:[-*+•–]\s+|\(?\d{1,3}[.)]\s+)\S/
// Columns of a table drawn with spaces: joining such lines would glue rows.
const COLUMNS = /\S(?:\t| {3,})\S/
const SHORT = 0.6

/**
 * Plain text: paragraphs by blank lines, hard-wrapped lines joined. Lines that are meant as lines (short ones: verse, an
 * address, a log, a table drawn with spaces) stay apart.
 */
export async function openPlainText(file: string, limits: Pick<ParserLimits, 'characters'>): Promise<Source<Reading>> {
  return openText(file, 'text 1', blocksOf, limits.characters)
}

interface TextLine {
  text: string
  number: number
}

/** Paragraphs and list items of a text, counted in lines. */
export async function* blocksOf(
  pieces: AsyncIterable<string>,
  marks: TextMarks<{ line: number }> = NO_MARKS,
): AsyncGenerator<Block> {
  let number = marks.from?.line ?? 1
  let group: TextLine[] = []
  let size = 0
  for await (const { text, ends, end } of linesOf(pieces, MAX_BLOCK)) {
    const clean = cleanLine(text)
    if (clean.trim() !== '') {
      group.push({ text: clean, number })
      size += clean.length
    }
    if (ends) number++
    if ((clean.trim() === '' && ends) || size > MAX_BLOCK) {
      yield* paragraphsOf(group)
      group = []
      size = 0
      marks.at(end, { line: number })
    }
  }
  yield* paragraphsOf(group)
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be removed
const CONTROLS = /[\u0000-\u0008\u000b\u000e-\u001f\u007f\ufeff]/g

function cleanLine(text: string): string {
  return text
    .replace(CONTROLS, '')
    .replace(/[\f\u0085\u2028\u2029]/g, ' ')
    .normalize('NFC')
}

function* paragraphsOf(group: TextLine[]): Generator<Block> {
  if (group.length === 0) return
  const widest = group.reduce((most, line) => Math.max(most, line.text.trim().length), 0)
  let kind: BlockKind = 'paragraph'
  let lines: TextLine[] = []
  const flush = function* (): Generator<Block> {
    if (lines.length > 0) yield* toBlocks(kind, lines)
    lines = []
  }
  for (const line of group) {
    const above = lines[lines.length - 1]
    const item = ITEM.test(line.text)
    // What is indented under an item goes on with it.
    const under = kind === 'list-item' && /^\s/.test(line.text)
    if (above && !item && (under || wraps(above, line, widest))) {
      lines.push(line)
      continue
    }
    yield* flush()
    kind = item ? 'list-item' : 'paragraph'
    lines = [line]
  }
  yield* flush()
}

/** Was the line broken only because it was full? */
function wraps(above: TextLine, line: TextLine, widest: number): boolean {
  const text = above.text.trim()
  // Parts of one endless line.
  if (above.number === line.number) return true
  if (COLUMNS.test(above.text) || COLUMNS.test(line.text)) return false
  const next = line.text.trim()
  // The next word would have found room, so the break is meant.
  const word = next.indexOf(' ') === -1 ? next.length : next.indexOf(' ')
  if (widest < 40 && !/^\p{Ll}/u.test(next)) return false
  if (text.length + 1 + word <= SHORT * widest) return false
  return true
}

function* toBlocks(kind: BlockKind, group: TextLine[]): Generator<Block> {
  let text = ''
  for (const [index, line] of group.entries()) {
    const next = line.text.replace(/\s+/g, ' ')
    if (text === '') text = next.trimStart()
    // Parts of one line are as they were.
    else if (line.number === group[index - 1]?.number) text += next
    else text = joinLine(text.trimEnd(), next.trimStart())
  }
  text = text.trim()
  const span = linesFrom(group[0]!.number, group[group.length - 1]!.number)
  while (text.length > MAX_BLOCK) {
    const cut = cutAt(text, MAX_BLOCK)
    yield { kind, text: text.slice(0, cut).trimEnd(), span }
    text = text.slice(cut).trimStart()
  }
  if (text !== '') yield { kind, text, span }
}

// After one of these a word ending in a hyphen is short for a longer one: “Haupt- und Nebensatz”.
const SUSPENDED = /^(?:und|oder|bzw\.?|sowie|als|noch|bis|and|or|to)(?![\p{L}\p{N}])/u

function joinLine(text: string, next: string): string {
  if (/\p{L}[-\u2010\u00ad]$/u.test(text)) {
    if (/^\p{Ll}/u.test(next) && !SUSPENDED.test(next)) return text.slice(0, -1) + next
    if (/^[\p{Lu}\p{N}]/u.test(next)) return text + next
  }
  return `${text} ${next}`
}
