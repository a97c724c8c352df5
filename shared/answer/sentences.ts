import type { Language } from '../model/index.ts'
import { isStopWord } from '../retrieve/analyze.ts'

export interface Span {
  start: number
  /** Exclusive. */
  end: number
}

/**
 * The sentences of a chunk's text, in order, without the white space between them; together they hold every other character. A line feed
 * always ends one, since blocks are joined by it: a heading, list item or table row is a sentence.
 */
export function splitSentences(text: string, language: Language): Span[] {
  const spans: Span[] = []
  let from = 0
  while (from <= text.length) {
    const feed = text.indexOf('\n', from)
    const to = feed < 0 ? text.length : feed
    splitLine(text, from, to, language, spans)
    from = to + 1
  }
  return spans
}

function splitLine(text: string, from: number, to: number, language: Language, spans: Span[]): void {
  const line = text.slice(from, to)
  let start = 0
  for (const match of line.matchAll(END)) {
    const end = match.index + match[0].length
    if (!isBoundary(line, match, start, end, language)) continue
    push(spans, text, from + start, from + end)
    start = end
  }
  push(spans, text, from + start, to)
}

function push(spans: Span[], text: string, start: number, end: number): void {
  let first = start
  let last = end
  while (first < last && isSpace(text, first)) first++
  while (last > first && isSpace(text, last - 1)) last--
  if (first < last) spans.push({ start: first, end: last })
}

const isSpace = (text: string, at: number) => /\s/.test(text[at]!)

/** Is the end mark at `match` the end of a sentence that began at `start`? What follows it starts at `end`. */
function isBoundary(line: string, match: RegExpExecArray, start: number, end: number, language: Language): boolean {
  const next = NEXT_WORD.exec(line.slice(end, end + 40))
  if (match[0].startsWith(' ')) return true
  if (next === null) return /^\s*$/.test(line.slice(end, end + 40)) || /^\s+[•▪–-]\s/.test(line.slice(end, end + 4))
  const word = next[1]!
  const opens = isStopWord(word, language === 'en' ? 'en' : 'de') || OPENERS.has(word)
  // "Fragen? ja" goes on; so does every lower-case word after a point.
  if (/^\p{Ll}/u.test(word)) return false
  if (!match[0].startsWith('.') || match[0].startsWith('..')) return true
  const before =
    /[^\s("„“‚«»[]*$/u.exec(line.slice(Math.max(start, match.index - LONGEST_ABBREVIATION), match.index))?.[0] ?? ''
  if (/^\d{1,2}$/.test(before)) return language === 'en' ? start < match.index - before.length : opens
  if (/^[IVX]+$/.test(before)) return opens
  if (/^\p{L}$/u.test(before) || /^(?:\p{L}\.)+\p{L}$/u.test(before)) return opens
  const abbreviation = before.toLowerCase()
  return !ABBREVIATIONS.has(abbreviation) || (opens && LAST_WORDS.has(abbreviation))
}

/** End marks with the quotes and brackets that close after them, before white space; or white space before a bullet. */
const END = /(?:[.!?…]+["“”»«’')\]]*(?=\s|$))| (?=[•▪] )/gu
const NEXT_WORD = /^\s+["„“”«»‚‘'([]*([\p{L}\p{N}]+)/u
/** Looking back no farther keeps a line of a million points linear. */
const LONGEST_ABBREVIATION = 24
const OPENERS = new Set([
  'Anschließend',
  'Bald',
  'Bereits',
  'Bisher',
  'Damals',
  'Derzeit',
  'Dennoch',
  'Ebenso',
  'Erst',
  'Ferner',
  'Insgesamt',
  'Obwohl',
  'Schließlich',
  'Seitdem',
  'Trotz',
  'Trotzdem',
  'Weitere',
  'Zuletzt',
  'Zunächst',
  'Zuvor',
  'Nachdem',
  'Als',
  'Before',
  'Finally',
  'Nor',
  'Since',
  'Therefore',
  'Thus',
  'When',
  'While',
  'Danach',
  'Später',
  'Heute',
  'Außerdem',
  'Allerdings',
  'Jedoch',
  'Zudem',
  'However',
  'After',
  'Later',
  'Today',
])
/** Abbreviations that end a sentence as often as not. */
const LAST_WORDS = new Set([
  'usw',
  'etc',
  'u.a',
  'inc',
  'ltd',
  'corp',
  'jr',
  'sr',
  'a.m',
  'p.m',
  'b.c',
  'a.d',
  'chr',
  'mio',
  'mrd',
])
const ABBREVIATIONS = new Set(
  `z.b d.h u.a u.u s.o s.u o.ä o.g i.d.r z.t u.ä bzw ca usw etc vgl evtl ggf inkl exkl zzgl abzgl max min nr art abs abb tab kap bd hrsg aufl
  dr prof hr fr dipl ing med jur str tel abt jh chr sog insb bspw mio mrd geb gest verf rn az anm ziff lit st jan feb febr apr jun jul aug sep
  sept okt nov dez so mo di mi do sa allg entspr jew lt gem
  mr mrs ms jr sr vs e.g i.e cf no nos vol fig eq sec ch pp p ed eds inc ltd co corp est approx dept gen col lt sgt capt rev hon gov sen rep pres
  univ ave blvd rd mt ft u.s u.k a.d b.c a.m p.m viz al op cit dec oct mar`.split(/\s+/),
)
// Words that end sentences as often as they abbreviate.
for (const word of ['so', 'mi', 'do', 'art', 'no', 'gem', 'mar', 'sa', 'di', 'min', 'st', 'co', 'al'])
  ABBREVIATIONS.delete(word)
for (const word of ['st', 'art', 'no', 'co', 'al']) ABBREVIATIONS.add(word)
