import { analyze } from './analyze.ts'
import { detectLanguage } from './language.ts'
import { planSearch, type SearchPlan, type Vocabulary } from './plan.ts'
import { type Question, vocabularyLookups } from './question.ts'
import { scoreChunk } from './rank.ts'

/** A library in memory, one chunk a text: what the store does for the pure functions, in the plainest way. */
export function libraryForTests(texts: readonly string[]) {
  const chunks = texts.map(text => {
    const terms = analyze(text, detectLanguage(text)).map(token => token.term)
    return { text, terms, contextTerms: [], length: terms.length }
  })
  const frequencies = new Map<string, number>()
  for (const chunk of chunks)
    for (const term of new Set(chunk.terms)) frequencies.set(term, (frequencies.get(term) ?? 0) + 1)
  const entries = [...frequencies].map(([term, df]) => ({ term, df }))
  const averageLength = chunks.reduce((sum, chunk) => sum + chunk.length, 0) / Math.max(1, chunks.length)

  function vocabulary(question: Question): Vocabulary {
    const wanted = vocabularyLookups(question)
    return {
      df: new Map(entries.filter(({ term }) => wanted.exact.includes(term)).map(({ term, df }) => [term, df])),
      prefixed: new Map(wanted.prefixes.map(key => [key, entries.filter(({ term }) => term.startsWith(key))])),
      suffixed: new Map(wanted.suffixes.map(key => [key, entries.filter(({ term }) => term.endsWith(key))])),
    }
  }

  return {
    plan: (question: Question): SearchPlan =>
      planSearch(question, vocabulary(question), { chunks: chunks.length, averageLength }),
    /** Passages that match, best first. */
    find: (plan: SearchPlan) =>
      chunks
        .map(chunk => ({ text: chunk.text, headings: [] as string[], score: scoreChunk(plan, chunk) }))
        .filter(passage => passage.score > 0)
        .sort((a, b) => b.score - a.score),
  }
}
