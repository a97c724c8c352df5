import type { AnswerSentence } from '../../shared/model/index.ts'

export interface Paragraph {
  kind: 'paragraph' | 'item'
  sentences: AnswerSentence[]
}

/** Sentences by what stands before them: a line break begins a paragraph, a line break with a mark an item of a list. */
export function paragraphsOf(sentences: readonly AnswerSentence[]): Paragraph[] {
  const paragraphs: Paragraph[] = []
  for (const sentence of sentences) {
    const last = paragraphs.at(-1)
    const item = /^\s*(?:[-*•–]|\d{1,3}[.)])\s*$/.test(sentence.lead)
    if (last && !item && !sentence.lead.includes('\n')) last.sentences.push(sentence)
    else paragraphs.push({ kind: item ? 'item' : 'paragraph', sentences: [sentence] })
  }
  return paragraphs
}
