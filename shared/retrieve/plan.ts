import { foldWord } from './fold.ts'
import { relatedForms } from './irregular.ts'
import { compoundSplits, rootOf } from './morphology.ts'
import { prefixesOf, type Question, type QuestionTerm, SHARED_PREFIX, SHORTEST_COMPOUND_PART } from './question.ts'
import { synonymsOf } from './synonyms.ts'

export interface VocabularyEntry {
  term: string
  df: number
}

export interface Vocabulary {
  /** Document (chunk) frequency of the terms asked for exactly; absent means 0. */
  df: ReadonlyMap<string, number>
  /** Terms that start with (end in) the key. */
  prefixed: ReadonlyMap<string, readonly VocabularyEntry[]>
  suffixed: ReadonlyMap<string, readonly VocabularyEntry[]>
}

/** Of the project. */
export interface Statistics {
  chunks: number
  /** Mean number of stored terms of a chunk. */
  averageLength: number
}

export interface PlanTerm {
  term: string
  text: string
  /** Weight × idf: what a full match is worth. */
  worth: number
  /** No match in the vocabulary, not even through a relative. */
  unknown: boolean
  name: boolean
  kind: QuestionTerm['kind']
}

/** What one stored term adds to one term of the question, 0 to 1. */
export interface Contribution {
  at: number
  weight: number
}

export interface SearchPlan {
  terms: PlanTerm[]
  contributions: Map<string, Contribution[]>
  phrases: string[][]
  /** For the database: chunks with any of these; `secondary` only when `primary` leaves room among the candidates. */
  primary: string[]
  secondary: string[]
  averageLength: number
}

const CANDIDATE_BUDGET = 3000

/** Weighs every relative of every question term that the project's vocabulary holds. */
export function planSearch(question: Question, vocabulary: Vocabulary, statistics: Statistics): SearchPlan {
  const chunks = Math.max(1, statistics.chunks)
  const idf = (df: number) => Math.log(1 + (chunks - df + 0.5) / (df + 0.5))
  const frequencies = new Map(vocabulary.df)
  for (const entries of [...vocabulary.prefixed.values(), ...vocabulary.suffixed.values()])
    for (const entry of entries) frequencies.set(entry.term, entry.df)
  const dfOf = (term: string) => Math.min(chunks, frequencies.get(term) ?? 0)

  const contributions = new Map<string, Contribution[]>()
  const terms: PlanTerm[] = []
  const primary = new Map<string, number>()
  const secondary = new Map<string, number>()
  for (const [at, questionTerm] of question.terms.entries()) {
    const related = relativesOf(questionTerm, question.language, vocabulary, dfOf)
    const full = idf(Math.max(...[questionTerm.term, ...questionTerm.alternatives].map(dfOf)))
    for (const [term, weight] of related) {
      // A relative is worth no more than its own rarity allows.
      const bounded = weight * Math.min(1, idf(dfOf(term)) / full)
      contributions.set(term, [...(contributions.get(term) ?? []), { at, weight: bounded }])
      const list = weight >= PRIMARY ? primary : secondary
      list.set(term, Math.max(list.get(term) ?? 0, bounded * full * questionTerm.weight))
    }
    terms.push({
      term: questionTerm.term,
      text: questionTerm.text,
      worth: questionTerm.weight * full,
      unknown: related.size === 0,
      name: questionTerm.name,
      kind: questionTerm.kind,
    })
  }
  for (const term of primary.keys()) secondary.delete(term)
  const chosen = within(primary, dfOf, CANDIDATE_BUDGET, 3)
  return {
    terms,
    contributions,
    phrases: question.phrases,
    primary: chosen,
    secondary: within(secondary, dfOf, CANDIDATE_BUDGET, 0),
    averageLength: Math.max(1, statistics.averageLength),
  }
}

/** The most valuable terms whose frequencies together stay inside the budget; the best `least` are kept in any case. */
function within(terms: Map<string, number>, dfOf: (term: string) => number, budget: number, least: number): string[] {
  const chosen: string[] = []
  let sum = 0
  for (const [term] of [...terms].sort((a, b) => b[1] - a[1])) {
    const df = dfOf(term)
    if (chosen.length >= least && sum + df > budget) continue
    sum += df
    chosen.push(term)
  }
  return chosen
}

export const weights = {
  alternative: 0.9,
  related: 0.8,
  root: 0.7,
  synonym: 0.5,
  headOf: 0.5,
  modifierOf: 0.35,
  head: 0.5,
  modifier: 0.4,
  shared: 0.2,
}
const PRIMARY = 0.65

function relativesOf(
  questionTerm: QuestionTerm,
  language: 'de' | 'en',
  vocabulary: Vocabulary,
  dfOf: (term: string) => number,
): Map<string, number> {
  const related = new Map<string, number>()
  const add = (term: string, weight: number) => {
    if (dfOf(term) > 0 && (related.get(term) ?? 0) < weight) related.set(term, weight)
  }
  const { term } = questionTerm
  add(term, 1)
  for (const alternative of questionTerm.alternatives) add(alternative, weights.alternative)
  for (const form of relatedForms(term, language)) add(form, weights.related)
  if (questionTerm.kind === 'exact' || questionTerm.kind === 'number') return related
  for (const synonym of synonymsOf(term, language)) add(synonym.term, weights.synonym)
  if (language === 'de') addHalves(questionTerm, dfOf, add)
  const root = rootOf(term)
  for (const prefix of prefixesOf(term))
    for (const entry of vocabulary.prefixed.get(prefix) ?? []) {
      if (rootOf(entry.term) === root) add(entry.term, weights.root)
      else if (entry.term.startsWith(term) && entry.term.length >= term.length + 3) add(entry.term, weights.modifierOf)
      else if (term.length > SHARED_PREFIX && entry.term.startsWith(term.slice(0, SHARED_PREFIX)))
        add(entry.term, weights.shared)
    }
  for (const entry of vocabulary.suffixed.get(term) ?? [])
    if (entry.term.length >= term.length + 3) add(entry.term, weights.headOf)
  return related
}

/** The halves of a compound, where the project's own texts know both: "Arbeitsspeicher" finds "Speicher". */
function addHalves(
  questionTerm: QuestionTerm,
  dfOf: (term: string) => number,
  add: (term: string, weight: number) => void,
): void {
  let best: { head: string; modifier: string; balance: number } | undefined
  for (const { head, modifiers } of compoundSplits(foldWord(questionTerm.text.replaceAll(/[^\p{L}]/gu, ''), true))) {
    if (head.length < SHORTEST_COMPOUND_PART || dfOf(head) === 0) continue
    for (const modifier of modifiers) {
      if (modifier.length < 3 || dfOf(modifier) === 0) continue
      const balance = Math.min(head.length, modifier.length)
      if (best === undefined || balance > best.balance) best = { head, modifier, balance }
    }
  }
  if (best === undefined) return
  add(best.head, weights.head)
  add(best.modifier, weights.modifier)
}
