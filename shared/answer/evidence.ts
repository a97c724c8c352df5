import type { SearchPlan } from '../retrieve/plan.ts'
import type { Question } from '../retrieve/question.ts'
import type { QuotablePassage, Quote } from './quotes.ts'

/** Below it the product says that the documents do not hold the answer. */
export const ANSWER_THRESHOLD = 0.5

/** How sure it is that the quotes answer the question. */
export function evidenceOf(
  question: Question,
  plan: SearchPlan,
  passages: readonly QuotablePassage[],
  quotes: readonly Quote[],
): { confidence: number; answered: boolean } {
  const first = quotes[0]
  if (first === undefined || passages.length === 0 || question.terms.length === 0 || plan.terms.length === 0)
    return { confidence: 0, answered: false }
  const confidence = Math.max(0, Math.min(1, first.coverage))
  return { confidence, answered: confidence >= ANSWER_THRESHOLD }
}
