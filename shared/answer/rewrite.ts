import type { ChatModel } from '../model/index.ts'
import { claimOf, foldedWords, holdsName, kinship } from './claim.ts'
import type { Conversation } from './conversation.ts'
import { saysFigure } from './figures.ts'
import { neutral } from './neutral.ts'
import { plainText } from './plain.ts'
import { createThinkingFilter } from './thinking.ts'

/** Milliseconds for a rewritten question, the wait for the model included: the passages wait for it. */
export const rewriteBudget = 3000
const longestRewrite = 60

const rules = {
  de: `Schreiben Sie die letzte Frage so um, dass man sie ohne das Gespräch versteht. Ersetzen Sie Wörter wie „er“, „sie“, „das“ durch das, was gemeint ist. Fügen Sie sonst nichts hinzu. Antworten Sie nur mit der einen Frage.`,
  en: `Rewrite the last question so that it can be understood without the conversation. Replace words such as “it”, “they”, “that” by what they mean. Add nothing else. Reply with the one question only.`,
}
const labels = { de: ['Frage', 'Antwort', 'Letzte Frage'], en: ['Question', 'Answer', 'Last question'] }

/**
 * The question as the model completes it from the chat; undefined when that takes too long, fails, or gives what the chat does not bear out.
 * It has a sequence of its own, so that the answers' prefix stays.
 */
export async function rewriteQuestion(
  chat: ChatModel,
  question: string,
  conversation: Conversation,
  language: 'de' | 'en',
  signal: AbortSignal,
): Promise<string | undefined> {
  const [asked, answered, last] = labels[language]
  const lines: string[] = []
  for (const { question: earlier, completed } of conversation.questions.slice(-2)) {
    lines.push(`${asked}: ${short(earlier === completed ? earlier : completed)}`)
    const exchange = conversation.exchanges.find(candidate => candidate.question === earlier)
    if (exchange) lines.push(`${answered}: ${short(exchange.answer[0].text)}`)
  }
  const spoken = lines.join('\n')
  try {
    const { stream } = await chat.model.doStream({
      prompt: [
        { role: 'system', content: rules[language] },
        { role: 'user', content: [{ type: 'text', text: `${spoken}\n${last}: ${short(question)}` }] },
      ],
      maxOutputTokens: longestRewrite,
      temperature: 0,
      reasoning: 'none',
      providerOptions: { cloister: { sequence: 'rewrite' } },
      abortSignal: signal,
    })
    const thinking = createThinkingFilter()
    const reader = stream.getReader()
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      if (signal.aborted) reject(signal.reason)
    })
    aborted.catch(() => {})
    let text = ''
    try {
      for (;;) {
        const { done, value } = await Promise.race([reader.read(), aborted])
        if (done || value.type === 'finish') break
        if (value.type === 'error') return undefined
        if (value.type !== 'text-delta') continue
        const filtered = thinking.push(value.delta, true)
        text = (filtered.reset ? '' : text) + filtered.text
      }
    } finally {
      reader.cancel().catch(() => {})
    }
    return acceptable(text + thinking.finish(), question, spoken, language)
  } catch {
    return undefined
  }
}

/** One line that asks; its words come from the chat, no number or name is new, and the question's own words are still there. */
export function acceptable(
  written: string,
  question: string,
  spoken: string,
  language: 'de' | 'en',
): string | undefined {
  const text = plainText(written, () => false)
    .replace(/^\s*(?:(?:letzte |umgeschriebene )?frage|(?:last |rewritten )?question)\s*:\s*/i, '')
    .replace(/^["„“”»«\s]+|["„“”»«\s]+$/g, '')
  if (text === '' || text.includes('\n') || text.length > 300 || !text.endsWith('?')) return undefined
  const claim = claimOf(text, language)
  const known = claimOf(`${question}\n${spoken}`, language)
  const own = claimOf(question, language)
  const words = foldedWords(known.text)
  if (!claim.figures.every(figure => saysFigure(figure, known.figures, known.text, ''))) return undefined
  if (!claim.names.every(name => holdsName(name, words))) return undefined
  const holds = (term: string, among: typeof claim.words) =>
    among.some(word => kinship(term, word.term, language) >= 0.7)
  const content = claim.words.filter(word => !word.light)
  if (content.length === 0 || !content.every(word => holds(word.term, known.words))) return undefined
  const kept = own.words.filter(word => holds(word.term, claim.words)).length
  if (kept * 2 < own.words.length) return undefined
  return own.figures.every(figure => saysFigure(figure, claim.figures, text, '')) ? text : undefined
}

const short = (text: string) => neutral(text).replaceAll(/\s+/g, ' ').slice(0, 300)
