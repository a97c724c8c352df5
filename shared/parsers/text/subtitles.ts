import type { Block } from '../../model/index.ts'
import { cleanText } from '../clean-text.ts'
import type { Reading, Source } from '../formats.ts'
import type { ParserLimits } from '../protocol.ts'
import { linesOf } from './decode.ts'
import { openText, type TextMarks } from './open-text.ts'
import { linesFrom } from './segments.ts'

const MAX_LINE = 8_000
const TIMES = /^\s*(?:\d+:)?\d+:\d+[.,]\d+\s+-->/
const SENTENCE_END = /[.!?…]["”“»)]?$/
// Somebody who never ends a sentence.
const LONG = 400

/**
 * Subtitles (SubRip, WebVTT) as what is said, sentence by sentence over the cues, without numbers and times; who speaks,
 * where it is marked. The lines say where.
 */
export async function openSubtitles(file: string, limits: Pick<ParserLimits, 'characters'>): Promise<Source<Reading>> {
  return openText(file, 'subtitles 1', blocksOf, limits.characters)
}

async function* blocksOf(pieces: AsyncIterable<string>, marks: TextMarks<{ lines: number }>): AsyncGenerator<Block> {
  let text = ''
  let first = 1
  let last = 1
  let number = marks.from?.lines ?? 0
  let inCue = false
  const flush = function* (): Generator<Block> {
    if (text !== '') yield { kind: 'paragraph', text, span: linesFrom(first, last) }
    text = ''
  }
  for await (const { text: line, ends, end } of linesOf(pieces, MAX_LINE)) {
    const own = number + 1
    if (ends) number++
    if (line.trim() === '') {
      inCue = false
      if (SENTENCE_END.test(text) || text.length > LONG) yield* flush()
      if (text === '' && ends) marks.at(end, { lines: number })
      continue
    }
    if (TIMES.test(line)) {
      inCue = true
      continue
    }
    // Numbers and names of cues, notes and styles stand outside.
    if (!inCue) continue
    const speaker = /<v(?:\.[^\s>]*)?\s+([^>]+)>/.exec(line)?.[1]
    const said = cleanText(line.replace(/<[^<>]{0,200}>|\{\\[^{}]{0,200}\}/g, ''))
    if (said === '') continue
    if (speaker !== undefined) yield* flush()
    if (text === '') first = own
    last = own
    text += `${text === '' ? '' : ' '}${speaker === undefined ? '' : `${cleanText(speaker)}: `}${said}`
    if (text.length > MAX_LINE) yield* flush()
  }
  yield* flush()
}
