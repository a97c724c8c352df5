import type { Scope } from '../model/index.ts'
import type { Clock } from '../ports.ts'
import type { Libraries } from './libraries.ts'
import type { ReadAs } from './schema.ts'

/** Milliseconds that a count is good for, which takes 12 ms of the processor over 2,500 documents on Postgres. */
const goodFor = 2000
const mostRemembered = 1000

export interface Coverage {
  /** The share of the project's chunks that have been seen to in this index, 0 to 1; some seconds old where others write. */
  of(scope: Scope, index: number): Promise<number>
  /** What is known of the project is not true any more. */
  forget(projectId: string): void
}

export function createCoverage({
  read,
  libraries,
  clock,
}: {
  read: ReadAs
  libraries: Libraries
  clock: Clock
}): Coverage {
  /** By project and index: how many chunks were seen to, of how many. */
  const counts = new Map<string, Map<number, { embedded: number; chunks: number; at: number }>>()

  return {
    async of(scope, index) {
      const { chunks } = await libraries.statistics(scope)
      if (chunks === 0) return 0
      const known = counts.get(scope.projectId)?.get(index)
      // What was complete still is, as long as nothing came or went.
      const complete = known && known.embedded >= known.chunks && known.chunks === chunks
      if (known && (complete || isRecent(known.at))) return Math.min(1, known.embedded / chunks)
      const embedded = await count(scope, index)
      if (counts.size >= mostRemembered) counts.clear()
      const ofProject = counts.get(scope.projectId) ?? new Map()
      counts.set(scope.projectId, ofProject.set(index, { embedded, chunks, at: clock.now() }))
      return Math.min(1, embedded / chunks)
    },
    forget(projectId) {
      counts.delete(projectId)
    },
  }

  function isRecent(at: number): boolean {
    const age = clock.now() - at
    return age >= 0 && age < goodFor
  }

  async function count(scope: Scope, index: number): Promise<number> {
    const { embedded } = await read(scope)
      .selectFrom('document_vectors')
      .innerJoin('document', 'document.id', 'document_vectors.document_id')
      .select(eb => eb.fn.sum<number | null>('document_vectors.chunks').as('embedded'))
      .where('document.project_id', '=', scope.projectId)
      .where('document_vectors.index_number', '=', index)
      .executeTakeFirstOrThrow()
    return embedded ?? 0
  }
}
