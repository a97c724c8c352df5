import type { Span } from './sentences.ts'

export const MAX_QUOTE = 300

/**
 * A sentence as it is, or, when it is longer than a quote may be, its run of clauses that is worth most: always its own characters,
 * without white space at the ends. `worth` may only grow when a text grows.
 */
export function clipSentence(text: string, span: Span, worth: (clauses: string) => number): Span {
  if (span.end - span.start <= MAX_QUOTE) return { start: span.start, end: span.end }
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
