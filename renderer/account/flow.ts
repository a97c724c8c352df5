/** The way from the door to the inside: which step comes first, and which one after a refusal. */
import type { SignInOptions } from '../../shared/api/account.ts'
import type { Key } from '../words.tsx'
import type { Arrival } from './arrival.ts'

export type Step =
  | { name: 'sign-in' | 'second-factor' | 'link' | 'forgot' | 'register' | 'not-set-up' }
  | { name: 'set-up' | 'invitation' | 'verify' | 'verify-elsewhere' | 'reset'; token: string }
  /** `elsewhere`: another browser asked for the link, which takes one more click. */
  | { name: 'redeem'; token: string; elsewhere: boolean }
  | { name: 'sent'; what: 'link' | 'reset' | 'confirm'; email: string }

export interface Place {
  step: Step
  /** Said above it. */
  notice: Key | null
  /** Why the step before ended. */
  error: unknown
}

export const at = (step: Step, notice: Key | null = null): Place => ({ step, notice, error: null })

export function firstPlace(arrival: Arrival | null, { setUp }: Pick<SignInOptions, 'setUp'>): Place {
  if (arrival && arrival.kind !== 'token') {
    const { kind, token } = arrival
    if (kind === 'login') return at({ name: 'redeem', token, elsewhere: false })
    if (kind !== 'setup') return at({ name: kind, token })
    return setUp ? at({ name: 'sign-in' }, 'enter.setUpDone') : at({ name: 'set-up', token })
  }
  return at({ name: setUp ? 'sign-in' : 'not-set-up' })
}

/** Where a refusal leads; undefined: it is said where it happened. */
export function placeAfter(step: Step, code: string, error: unknown): Place | undefined {
  if (step.name === 'redeem' && code === 'link-elsewhere' && !step.elsewhere) return at({ ...step, elsewhere: true })
  if (step.name === 'verify' && code === 'verify-elsewhere') return at({ ...step, name: 'verify-elsewhere' })
  if (step.name === 'second-factor' && code === 'code-late') return { step: { name: 'sign-in' }, notice: null, error }
  return undefined
}

/** What GitHub, or better-auth on the way back, means. */
export function gitHubRefusal(said: string): Key {
  if (said === 'access_denied') return 'enter.gitHubDenied'
  if (said === 'account_blocked') return 'enter.gitHubBlocked'
  return /sign_?up|not_linked|not_found/i.test(said) ? 'enter.gitHubUnknown' : 'enter.gitHubFailed'
}
