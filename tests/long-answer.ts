/** A chat model that writes for some seconds, so that there is a middle of an answer to stop, follow or kill something in. */
import { scriptedChat } from '../scripts/tiny-models.ts'
import { writeGguf } from '../scripts/write-gguf.ts'

/** What the documents must hold. */
export const rent = 'Die Kaution beträgt drei Monatsmieten.'
/** Answered by that sentence. */
export const question = 'Wie hoch ist die Kaution?'
/** Answered by that sentence, and by hundreds that nothing proves. */
export const longQuestion = 'Wie hoch ist die Kaution, ausführlich?'
/** What the server that uses it is to be started with. */
export const longAnswers = { LLM_MAX_TOKENS: '5000', LLM_CONTEXT_SIZE: '8192' }

const sentences = 250
const words = 12

export function writeLongAnswers(file: string): Promise<void> {
  const letters = (number: number) => number.toString(26).replace(/\d/g, digit => 'qrstuvwxyz'[Number(digit)])
  const sentence = (at: number) =>
    Array.from({ length: words }, (_, word) => `${word === 0 ? 'W' : 'w'}ort${letters(at * words + word)}`).join(' ')
  const long = Array.from({ length: sentences }, (_, at) => `${sentence(at)}.`)
  const answer = `${rent} [1]`
  return writeGguf(file, scriptedChat([{ answer }, { when: 'ausführlich', answer: [answer, ...long].join(' ') }]))
}
