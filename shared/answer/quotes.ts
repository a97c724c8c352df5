import type { Language } from '../model/index.ts'
import { analyze } from '../retrieve/analyze.ts'
import { detectLanguage } from '../retrieve/language.ts'
import { differentNouns } from '../retrieve/nouns.ts'
import { relativeWeights, type SearchPlan } from '../retrieve/plan.ts'
import type { Question } from '../retrieve/question.ts'
import { holdsExpected, knownWords } from './answer-type.ts'
import { clipSentence } from './clip.ts'
import { type Span, splitSentences } from './sentences.ts'

export interface QuotablePassage {
  text: string
  headings: readonly string[]
  /** As `scoreChunk` gave it. */
  score: number
  /** Of the chunk; told from its text when absent. */
  language?: Language
  /**
   * Where table rows of the text start, with the header's text, which is never quoted, and what of it explains the row and may
   * match: all of it, where nothing else is said.
   */
  tableRows?: readonly { start: number; header: string; explains?: string }[]
  /** Where headings inside the text start: they may match for what follows, but are never quoted. */
  titles?: readonly number[]
}

export interface Quote {
  /** Index into the passages. */
  passage: number
  /** `text.slice(start, end)` of that passage: at most `longestQuote` characters. */
  start: number
  end: number
  /** Comparable within one question only. */
  score: number
  /** Share of the question's worth, without words of asking, that the sentence (with its table header) holds, 0 to 1. */
  coverage: number
  /** How plainly the sentence holds what is asked for, 0 to 1. */
  expected: number
}

/**
 * Tuned on the halves of the XQuAD development set, German and English alike; each is flat around its value (±0.5 points of gold answers
 * in the first quote), `expected` is worth 1.5 to 2 points.
 */
export const quoteWeights = {
  /** The sentence's passage, by its share of the best one's score. */
  passage: 0.6,
  /** The kind of thing asked for is there. */
  expected: 0.35,
  /** What the sentence before holds; more where this one points back at it. */
  previous: 0.2,
  anaphor: 0.5,
  /** Headings above. */
  heading: 0.25,
  /** All words of the question as they are, the small ones too: "mit" or "ohne". */
  surface: 0.1,
  /** A question does not answer. */
  question: 0.5,
}

interface Candidate extends Quote {
  terms: Set<string>
  /** It, a heading above it or the sentence before it holds some of the question. */
  understood: boolean
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
    // The first quote must speak of the question itself; what follows it may be understood from the sentence before.
    if (candidate.coverage === 0 && (chosen.length === 0 || !candidate.understood)) continue
    if (chosen.some(other => nearlySame(candidate.terms, other.terms))) continue
    chosen.push(candidate)
  }
  return chosen.map(({ passage, start, end, score, coverage, expected }) => {
    const { text, language } = passages[passage]!
    const worth = (clauses: string) => worthOfText(question, plan, clauses, language ?? detectLanguage(text), known)
    return { passage, ...clipSentence(text, { start, end }, worth), score, coverage, expected }
  })
}

function worthOfText(
  question: Question,
  plan: SearchPlan,
  text: string,
  language: Language,
  known: ReadonlySet<string>,
): number {
  const matched = new Float64Array(plan.terms.length)
  match(text, language, plan, matched)
  const expected = holdsExpected(text, question.expects, language === 'en' ? 'en' : 'de', known)
  return worthOf(matched, plan) / totalWorth(plan) + quoteWeights.expected * expected
}

/** A bracket on a line of its own says nothing. */
const WORDS = /[\p{L}\p{N}]/u

interface Evidence {
  span: Span
  /** Best contribution to each question term. */
  matched: Float64Array
  terms: Set<string>
}

function candidatesOf(
  question: Question,
  plan: SearchPlan,
  passage: QuotablePassage,
  index: number,
  top: number,
  known: ReadonlySet<string>,
): Candidate[] {
  const language = passage.language ?? detectLanguage(passage.text)
  const total = totalWorth(plan)
  const evidence = plan.terms.map(term => (term.asking ? 0 : term.worth))
  const evidenceTotal = evidence.reduce((sum, worth) => sum + worth, 0) || 1
  const headings = new Float64Array(plan.terms.length)
  for (const text of passage.headings) match(text, language, plan, headings)
  const headers = [...new Set(passage.tableRows?.map(row => row.header))]
  // Or one of the rows of a header that has two.
  const isHeader = (text: string) =>
    headers.some(header => header === text || header.startsWith(`${text} `) || header.endsWith(` ${text}`))
  const candidates: Candidate[] = []
  let previous: Evidence | undefined
  for (const span of splitSentences(passage.text, language)) {
    const text = passage.text.slice(span.start, span.end)
    const sentence = evidenceIn(text, span, language, plan)
    if (passage.titles?.includes(span.start) || isHeader(text) || LEADERS.test(text) || !WORDS.test(text)) {
      raise(headings, sentence.matched, 1)
      previous = undefined
      continue
    }
    const own = sentence.matched
    const row = passage.tableRows?.find(candidate => candidate.start === span.start)
    if (row !== undefined) match(row.explains ?? row.header, language, plan, own)
    const all = own.slice()
    raise(all, headings, quoteWeights.heading)
    if (previous !== undefined)
      raise(all, previous.matched, ANAPHOR.test(text) ? quoteWeights.anaphor : quoteWeights.previous)
    const expected = holdsExpected(text, question.expects, language === 'en' ? 'en' : 'de', known)
    const score =
      worthOf(all, plan) / total +
      (quoteWeights.passage * passage.score) / top +
      quoteWeights.expected * expected +
      quoteWeights.surface * shareOf(known, text) -
      (text.endsWith('?') ? quoteWeights.question : 0)
    candidates.push({
      passage: index,
      ...span,
      score,
      coverage: own.reduce((sum, weight, at) => sum + weight * evidence[at]!, 0) / evidenceTotal,
      expected,
      terms: sentence.terms,
      understood: all.some(weight => weight > 0),
    })
    previous = sentence
  }
  return candidates
}

function evidenceIn(text: string, span: Span, language: Language, plan: SearchPlan): Evidence {
  const matched = new Float64Array(plan.terms.length)
  return { span, matched, terms: new Set(match(text, language, plan, matched)) }
}

/** Raises `into` by what the text matches; gives the text's terms. */
export function match(text: string, language: Language, plan: SearchPlan, into: Float64Array): string[] {
  const terms: string[] = []
  for (const { term, start, end } of analyze(text, language)) {
    terms.push(term)
    for (const { at, weight } of plan.contributions.get(term) ?? []) {
      const asked = plan.terms[at]!
      // What only begins with its stem ("Spielzug" for "Spieler") is weighed as the compound it is.
      const same = language !== 'en' && term.endsWith(asked.term)
      const other = same && differentNouns(asked.text, text.slice(start, end))
      const counts = other ? weight * relativeWeights.otherNoun : weight
      if (counts > into[at]!) into[at] = counts
    }
  }
  return terms
}

export const totalWorth = (plan: SearchPlan) => plan.terms.reduce((sum, term) => sum + term.worth, 0) || 1

function worthOf(matched: Float64Array, plan: SearchPlan): number {
  let sum = 0
  for (const [at, { worth }] of plan.terms.entries()) sum += worth * matched[at]!
  return sum
}

function raise(into: Float64Array, from: Float64Array, by: number): void {
  for (let at = 0; at < into.length; at++) into[at] = Math.max(into[at]!, from[at]! * by)
}

function shareOf(known: ReadonlySet<string>, text: string): number {
  const words = knownWords(text)
  let shared = 0
  for (const word of known) if (words.has(word)) shared++
  return shared / Math.max(1, known.size)
}

function nearlySame(a: Set<string>, b: Set<string>): boolean {
  if (a.size === 0 || b.size === 0) return a.size === b.size
  let shared = 0
  for (const term of a) if (b.has(term)) shared++
  return shared / (a.size + b.size - shared) > 0.8
}

/** A line of a table of contents: dots lead to its page. */
const LEADERS = /(?:\.\s?){5,}/
const ANAPHOR =
  /^(?:Er|Sie|Es|Dies\w*|Jene\w*|Sein\w*|Ihr\w*|Dort|Dabei|Danach|Damit|He|She|It|They|This|These|Those|His|Her|Their|Its|There)\b/
