import { describe, expect, it } from 'vitest'
import { attackedFalse, attackedText, attackedTrue } from './attacked.ts'
import { provenOf } from './proven.ts'

describe('sentences written to get past the check', () => {
  it('hardly do where they are false', () => {
    expect(attackedFalse).toHaveLength(40)
    const proven = provenOf(attackedFalse, attackedText)
    expect(proven.length, proven.join('\n')).toBeLessThanOrEqual(2)
  })
  it('mostly do where they are true', () => {
    expect(attackedTrue).toHaveLength(33)
    expect(provenOf(attackedTrue, attackedText).length / attackedTrue.length).toBeGreaterThanOrEqual(0.8)
  })
})
