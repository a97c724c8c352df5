import { type Fault, faultKinds } from './faults.ts'
import type { Ingestion, Round } from './ingestion.ts'

export interface SampleOptions {
  /** Every how many calls one is failed; 1: all. */
  step: number
  /** Each call with each kind of error, before and after, alone and as the first of eight; otherwise these take turns. */
  each?: boolean
  /** How many rounds run beside each other. */
  lanes?: number
  ended?: (fault: Fault, round: Round) => void
}

/** Long enough to hit what is done about the first of them. */
const lengths = [1, 1, 8]

/** Faults for each of so many calls, the same each time. */
export function faultsOf(calls: number, { step, each = false }: SampleOptions): Fault[] {
  const all: Fault[] = []
  for (let call = 1, at = 0; call <= calls; call += step, at++) {
    for (const [k, kind] of faultKinds.entries()) {
      for (const [e, effect] of (['before', 'after'] as const).entries()) {
        for (const [l, length] of [1, 8].entries()) {
          const turn = at % faultKinds.length === k && (at >> 1) % 2 === e && (lengths[at % 3] === 8 ? 1 : 0) === l
          if (each || turn) all.push({ call, length, kind, effect })
        }
      }
    }
  }
  return all
}

/** Runs them; gives what went wrong, a line for each. */
export async function runFaults(
  faults: readonly Fault[],
  run: Ingestion['round'],
  { lanes = 4, ended = () => {} }: Omit<SampleOptions, 'step'> = {},
): Promise<{ injected: number; problems: string[] }> {
  const waiting = [...faults]
  const problems: string[] = []
  let injected = 0
  async function lane(): Promise<void> {
    for (let fault = waiting.shift(); fault; fault = waiting.shift()) {
      const round = await run(fault).catch(
        (error: unknown): Round => ({ failed: [], told: [], problems: [`it ended with ${error}`] }),
      )
      injected += round.failed.length
      for (const problem of round.problems) {
        problems.push(`${JSON.stringify(fault)} at “${round.failed[0] ?? 'nothing'}”: ${problem}`)
      }
      ended(fault, round)
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return { injected, problems }
}
