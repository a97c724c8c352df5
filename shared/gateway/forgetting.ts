/**
 * What is remembered of a project is taken back when something of it goes for good: here at once, in other processes when they hear of it.
 * Whoever was at work meanwhile keeps nothing: what was begun before is of another generation than what is kept after.
 */
import type { AppEvent, Cache } from '../ports.ts'

export interface Generations {
  /** Another one after everything that was taken back. */
  of(projectId: string): string
  /** Something is about to be kept. */
  kept(projectId: string): void
}

export interface Forgetting extends Generations {
  /** Takes back what is remembered of it, and tells other processes to. Never throws. */
  forget(projectId: string): Promise<void>
  hear(event: AppEvent): void
}

/** Projects that are remembered by name, some 150 bytes each. */
const mostProjects = 5000

export function createForgetting({
  cache,
  announce,
}: {
  cache: Pick<Cache, 'drop'> | undefined
  announce(event: AppEvent): void
}): Forgetting {
  let all = 0
  const counts = new Map<string, number>()
  /** Of which this process kept something: to be taken back where it was not heard which were to be. */
  const keptIn = new Set<string>()

  async function drop(projectId: string): Promise<void> {
    if (counts.size >= mostProjects) {
      all += 1
      counts.clear()
    }
    counts.set(projectId, (counts.get(projectId) ?? 0) + 1)
    keptIn.delete(projectId)
    await cache?.drop(projectId)
  }

  function dropAll(): void {
    all += 1
    for (const projectId of [...keptIn]) void drop(projectId)
  }

  return {
    of: projectId => `${all}.${counts.get(projectId) ?? 0}`,
    kept(projectId) {
      // Before it is too late to know of all of them.
      if (!keptIn.has(projectId) && keptIn.size >= mostProjects) dropAll()
      keptIn.add(projectId)
    },
    async forget(projectId) {
      if (!cache) return
      announce({ type: 'purged', projectId })
      await drop(projectId)
    },
    hear(event) {
      if (!cache) return
      if (event.type === 'purged') void drop(event.projectId)
      else if (event.type === 'missed') dropAll()
    },
  }
}
