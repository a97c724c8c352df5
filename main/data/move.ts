/**
 * Moving the library to another folder. Which folder is the library's stands in one place, `desktop.json`, and changes in one step: whatever
 * ends the program, before that step the old one is whole and in use, after it the new one. Everything here happens with the server stopped.
 */
import { randomUUID } from 'node:crypto'
import { lstat, mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { syncFolder } from '../../shared/files/sync-folder.ts'
import type { Log } from '../../shared/ports.ts'
import { usersOf } from '../../shared/queue/owner.ts'
import { makeFolder, readText, whenFree, writeWhole } from '../files.ts'
import type { OldFolder, PreferenceStore, Preferences } from '../preferences.ts'
import { usualBackupFolder } from './backups.ts'
import { copyFolder, lastOf, removeOlder, takeBack } from './copy-folder.ts'
import type { DirectoryHold } from './hold-directory.ts'
import { hasLibrary, isFolder, isOfTheSystem, isWithin, markOfCopied, markOfMove, passing } from './library-folder.ts'
import type { MovePlan } from './plan-move.ts'

/** Milliseconds for which a drive with the old folder is waited for. */
const patience = 30 * 24 * 60 * 60_000

/** Milliseconds for the clock of a disk to go on: some count in two seconds. */
const coarsest = 3000

export interface MoveProgress {
  /** Each is written and read again; it counts a half for each. */
  bytes: number
  files: number
}

/**
 * Does what was planned. Gives the folder that the library is in from now on. Rejects with the system's errors, and with those of the
 * signal or of `hold`; then everything is as it was, and what was copied is taken away again, by the next start where it cannot be now.
 */
export async function moveData(
  plan: Pick<MovePlan, 'from' | 'to' | 'way'>,
  {
    preferences,
    backups,
    hold,
    signal: cancel,
    progress,
    log,
    platform = process.platform,
  }: {
    preferences: PreferenceStore
    /** Where its backups lie if nobody chose a folder: beside the name it was opened by, which may be a link to `from`. */
    backups: string
    /** Keeps everybody else from the old folder. */
    hold(): Promise<DirectoryHold>
    signal?: AbortSignal
    progress?: (now: MoveProgress) => void
    log: Log
    platform?: NodeJS.Platform
  },
): Promise<string> {
  const { from, to } = plan
  let { way } = plan
  const made = (await lstat(to).catch(() => undefined)) === undefined
  // Of an earlier one, which could not be written down: its entry makes room for ours.
  const before = (await settle(preferences)).changes
  const { backup } = { ...preferences.get(), ...before }
  // Those made so far stay where they are, and are where the next ones go.
  const kept = { backup: { ...backup, folder: backup.folder ?? backups } }
  let held: DirectoryHold | undefined = await hold()
  let begun = false
  let renamed = false
  let old: OldFolder[] = []
  try {
    // One that is there already is what the entry of that earlier one knows it by.
    const mark = way === 'rename' ? (preferences.get().move?.mark ?? randomUUID()) : undefined
    if (mark !== undefined) await writeWhole(path.join(from, markOfMove), mark)
    await preferences.change({ ...before, move: { from, to, way, made, mark, backups } })
    begun = true
    if (way === 'rename') {
      // Windows renames no folder in which somebody has a file open. That nobody else has is known now.
      if (platform === 'win32') {
        await held.release()
        held = undefined
      }
      await makeFolder(path.dirname(to))
      // Windows gives no folder the name of another, however empty that is.
      if (!made) await clear(to)
      try {
        await renameFolder(from, to, platform)
        renamed = true
      } catch (error) {
        // One disk, but two of its parts (a mount of a folder, a quota): the long way.
        if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error
        way = 'copy'
        await preferences.change({ move: { from, to, way, made: true, backups } })
      }
    }
    if (way === 'copy') {
      held ??= await hold()
      const signal = AbortSignal.any([held.lost, ...(cancel ? [cancel] : [])])
      const copied = { bytes: 0, files: 0 }
      old = [await markCopied(from)]
      await makeFolder(to)
      await copyFolder(from, to, signal, (bytes, files) => {
        copied.bytes += bytes
        copied.files += files
        progress?.({ ...copied })
      })
      signal.throwIfAborted()
    }
    await preferences.change({
      ...kept,
      move: null,
      dataDirectory: to,
      previous: [...preferences.get().previous, ...old],
    })
    return to
  } catch (error) {
    if (await undo()) throw error
    log.warn('the library was moved, which could not be written down', { error })
    return to
  } finally {
    if (preferences.get().move === null) for (const folder of [from, to]) await removeMarks(folder, [markOfMove])
    await held?.release()
  }

  /** By what is known here, whatever could be written. False where the library is in its new place, as the next start finds. */
  async function undo(): Promise<boolean> {
    if (renamed) {
      try {
        await renameFolder(to, from, platform)
      } catch (error) {
        log.error('the library cannot be moved back', { from, to, error })
        return false
      }
    }
    await removeMarks(from, [markOfCopied])
    const { move } = preferences.get()
    if (!begun) return true
    const gone = move?.way !== 'copy' || (await takeBack(from, to, move.made))
    if (!made) await mkdir(to, { recursive: true }).catch(() => {})
    if (!gone) log.warn('a copy of the library cannot be taken away', { to })
    // Told in the log. The entry says no more than is so.
    else await preferences.change({ move: null }).catch(() => {})
    return true
  }
}

/** What became of a move that was ended in the middle. `folder`: what is to be said of it. */
export type Recovered =
  | { now: 'nothing' }
  | { now: 'moved' | 'undone'; folder: string }
  /** It is where it was, and of its copy there are things in `folder` that cannot be taken away now. */
  | { now: 'left'; folder: string }
  /** A drive is not there, without which it cannot be told. */
  | { now: 'waiting'; folder: string }

/**
 * Before each start: finishes or takes back what a move left that was ended. Gives where the library is, as in the preferences, which may
 * not be writable now: the next start does it again.
 */
export async function recoverMove(
  preferences: PreferenceStore,
): Promise<{ recovered: Recovered; dataDirectory: string | null }> {
  const { move } = preferences.get()
  const { recovered, changes } = await settle(preferences)
  const { dataDirectory } = { ...preferences.get(), ...changes }
  if (move && changes.move === null)
    await preferences.change(changes).then(
      async () => {
        await removeMarks(move.from, [markOfMove, markOfCopied])
        await removeMarks(move.to, [markOfMove])
      },
      () => {},
    )
  return { recovered, dataDirectory }
}

/** What is so by the folders themselves; `changes`: what is to be written down of it. */
async function settle(preferences: PreferenceStore): Promise<{ recovered: Recovered; changes: Partial<Preferences> }> {
  const { move, backup } = preferences.get()
  if (!move) return { recovered: { now: 'nothing' }, changes: {} }
  const { from, to, way, made, mark, backups } = move
  const old = await likeness(from, mark)
  // Also beside a folder of the old name: a command that knew of nothing may have begun a library there.
  if (way === 'rename' && (await likeness(to, mark)) > old) {
    return {
      recovered: { now: 'moved', folder: to },
      changes: {
        move: null,
        dataDirectory: to,
        backup: { ...backup, folder: backup.folder ?? backups ?? usualBackupFolder(from) },
      },
    }
  }
  if (old === 0) return { recovered: { now: 'waiting', folder: from }, changes: {} }
  // Only what is the old one's, too: nobody knows who put the rest there.
  const gone = way === 'rename' || !(await isFolder(to)) || (await takeBack(from, to, made))
  return { recovered: gone ? { now: 'undone', folder: from } : { now: 'left', folder: to }, changes: { move: null } }
}

/** How much speaks for a folder to be the one that was to be renamed; 0: there is none. */
async function likeness(folder: string, mark: string | undefined): Promise<0 | 1 | 2 | 3> {
  if (!(await isFolder(folder))) return 0
  const found = await readText(path.join(folder, markOfMove)).catch(() => undefined)
  if (mark !== undefined && found === mark) return 3
  return (await hasLibrary(folder)) ? 2 : 1
}

/**
 * After a good start from the new folder: an old one goes, which was copied whole. What came there or changed since copying began is left,
 * and where somebody has worked with it as a library, all of it. Gives what is left. Where it is not there its drive may be away: later
 * starts look again, and know it by its mark from another one in its place.
 */
export async function removePrevious(
  preferences: PreferenceStore,
  old: OldFolder,
  now = Date.now(),
): Promise<string[]> {
  const { folder, since, mark } = old
  // As they are by then: another one may have gone meanwhile.
  const forget = () => preferences.change({ previous: preferences.get().previous.filter(one => one !== old) })
  const found = await readText(path.join(folder, markOfCopied)).catch(() => undefined)
  if (mark === undefined || found !== mark) {
    if (mark === undefined || now - since >= patience) await forget()
    return mark === undefined && (await isFolder(folder)) ? [folder] : []
  }
  const { dataDirectory } = preferences.get()
  // Never the one in use, whatever the file says.
  const isOther = dataDirectory !== null && !isWithin(dataDirectory, folder) && !isWithin(folder, dataDirectory)
  // Whoever was ended at work has written into the second alone.
  const databases = ['cloister.db', 'cloister.db-wal'].map(name =>
    lstat(path.join(folder, name)).catch(() => undefined),
  )
  const isNewer = (await Promise.all(databases)).some(found => found !== undefined && lastOf(found) > since)
  const isUsed = isNewer || (await usersOf(folder)) !== ''
  let left: string[] = []
  if (isOther && isUsed) left = [folder]
  else if (isOther) {
    for (const name of passing)
      if (name !== markOfCopied) await rm(path.join(folder, name), { recursive: true, force: true })
    const marking = path.join(folder, markOfCopied)
    left = await removeOlder(folder, since, marking)
    // The last thing of all: by it the next start knows what it has to go on with, where this one is ended before.
    await rm(marking, { force: true })
    await rmdir(folder).catch(() => {})
  }
  await forget()
  return left
}

/** On the disk when it resolves: it comes before what is written down of it, and may be on another disk. */
async function renameFolder(from: string, to: string, platform: NodeJS.Platform): Promise<void> {
  await whenFree(() => rename(from, to), platform)
  // Renamed it is, whatever the disk says of the names: whoever undoes must know.
  for (const folder of [from, to]) await syncFolder(path.dirname(folder)).catch(() => {})
}

/**
 * Before any of it is copied. What changes from then on is told by the mark's own time, from the clock that gives all files there theirs: it
 * may be another machine's, and is coarser than ours. Without a mark where nothing can be written any more, and so nothing be taken away.
 */
async function markCopied(folder: string): Promise<OldFolder> {
  const file = path.join(folder, markOfCopied)
  const mark = randomUUID()
  const write = async () => {
    await writeWhole(file, mark)
    return lastOf(await lstat(file))
  }
  try {
    const since = await write()
    for (const end = performance.now() + coarsest; (await write()) <= since && performance.now() < end; ) await pause(1)
    return { folder, since, mark }
  } catch {
    return { folder, since: Date.now() }
  }
}

/** And what of them was only half written when a process was killed. */
async function removeMarks(folder: string, marks: readonly string[]): Promise<void> {
  for (const name of await readdir(folder).catch(() => []))
    if (marks.includes(name.replace(/\.[\da-f]+\.draft$/, '')))
      await rm(path.join(folder, name), { force: true }).catch(() => {})
}

/** Only what systems put into empty folders. */
async function clear(folder: string): Promise<void> {
  for (const name of await readdir(folder)) if (isOfTheSystem(name)) await rm(path.join(folder, name), { force: true })
  await rmdir(folder)
}
