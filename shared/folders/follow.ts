/**
 * Follows one folder. What a watcher says is a hint where to look; what is so is found out by looking, and comparing with what is known.
 * So nothing depends on having heard everything, and a start is a look like any other.
 *
 * Absence is never deletion by itself. A file is gone when it was looked for twice, some time apart, in a folder that is the one that
 * was followed, before and after looking, and on the disk that the file lay on; where too many went at once, they are asked about
 * (`losses.ts`). A folder that is not there, cannot be read, or is another one (what is left where a disk was mounted) is waited for.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { AppError, reasonOf, toAppError } from '../errors.ts'
import type { FolderIdentity, FollowState, Reason, Scope, ShownMissing } from '../model/index.ts'
import type { Clock, FolderWatch, Log } from '../ports.ts'
import type { FolderRow, Store } from '../store/index.ts'
import { comparedAll, comparedAt, isLike } from './compare.ts'
import { createDoubts } from './doubts.ts'
import { prepareLooks } from './look.ts'
import { createLosses, fewestAsked } from './losses.ts'
import type { Files } from './take.ts'

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
  /** Documents of the missing files that were shown go to the trash, if they still are. Throws why it is paused, where it is. */
  giveUp(shown: ShownMissing): void
  stop(): Promise<void>
}

/** Looks at all of a folder that took so long come at most so seldom. */
const restFactor = 10
/** Paths that are looked at in one go; more of them are everything. */
const pathsAtOnce = 500
/** So many of the known files are looked for, of which one must be there, where the folder has another number than before. */
const sampleSize = 2000

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
  const doubts = createDoubts(times.settle, clock)
  const losses = createLosses({ store, watch, files, clock, scope, folder: given, demandSame })
  const parts = { store, watch, mediaType, files, scope, folder: given, doubts, losses, demandSame, changed }
  const createLook = prepareLooks(parts)
  let wake = () => {}
  let versions = true
  let givesUp: ShownMissing | undefined
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
        losses.clear()
        // The word was said of what was seen there, too.
        givesUp = undefined
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
        if (isSettled()) set('following', deaf)
        await rest(Math.min(dueIn, times.probe, doubts.next()), ending)
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

  const isSettled = () => doubts.size === 0 && losses.size === 0 && !givesUp

  /** Where something was heard of or is in doubt; false where that is nowhere. `most`: of lost files that are decided on. */
  async function lookWhereDue(
    identity: FolderIdentity,
    ending: AbortSignal,
    most = Number.POSITIVE_INFINITY,
  ): Promise<boolean> {
    const due = doubts.due(pathsAtOnce)
    if (losses.isDue(heard.size === 0 && doubts.absent === 0) && losses.size <= most) {
      await losses.decide(identity, ending)
      changed()
    } else if (heard.size > 0) {
      const at = [...heard]
      heard.clear()
      await lookAt(identity, at, ending)
    } else if (due.length > 0) await lookAt(identity, due, ending)
    else if (givesUp) {
      await losses.giveUp(identity, givesUp, ending)
      givesUp = undefined
      changed()
    } else if (versions) {
      versions = false
      await files.replace()
    } else return false
    return true
  }

  async function rest(time: number, ending: AbortSignal): Promise<void> {
    const woken = new Promise<void>(resolve => {
      wake = resolve
    })
    // What was heard before it could wake anybody.
    if (heard.size > 0 || everywhere || versions || givesUp) return
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
    // What happens meanwhile does not wait for thousands of others; but many that are lost may be found by other names before its end.
    const look = createLook(identity, ending, async () => {
      while (await lookWhereDue(identity, ending, fewestAsked - 1));
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
      for (const row of rows) doubts.begin(row.path)
      if (rows.length < pathsAtOnce) return
      after = rows.at(-1)?.path
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
      while (state === 'looking' || !isSettled()) {
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
    giveUp(shown) {
      if (state === 'paused' && reason) throw new AppError(reason.code, reason.values)
      givesUp = shown
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
