import type { Language } from '../model/index.ts'
import { claimOf } from './claim.ts'
import { markEnd, markStart } from './plain.ts'
import { splitSentences } from './sentences.ts'

/** A sentence cut from the stream. */
export interface Cut {
  text: string
  /** What stands before it: nothing at the beginning, a space, a line break, or that and a list mark. */
  lead: string
  /** Numbers of the sources it cites, as written. */
  cited: number[]
  /** How much of the text it took, its lead and marks included. */
  length: number
  finished: boolean
}

export const longestSentence = 2000

/**
 * The first sentence of plain text with marks; the last one is unfinished until the next begins or the text is `complete`. Marks go with
 * the sentence they follow, whichever side of its full stop. Undefined where there is no text yet.
 */
export function cutSentence(text: string, first: boolean, language: Language, complete: boolean): Cut | undefined {
  const gap = /^\s*/.exec(text)![0]
  const feed = text.indexOf('\n', gap.length)
  const line = text.slice(gap.length, feed < 0 ? text.length : feed)
  if (line === '') return undefined
  const ended = complete || feed >= 0
  const list = first || gap.includes('\n') ? (LIST.exec(line)?.[0] ?? '') : ''
  if (!ended && list === '' && MAYBE_LIST.test(line)) return undefined
  const { plain, marks, origin } = withoutMarks(line.slice(list.length))
  const taken = gap.length + list.length
  if (ONLY_SOURCES.test(plain)) {
    // "Quelle: [1]", or marks alone: nothing is said.
    if (!ended) return undefined
    return { text: '', lead: '', cited: [], length: gap.length + line.length, finished: true }
  }
  const spans = splitSentences(plain, language)
  // "Ja." says nothing by itself: it belongs to the sentence that follows.
  let last = 0
  while (last + 1 < spans.length && saysNothing(plain.slice(spans[0].start, spans[last].end), language)) last++
  const next = spans[last + 1]
  const finished = next ? /^\S+\s/.test(plain.slice(next.start)) || ended : ended
  let end = finished ? spans[last].end : spans[spans.length - 1].end
  let stop = finished && next ? next.start : plain.length
  let full = finished
  if (end - spans[0].start > longestSentence) {
    const space = plain.lastIndexOf(' ', spans[0].start + longestSentence)
    end = space > spans[0].start + longestSentence / 2 ? space : spans[0].start + longestSentence
    stop = end
    full = true
  }
  const space = gap.includes('\n') ? '\n' : ' '
  return {
    text: plain.slice(spans[0].start, end).trim(),
    lead: first ? list : space + list,
    cited: marks.filter(mark => mark.at <= stop).flatMap(mark => mark.numbers),
    length: taken + (stop >= plain.length ? line.length - list.length : origin[stop]),
    finished: full,
  }
}

/** The line without its marks, where each stood, and where each character came from. */
function withoutMarks(line: string): { plain: string; marks: { at: number; numbers: number[] }[]; origin: number[] } {
  const marks: { at: number; numbers: number[] }[] = []
  const origin: number[] = []
  let plain = ''
  for (let at = 0; at < line.length; at++) {
    if (line[at] === markStart) {
      const end = line.indexOf(markEnd, at)
      const numbers = line
        .slice(at + 1, end)
        .split(',')
        .map(Number)
      // The space before a mark goes with it: "Euro [1]." is "Euro."
      while (plain.endsWith(' ') && (end + 1 >= line.length || /[\s.,;:!?\ue000]/.test(line[end + 1]))) {
        plain = plain.slice(0, -1)
        origin.pop()
      }
      marks.push({ at: plain.length, numbers })
      at = end
      continue
    }
    plain += line[at]
    origin.push(at)
  }
  return { plain, marks, origin }
}

function saysNothing(text: string, language: Language): boolean {
  if (text.length > 30 || /:$/.test(text)) return false
  const { words, figures } = claimOf(text, language)
  return figures.length === 0 && !words.some(word => !word.light)
}

const LIST = /^(?:[-–•*]|\d{1,2}[.)])\s+(?=\S)/
/** May become a list mark when more comes. */
const MAYBE_LIST = /^(?:[-–•*]|\d{1,2}[.)]?)\s*$/
const ONLY_SOURCES = /^\W*(?:(?:quellen?|sources?|belege?|references?)\W*)?[\s\d,;.]*$/iu
