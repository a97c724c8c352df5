import { describe, expect, it } from 'vitest'
import { AppError } from '../../shared/errors.ts'
import { firstPlace, gitHubRefusal, placeAfter } from './flow.ts'

const ready = { setUp: true }
const fresh = { setUp: false }

describe('the first step', () => {
  it('is to sign in, or to hear that the server is not set up', () => {
    expect(firstPlace(null, ready).step).toEqual({ name: 'sign-in' })
    expect(firstPlace(null, fresh).step).toEqual({ name: 'not-set-up' })
    // The key of a machine of one's own opens nothing here.
    expect(firstPlace({ kind: 'token', token: 'x' }, ready).step).toEqual({ name: 'sign-in' })
  })

  it('is what the address was made for', () => {
    expect(firstPlace({ kind: 'setup', token: 'x' }, fresh).step).toEqual({ name: 'set-up', token: 'x' })
    expect(firstPlace({ kind: 'setup', token: 'x' }, ready)).toMatchObject({
      step: { name: 'sign-in' },
      notice: 'enter.setUpDone',
    })
    for (const kind of ['invitation', 'verify', 'reset'] as const)
      expect(firstPlace({ kind, token: 'x' }, ready).step).toEqual({ name: kind, token: 'x' })
    expect(firstPlace({ kind: 'login', token: 'x' }, ready).step).toEqual({
      name: 'redeem',
      token: 'x',
      elsewhere: false,
    })
  })
})

describe('a refusal', () => {
  it('asks once more where another browser asked for the link', () => {
    const step = { name: 'redeem', token: 'x', elsewhere: false } as const
    expect(placeAfter(step, 'link-elsewhere', null)?.step).toEqual({ ...step, elsewhere: true })
    expect(placeAfter(step, 'link-invalid', null)).toBeUndefined()
    expect(placeAfter({ ...step, elsewhere: true }, 'link-elsewhere', null)).toBeUndefined()
  })

  it('asks for a password where another browser registered the address', () => {
    const step = { name: 'verify', token: 'x' } as const
    expect(placeAfter(step, 'verify-elsewhere', null)?.step).toEqual({ name: 'verify-elsewhere', token: 'x' })
    expect(placeAfter({ name: 'verify-elsewhere', token: 'x' }, 'verify-elsewhere', null)).toBeUndefined()
  })

  it('leads back to the password where the code came too late, and says so', () => {
    const late = new AppError('code-late')
    expect(placeAfter({ name: 'second-factor' }, 'code-late', late)).toEqual({
      step: { name: 'sign-in' },
      notice: null,
      error: late,
    })
    expect(placeAfter({ name: 'second-factor' }, 'code-wrong', late)).toBeUndefined()
    expect(placeAfter({ name: 'sign-in' }, 'log-in-failed', late)).toBeUndefined()
  })

  it('of GitHub is said in four ways', () => {
    expect(gitHubRefusal('account_blocked')).toBe('enter.gitHubBlocked')
    expect(gitHubRefusal('access_denied')).toBe('enter.gitHubDenied')
    expect(gitHubRefusal('signup_disabled')).toBe('enter.gitHubUnknown')
    expect(gitHubRefusal('account_not_linked')).toBe('enter.gitHubUnknown')
    expect(gitHubRefusal('state_mismatch')).toBe('enter.gitHubFailed')
  })
})
