import { describe, expect, it } from 'vitest'
import { libraryOf, sample } from '../../tests/red-team/library.ts'
import { splitSentences } from './sentences.ts'
import { chooseStretches, keepStretches, numbered, type Stretch, sourceBudget, sourceText } from './sources.ts'
import { estimateTokens } from './tokens.ts'

const { chunks } = libraryOf({
  'a.md': sample('mietvertrag.md'),
  'b.md': sample('consulting-agreement.md'),
  'c.md': sample('workshop-handbook.md'),
})
const hits = chunks.map((chunk, at) => ({ chunk, score: 10 - at, rank: at + 1, before: null, after: null }))
const quote = (passage: number, text: string) => {
  const start = chunks[passage].text.indexOf(text)
  return { passage, start, end: start + text.length, score: 1, coverage: 1, expected: 0 }
}
const tokens = (stretches: readonly Stretch[]) => estimateTokens(numbered(stretches).map(sourceText).join('\n\n'))
const idsOf = (stretches: readonly Stretch[]) => stretches.map(({ chunk, start, end }) => [chunk.id, start, end])

describe('what the model reads', () => {
  it('is 600 to 800 tokens, whole sentences, in the order of the documents', () => {
    const chosen = chooseStretches([...hits].reverse(), [])
    expect(tokens(chosen)).toBeGreaterThan(600)
    expect(tokens(chosen)).toBeLessThanOrEqual(800)
    for (const { chunk, start, end } of chosen) {
      const spans = splitSentences(chunk.text, chunk.language)
      expect(start === 0 || spans.some(span => span.start === start)).toBe(true)
      expect(end === chunk.text.length || spans.some(span => span.end === end)).toBe(true)
    }
    const order = chosen.map(({ chunk }) => `${chunk.documentId}${String(chunk.position).padStart(3, '0')}`)
    expect(order).toEqual([...order].sort())
  })
  it('does not change with the ranks', () => {
    const few = hits.slice(0, 3)
    expect(idsOf(chooseStretches([...few].reverse(), []))).toEqual(idsOf(chooseStretches(few, [])))
  })
  it('holds the sentence that answers best, however small the budget', () => {
    const at = chunks.findIndex(chunk => chunk.text.includes('Kaution von 2.670 Euro'))
    const sentence = 'Der Mieter zahlt eine Kaution von 2.670 Euro.'
    for (const budget of [60, 120, 300, sourceBudget]) {
      const chosen = chooseStretches(hits, [quote(at, sentence)], budget)
      expect(chosen.some(({ chunk, start, end }) => chunk.text.slice(start, end).includes(sentence))).toBe(true)
      expect(tokens(chosen)).toBeLessThanOrEqual(budget + 10)
    }
  })
})

describe('a follow-up', () => {
  const earlier = chooseStretches(hits, [])
  const found = (stretches: readonly Stretch[]) => new Set(stretches.map(({ chunk }) => chunk.id))
  const need = ({ chunk, start }: Stretch) => ({ chunkId: chunk.id, start, end: start + 5 })
  it('keeps what was read, in its order, where that shows what it needs', () => {
    const fresh = [...earlier].reverse().slice(0, 3)
    expect(keepStretches(earlier, fresh, [need(earlier[1])], found(earlier))).toEqual(earlier)
  })
  it('adds what is missing behind it', () => {
    const kept = keepStretches(earlier.slice(0, 2), earlier, [need(earlier[2])], found(earlier))
    expect(kept).toEqual([...earlier.slice(0, 2), earlier[2]])
  })
  it('begins anew where most is not found again, too much would stand there, or another part of a passage is needed', () => {
    expect(keepStretches(earlier, earlier, [need(earlier[0])], new Set([earlier[0].chunk.id]))).toBeUndefined()
    expect(keepStretches(earlier.slice(0, 2), earlier, [need(earlier[2])], found(earlier), 300)).toBeUndefined()
    const cut = { ...earlier[0], end: 40 }
    const missing = { chunkId: cut.chunk.id, start: 50, end: 60 }
    expect(keepStretches([cut], earlier, [missing], found(earlier))).toBeUndefined()
    expect(keepStretches([], earlier, [], found(earlier))).toBeUndefined()
  })
})
