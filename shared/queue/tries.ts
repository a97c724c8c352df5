/** How often and how fast a job is tried, whatever the queue. */

/** Milliseconds a claim holds without a sign of life; the runner gives three in it. */
export const leaseTime = 15_000
/** Claims without progress (ended by `retry`, or by the death of whoever ran it), after which a job is dead. */
export const mostAttempts = 5
/** Claims after which a job ends though nobody could bury it: whoever was handed it for that died too. */
export const mostClaims = 2 * mostAttempts

/**
 * Milliseconds until the next try: 1, 4, 16, 64 seconds, each times 0.5 to 1.5, so that what failed together (a full
 * disk, say) does not come back together.
 */
export function pauseAfter(attempts: number, random: number): number {
  return Math.round(1000 * 4 ** (attempts - 1) * (0.5 + random))
}
export const longestPause = pauseAfter(mostAttempts - 1, 1)

/** The dead ones a queue lists. */
export const mostListed = 1000

const errorLength = 2000
/** What a queue keeps of an error: a bearable length of text that every database takes. */
export function keptError(error: string): string {
  return error.slice(0, errorLength).replaceAll('\0', '').toWellFormed()
}
