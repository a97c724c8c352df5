import { shownCells, shownQuote } from '../../shared/model/answer.ts'
import type { Words } from '../words.tsx'
import type { AnswerContent } from './answer-view.tsx'

/** An answer as plain text, with numbers behind its sentences and the sources below. */
export function textWithSources(
  question: string,
  { mode, sentences, citations, text }: AnswerContent,
  words: Words,
): string {
  const body =
    mode === 'model'
      ? sentences
          .map(({ text, lead, citations: proofs, supported }, at) => {
            const marks = proofs.map(number => ` [${number + 1}]`).join('')
            return `${at === 0 ? lead.trimStart() : lead}${text}${marks}${supported ? '' : ` (${words('chat.unsupported')})`}`
          })
          .join('')
      : citations
          .map((citation, at) => {
            const cells = shownCells(citation)
            return `${quoted(shownQuote(citation), words.language)}${cells ? ` (${cells})` : ''} [${at + 1}]`
          })
          .join('\n\n') || text
  const sources = citations.map((citation, at) => {
    const place = words('chat.passage', { file: citation.file, place: words.place(citation) })
    return mode === 'model'
      ? `[${at + 1}] ${place}: ${shownCells(citation) ?? shownQuote(citation)}`
      : `[${at + 1}] ${place}`
  })
  return [question, body, ...(sources.length > 0 ? [`${words('chat.copySources')}\n${sources.join('\n')}`] : [])].join(
    '\n\n',
  )
}

/** In the marks of the language; marks inside become single ones. */
function quoted(text: string, language: Words['language']): string {
  return language === 'de'
    ? `„${text.replaceAll('„', '‚').replaceAll('“', '‘')}“`
    : `“${text.replaceAll('“', '‘').replaceAll('”', '’')}”`
}
