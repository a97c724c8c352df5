import { detectLanguage } from '../retrieve/language.ts'
import type { SearchPlan } from '../retrieve/plan.ts'
import type { Question } from '../retrieve/question.ts'
import { match, type QuotablePassage, type Quote } from './quotes.ts'

/** Below it the product says that the documents do not hold the answer. */
export const ANSWER_THRESHOLD = 0.5

export const evidenceWeights = {
  /** The best passage's score beside what a full match of every term would give. */
  strength: 0.63,
  /** Names, nouns (German) and numbers of the question that the quoted passage holds. */
  names: 0.14,
  /** What the first quote itself holds of the question. */
  coverage: 0.25,
  /** A name the library does not know at all: what stands there is of something else. */
  unknownName: 0.7,
  /** A German noun the library does not know, nor any relative of it. */
  unknownNoun: 0.88,
  /**
   * The evidence that gives a confidence of one half, where one answerable question in twenty is declined. German inflects and compounds
   * more, so the same certainty comes with fewer matches. XQuAD development set, questions asked with and without their paragraph
   * (falsely / rightly declined): German 0.01/0.40, 0.02/0.46, 0.05/0.63, 0.10/0.75; English 0.02/0.40, 0.04/0.59, 0.05/0.67, 0.10/0.79.
   */
  half: { de: 0.2763, en: 0.362 },
}

/** How sure it is that the quotes answer the question. */
export function evidenceOf(
  question: Question,
  plan: SearchPlan,
  passages: readonly QuotablePassage[],
  quotes: readonly Quote[],
): { confidence: number; answered: boolean } {
  const first = quotes[0]
  const passage = first && passages[first.passage]
  const counted = plan.terms.filter(term => !term.asking)
  const total = (counted.length > 0 ? counted : plan.terms).reduce((sum, term) => sum + term.worth, 0)
  if (first === undefined || passage === undefined || question.terms.length === 0 || total === 0)
    return { confidence: 0, answered: false }
  const top = Math.max(...passages.map(candidate => candidate.score))
  const strength = Math.min(1.5, top / total / 2)
  const matched =
    evidenceWeights.strength * strength +
    evidenceWeights.names * namesIn(passage, plan) +
    evidenceWeights.coverage * first.coverage
  const named = counted.some(term => term.unknown && (term.name || term.kind === 'exact' || NAME.test(term.text)))
  const noun = question.language === 'de' && counted.some(term => term.unknown && /^\p{Lu}/u.test(term.text))
  const raw = matched * (named ? evidenceWeights.unknownName : noun ? evidenceWeights.unknownNoun : 1)
  const confidence = raw / (raw + evidenceWeights.half[question.language])
  return { confidence, answered: confidence >= ANSWER_THRESHOLD }
}

/** Acronyms and names with capitals inside ("LXQt"): nothing can stand for them. */
const NAME = /\p{Lu}\P{Ll}*\p{Lu}|\p{Ll}\p{Lu}/u

/** Share of the question's names, nouns (German) and numbers that the passage holds. */
function namesIn(passage: QuotablePassage, plan: SearchPlan): number {
  const language = passage.language ?? detectLanguage(passage.text)
  const matched = new Float64Array(plan.terms.length)
  for (const text of [passage.text, ...passage.headings, ...new Set(passage.tableRows?.map(row => row.header))])
    match(text, language, plan, matched)
  let held = 0
  let total = 0
  for (const [at, term] of plan.terms.entries()) {
    if (!/^[\p{Lu}\p{N}]/u.test(term.text) || term.asking) continue
    held += matched[at]! * term.worth
    total += term.worth
  }
  if (total > 0) return held / total
  const all = plan.terms.reduce((sum, term) => sum + term.worth, 0) || 1
  return matched.reduce((sum, weight, at) => sum + weight * plan.terms[at]!.worth, 0) / all
}
