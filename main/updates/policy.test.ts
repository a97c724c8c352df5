import { describe, expect, it } from 'vitest'
import {
  compareVersions,
  decideBack,
  decideCheck,
  decideOffer,
  isMidWork,
  noSettings,
  settleInstall,
} from './policy.ts'

const day = 24 * 60 * 60 * 1000

describe('updates', () => {
  it.each([
    ['unasked', 'clock', null, 'ask'],
    ['off', 'clock', null, 'no'],
    ['on', 'clock', null, 'check'],
    ['on', 'clock', 10 * day, 'no'],
    ['on', 'clock', 9 * day, 'check'],
    // The clock was set back, or forth.
    ['on', 'clock', 12 * day, 'check'],
    ['unasked', 'user', null, 'check'],
    ['off', 'user', 10 * day, 'check'],
  ] as const)('with %s, the %s and a look at %s: %s', (choice, asker, checkedAt, decision) => {
    expect(decideCheck({ choice, checkedAt }, asker, 10 * day + 1000)).toBe(decision)
  })

  it.each([
    ['1.0.1', null, 'clock', 'offer'],
    ['1.0.0', null, 'clock', 'current'],
    ['0.9.9', null, 'user', 'older'],
    ['1.0.1', '1.0.1', 'clock', 'skipped'],
    ['1.0.1', '1.0.1', 'user', 'offer'],
    ['1.0.2', '1.0.1', 'clock', 'offer'],
    ['latest', null, 'user', 'invalid'],
    ['1.0.1; rm', null, 'user', 'invalid'],
  ] as const)('%s, with %s skipped, is for the %s: %s', (offered, skipped, asker, decision) => {
    expect(decideOffer(offered, { current: '1.0.0', skipped, asker })).toBe(decision)
  })

  it.each([
    ['1.0.0', '1.0.0', 'offer'],
    ['0.9.0', '1.0.0', 'invalid'],
    ['1.0.0', null, 'invalid'],
    ['2.0.0', '2.0.0', 'invalid'],
  ])('back to %s, where %s was before: %s', (offered, previous, decision) => {
    expect(decideBack(offered, { current: '1.1.0', previous })).toBe(decision)
  })

  it('are never installed in mid-work', () => {
    expect(isMidWork({ jobs: 0, answers: 0, downloads: 0 })).toBe(false)
    for (const work of ['jobs', 'answers', 'downloads'])
      expect(isMidWork({ jobs: 0, answers: 0, downloads: 0, [work]: 1 })).toBe(true)
  })

  it('are ordered as semantic versioning has it', () => {
    const ordered = ['1.0.0-alpha', '1.0.0-alpha.1', '1.0.0-alpha.beta', '1.0.0-beta.2', '1.0.0-beta.11', '1.0.0-rc.1']
    const all = [...ordered, '1.0.0', '1.0.1', '1.2.0', '1.10.0', '2.0.0']
    for (const [at, version] of all.entries())
      for (const [other, than] of all.entries())
        expect(compareVersions(version, than), `${version} ${than}`).toBe(Math.sign(at - other))
    expect(compareVersions('1.0.0+a', '1.0.0+b')).toBe(0)
    expect(compareVersions('1.0', '1.0.0')).toBeUndefined()
  })

  it('count as installed when the new version starts, and not before', () => {
    const begun = { ...noSettings, previous: '1.0.0', skipped: '1.0.5', installing: { from: '1.1.0', to: '1.2.0' } }
    expect(settleInstall(begun, '1.2.0')).toEqual({
      settings: { ...begun, previous: '1.1.0', installing: null },
      failed: undefined,
    })
    // What was there before is what one can go back to still.
    expect(settleInstall(begun, '1.1.0')).toEqual({ settings: { ...begun, installing: null }, failed: '1.2.0' })
    // By hand, meanwhile.
    expect(settleInstall(begun, '1.3.0')).toEqual({ settings: { ...begun, installing: null }, failed: undefined })
    expect(settleInstall({ ...begun, installing: { from: '1.1.0', to: '1.0.0' } }, '1.0.0').settings).toMatchObject({
      previous: null,
      skipped: '1.1.0',
    })
    expect(settleInstall(noSettings, '1.2.0').settings).toBe(noSettings)
  })
})
