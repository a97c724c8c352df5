/** What goes on in the server, as the desktop shows it beside its window. */
import path from 'node:path'
import { type Client, follow } from '../../shared/api/client.ts'
import type { Log } from '../../shared/ports.ts'
import type { Happening } from './notifications.ts'
import { createWork, type Progress } from './progress.ts'

export interface FollowWork {
  client: Client
  signal: AbortSignal
  clock: () => number
  log: Log
  /** More or less of it, or further; called often. */
  changed(progress: Progress): void
  happened(happening: Happening): void
}

/** Milliseconds between two looks at what no event tells: whether the backup that was due came about. */
const lookTime = 10 * 60_000

/** Until the signal fires; a server that is away is waited for. */
export async function followWork({ client, signal, clock, log, changed, happened }: FollowWork): Promise<void> {
  const work = createWork(clock)
  const downloads = new Map<string, { since: number; done: boolean }>()
  /** Folders that were told to be so last. */
  const told = new Map<string, 'paused' | 'asking'>()

  async function readAll(): Promise<void> {
    const { documents, total } = await client.jobs.list(undefined, { signal })
    const done = work.know(documents, total)
    if (done) happened({ kind: 'read', work: done })
  }

  async function readFolders(projectId: string): Promise<void> {
    const { folders } = await client.folders.list({ projectId }, { signal })
    for (const { id, path: folder, state } of folders) {
      const name = path.basename(folder) || folder
      if (state !== 'paused' && state !== 'asking') {
        // While it is looked through, nothing is over.
        if (state === 'following') told.delete(id)
      } else if (told.get(id) !== state) {
        told.set(id, state)
        happened({ kind: state === 'paused' ? 'folder-vanished' : 'files-missing', name })
      }
    }
  }

  async function lookAtBackups(): Promise<void> {
    const { trouble } = await client.health.summary(undefined, { signal })
    if (trouble?.code.startsWith('backup-')) happened({ kind: 'backup-failed', reason: trouble })
  }

  const attempt = (look: () => Promise<void>) =>
    look().catch(error => {
      if (!signal.aborted) log.debug('not read', { error })
    })
  const timer = setInterval(() => void attempt(lookAtBackups), lookTime)
  timer.unref()
  try {
    for await (const event of follow(options => client.jobs.events(undefined, options), { signal })) {
      if (event.type === 'reset') {
        downloads.clear()
        await attempt(readAll)
        await attempt(lookAtBackups)
      } else if (event.type === 'document') {
        const done = work.hear(event.document, event.documentId)
        if (done) happened({ kind: 'read', work: done })
      } else if (event.type === 'folders') await attempt(() => readFolders(event.projectId))
      else if (event.type === 'trouble' && event.reason) happened({ kind: 'trouble', reason: event.reason })
      else if (event.type === 'download') {
        const { name, download } = event
        const known = downloads.get(name) ?? { since: clock(), done: false }
        if (download) downloads.set(name, { ...known, done: known.done || download.state === 'done' })
        else downloads.delete(name)
        if (download?.state === 'failed') happened({ kind: 'download-failed', name })
        else if (download?.state === 'done' && !known.done)
          happened({ kind: 'downloaded', name, took: clock() - known.since })
      } else continue
      changed(work.now())
    }
  } finally {
    clearInterval(timer)
  }
}

/** Over all projects; gives how many documents were held, or go on. */
export async function holdAllWork(client: Client, hold: boolean): Promise<number> {
  let count = 0
  const { projects } = await client.projects.list()
  for (const { id: projectId } of projects) {
    const { count: some } = await (hold
      ? client.documents.pauseAll({ projectId })
      : client.documents.resumeAll({ projectId }))
    count += some
  }
  return count
}
