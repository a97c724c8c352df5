import { AppError, toAppError } from '../errors.ts'
import type { Document, Scope, Segment } from '../model/index.ts'
import type { Access, Blobs, Job, Log, Parsers, Queue } from '../ports.ts'
import type { Store, Tx } from '../store/index.ts'
import { indexJob, recognizeJob } from './jobs.ts'
import type { Passwords } from './passwords.ts'

interface Deps {
  store: Store
  queue: Queue
}

interface Found {
  document: Document
  scope: Scope
}

/**
 * The stage recognize: the picture of one page → its text. The page's segment is replaced, and the job for the next page
 * enqueued with the same commit: so a kill costs one page, and nothing happens twice. A page that fails twice is noted and
 * left out.
 */
export function createRecognizeStage(
  deps: Deps & {
    blobs: Blobs
    parsers: Parsers
    passwords: Passwords
    log: Log
    changed: (document: Document) => void
    recognizes: (scope: Scope) => Promise<boolean>
  },
): (job: Job, signal: AbortSignal) => Promise<void> {
  const { store, queue, log } = deps

  return async function recognize(job, signal) {
    const found = await store.documents.find(String(job.payload.documentId))
    const wanted = found && found.document.deletedAt === null && recognizable.has(found.document.state)
    const page = wanted ? await store.segments.nextToRecognize(found.scope, found.document.id) : undefined
    if (!found || !page) return settle(found?.scope ?? 'internal', job, async () => {})
    const { document, scope } = found
    // Switched off in between: the index says what that means for the document.
    if (!(await deps.recognizes(scope))) return settle(scope, job, tx => finish(tx, deps, found))
    const isLocked = found.reasons.some(({ code }) => code === 'read-with-password')
    if (isLocked) await deps.passwords.obtain(document.id, signal)
    const started = performance.now()
    const segment = await read(document, page, signal)
    const time = performance.now() - started
    const waiting = await settle(scope, job, tx => advance(tx, deps, found, segment, time))
    if (waiting === 0) deps.passwords.forget(document.id)
    deps.changed(document)
  }

  async function settle<T>(access: Access, job: Job, more: (tx: Tx) => Promise<T>): Promise<T> {
    return store.transaction(access, async tx => {
      await queue.settle(store.executor(tx), job, { state: 'done' })
      return more(tx)
    })
  }

  async function read(document: Document, page: Segment, signal: AbortSignal): Promise<Segment> {
    for (let attempt = 1; ; attempt++) {
      const file = await deps.blobs.file(document.blob)
      if (!file) throw new AppError('blob-missing')
      signal.throwIfAborted()
      try {
        const password = deps.passwords.of(document.id)
        const request = { file, name: document.name, page: page.number, ...(password !== undefined && { password }) }
        const segment = await deps.parsers.recognize(request, signal)
        // What a broken layer says is more than nothing.
        const nothing = segment.blocks.length + (segment.margins ?? []).length === 0
        return nothing && page.blocks.length > 0 ? { ...page, recognition: { confidence: null } } : segment
      } catch (thrown) {
        const { code } = toAppError(thrown)
        if (signal.aborted || !(code in attempts)) throw thrown
        log.warn('page not recognised', { documentId: document.id, page: page.number, attempt, code })
        if (attempt >= (attempts[code] ?? 1)) return { ...page, recognition: { confidence: null } }
      }
    }
  }
}

const recognizable: ReadonlySet<string> = new Set(['ready', 'indexing'])

/** How often a page is tried that ends so. Everything else is the machine's, or ours. */
const attempts: Record<string, number> = {
  'parser-crashed': 2,
  'parser-timeout': 2,
  'parser-memory': 2,
  damaged: 1,
  'password-protected': 1,
  'password-wrong': 1,
  'unsupported-type': 1,
}

/** A page for which the whole program ends again and again is left out as well; inside the transaction that buries its job. */
export async function giveUpPage(tx: Tx, deps: Deps, found: Found): Promise<void> {
  const page = await deps.store.segments.nextToRecognize(found.scope, found.document.id, tx)
  if (page) await advance(tx, deps, found, { ...page, recognition: { confidence: null } })
}

/** Keeps what came of a page, and sees to the next one. Gives the number of pages that wait. */
async function advance(
  tx: Tx,
  { store, queue }: Deps,
  { document, scope }: Found,
  segment: Segment,
  parseTime = 0,
): Promise<number> {
  await store.segments.insert(tx, document.id, [segment])
  const { waiting, done } = await store.segments.recognition(scope, document.id, tx)
  await store.documents.update(tx, document.id, { toRecognize: done + waiting, recognized: done, parseTime })
  if (waiting > 0) await queue.enqueue(store.executor(tx), recognizeJob(document.id, scope))
  if (waiting === 0) await finish(tx, { store, queue }, { document, scope })
  else if (isDue(done - 1, done)) await queue.enqueue(store.executor(tx), indexJob(document.id, scope))
  return waiting
}

/** No page waits any more: what is left is to index the document once more, and until then it is not done. */
async function finish(tx: Tx, { store, queue }: Deps, { document, scope }: Found): Promise<void> {
  await store.documents.update(tx, document.id, { state: 'indexing' })
  await queue.enqueue(store.executor(tx), indexJob(document.id, scope))
}

/** After the 1st, 2nd, 4th, 8th … page a document is indexed anew: soon found, and not once for every page. */
export function isDue(before: number, done: number): boolean {
  return Math.floor(Math.log2(done)) > (before === 0 ? -1 : Math.floor(Math.log2(before)))
}
