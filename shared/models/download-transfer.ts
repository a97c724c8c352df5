/** Tries the sources of a download until the whole file is there and is what it should be. */
import { setTimeout as pause } from 'node:timers/promises'
import { AppError } from '../errors.ts'
import type { ErrorCode } from '../model/index.ts'
import { attempt, type Outcome, type Work } from './download-attempt.ts'
import { hostOf, type Source } from './download-source.ts'
import { sizeOf } from './download-state.ts'

export interface TransferTimes {
  /** Milliseconds. The pause after a failure is doubled with each that follows without a byte, up to the longest. */
  firstPause: number
  longestPause: number
  /** Failures in a row without a byte, over all sources, after which the download is given up. */
  tries: number
}

/** Some ten minutes in all: a router that is switched off and on again, a machine that wakes up. */
export const usualTimes: TransferTimes = { firstPause: 500, longestPause: 30_000, tries: 24 }

/** How often a source may send something that is not the file; a byte may tip over once on its way. */
const mostWrong = 2
/** How often it may answer a request for the rest with something else, before the whole is asked for. */
const mostWithoutRange = 2
/** What says nothing of the file. */
const ofTheWay: readonly ErrorCode[] = [
  'download-missing',
  'download-unreachable',
  'download-refused',
  'egress-refused',
]
/** How often it may begin anew because the file is another one, or might be. */
const mostAnew = 5
/** Failures without a byte after which what is there is given up for another source that cannot go on with it. */
const patience = 4

export interface Transferred {
  size: number
  sha256: string
}

/**
 * Resolves when the part holds the file, durable. Throws why no source has it (`download-wrong`, `download-missing`,
 * `download-refused`, `download-unreachable`, `download-no-model`, `model-invalid`, `model-unsupported`, what the way out
 * refuses), and what is wrong here (`disk-full`, `model-too-large`, `cancelled`).
 */
export async function transfer(
  given: Omit<Work, 'anew'>,
  times: TransferTimes,
  hear: (news: { source: Source } | { waiting: AppError }) => void,
): Promise<Transferred> {
  const { part, state, signal } = given
  const work: Work = { ...given, anew }
  const left = [...state.sources]
  const faults = new Map<Source, { wrong: number; withoutRange: number }>()
  const faultsOf = (source: Source) => {
    const known = faults.get(source) ?? { wrong: 0, withoutRange: 0 }
    faults.set(source, known)
    return known
  }
  /** Whose bytes are there. */
  const givers = new Set<Source>()
  const lastWords: AppError[] = []
  let failures = 0
  let begun = 0
  // Whoever gave what is there can go on with it.
  let source = left.find(({ url }) => url === state.said?.url) ?? left[0]!

  function anew(why: 'changed' | 'untold'): void {
    givers.clear()
    begun += 1
    if (begun <= mostAnew) return
    const host = hostOf(source.url)
    throw why === 'changed'
      ? new AppError('download-wrong', { host, name: state.name })
      : new AppError('download-unreachable', { host })
  }

  /** Another one, where there is one; this one is gone for good if `lost`. */
  function leave(error: AppError, lost: boolean): void {
    const at = left.indexOf(source)
    if (lost) left.splice(at, 1)
    if (lost) lastWords.push(error)
    const next = left[(lost ? at : at + 1) % left.length]
    // That something else lies there says more than that others do not have it.
    if (!next) throw lastWords.find(({ code }) => !ofTheWay.includes(code)) ?? error
    source = next
  }

  /** Where none of its bytes are among those that are there, they stay: a login page in place of the rest costs nothing. */
  async function blame(error: AppError, mixed: boolean): Promise<void> {
    for (const giver of mixed && givers.size > 0 ? givers : [source]) faultsOf(giver).wrong += 1
    if (mixed) {
      givers.clear()
      state.said = null
      await part.empty()
    }
    const isBad = (one: Source) => faultsOf(one).wrong >= mostWrong
    for (const bad of left.filter(one => one !== source && isBad(one))) left.splice(left.indexOf(bad), 1)
    leave(error, isBad(source))
    hear({ waiting: error })
    await pause(times.firstPause, undefined, { signal })
  }

  async function fail(
    error: AppError,
    { progress, after = 0, slow = false }: { progress: boolean; after?: number; slow?: boolean },
  ): Promise<void> {
    failures = progress ? 1 : failures + 1
    if (failures > times.tries) throw error
    const hashed = state.wanted.sha256 !== null || state.linked !== null
    if (slow || (!progress && (hashed || failures % patience === 0))) leave(error, false)
    hear({ waiting: error })
    // All of them are asked before anybody is waited for.
    const rounds = Math.ceil(failures / left.length) - 1
    const time = Math.min(times.longestPause, Math.max(after, times.firstPause * 2 ** Math.min(rounds, 20)))
    await pause(time * (0.75 + Math.random() / 2), undefined, { signal })
  }

  for (;;) {
    signal.throwIfAborted()
    const before = part.length
    const whole = before > 0 && before === sizeOf(state)
    if (!whole) hear({ source })
    const outcome: Outcome = whole
      ? { type: 'ended' }
      : await attempt(work, source, {
          ranges: faultsOf(source).withoutRange < mostWithoutRange,
          others: left.length > 1,
        })
    const progress = part.length !== before
    if (progress) givers.add(source)
    switch (outcome.type) {
      case 'ended': {
        const size = sizeOf(state)
        if (part.length < (size ?? 1)) {
          // An answer with less than was asked for.
          await fail(new AppError('download-unreachable', { host: hostOf(source.url) }), { progress })
          break
        }
        const sha256 = part.sha256()
        const wanted = state.wanted.sha256 ?? state.linked?.sha256 ?? sha256
        if (part.length === (size ?? part.length) && sha256 === wanted) {
          await part.sync()
          return { size: part.length, sha256 }
        }
        await blame(new AppError('download-wrong', { host: hostOf(source.url), name: state.name }), true)
        break
      }
      case 'wrong':
        await blame(outcome.error, outcome.mixed)
        break
      case 'refused':
        leave(outcome.error, true)
        break
      case 'changed':
        break
      case 'no-ranges':
        faultsOf(source).withoutRange += 1
        break
      case 'cut':
        await fail(outcome.error, {
          progress,
          ...(outcome.slow && { slow: true }),
          ...(outcome.after && { after: Math.min(outcome.after, times.longestPause * 10) }),
        })
        break
    }
  }
}
