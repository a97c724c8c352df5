import type { Block } from '../../model/index.ts'
import type { Reading, Source } from '../formats.ts'
import type { ParserLimits } from '../protocol.ts'
import { linesOf } from './decode.ts'
import { openText, type TextMarks } from './open-text.ts'
import { linesFrom } from './segments.ts'

// A part of a line that never ends.
const MAX_LINE = 8_000
// A definition longer than this is cut: at a blank line where there is one, else anywhere.
const LONG = 1_500
const TOO_LONG = 4_000

/**
 * Source code and data written as text, with its lines: a block is what stands between blank lines before something that
 * is not indented, that is, a definition with the comment above it.
 */
export async function openCode(file: string, limits: Pick<ParserLimits, 'characters'>): Promise<Source<Reading>> {
  return openText(file, 'code 1', blocksOf, limits.characters)
}

async function* blocksOf(pieces: AsyncIterable<string>, marks: TextMarks<{ line: number }>): AsyncGenerator<Block> {
  let lines: string[] = []
  let size = 0
  let first = 1
  let number = marks.from?.line ?? 1
  let before = 0
  let blank = false
  const flush = function* (): Generator<Block> {
    while (lines.length > 0 && lines[lines.length - 1] === '') lines.pop()
    if (lines.length > 0)
      yield { kind: 'code', text: lines.join('\n'), span: linesFrom(first, first + lines.length - 1) }
    lines = []
    size = 0
  }
  for await (const { text, ends, end } of linesOf(pieces, MAX_LINE)) {
    const line = cleanLine(text)
    const apart = blank && (size > LONG || /^[^\s})\]]/.test(line))
    if (line !== '' && lines.length > 0 && (apart || size + line.length > TOO_LONG)) yield* flush()
    if (lines.length === 0) marks.at(before, { line: number })
    before = end
    if (line !== '' && lines.length === 0) first = number
    if (lines.length > 0 || line !== '') lines.push(line)
    size += line.length
    blank = line === ''
    if (ends) number++
    // Parts of one line stand apart: they are no lines of their own.
    else yield* flush()
  }
  yield* flush()
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be removed
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f\ufeff]/g

function cleanLine(text: string): string {
  return text.replace(CONTROLS, '').replace(/\s+$/, '').toWellFormed().normalize('NFC')
}
