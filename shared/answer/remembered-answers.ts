/** Written answers that are given again to whoever asks the same of the same passages, where the installation wants that. */
import type { Answer, AnswerEvent, Passage, Scope } from '../model/index.ts'
import type { Written } from './write.ts'

/** See `Memo` of the gateway: none throws. */
export interface AnswerMemo {
  begin(scope: Scope): string
  recall(scope: Scope, about: unknown): Promise<unknown>
  keep(scope: Scope, about: unknown, value: unknown, begun: string): Promise<void>
}

/** All that an answer is made of: where one of these is another, so may the answer be. */
export interface Ingredients {
  question: string
  language: string
  instructions: string | null
  temperature: number | null
  /** The reference that was asked for, and what the project says of models. */
  model: string | null
  policy: unknown
  /** As they are shown, with their texts: of a document that has changed or is gone nothing is said again. */
  passages: readonly Passage[]
}

type Writer = Pick<Answer, 'model' | 'server'>

export interface RememberedAnswer extends Writer {
  written: Pick<Written, 'sentences' | 'citations'>
}

export async function recallAnswer(
  memo: AnswerMemo | undefined,
  scope: Scope,
  ingredients: Ingredients | undefined,
): Promise<RememberedAnswer | undefined> {
  const known = ingredients && (await memo?.recall(scope, ingredients))
  return typeof known === 'object' && known !== null && 'written' in known ? (known as RememberedAnswer) : undefined
}

/** Sentence by sentence, each with what it is the first to cite. */
export function* tellAgain({ written: { sentences, citations } }: RememberedAnswer): Generator<AnswerEvent, void> {
  let told = 0
  for (const sentence of sentences) {
    const needed = Math.max(told, ...sentence.citations.map(at => at + 1))
    yield { type: 'sentence', sentence, citations: citations.slice(told, needed) }
    told = needed
  }
}
