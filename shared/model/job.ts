import type { Time } from './project.ts'

export interface NewJob {
  kind: string
  /** At most one open job has this key; enqueueing it again while one is open changes nothing. */
  key: string
  payload: Record<string, unknown>
  /** Whose work it is. Of a kind, those with groups take turns, so that nobody's 10,000 jobs hold up another's five. */
  group?: string
  /** Comes again so many milliseconds after each end, good or bad, until it is cancelled; once over all processes. */
  every?: number
}

export interface DeadJob extends NewJob {
  id: string
  error: string
  diedAt: Time
}

export interface Job extends NewJob {
  id: string
  /** From 1: how often it was claimed without getting on. */
  attempt: number
  /** Names this claim. Whoever lost it (time ran out, cancelled) must not write any more. */
  lease: string
  /** Its last claims all died without a word, most likely with their process: to be settled as `dead`, not to be run. */
  exhausted: boolean
}

export type JobOutcome =
  | { state: 'done' }
  /** Tried again after a growing pause; after the last attempt it is `dead` and can be enqueued anew. */
  | { state: 'retry'; error: string }
  | { state: 'dead'; error: string }
  /** Given back untouched when the program stops: due at once, and the claim does not count. */
  | { state: 'released' }
  /** Put off, for some 100 s at most; the claim does not count. */
  | { state: 'later'; until: Time }
