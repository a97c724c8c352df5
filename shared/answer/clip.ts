import type { Span } from './sentences.ts'

/** A sentence of so many characters is quoted whole. Contracts and statutes have many of 300 to 600. */
export const MAX_QUOTE = 600
/** A longer one too, up to here, rather than without its exception. */
export const longestQuote = 1000

/**
 * A sentence as it is, or, when it is longer than a quote may be, its run of clauses that is worth most: always its own characters,
 * without white space at the ends. `worth` may only grow when a text grows. No negation, condition or exception of the sentence is
 * left out as long as all of them fit in `longestQuote`; beyond that, those nearest to the run are kept.
 */
export function clipSentence(text: string, span: Span, worth: (clauses: string) => number): Span {
  if (span.end - span.start <= MAX_QUOTE) return { start: span.start, end: span.end }
  return withLimits(text, span, clipToWorth(text, span, worth), worth)
}

/** The run, grown to what limits its sentence; where that is too far away, the least of the run that is worth the same, grown. */
function withLimits(text: string, span: Span, run: Span, worth: (clauses: string) => number): Span {
  const sentence = text.slice(span.start, span.end)
  const limits = [...sentence.matchAll(LIMIT)].map(({ 0: word, index }) => ({
    start: span.start + index,
    end: span.start + index + word.length,
  }))
  const isIn = (limit: Span, { start, end }: Span) => limit.start >= start && limit.end <= end
  if (limits.every(limit => isIn(limit, run))) return run
  if (sentence.length <= longestQuote) return { start: span.start, end: span.end }
  const borders = [
    span.start,
    ...[...sentence.matchAll(CLAUSE)].map(cut => span.start + cut.index + cut[0].length),
    span.end,
  ]
  const grow = (from: Span) => {
    const distance = (limit: Span) => Math.max(from.start - limit.start, limit.end - from.end)
    return limits
      .toSorted((a, b) => distance(a) - distance(b))
      .reduce((grown, limit) => {
        const start = Math.min(grown.start, borders.findLast(border => border <= limit.start) ?? span.start)
        const end = Math.max(grown.end, borders.find(border => border >= limit.end) ?? span.end)
        const wider = trim(text, start, end)
        return wider.end - wider.start <= longestQuote ? wider : grown
      }, from)
  }
  const grown = grow(run)
  return limits.every(limit => isIn(limit, grown)) ? grown : grow(leastOf(text, run, borders, worth))
}

/** The run without the clauses at its ends that add nothing. */
function leastOf(text: string, run: Span, borders: readonly number[], worth: (clauses: string) => number): Span {
  const value = worth(text.slice(run.start, run.end))
  let { start, end } = run
  for (const border of borders)
    if (border > start && border < end && worth(text.slice(border, end)) >= value) start = border
  for (const border of borders.toReversed())
    if (border > start && border < end && worth(text.slice(start, border)) >= value) end = border
  return trim(text, start, end)
}

function clipToWorth(text: string, span: Span, worth: (clauses: string) => number): Span {
  const starts = [span.start]
  for (const cut of text.slice(span.start, span.end).matchAll(CLAUSE))
    starts.push(span.start + cut.index + cut[0].length)
  const ends = [...starts.slice(1), span.end]
  let best: { start: number; end: number; worth: number } | undefined
  let last = 0
  for (const [first, start] of starts.slice(0, MOST_CLAUSES).entries()) {
    // The longest run from here: a shorter one is never worth more.
    last = Math.max(last, first)
    while (last + 1 < ends.length && trimmed(text, start, ends[last + 1]!) <= MAX_QUOTE) last++
    const end = ends[last]!
    if (trimmed(text, start, end) > MAX_QUOTE) continue
    const value = worth(text.slice(start, end))
    const longer = best !== undefined && value === best.worth && end - start > best.end - best.start
    if (best === undefined || value > best.worth || longer) best = { start, end, worth: value }
  }
  const { start, end } = best ?? { start: span.start, end: endOfWord(text, span.start) }
  return trim(text, start, end)
}

/** Length without white space at the end. */
const trimmed = (text: string, start: number, end: number) => text.slice(start, end).trimEnd().length

function trim(text: string, from: number, to: number): Span {
  let start = from
  let end = to
  while (end > start && /\s/.test(text[end - 1]!)) end--
  while (start < end && /\s/.test(text[start]!)) start++
  return { start, end }
}

/** Where no clause fits: the last space within a quote's length, or that length, but never between the halves of a character. */
function endOfWord(text: string, start: number): number {
  const space = text.lastIndexOf(' ', start + MAX_QUOTE)
  if (space > start + MAX_QUOTE / 2) return space
  const end = start + MAX_QUOTE
  return /[\ud800-\udbff]/.test(text[end - 1]!) ? end - 1 : end
}

/** A sentence of more clauses is a list out of order; what stands that far in is not looked at. */
const MOST_CLAUSES = 200
const CLAUSE = /[;:,–—](?=\s)|\)(?=\s)|\s(?=(?:und|oder|sowie|and|or|which|who|that|while|but)\s)/gu

/** What turns the sense of a sentence, or narrows it: without it the rest may say what its author excluded. */
const LIMIT =
  /(?<![\p{L}\p{N}])(?:nicht|nichts|kein\p{L}*|nie|niemals|weder|ohne|nur|lediglich|ausschließlich|außer|ausgenommen|ausgeschlossen\p{L}*|ausnahm\p{L}*|es sei denn|sofern|soweit|solange|wenn|falls|vorbehaltlich|jedoch|allerdings|unzulässig|unwirksam|nichtig|untersagt|verboten|entfällt|entfallen|erlischt|erlöschen|\p{L}+n['’]t|not|cannot|no|never|neither|nor|none|nothing|without|only|except\p{L}*|unless|exclud\p{L}+|provided|however|if|save|subject to|other than|notwithstanding|prohibited|forbidden|void)(?![\p{L}\p{N}])/giu
