import { foldWord } from './fold.ts'
import { relatedForms } from './irregular.ts'
import { compoundSplits, rootOf } from './morphology.ts'
import { prefixesOf, type Question, type QuestionTerm, SHARED_PREFIX, SHORTEST_COMPOUND_PART } from './question.ts'
import { synonymsIn } from './synonyms.ts'

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
  /** For terms that turned out to be unknown: what they may be a slip for. */
  slips?: ReadonlyMap<string, readonly VocabularyEntry[]>
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
  /** Weight of its best relative in the vocabulary, 1 for the term itself. */
  best: number
  name: boolean
  kind: QuestionTerm['kind']
  asking: boolean
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

/** Chunks the terms of a list may bring up together: what one look-up in the index may cost. */
const CANDIDATE_BUDGET = 3000
/**
 * The index's own ranking costs as much per term of the query as per row found: over 10,000 chunks 200 relatives of 3,000 rows took
 * 20 to 33 ms, the best 32 of them 2.
 */
const MOST_CANDIDATE_TERMS = 32
const SMALL_LIBRARY = 100

/** Weighs every relative of every question term that the project's vocabulary holds. */
export function planSearch(question: Question, vocabulary: Vocabulary, statistics: Statistics): SearchPlan {
  const chunks = Math.max(1, statistics.chunks)
  // In a library of a few chunks nothing looks rare: as many chunks of other text are imagined as are missing to a hundred.
  const imagined = Math.max(0, SMALL_LIBRARY - chunks)
  const idf = (df: number) => Math.log(1 + (chunks + imagined - df + 0.5) / (df + 0.5))
  const frequencies = new Map(vocabulary.df)
  for (const entries of [vocabulary.prefixed, vocabulary.suffixed, vocabulary.slips ?? new Map()].flatMap(list => [
    ...list.values(),
  ]))
    for (const entry of entries) frequencies.set(entry.term, entry.df)
  const dfOf = (term: string) => Math.min(chunks, frequencies.get(term) ?? 0)

  const synonyms = synonymsIn(
    question.terms.map(term => term.term),
    question.language,
  )
  const contributions = new Map<string, Contribution[]>()
  const terms: PlanTerm[] = []
  const primary = new Map<string, number>()
  const secondary = new Map<string, number>()
  for (const [at, questionTerm] of question.terms.entries()) {
    const related = relativesOf(questionTerm, question.language, vocabulary, dfOf)
    for (const synonym of synonyms)
      if (synonym.of === questionTerm.term && dfOf(synonym.term) > 0)
        related.set(synonym.term, Math.max(related.get(synonym.term) ?? 0, relativeWeights.synonym))
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
      best: Math.max(0, ...related.values()),
      name: questionTerm.name,
      kind: questionTerm.kind,
      asking: questionTerm.asking,
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
    if (chosen.length >= MOST_CANDIDATE_TERMS) break
    if (chosen.length >= least && sum + df > budget) continue
    sum += df
    chosen.push(term)
  }
  return chosen
}

/**
 * What a relative of a question's term is worth beside the term itself. Measured like `rankWeights`, and as flat, but for `shared`: without
 * it the right paragraph is among five 0.5 points less often.
 */
export const relativeWeights = {
  /** The same word stemmed as another language, where this one's text does not hold it, or does. */
  alternative: 0.9,
  alternativeToKnown: 0.5,
  /** What a word that stands nowhere may have been mistyped for. */
  slip: 0.7,
  /** Irregular forms, numbers spelled out. */
  related: 0.8,
  /** Same root: "gegründet" for "Gründung". */
  root: 0.7,
  synonym: 0.8,
  /** A compound that ends in the term, or begins with it. */
  headOf: 0.5,
  modifierOf: 0.35,
  /** The term's own last half, and its first. */
  head: 0.5,
  modifier: 0.4,
  /** The first six letters are the same. */
  shared: 0.2,
  /**
   * A factor: another noun with the same stem, "Mieter" for "Miete". Less than a compound with the noun itself ("Grundmiete"), or who
   * pays stands before what is paid. 0.4 is the same on the XQuAD development set.
   */
  otherNoun: 0.3,
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
  // Weak where the own language knows the word: "against" has the German stem "again".
  const foreign = dfOf(term) === 0 ? relativeWeights.alternative : relativeWeights.alternativeToKnown
  for (const alternative of questionTerm.alternatives) add(alternative, foreign)
  for (const slip of vocabulary.slips?.get(term) ?? []) add(slip.term, relativeWeights.slip)
  for (const form of relatedForms(term, language)) add(form, relativeWeights.related)
  if (questionTerm.kind === 'exact' || questionTerm.kind === 'number') return related
  if (language === 'de') addHalves(questionTerm, dfOf, add)
  const root = rootOf(term)
  for (const prefix of prefixesOf(term))
    for (const entry of vocabulary.prefixed.get(prefix) ?? []) {
      if (rootOf(entry.term) === root) add(entry.term, relativeWeights.root)
      else if (entry.term.startsWith(term) && entry.term.length >= term.length + 3)
        add(entry.term, relativeWeights.modifierOf)
      else if (term.length > SHARED_PREFIX && entry.term.startsWith(term.slice(0, SHARED_PREFIX)))
        add(entry.term, relativeWeights.shared)
    }
  for (const entry of vocabulary.suffixed.get(term) ?? [])
    if (entry.term.length >= term.length + 3) add(entry.term, relativeWeights.headOf)
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
  add(best.head, relativeWeights.head)
  add(best.modifier, relativeWeights.modifier)
}
