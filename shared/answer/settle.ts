import { shownQuote } from '../model/answer.ts'
import type { Answer, Citation } from '../model/index.ts'
import type { Written } from './write.ts'

/** Which of what was shown is the answer. A sentence that was being written when it was stopped is kept, unproven. */
export function settle(answer: Omit<Answer, 'messageId'>, quoted: Citation[], written: Written | undefined): void {
  const sentences = written && !written.declined ? written.sentences.slice() : []
  if (written?.draft) sentences.push({ text: `${written.draft} …`, lead: ' ', citations: [], supported: false })
  if (quoted.length > 0) {
    answer.mode = 'quotes'
    answer.citations = quoted
    answer.text = quoted.map(shownQuote).join('\n')
  } else if (sentences.length > 0) {
    answer.mode = 'model'
    answer.sentences = sentences
    answer.citations = written?.citations ?? []
    answer.text = sentences
      .map(({ lead, text }) => lead + text)
      .join('')
      .trim()
  }
  if (answer.mode === 'model' || written?.declined) return
  answer.model = null
  delete answer.server
}
