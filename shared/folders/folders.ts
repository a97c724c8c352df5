import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { AppError, toAppError } from '../errors.ts'
import type { FolderProblem, FolderStatus, Scope, ShownMissing } from '../model/index.ts'
import { localUser } from '../model/project.ts'
import type { AppEvent, Clock, Events, FolderWatch, Log } from '../ports.ts'
import type { FolderRow, Store } from '../store/index.ts'
import { type Follower, type FollowTimes, startFollower } from './follow.ts'
import { createFiles, type FolderDocuments } from './take.ts'

/** What a user can do with folders that a project follows. */
export interface Folders {
  /** Whether folders can be followed here: not where others than the owner of this machine use it. */
  readonly available: boolean
  /** Oldest first. */
  list(scope: Scope): Promise<FolderStatus[]>
  /** Files that are no documents, though they should be; `next` of one page is `after` of the next one. Throws `folder-not-found`. */
  problems(
    scope: Scope,
    id: string,
    page: { after?: string; limit: number },
  ): Promise<{ problems: FolderProblem[]; next: string | null }>
  /**
   * What is in the folder becomes documents, and stays so as it changes there. Throws `folders-off`, `folder-overlaps`, `project-not-found`,
   * and what `FolderWatch.find` throws.
   */
  follow(scope: Scope, folder: { path: string; ignore: readonly string[] }): Promise<FolderStatus>
  /** Other lines of what is left out: what is left out now goes to the trash. Throws `folder-not-found`, `folders-off`. */
  update(scope: Scope, id: string, folder: { ignore: readonly string[] }): Promise<FolderStatus>
  /**
   * What is to become of documents whose files are missing (see `MissingFiles`): they go on waiting, or go to the trash in the
   * background, where their files are missing still. Only those that were shown go: throws `missing-more` where more are missing. Throws
   * `folder-not-found`, `folders-off`, and why it is paused, where it is.
   */
  missing(scope: Scope, id: string, documents: 'keep' | 'trash', shown: ShownMissing): Promise<FolderStatus>
  /** Its documents stay, or go to the trash in the background; never for good. Throws `folder-not-found`. */
  unfollow(scope: Scope, id: string, documents: 'keep' | 'trash'): Promise<void>
  /** From now on all that are followed are, in this process. */
  start(): void
  /** Resolves when each folder of the project was looked at as a whole, or is paused, and none is leaving. */
  settled(scope: Scope, signal?: AbortSignal): Promise<void>
}

/** Milliseconds between two words that counts have changed. */
const tellTime = 500
/** Documents that go to the trash before somebody else gets a turn. */
const leavingAtOnce = 100
const lookTime = 100

export function createFolders({
  store,
  documents,
  watch,
  events,
  mediaType,
  clock,
  log,
  limitOf,
  times,
  announce,
}: {
  store: Store
  documents: FolderDocuments
  watch: FolderWatch | undefined
  events: Pick<Events, 'subscribe'>
  mediaType: (name: string) => string | undefined
  clock: Clock
  log: Log
  /** Bytes of one file. */
  limitOf: (userId: string) => number
  times?: FollowTimes | undefined
  announce: (event: AppEvent) => void
}): Folders & {
  /** A project is gone. */
  forget(projectId: string): Promise<void>
  close(): Promise<void>
} {
  const followers = new Map<string, { follower: Follower; projectId: string }>()
  const leaving = new Map<string, Promise<void>>()
  const closing = new AbortController()
  const telling = new Map<string, ReturnType<typeof setTimeout>>()
  let started: Promise<void> | undefined

  function tell(projectId: string): void {
    if (telling.has(projectId) || closing.signal.aborted) return
    telling.set(
      projectId,
      setTimeout(() => {
        telling.delete(projectId)
        announce({ type: 'folders', projectId })
      }, tellTime).unref(),
    )
  }

  function demandWatch({ userId }: Scope): FolderWatch {
    // Paths are those of this machine: nobody else's business.
    if (!watch || userId !== localUser) throw new AppError('folders-off')
    return watch
  }

  async function get(scope: Scope, id: string): Promise<FolderRow> {
    const folder = await store.folders.get(scope, id)
    if (!folder) throw new AppError('folder-not-found', { id })
    return folder
  }

  function begin(folder: FolderRow, scope: Scope): void {
    if (!watch || !started || scope.userId !== localUser || followers.has(folder.id)) return
    const { userId, projectId } = scope
    const own = { userId, projectId }
    if (folder.leaving) {
      leave(folder, own)
      return
    }
    const files = createFiles({ store, documents, watch, limit: limitOf(userId), log }, folder, own)
    const changed = () => tell(projectId)
    const follower = startFollower({ store, watch, mediaType, clock, log, times, changed }, own, folder, files)
    followers.set(folder.id, { follower, projectId })
  }

  async function end(id: string): Promise<void> {
    const held = followers.get(id)
    followers.delete(id)
    await held?.follower.stop()
  }

  /** File by file, so that whoever is stopped goes on at the next start. */
  function leave(folder: FolderRow, scope: Scope): void {
    if (leaving.has(folder.id) || !watch) return
    const files = createFiles({ store, documents, watch, limit: 0, log }, folder, scope)
    const run = async () => {
      for (;;) {
        closing.signal.throwIfAborted()
        const rows = await store.folders.files(scope, folder.id, { limit: leavingAtOnce })
        for (const row of rows) {
          closing.signal.throwIfAborted()
          await files.retire(row.path)
        }
        tell(scope.projectId)
        if (rows.length === 0) break
      }
      await store.transaction(scope, tx => store.folders.remove(tx, scope, folder.id))
      tell(scope.projectId)
    }
    const left = run()
      .catch(error => {
        if (!closing.signal.aborted) log.error('documents of a folder are left', { error: toAppError(error) })
      })
      .finally(() => leaving.delete(folder.id))
    leaving.set(folder.id, left)
  }

  async function shown(scope: Scope, folders: readonly FolderRow[]): Promise<FolderStatus[]> {
    const counts = await store.folders.counts(scope)
    return folders.map(({ device: _device, inode: _inode, leaving: isLeaving, ...folder }) => {
      const follower = followers.get(folder.id)?.follower
      const { files = 0, problems = 0, missing = null } = counts.get(folder.id) ?? {}
      const follows = follower?.state === 'following' && missing?.asks ? 'asking' : (follower?.state ?? 'resting')
      const state = isLeaving ? 'leaving' : follows
      return { ...folder, state, reason: follower?.reason ?? null, files, problems, missing }
    })
  }

  async function statusOf(scope: Scope, id: string): Promise<FolderStatus> {
    const [status] = await shown(scope, [await get(scope, id)])
    return status
  }

  async function listen(): Promise<void> {
    for await (const event of events.subscribe(closing.signal)) {
      if (event.type !== 'document' && event.type !== 'missed') continue
      for (const { follower, projectId } of followers.values())
        if (event.type === 'missed' || event.projectId === projectId) follower.replaced()
    }
  }

  return {
    available: watch !== undefined,
    list: async scope => shown(scope, await store.folders.list(scope)),
    async problems(scope, id, { after, limit }) {
      await get(scope, id)
      // Two lists, each in its order: of both, no more than is surely next.
      const page = { limit: limit + 1, ...(after !== undefined && { after }) }
      const all = (await store.folders.problems(scope, id, page)).sort((one, other) => (one.path < other.path ? -1 : 1))
      const problems = all.slice(0, limit)
      return { problems, next: all.length > limit ? (problems.at(-1)?.path ?? null) : null }
    },
    async follow(scope, { path: named, ignore }) {
      const identity = await demandWatch(scope).find(named)
      const folder = await store.transaction(scope, async tx => {
        await store.projects.require(tx, scope)
        // Those of a transaction that came first are seen here: those of one project run one after the other.
        for (const other of await store.folders.list(scope))
          if (isWithin(other.path, identity.path) || isWithin(identity.path, other.path))
            throw new AppError('folder-overlaps', { folder: identity.path, other: other.path })
        return store.folders.insert(tx, scope, { ...identity, ignore })
      })
      begin(folder, scope)
      tell(scope.projectId)
      return statusOf(scope, folder.id)
    },
    async update(scope, id, { ignore }) {
      await get(scope, id)
      demandWatch(scope)
      await store.transaction(scope, tx => store.folders.update(tx, scope, id, { ignore }))
      await end(id)
      begin(await get(scope, id), scope)
      tell(scope.projectId)
      return statusOf(scope, id)
    },
    async missing(scope, id, kept, shown) {
      await get(scope, id)
      demandWatch(scope)
      await started
      if (kept === 'keep') await store.transaction(scope, tx => store.folders.awaitMissing(tx, id))
      else {
        const follower = followers.get(id)?.follower
        if (!follower) throw new AppError('folders-off')
        const { missing } = await statusOf(scope, id)
        if (missing && (missing.files > shown.files || missing.until > shown.until))
          throw new AppError('missing-more', { files: missing.files, known: missing.known })
        follower.giveUp(shown)
      }
      tell(scope.projectId)
      return statusOf(scope, id)
    },
    async unfollow(scope, id, kept) {
      const folder = await get(scope, id)
      await end(id)
      await store.transaction(scope, tx =>
        kept === 'keep' ? store.folders.remove(tx, scope, id) : store.folders.update(tx, scope, id, { leaving: true }),
      )
      if (kept === 'trash') leave({ ...folder, leaving: true }, { userId: scope.userId, projectId: scope.projectId })
      tell(scope.projectId)
    },
    start() {
      if (!watch || started) return
      void listen().catch(error => log.error('changes of documents are not heard', { error: toAppError(error) }))
      started = store.folders
        .all()
        .then(all => {
          for (const { folder, scope } of all) if (!closing.signal.aborted) begin(folder, scope)
        })
        .catch(error => log.error('folders are not followed', { error: toAppError(error) }))
    },
    async settled(scope, signal) {
      await started
      for (const { follower, projectId } of [...followers.values()])
        if (projectId === scope.projectId) await follower.settled(signal)
      while ((await store.folders.list(scope)).some(folder => leaving.has(folder.id)))
        await pause(lookTime, undefined, { ...(signal && { signal }) })
    },
    async forget(projectId) {
      for (const [id, held] of followers) if (held.projectId === projectId) await end(id)
    },
    async close() {
      closing.abort(new AppError('cancelled'))
      for (const timer of telling.values()) clearTimeout(timer)
      await started
      const ended = [...followers.keys()].map(end)
      // Whoever waits for a drive that does not answer is let go.
      await watch?.close()
      await Promise.all([...ended, ...leaving.values()])
    },
  }
}

/** Whether it is that folder or lies in it. */
function isWithin(folder: string, inner: string): boolean {
  const below = path.relative(folder, inner)
  return below === '' || (below !== '..' && !below.startsWith(`..${path.sep}`) && !path.isAbsolute(below))
}
