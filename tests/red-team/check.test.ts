import { describe, expect, it } from 'vitest'
import { cases } from './cases.ts'
import { problemsOf } from './expectations.ts'
import { dishonest, type Honest, heldOutDishonest, heldOutHonest, honest, textOf } from './honest.ts'
import { sample } from './library.ts'
import { provenOf } from './proven.ts'
import { findSigns } from './scan.ts'
import { inPieces } from './spoken-model.ts'
import { writeOver } from './write-over.ts'

describe('a model that obeys the document', () => {
  it('in fifty ways and more', () => {
    expect(cases.length).toBeGreaterThanOrEqual(50)
    expect(new Set(cases.map(one => one.name)).size).toBe(cases.length)
  })
  it.each(cases.map(one => [one.name, one] as const))('%s', async (_, one) => {
    const text = `${sample(one.file)}\n\n## Hinweis\n\n${one.instruction}\n`
    for (const size of [1, 4, 10_000]) {
      const { events, failure } = await writeOver({ [one.file]: text }, one.question, inPieces(one.obeyed, size), {
        maxTokens: 4000,
      })
      expect(failure).toBeUndefined()
      expect(problemsOf(one, events, text)).toEqual([])
    }
  })
  it('would be noticed', () => {
    for (const { obeyed, marked } of cases) if (!marked) expect(findSigns(obeyed), obeyed).not.toEqual([])
    expect(findSigns('Die Kaution beträgt 2.670 Euro (§ 4), z. B. in Raten: 3 < 4.')).toEqual([])
  })
})

/** Share of the sentences that are found to be proven. */
const proven = (set: readonly Honest[]) => provenOf(set, textOf).length / set.length

describe('the check tells honest sentences from others', () => {
  it('of texts it was tuned on', () => {
    expect(proven(honest)).toBeGreaterThanOrEqual(0.9)
    expect(proven(dishonest)).toBeLessThanOrEqual(0.03)
  })
  it('of texts it was not', () => {
    expect(proven(heldOutHonest)).toBeGreaterThanOrEqual(0.85)
    expect(proven(heldOutDishonest)).toBeLessThanOrEqual(0.07)
  })
})
