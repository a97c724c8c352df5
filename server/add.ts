import { stat } from 'node:fs/promises'
import path from 'node:path'
import { AppError, reasonOf, toAppError } from '../shared/errors.ts'
import type { Document, Reason } from '../shared/model/index.ts'
import { localUser } from '../shared/workspace/projects.ts'
import type { Context } from './context.ts'
import { type FoundFile, findFiles } from './files.ts'
import type { Library } from './library.ts'
import { pagesOf, reasonJson, secondsOf } from './present.ts'
import { isUnderWay, type Work } from './work.ts'

/** What became of a file. `queued` only where nobody waited. */
export interface Outcome {
  file: string
  /** The document it is in the library, also where it was there before; null when it did not come in. */
  documentId: string | null
  state: 'ready' | 'failed' | 'skipped' | 'queued'
  pages: number | null
  chunks: number
  seconds: number
  reason: Reason | null
  /** What came out of it, at every depth; told when all is done. */
  inside: Outcome[]
}

/** Not the file's own fault: the command has failed in part. */
const failures: readonly string[] = ['file-missing', 'file-unreadable', 'internal']
/** After these, the next file would fare no better. */
const fatal: readonly string[] = [
  'cancelled',
  'disk-full',
  'disk-error',
  'data-unwritable',
  'out-of-memory',
  'data-damaged',
  'database-busy',
  'database-unreachable',
  'database-connections',
  'database-read-only',
  'database-full',
  'blob-store-unreachable',
  'blob-store-refused',
  'blob-store-missing',
  'blob-store-full',
  'project-not-found',
  'server-unreachable',
  'server-stopping',
  'unauthorized',
]

/** It, or a file inside. */
export function hasFailed({ state, reason, inside }: Outcome): boolean {
  return (state === 'failed' && reason !== null && failures.includes(reason.code)) || inside.some(hasFailed)
}

/** Throws `file-missing` when none of the paths is there: then nothing needs to be opened. */
export async function demandPaths(context: Context, paths: readonly string[]): Promise<void> {
  const { workingDirectory } = context.config()
  let missing: string | undefined
  for (const named of paths) {
    const found = await stat(path.resolve(workingDirectory, named)).catch((error: unknown) => error)
    if (!(found instanceof Error && 'code' in found && (found.code === 'ENOENT' || found.code === 'ENOTDIR'))) return
    missing ??= named
  }
  if (missing !== undefined) throw new AppError('file-missing', { file: missing })
}

/**
 * Adds the files of these paths. Each outcome is told once, when it is known: with `work`, at the end of the file's work.
 * The result is in the order of the files and complete when `work` is done.
 */
export async function addFiles(
  context: Context,
  library: Library,
  paths: readonly string[],
  { work, ended = () => {} }: { work?: Work; ended?: (outcome: Outcome) => void },
): Promise<Outcome[]> {
  const { workingDirectory, maxFileSize, ofAccounts } = context.config()
  const limit = library.userId === localUser ? maxFileSize : ofAccounts.maxFileSize
  const { signal } = context
  const outcomes: Outcome[] = []
  const mine = new Map<string, string>()

  function settle(at: number, outcome: Outcome): void {
    outcomes[at] = outcome
    ended(outcome)
  }

  async function take(at: number, entry: FoundFile): Promise<void> {
    const { file } = entry
    if ('problem' in entry) {
      settle(at, without(file, entry.skipped ? 'skipped' : 'failed', reasonOf(entry.problem)))
      return
    }
    const { document, added } = await library.core.documents.add(library.scope, entry.found, signal)
    if (!added && document.state === 'paused') {
      settle(at, outcomeOf(file, document))
      return
    }
    const sameCall = mine.get(document.id)
    if (!added && (sameCall !== undefined || !isUnderWay(document))) {
      const reason = { code: 'duplicate', values: { file: sameCall ?? document.path } } as const
      settle(at, { ...without(file, 'skipped', reason), documentId: document.id })
      return
    }
    mine.set(document.id, file)
    outcomes[at] = { ...without(file, 'queued', null), documentId: document.id, pages: pagesOf(document) }
    const inside = (last: Document) => outcomes[at]?.inside.push(outcomeOf(last.path, last))
    if (work) work.expect(document.id, last => settle(at, outcomeOf(file, last)), inside)
    else ended(outcomes[at])
  }

  const options = { from: workingDirectory, except: library.folder, limit, signal }
  let count = 0
  for await (const entry of findFiles(paths, options)) {
    const at = count++
    try {
      await take(at, entry)
    } catch (error) {
      signal.throwIfAborted()
      const known = toAppError(error)
      if (fatal.includes(known.code)) throw known
      if (known.code === 'internal') context.log().error('file not added', { error })
      settle(at, without(entry.file, 'failed', reasonOf(known)))
    }
  }
  return outcomes
}

function without(file: string, state: Outcome['state'], reason: Reason | null): Outcome {
  return { file, documentId: null, state, pages: null, chunks: 0, seconds: 0, reason, inside: [] }
}

function outcomeOf(file: string, document: Document | undefined): Outcome {
  // Somebody else removed it meanwhile.
  if (!document) return without(file, 'skipped', { code: 'cancelled' })
  const { id, state, chunks, reason } = document
  const facts = { file, documentId: id, pages: pagesOf(document), chunks, seconds: secondsOf(document), inside: [] }
  if (state === 'ready') return { ...facts, state, reason }
  if (state === 'paused') {
    return { ...facts, state: 'skipped', reason: { code: 'state-conflict', values: { name: document.name, state } } }
  }
  return { ...facts, state: 'failed', reason: reason ?? { code: 'internal' } }
}

export function outcomeJson(context: Context, outcome: Outcome): object {
  const { file, state, pages, chunks, seconds, reason, inside } = outcome
  const shown = { file, state, pages, chunks, seconds, reason: reasonJson(context.translate, reason) }
  return inside.length === 0 ? shown : { ...shown, inside: inside.map(one => outcomeJson(context, one)) }
}
