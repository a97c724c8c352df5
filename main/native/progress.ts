/** How far the work is, from what the server tells: for the dock, the tray, and for saying when it is done. */
import type { ServerEvent } from '../../shared/api/job.ts'

type Told = Extract<ServerEvent, { type: 'document' }>['document']
/** Of a document, what is looked at here. */
export type WorkDocument = Pick<NonNullable<Told>, 'id' | 'name' | 'state' | 'segments' | 'parsed' | 'indexed'>

export interface Progress {
  /** Documents that are being read or wait for it. */
  open: number
  paused: number
  /** Between 0 and 1; undefined where nothing is in work. */
  part: number | undefined
}

/** From the first document to the moment when none is left. */
export interface DoneWork {
  took: number
  read: number
  failed: number
  /** Where it was one. */
  name: string | undefined
}

export interface Work {
  now(): Progress
  /** Gives what has come to its end with it. */
  hear(document: WorkDocument | null, id: string): DoneWork | undefined
  /** All there is, read anew: `documents` may be the first of `total`. */
  know(documents: readonly WorkDocument[], total: number): DoneWork | undefined
}

const inWork = ['queued', 'parsing', 'indexing']
/** Reading takes longer than indexing what was read. */
const readingShare = 0.7

export function createWork(clock: () => number): Work {
  /** Of the work that goes on: how much of each document is done. */
  const open = new Map<string, { part: number; name: string }>()
  const paused = new Set<string>()
  /** That are known by their number alone. */
  let unseen = 0
  let done = { read: 0, failed: 0, name: undefined as string | undefined }
  let since: number | undefined

  function settle(): DoneWork | undefined {
    if (open.size + unseen > 0) {
      since ??= clock()
      return undefined
    }
    if (since === undefined) return undefined
    const { read, failed, name } = done
    const ended = { took: clock() - since, read, failed, name: read + failed === 1 ? name : undefined }
    since = undefined
    done = { read: 0, failed: 0, name: undefined }
    return read + failed > 0 ? ended : undefined
  }

  function note(id: string, document: WorkDocument | null): void {
    const wasOpen = open.delete(id)
    paused.delete(id)
    const state = document?.state
    if (document && state && inWork.includes(state)) {
      // One of those that were counted and not named.
      if (!wasOpen && unseen > 0) unseen -= 1
      open.set(id, { part: partOf(document), name: document.name })
    } else if (document && state === 'paused') paused.add(id)
    else if (document && (wasOpen || unseen > 0) && (state === 'ready' || state === 'failed')) {
      if (!wasOpen) unseen -= 1
      done[state === 'ready' ? 'read' : 'failed'] += 1
      done.name = document.name
    }
  }

  return {
    now() {
      const finished = done.read + done.failed
      const count = open.size + unseen
      const parts = [...open.values()].reduce((sum, { part }) => sum + part, finished)
      return { open: count, paused: paused.size, part: count === 0 ? undefined : parts / (count + finished) }
    },
    hear(document, id) {
      note(id, document)
      return settle()
    },
    know(documents, total) {
      const now = documents.filter(({ state }) => inWork.includes(state))
      const names = new Set(now.map(({ id }) => id))
      // What ended while nobody listened has ended: whether well or not is not known here.
      for (const [id, { name }] of open)
        if (!names.has(id)) {
          open.delete(id)
          done.read += 1
          done.name = name
        }
      paused.clear()
      for (const document of documents) note(document.id, document)
      unseen = Math.max(0, total - documents.length)
      return settle()
    },
  }
}

function partOf({ state, segments, parsed, indexed }: WorkDocument): number {
  if (state === 'queued' || !segments) return 0
  const of = (count: number) => Math.min(1, count / segments)
  return readingShare * of(parsed) + (1 - readingShare) * of(indexed)
}
