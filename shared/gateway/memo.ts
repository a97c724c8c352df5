/** What is remembered of one kind, for a time: by project and by who asks, under a hash of what was asked. */
import { createHash } from 'node:crypto'
import type { Scope } from '../model/index.ts'
import { authorOf } from '../model/project.ts'
import type { Cache, CacheCounts } from '../ports.ts'
import type { Generations } from './forgetting.ts'

export interface Memo {
  /** Asked for before anything is read that goes into what is kept: where something is taken back from here on, it is not kept. */
  begin(scope: Scope): string
  /** What was kept of the same, as it came out of JSON; undefined where there is nothing. Never throws. */
  recall(scope: Scope, about: unknown): Promise<unknown>
  /** Values of JSON; `begun` is what `begin` said. Never throws, and need not be waited for. */
  keep(scope: Scope, about: unknown, value: unknown, begun: string): Promise<void>
}

export interface CountedMemo extends Memo {
  name: string
  counts(): CacheCounts
}

/** Of how things are kept: another form is not read as this one. */
const form = 1

/** `time`: milliseconds; with 0, or without a cache, nothing is kept. */
export function createMemo(
  cache: Cache | undefined,
  name: string,
  time: number,
  generations: Generations,
): CountedMemo | undefined {
  if (!cache || time <= 0) return undefined
  const counts = { hits: 0, misses: 0, failures: 0 }
  // A project is one tenant's alone; nobody is to learn from what another one of its members asked.
  const keyOf = (scope: Scope, about: unknown) => {
    const asked = createHash('sha256').update(JSON.stringify(about)).digest('base64url')
    return `${form}:${name}:${scope.projectId}:${scope.userId}:${authorOf(scope)}:${asked}`
  }
  return {
    name,
    counts: () => ({ ...counts }),
    begin: ({ projectId }) => generations.of(projectId),
    async recall(scope, about) {
      try {
        const bytes = await cache.get(keyOf(scope, about))
        if (bytes === undefined) {
          counts.misses += 1
          return undefined
        }
        const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'))
        counts.hits += 1
        return value
      } catch {
        counts.failures += 1
        return undefined
      }
    },
    async keep(scope, about, value, begun) {
      const { projectId } = scope
      const over = () => begun !== generations.of(projectId)
      if (over()) return
      generations.kept(projectId)
      try {
        await cache.set(keyOf(scope, about), Buffer.from(JSON.stringify(value)), { time, group: projectId })
        // Taken back while it was on its way.
        if (over()) await cache.drop(projectId)
      } catch {
        counts.failures += 1
      }
    },
  }
}
