import type { FileFacts } from '../model/index.ts'
import type { Clock } from '../ports.ts'
import { isSame } from './compare.ts'

/** What is not believed the first time: a file that may still be written, one that may come back. By its path. */
export interface Doubts {
  readonly size: number
  /** How many of them were not there. */
  readonly absent: number
  /** Whether it was so (absent, without facts) for a while; otherwise it is in doubt from now on, and looked at again. */
  isSettled(path: string, facts: FileFacts | null): boolean
  /** Absent, as far as anybody can tell; what is in doubt already stays so. */
  begin(path: string): void
  /** Not so, whatever was seen before. */
  again(path: string): void
  delete(path: string): void
  clear(): void
  /** What is to be looked at now, up to so many. */
  due(most: number): string[]
  /** Milliseconds until the next one is. */
  next(): number
  /** Nobody wrote into it lately, by a clock that is the file's too. */
  isOld(facts: FileFacts): boolean
}

export function createDoubts(settle: number, clock: Clock): Doubts {
  /** `facts`: null for what is not there, undefined for what was not as it was seen before. */
  const doubts = new Map<string, { facts: FileFacts | null | undefined; since: number }>()
  const again = (path: string, facts: FileFacts | null | undefined) =>
    void doubts.set(path, { facts, since: performance.now() })
  return {
    get size() {
      return doubts.size
    },
    get absent() {
      let count = 0
      for (const { facts } of doubts.values()) if (facts === null) count += 1
      return count
    },
    isSettled(path, facts) {
      const before = doubts.get(path)
      const same = before && (facts && before.facts ? isSame(before.facts, facts, false) : facts === before.facts)
      if (!same) again(path, facts)
      return same === true && performance.now() - before.since >= settle
    },
    begin(path) {
      if (!doubts.has(path)) again(path, null)
    },
    again: path => again(path, undefined),
    delete: path => void doubts.delete(path),
    clear: () => doubts.clear(),
    due(most) {
      const before = performance.now() - settle
      return [...doubts].flatMap(([path, { since }]) => (since <= before ? [path] : [])).slice(0, most)
    },
    next() {
      let next = Number.POSITIVE_INFINITY
      for (const { since } of doubts.values()) next = Math.min(next, since + settle - performance.now())
      return Math.max(1, next)
    },
    isOld: ({ modifiedAt }) => clock.now() - modifiedAt / 1000 > 2 * settle,
  }
}
