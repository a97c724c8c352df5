import type { Scope } from '../model/index.ts'
import type { ReadAs } from './schema.ts'

/** The number a project has in the indexes of words and vectors, where each entry carries it. */
export interface Libraries {
  /** Undefined for a project that is not the user's. */
  numberOf(scope: Scope): Promise<number | undefined>
  /** Number of chunks and of terms in them. */
  statistics(scope: Scope): Promise<{ chunks: number; terms: number }>
  /** See `WordStore.revision`. */
  revision(scope: Scope): Promise<string>
}

/** Projects whose number is remembered. */
const mostNumbers = 1000

export function createLibraries({ read }: { read: ReadAs }): Libraries {
  const ask = ({ userId, projectId }: Scope) =>
    read({ userId, projectId })
      .selectFrom('library')
      .innerJoin('project', 'project.id', 'library.project_id')
      .select(['library.number', 'library.chunks', 'library.terms', 'library.revision'])
      .where('library.project_id', '=', projectId)
      .where('project.user_id', '=', userId)
      .executeTakeFirst()

  /** What several ask for in the same moment is asked once: a search wants counts and revision, and each statement has its price. */
  const asked = new Map<string, ReturnType<typeof ask>>()
  function libraryOf(scope: Scope): ReturnType<typeof ask> {
    const key = keyOf(scope)
    const same = asked.get(key)
    if (same) return same
    const answer = ask(scope)
    asked.set(key, answer)
    queueMicrotask(() => asked.delete(key))
    return answer
  }

  // A project's number never changes, and is never given to another: each search would ask for it several times.
  const numbers = new Map<string, number>()

  return {
    async numberOf(scope) {
      const key = keyOf(scope)
      const known = numbers.get(key)
      if (known !== undefined) return known
      const library = await libraryOf(scope)
      if (!library) return undefined
      if (numbers.size >= mostNumbers) numbers.clear()
      numbers.set(key, library.number)
      return library.number
    },
    async statistics(scope) {
      const library = await libraryOf(scope)
      return { chunks: library?.chunks ?? 0, terms: library?.terms ?? 0 }
    },
    async revision(scope) {
      const library = await libraryOf(scope)
      // Restored from a backup it begins anew, and may get as far a second time: hardly with the same counts.
      return library ? [library.number, library.revision, library.chunks, library.terms].join(' ') : ''
    },
  }
}

const keyOf = ({ userId, projectId }: Scope) => `${userId}/${projectId}`
