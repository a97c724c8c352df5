/**
 * Follows one folder. What a watcher says is a hint where to look; what is so is found out by looking, and comparing with what is known.
 * So nothing depends on having heard everything, and a start is a look like any other.
 *
 * Absence is never deletion by itself. A file is gone when it was looked for twice, some time apart, in a folder that is the one that
 * was followed, before and after looking, and on the disk that the file lay on. A folder that is not there, cannot be read, or is
 * another one (what is left where a disk was mounted) is waited for.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { AppError, reasonOf, toAppError } from '../errors.ts'
import type { FileFacts, FolderIdentity, FollowState, Reason, Scope } from '../model/index.ts'
import type { Clock, FolderWatch, Log } from '../ports.ts'
import type { FileRow, FolderRow, Store } from '../store/index.ts'
import { comparedAll, comparedAt, factsOf, isLike, isSame, type Pair } from './compare.ts'
import { type Files, isRoom } from './take.ts'

/** Milliseconds. */
export interface FollowTimes {
  /** A file that nobody wrote into for so long is whole; and so long something is absent before it is gone. */
  settle: number
  /** Between two looks whether the folder itself is there. */
  probe: number
  /** Between two looks at everything: where changes are told, where others write whom no watcher hears, and where nothing is told. */
  everything: number
  network: number
  unwatched: number
}

export const usualTimes: FollowTimes = {
  settle: 1500,
  probe: 4000,
  everything: 600_000,
  network: 60_000,
  unwatched: 15_000,
}

export interface Follower {
  readonly state: FollowState
  readonly reason: Reason | null
  /** Resolves when it was compared as a whole and nothing is in doubt, or is paused. */
  settled(signal?: AbortSignal): Promise<void>
  /** Looks whether new versions can be found. */
  replaced(): void
  stop(): Promise<void>
}

/** Looks at all of a folder that took so long come at most so seldom. */
const restFactor = 10
/** Paths that are looked at in one go; more of them are everything. */
const pathsAtOnce = 500
/** Files that are taken in before more are looked for, and side by side. */
const takenAtOnce = 64
const sideBySide = 4
/** Documents that wait to be read: with more of them nothing is added, so that whoever adds one by hand does not wait for thousands. */
const mostOpen = 150
const roomTime = 200
/** So many of the known files are looked for, of which one must be there, where the folder has another number than before. */
const sampleSize = 2000

interface Doubt {
  /** What it was like; null where it was not there. */
  facts: FileFacts | null
  /** When that was first seen. */
  since: number
}

export function startFollower(
  {
    store,
    watch,
    mediaType,
    clock,
    log,
    times = usualTimes,
    changed,
  }: {
    store: Store
    watch: FolderWatch
    mediaType: (name: string) => string | undefined
    clock: Clock
    log: Log
    times?: FollowTimes | undefined
    /** Its state, or its counts. */
    changed: () => void
  },
  scope: Scope,
  given: FolderRow,
  files: Files,
): Follower {
  const control = new AbortController()
  const { signal } = control
  const { path, ignore } = given
  let folder = given
  let state: FollowState = 'looking'
  let reason: Reason | null = null
  /** Where something was heard of that was not looked at since, and whether that is everywhere. */
  const heard = new Set<string>()
  let everywhere = false
  const doubts = new Map<string, Doubt>()
  let wake = () => {}
  let versions = true
  let lookedAt = Number.NEGATIVE_INFINITY
  let lookTook = 0
  const waiting = new Set<() => void>()
  const running = run()

  function set(next: FollowState, why: Reason | null = null): void {
    const same = state === next && reason?.code === why?.code
    state = next
    reason = why
    if (next !== 'looking') for (const resolve of [...waiting]) resolve()
    if (!same) changed()
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      const session = new AbortController()
      const ending = AbortSignal.any([signal, session.signal])
      try {
        const identity = await enter()
        await follow(identity, ending)
      } catch (error) {
        if (signal.aborted) return
        const known = toAppError(error)
        if (known.code === 'internal') log.error('a folder is not followed for a while', { error })
        // Everything in doubt was seen in a folder that is not there.
        doubts.clear()
        if (known.code !== 'cancelled') set('paused', reasonOf(known))
      } finally {
        session.abort()
      }
      await pause(times.probe, undefined, { signal }).catch(() => {})
    }
  }

  /** The folder, if it is the one that was followed. */
  async function enter(): Promise<FolderIdentity> {
    const identity = await find()
    if (identity.device !== folder.device || identity.inode !== folder.inode) {
      // Numbers of disks change when they are mounted anew: what lies there says whether it is the same.
      if (!(await anyThere())) throw new AppError('folder-replaced', { folder: path })
      await store.transaction(scope, tx => store.folders.remount(tx, scope, folder, identity))
      folder = { ...folder, device: identity.device, inode: identity.inode }
    }
    return identity
  }

  async function find(): Promise<FolderIdentity> {
    const identity = await watch.find(path)
    if (identity.path !== path) throw new AppError('folder-replaced', { folder: path })
    return identity
  }

  /** Whether any of the files that are known, or of the first of them, lies there as it did; also where none is known. */
  async function anyThere(): Promise<boolean> {
    let asked = 0
    for (let after: string | undefined; asked < sampleSize; ) {
      const page = { limit: pathsAtOnce, ...(after !== undefined && { after }) }
      const rows = new Map((await store.folders.files(scope, folder.id, page)).map(row => [row.path, row]))
      if (rows.size === 0) return asked === 0
      for await (const entries of watch.scan(path, { ignore, at: [...rows.keys()] }, signal))
        for (const entry of entries) {
          const row = rows.get(entry.path)
          if (entry.type === 'file' && row && isLike(row, entry)) return true
        }
      asked += rows.size
      after = [...rows.keys()].at(-1)
    }
    return false
  }

  /** Throws where it is another one than a moment ago. */
  async function demandSame({ device, inode }: FolderIdentity): Promise<void> {
    const now = await find()
    if (now.device !== device || now.inode !== inode) throw new AppError('folder-replaced', { folder: path })
  }

  async function follow(identity: FolderIdentity, ending: AbortSignal): Promise<void> {
    /** Why changes are not told. */
    let deaf: Reason | null = null
    let broken: AppError | undefined
    void (async () => {
      for await (const hints of watch.hints(path, { ignore }, ending)) {
        for (const hint of hints) hear(hint)
        wake()
      }
    })().catch(error => {
      if (ending.aborted) return
      const known = toAppError(error)
      if (known.code === 'watch-limit') deaf = reasonOf(known)
      else broken = known
      wake()
    })
    lookedAt = Number.NEGATIVE_INFINITY
    for (let probedAt = performance.now(); ; ) {
      ending.throwIfAborted()
      if (broken) throw broken
      const now = performance.now()
      const usual = deaf ? times.unwatched : identity.network ? times.network : times.everything
      const dueIn = lookedAt + Math.max(usual, lookTook * restFactor) - now
      if (dueIn <= 0 || everywhere) await lookAtAll(identity, ending)
      else if (await lookWhereDue(identity, ending)) continue
      else if (now - probedAt >= times.probe) {
        await demandSame(identity)
        probedAt = performance.now()
      } else {
        if (doubts.size === 0) set('following', deaf)
        await rest(Math.min(dueIn, times.probe, nextDoubt(now)), ending)
      }
    }
  }

  /** What is everywhere waits until the look at everything that is under way has ended; what is somewhere does not. */
  function hear(hint: string): void {
    heard.add(hint)
    if (hint !== '' && heard.size <= pathsAtOnce) return
    everywhere = true
    heard.clear()
  }

  /** Where something was heard of or is in doubt; false where that is nowhere. */
  async function lookWhereDue(identity: FolderIdentity, ending: AbortSignal): Promise<boolean> {
    const due = dueDoubts(performance.now())
    if (heard.size > 0) {
      const at = [...heard]
      heard.clear()
      await lookAt(identity, at, ending)
    } else if (due.length > 0) await lookAt(identity, due, ending)
    else if (versions) {
      versions = false
      await files.replace()
    } else return false
    return true
  }

  const dueDoubts = (now: number) =>
    [...doubts].flatMap(([path, { since }]) => (now - since >= times.settle ? [path] : [])).slice(0, pathsAtOnce)

  function nextDoubt(now: number): number {
    let next = Number.POSITIVE_INFINITY
    for (const { since } of doubts.values()) next = Math.min(next, since + times.settle - now)
    return Math.max(1, next)
  }

  async function rest(time: number, ending: AbortSignal): Promise<void> {
    const woken = new Promise<void>(resolve => {
      wake = resolve
    })
    // What was heard before it could wake anybody.
    if (heard.size > 0 || everywhere || versions) return
    const timer = new AbortController()
    await Promise.race([
      woken,
      pause(time, undefined, { signal: AbortSignal.any([ending, timer.signal]) }).catch(() => {}),
    ])
    timer.abort()
  }

  async function lookAtAll(identity: FolderIdentity, ending: AbortSignal): Promise<void> {
    heard.clear()
    everywhere = false
    await demandSame(identity)
    if (state !== 'following') set('looking')
    const began = performance.now()
    // What happens meanwhile does not wait for thousands of others.
    const look = createLook(identity, ending, async () => {
      while (await lookWhereDue(identity, ending));
    })
    let found = 0
    const entries = watch.scan(path, { ignore }, ending)
    const rowsAfter = (after: string | undefined, limit: number) =>
      store.folders.files(scope, folder.id, { limit, ...(after !== undefined && { after }) })
    for await (const pairs of comparedAll(entries, rowsAfter)) {
      found += pairs.filter(({ entry }) => entry).length
      // The files of other machines' disks are all there or none is.
      if (found === 0 && identity.network && pairs.length > 0) throw new AppError('folder-empty', { folder: path })
      await look(pairs)
    }
    const { unsupported, taking } = await look.end()
    if (unsupported !== folder.unsupported) {
      await store.transaction(scope, tx => store.folders.update(tx, scope, folder.id, { unsupported }))
      folder = { ...folder, unsupported }
    }
    lookedAt = performance.now()
    lookTook = lookedAt - began - taking
    changed()
  }

  async function lookAt(identity: FolderIdentity, at: readonly string[], ending: AbortSignal): Promise<void> {
    await demandSame(identity)
    const look = createLook(identity, ending)
    const rowsAt = (paths: readonly string[]) => store.folders.filesAt(scope, folder.id, paths)
    for await (const pairs of comparedAt(watch.scan(path, { ignore, at }, ending), rowsAt)) {
      for (const { path: below, entry } of pairs) if (entry?.type === 'absent') await doubtBelow(below)
      await look(pairs)
    }
    await look.end()
    changed()
  }

  /** What was known below a folder that went is in doubt, file by file. */
  async function doubtBelow(below: string): Promise<void> {
    for (let after: string | undefined; ; ) {
      const rows = await store.folders.files(scope, folder.id, {
        below,
        limit: pathsAtOnce,
        ...(after !== undefined && { after }),
      })
      for (const row of rows) if (!doubts.has(row.path)) doubt(row.path, null)
      if (rows.length < pathsAtOnce) return
      after = rows.at(-1)?.path
    }
  }

  function doubt(path: string, facts: FileFacts | null): void {
    doubts.set(path, { facts, since: performance.now() })
  }

  /** Whether it was so for a while; otherwise it is looked at again. */
  function isSettled(path: string, facts: FileFacts | null): boolean {
    const before = doubts.get(path)
    const same = before && (facts && before.facts ? isSame(before.facts, facts, false) : facts === before.facts)
    if (!same) doubt(path, facts)
    return same === true && performance.now() - before.since >= times.settle
  }

  /** Nobody wrote into it lately, by a clock that is the file's too. */
  function isOld({ modifiedAt }: FileFacts): boolean {
    const age = clock.now() - modifiedAt / 1000
    return age > 2 * times.settle
  }

  /** Goes through pairs, and takes what is new in batches; tells at its end how many files are of no type that is read. */
  function createLook(identity: FolderIdentity, ending: AbortSignal, between = async () => {}) {
    const fresh: { path: string; facts: FileFacts; row: FileRow | undefined }[] = []
    let unsupported = 0
    let taking = 0
    /** Once one had no room, the others of this look have none either, and are not even read. */
    let full: Reason | undefined

    async function look(pairs: readonly Pair[]): Promise<void> {
      const gone: FileRow[] = []
      for (const { path, entry, row } of pairs) {
        ending.throwIfAborted()
        if (entry?.type === 'problem') {
          doubts.delete(path)
          const nowhere = { size: 0, modifiedAt: 0, device: identity.device, inode: '0' }
          if (row?.refused?.code !== entry.reason.code) await files.refuse(path, row ?? nowhere, entry.reason)
        } else if (entry?.type === 'file' && mediaType(nameOf(path)) === undefined) {
          unsupported += 1
          doubts.delete(path)
          if (row) gone.push(row)
        } else if (entry?.type !== 'file') {
          if (!row) doubts.delete(path)
          else if (isSettled(path, null) && entry) {
            doubts.delete(path)
            // A disk that was mounted in here took it along.
            if (entry.device === row.device || row.inode === '0') gone.push(row)
            else if (row.refused?.code !== 'folder-part-missing')
              await files.refuse(path, row, { code: 'folder-part-missing' })
          }
        } else if (row && isSame(row, entry, !identity.network) && !wants(row)) {
          doubts.delete(path)
          if (row.device !== entry.device || row.inode !== entry.inode || row.refused?.code === 'folder-part-missing')
            await store.transaction(scope, tx => store.folders.put(tx, folder.id, back({ ...row, ...factsOf(entry) })))
        } else if (isOld(entry) || isSettled(path, entry)) {
          doubts.delete(path)
          fresh.push({ path, facts: factsOf(entry), row })
        }
      }
      if (gone.length > 0) {
        // Looked for in the same folder, before and after.
        await demandSame(identity)
        for (const { path } of gone) await files.retire(path)
      }
      while (fresh.length >= takenAtOnce) await takeAll(fresh.splice(0, takenAtOnce))
    }

    /** Of one that was refused: whether it is worth another try, though it is as it was. */
    function wants({ refused }: FileRow): boolean {
      if (refused?.code === 'file-unreadable' || refused?.code === 'internal') return true
      return isRoom(refused) && !full
    }

    async function takeAll(some: typeof fresh): Promise<void> {
      const began = performance.now()
      await roomFor(between, ending)
      await between()
      const renamed = await renamedIn(some, ending)
      const rest = some.filter(({ path }) => !renamed.has(path))
      // Each goes on with the next as soon as it has done one.
      const take = async () => {
        for (let one = rest.shift(); one; one = rest.shift()) {
          const { path, facts } = one
          ending.throwIfAborted()
          if (full) await files.refuse(path, facts, full)
          else {
            const taken = await files.take(path, facts, ending)
            if (taken === 'later') doubt(path, null)
            if (taken === 'full')
              full = (await store.folders.filesAt(scope, folder.id, [path])).get(path)?.refused ?? undefined
          }
        }
      }
      await Promise.all(Array.from({ length: sideBySide }, take))
      taking += performance.now() - began
      changed()
    }

    return Object.assign(look, {
      async end(): Promise<{ unsupported: number; taking: number }> {
        if (fresh.length > 0) await takeAll(fresh.splice(0))
        return { unsupported, taking }
      },
    })
  }

  /** A part of the folder that was missing is back. */
  const back = (row: FileRow): FileRow =>
    row.refused?.code === 'folder-part-missing' ? { ...row, refused: null } : row

  /** Files that have the number on the disk, the size and the time of one whose path is no more: they are that one. */
  async function renamedIn(
    some: readonly { path: string; facts: FileFacts; row: FileRow | undefined }[],
    ending: AbortSignal,
  ): Promise<ReadonlySet<string>> {
    const renamed = new Set<string>()
    const inodes = some.map(({ facts }) => facts.inode).filter(inode => inode !== '0')
    const known = await store.folders.byInode(scope, folder.id, inodes)
    for (const { path, facts, row } of known.length > 0 ? some : []) {
      const before = known.find(one => one.path !== path && isSame(one, facts, true) && one.device === facts.device)
      if (!before || before.refused || before.documentId === null) continue
      if (!(await isGone(before.path, ending))) continue
      // What was called so before is overwritten.
      if (row) await files.retire(path)
      await files.rename(before, path, facts)
      doubts.delete(before.path)
      known.splice(known.indexOf(before), 1)
      renamed.add(path)
    }
    return renamed
  }

  async function isGone(wanted: string, ending: AbortSignal): Promise<boolean> {
    for await (const entries of watch.scan(path, { ignore, at: [wanted] }, ending))
      return entries.some(entry => entry.path === wanted && entry.type === 'absent')
    return false
  }

  async function roomFor(between: () => Promise<void>, ending: AbortSignal): Promise<void> {
    while ((await store.folders.open(scope, mostOpen)) >= mostOpen) {
      changed()
      await between()
      await pause(roomTime, undefined, { signal: ending })
    }
  }

  return {
    get state() {
      return state
    },
    get reason() {
      return reason
    },
    async settled(until) {
      while (state === 'looking' || doubts.size > 0) {
        if (state === 'paused' || signal.aborted) return
        until?.throwIfAborted()
        await new Promise<void>(resolve => {
          const done = () => {
            waiting.delete(done)
            until?.removeEventListener('abort', done)
            resolve()
          }
          waiting.add(done)
          until?.addEventListener('abort', done, { once: true })
        })
      }
    },
    replaced() {
      versions = true
      wake()
    },
    async stop() {
      control.abort(new AppError('cancelled'))
      wake()
      await running
      for (const resolve of [...waiting]) resolve()
    },
  }
}

const nameOf = (path: string) => path.slice(path.lastIndexOf('/') + 1)
