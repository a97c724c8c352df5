import { describe, expect, it } from 'vitest'
import { attackedFalse, attackedText, attackedTrue } from './attacked.ts'
import { laterText, untouchedFalse, untouchedTrue, usedFalse, usedTrue } from './later.ts'
import { provenOf } from './proven.ts'

describe('sentences written to get past the check', () => {
  it('hardly do where they are false', () => {
    expect(attackedFalse).toHaveLength(40)
    const proven = provenOf(attackedFalse, attackedText)
    expect(proven.length, proven.join('\n')).toBeLessThanOrEqual(1)
  })
  it('mostly do where they are true', () => {
    expect(attackedTrue).toHaveLength(33)
    expect(provenOf(attackedTrue, attackedText).length / attackedTrue.length).toBeGreaterThanOrEqual(0.8)
  })
})

describe('sentences written later, over other texts', () => {
  const rate = (set: Parameters<typeof provenOf>[0]) => provenOf(set, laterText).length / set.length
  it('that were then used for mending', () => {
    expect(rate(usedFalse)).toBeLessThanOrEqual(0.1)
    expect(rate(usedTrue)).toBeGreaterThanOrEqual(0.8)
  })
  it('that were not', () => {
    expect(rate(untouchedFalse)).toBeLessThanOrEqual(0.1)
    expect(rate(untouchedTrue)).toBeGreaterThanOrEqual(0.7)
  })
})
