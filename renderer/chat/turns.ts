import type { ApiMessage } from '../../shared/api/index.ts'
import type { LiveAnswer } from './live-answers.ts'

/** A question with its answer. */
export interface Turn {
  question: ApiMessage
  answer: ApiMessage | null
}

export function turnsOf(messages: readonly ApiMessage[]): Turn[] {
  const turns: Turn[] = []
  for (const message of messages) {
    const last = turns.at(-1)
    if (message.role === 'user') turns.push({ question: message, answer: null })
    else if (last) last.answer = message
  }
  return turns
}

/** How many messages stand before the turn that is being answered: its question may be among them by now, or not yet. */
export function messagesBefore(
  messages: readonly ApiMessage[],
  { again, question, from }: Pick<LiveAnswer, 'again' | 'question' | 'from'>,
): number {
  if (again) return from
  const text = question.normalize('NFC').trim()
  const at = messages.findLastIndex(message => message.role === 'user' && message.text === text)
  return at >= from ? at : messages.length
}

/** Whether its question is in its chat: one that is not, is nothing to be answered again, but still to be asked. */
export const isAsked = (
  messages: readonly ApiMessage[],
  live: Pick<LiveAnswer, 'again' | 'question' | 'from'>,
): boolean => messagesBefore(messages, live) < messages.length

/** Where an answer that is found running stands: behind the messages, or in the place of what is answered anew, or not yet. */
export function placeOf(
  messages: readonly ApiMessage[],
  { question, questionId }: { question: string; questionId: string | null },
): number {
  const at = messages.findIndex(({ id }) => id === questionId)
  if (at >= 0) return at
  const last = messages.at(-1)
  return last?.role === 'user' && last.text === question ? messages.length - 1 : messages.length
}
