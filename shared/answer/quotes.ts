import { analyze } from '../retrieve/analyze.ts'
import { detectLanguage } from '../retrieve/language.ts'
import type { SearchPlan } from '../retrieve/plan.ts'
import type { Question } from '../retrieve/question.ts'
import { holdsExpected, knownWords } from './answer-type.ts'
import { type Span, splitSentences } from './sentences.ts'

export interface QuotablePassage {
  text: string
  headings: readonly string[]
  /** As `scoreChunk` gave it. */
  score: number
  /** Where table rows of the text start, with the header text that explains them: it may match, but is never quoted. */
  tableRows?: readonly { start: number; header: string }[]
}

export interface Quote {
  /** Index into the passages. */
  passage: number
  /** `text.slice(start, end)` of that passage: at most 300 characters. */
  start: number
  end: number
  /** Comparable within one question only. */
  score: number
  /** Share of the question's worth that the sentence itself holds, 0 to 1. */
  coverage: number
  /** How plainly the sentence holds what is asked for, 0 to 1. */
  expected: number
}

export const MAX_QUOTE = 300

export const quoteWeights = {
  passage: 1.2,
  expected: 0.3,
  previous: 0.25,
  anaphor: 0.5,
  next: 0.1,
  heading: 0.25,
  length: 0.15,
  question: 0.5,
}

interface Candidate extends Quote {
  terms: Set<string>
}

/** The sentences that answer best, best first, none of them nearly the same as one before it. */
export function selectQuotes(
  question: Question,
  plan: SearchPlan,
  passages: readonly QuotablePassage[],
  options: { limit: number } = { limit: 3 },
): Quote[] {
  const top = Math.max(...passages.map(passage => passage.score), 1e-9)
  const known = knownWords(question.text)
  const candidates = passages.flatMap((passage, index) => candidatesOf(question, plan, passage, index, top, known))
  candidates.sort((a, b) => b.score - a.score)
  const chosen: Candidate[] = []
  for (const candidate of candidates) {
    if (chosen.length >= options.limit) break
    if (candidate.coverage === 0 || chosen.some(other => nearlySame(candidate.terms, other.terms))) continue
    chosen.push(candidate)
  }
  return chosen.map(({ passage, start, end, score, coverage, expected }) => ({
    passage,
    start,
    end,
    score,
    coverage,
    expected,
  }))
}

interface Evidence {
  span: Span
  /** Best contribution to each question term. */
  matched: Float64Array
  terms: Set<string>
  length: number
}

function candidatesOf(
  question: Question,
  plan: SearchPlan,
  passage: QuotablePassage,
  index: number,
  top: number,
  known: ReadonlySet<string>,
): Candidate[] {
  const language = detectLanguage(passage.text)
  const total = plan.terms.reduce((sum, term) => sum + term.worth, 0) || 1
  const sentences = splitSentences(passage.text, language).map(span => evidenceIn(passage.text, span, language, plan))
  const heading = new Float64Array(plan.terms.length)
  for (const text of passage.headings) match(text, language, plan, heading)
  return sentences.map((sentence, at) => {
    const context = heading.map(weight => weight * quoteWeights.heading)
    const previous = sentences[at - 1]
    const text = passage.text.slice(sentence.span.start, sentence.span.end)
    if (previous !== undefined)
      raise(context, previous.matched, ANAPHOR.test(text) ? quoteWeights.anaphor : quoteWeights.previous)
    const next = sentences[at + 1]
    if (next !== undefined) raise(context, next.matched, quoteWeights.next)
    const row = passage.tableRows?.find(candidate => candidate.start === sentence.span.start)
    if (row !== undefined) match(row.header, language, plan, context)
    let inside = 0
    let all = 0
    for (const [term, { worth }] of plan.terms.entries()) {
      inside += worth * sentence.matched[term]!
      all += worth * Math.max(sentence.matched[term]!, context[term]!)
    }
    const coverage = inside / total
    const expected = holdsExpected(text, question.expects, language === 'en' ? 'en' : 'de', known)
    const span = clip(passage.text, sentence.span, language, plan)
    const score =
      all / total +
      (quoteWeights.passage * passage.score) / top +
      quoteWeights.expected * expected -
      (text.endsWith('?') ? quoteWeights.question : 0) -
      quoteWeights.length * Math.max(0, 1 - sentence.length / 8)
    return { passage: index, ...span, score, coverage, expected, terms: sentence.terms }
  })
}

function evidenceIn(text: string, span: Span, language: 'de' | 'en' | 'other', plan: SearchPlan): Evidence {
  const matched = new Float64Array(plan.terms.length)
  const terms = match(text.slice(span.start, span.end), language, plan, matched)
  return { span, matched, terms: new Set(terms), length: terms.length }
}

function match(text: string, language: 'de' | 'en' | 'other', plan: SearchPlan, into: Float64Array): string[] {
  const terms = analyze(text, language).map(token => token.term)
  for (const term of terms)
    for (const { at, weight } of plan.contributions.get(term) ?? []) if (weight > into[at]!) into[at] = weight
  return terms
}

function raise(into: Float64Array, from: Float64Array, by: number): void {
  for (let at = 0; at < into.length; at++) into[at] = Math.max(into[at]!, from[at]! * by)
}

/** The clauses of a long sentence that hold most of the question, as long as they fit: always the sentence's own characters. */
function clip(text: string, span: Span, language: 'de' | 'en' | 'other', plan: SearchPlan): Span {
  if (span.end - span.start <= MAX_QUOTE) return { start: span.start, end: span.end }
  const cuts = [span.start]
  for (const cut of text.slice(span.start, span.end).matchAll(CLAUSE)) cuts.push(span.start + cut.index + cut[0].length)
  cuts.push(span.end)
  const clauses: { start: number; end: number; worth: number }[] = []
  for (let at = 0; at + 1 < cuts.length; at++) {
    const matched = new Float64Array(plan.terms.length)
    match(text.slice(cuts[at], cuts[at + 1]), language, plan, matched)
    const worth = matched.reduce((sum, weight, term) => sum + weight * plan.terms[term]!.worth, 0)
    clauses.push({ start: cuts[at]!, end: cuts[at + 1]!, worth })
  }
  let best = { start: span.start, end: span.start, worth: -1 }
  for (let first = 0; first < clauses.length; first++) {
    let worth = 0
    for (let last = first; last < clauses.length; last++) {
      if (clauses[last]!.end - clauses[first]!.start > MAX_QUOTE + 1) break
      worth += clauses[last]!.worth
      const end = clauses[last]!.end
      const longer = end - clauses[first]!.start > best.end - best.start
      if (worth > best.worth + 1e-9 || (worth > best.worth - 1e-9 && longer))
        best = { start: clauses[first]!.start, end, worth }
    }
  }
  // No clause fits: the sentence's head, cut between words.
  if (best.worth < 0) best = { start: span.start, end: cutAtWord(text, span.start), worth: 0 }
  let { start, end } = best
  while (end > start && /\s/.test(text[end - 1]!)) end--
  while (start < end && /\s/.test(text[start]!)) start++
  return { start, end: Math.min(end, start + MAX_QUOTE) }
}

function cutAtWord(text: string, start: number): number {
  const space = text.lastIndexOf(' ', start + MAX_QUOTE)
  if (space > start + MAX_QUOTE / 2) return space
  // Never between the halves of a character outside the basic plane.
  const end = start + MAX_QUOTE
  return /[\ud800-\udbff]/.test(text[end - 1]!) ? end - 1 : end
}

function nearlySame(a: Set<string>, b: Set<string>): boolean {
  if (a.size === 0 || b.size === 0) return a.size === b.size
  let shared = 0
  for (const term of a) if (b.has(term)) shared++
  return shared / (a.size + b.size - shared) > 0.8
}

const ANAPHOR =
  /^(?:Er|Sie|Es|Dies\w*|Jene\w*|Sein\w*|Ihr\w*|Dort|Dabei|Danach|Damit|He|She|It|They|This|These|Those|His|Her|Their|Its|There)\b/
const CLAUSE = /[;:,–—](?=\s)|\)(?=\s)|\s(?=(?:und|oder|sowie|and|or|which|who|that|while|but)\s)/gu
