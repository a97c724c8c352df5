/** Work that came to nothing after all its tries: what it was about, and how to have it tried once more. */
import { AppError } from '../errors.ts'
import type { Document, Scope, Time } from '../model/index.ts'
import type { DeadJob, Queue } from '../ports.ts'
import type { Store } from '../store/index.ts'
import type { Documents } from './documents.ts'
import { jobKinds } from './jobs.ts'

export interface GivenUpJob {
  id: string
  kind: string
  /** What it was about; null for what the installation does for itself. */
  document: { id: string; projectId: string; name: string } | null
  /** For whoever looks after the installation: as the program that failed has it, in no language of ours. */
  error: string
  diedAt: Time
}

/** Of what is a user's, and of what is nobody's; with `own`, of the user's alone; with `all`, of everybody's. */
export interface GivenUp {
  /** The latest first, 1,000 at most; as long as jobs are remembered. */
  list(userId: string, which?: 'own' | 'all'): Promise<GivenUpJob[]>
  /** Has it tried as if for the first time. Throws `job-not-found`, and what trying a document again throws. */
  retry(userId: string, id: string, which?: 'own' | 'all'): Promise<void>
  /** All that can be; how many that are. */
  retryAll(userId: string, which?: 'own' | 'all'): Promise<number>
}

interface Dead {
  job: DeadJob
  found: { document: Document; scope: Scope } | undefined
}

/** Of these a document has failed, or is without the text of a page: it is read anew as a whole. */
const ofTheDocument: ReadonlySet<string> = new Set([jobKinds.parse, jobKinds.index, jobKinds.recognize])

export function createGivenUp({
  store,
  queue,
  documents,
  wake,
}: {
  store: Store
  queue: Queue
  documents: Pick<Documents, 'retry'>
  wake: () => void
}): GivenUp {
  async function all(userId: string, which: 'own' | 'all' | undefined): Promise<Dead[]> {
    const those: Dead[] = []
    const dead = await queue.dead()
    const ids = dead.map(({ payload }) => payload.documentId).filter(id => typeof id === 'string')
    const known = await store.documents.findAll([...new Set(ids)])
    for (const job of dead) {
      const { documentId } = job.payload
      const found = typeof documentId === 'string' ? known.get(documentId) : undefined
      const nobodys = documentId === undefined && which !== 'own'
      if (nobodys || which === 'all' || found?.scope.userId === userId) those.push({ job, found })
    }
    return those
  }

  async function tryAgain({ job, found }: Dead): Promise<boolean> {
    const scope = found?.scope ?? 'internal'
    if (!found || !ofTheDocument.has(job.kind)) {
      return await store.transaction(scope, tx => queue.revive(store.executor(tx), job.id))
    }
    await store.transaction(scope, tx => queue.cancel(store.executor(tx), [job.key]))
    await documents.retry(found.scope, found.document.id)
    return true
  }

  return {
    async list(userId, which) {
      return (await all(userId, which)).map(({ job: { id, kind, error, diedAt }, found }) => ({
        id,
        kind,
        document: found ? { id: found.document.id, projectId: found.scope.projectId, name: found.document.name } : null,
        error,
        diedAt,
      }))
    },
    async retry(userId, id, which) {
      const one = (await all(userId, which)).find(({ job }) => job.id === id)
      if (!one || !(await tryAgain(one))) throw new AppError('job-not-found', { id })
      wake()
    },
    async retryAll(userId, which) {
      let count = 0
      for (const one of await all(userId, which)) {
        const tried = await tryAgain(one).catch(error => {
          // In the trash, or protected: there it stays as it is.
          if (
            error instanceof AppError &&
            /^(?:state-conflict|password-protected|document-not-found)$/.test(error.code)
          )
            return false
          throw error
        })
        if (tried) count += 1
      }
      if (count > 0) wake()
      return count
    },
  }
}
