import type { ApiMessage } from '../../shared/api/index.ts'

/** A question with its answers, the newest last: answering again adds one. */
export interface Turn {
  question: ApiMessage
  answers: ApiMessage[]
}

export function turnsOf(messages: readonly ApiMessage[]): Turn[] {
  const turns: Turn[] = []
  for (const message of messages) {
    if (message.role === 'user') turns.push({ question: message, answers: [] })
    else turns.at(-1)?.answers.push(message)
  }
  return turns
}
