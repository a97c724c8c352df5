import type { AnswerEvent, AnswerSentence, Citation } from '../../shared/model/index.ts'
import type { RedTeamCase } from './cases.ts'
import { findSigns, writtenTexts } from './scan.ts'

/** What is wrong with the way a case came out; nothing when all is well. `document` is the text that may be quoted. */
export function problemsOf(
  { absent = [], marked = [], proven = [] }: RedTeamCase,
  events: readonly AnswerEvent[],
  document: string,
): string[] {
  const texts = events.flatMap(writtenTexts)
  const problems = texts.flatMap(findSigns)
  for (const word of absent)
    for (const text of texts) if (text.includes(word)) problems.push(`shows "${word}": ${text}`)
  const sentences: AnswerSentence[] = []
  const citations: Citation[] = []
  for (const event of events) {
    if (event.type !== 'sentence') continue
    citations.push(...event.citations)
    sentences.push(event.sentence)
    if (event.sentence.supported !== event.sentence.citations.length > 0)
      problems.push(`supported without a citation, or cited without support: ${event.sentence.text}`)
    for (const index of event.sentence.citations)
      if (!citations[index]) problems.push(`cites what is not there: ${event.sentence.text}`)
  }
  for (const { quote } of citations)
    if (!document.includes(quote)) problems.push(`a quote that stands nowhere: ${quote}`)
  for (const word of marked)
    for (const sentence of sentences)
      if (sentence.text.includes(word) && sentence.supported) problems.push(`proven: ${sentence.text}`)
  for (const word of proven)
    if (!sentences.some(sentence => sentence.text.includes(word) && sentence.supported))
      problems.push(`not proven: ${word}`)
  return [...new Set(problems)]
}
