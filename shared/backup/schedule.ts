import { reasonOf, toAppError } from '../errors.ts'
import type { BackupTrouble, Reason, Time } from '../model/index.ts'
import type { Log } from '../ports.ts'
import type { BackupTroubleStore } from '../store/backup-trouble.ts'
import { backupTo, type LockFolder, latestBackup } from './folder.ts'
import type { BackupSource } from './write.ts'

export interface ScheduleSettings {
  folder: string
  /** Milliseconds between two backups, and how many stay. */
  every: number
  keep: number
  lock: LockFolder
}

export interface Schedule {
  /** Milliseconds between two looks. */
  readonly lookTime: number
  /**
   * Makes a backup when the latest one in the folder is old enough: whoever made it, and however often the program was started
   * meanwhile. What goes wrong is told in the log and kept, tried again at the next look, and forgotten where somebody made one by hand.
   * Throws `cancelled` alone.
   */
  look(signal: AbortSignal): Promise<void>
  /** Why the last one that was due did not come about; of any process, while it cannot be known to be over. */
  trouble(): Promise<BackupTrouble | undefined>
}

const mostLookTime = 10 * 60_000

export function createSchedule(
  source: BackupSource,
  { folder, every, keep, lock }: ScheduleSettings,
  kept: BackupTroubleStore,
  log: Log,
): Schedule {
  /** What could not be kept: the disk that has no room for a backup may be the database's. */
  let unkept: (BackupTrouble & { until: Time }) | undefined
  const lookTime = Math.min(mostLookTime, every)

  async function note(reason: Reason): Promise<void> {
    const now = source.clock.now()
    // Each try that fails tells of the same one, which is due for as long.
    let at = unkept?.at ?? now
    try {
      at = (await kept.get())?.at ?? at
      // Tried again until it goes well; of one that nobody tries any more, nothing is said for longer than that.
      await kept.note({ at, reason }, now + 2 * Math.max(every, mostLookTime))
      unkept = undefined
    } catch (error) {
      // By then this process has tried again, or another one did.
      unkept = { at, reason, until: now + 2 * lookTime }
      log.warn('that no backup was made was not kept', { error })
    }
  }

  async function forget(): Promise<void> {
    unkept = undefined
    try {
      if (await kept.get()) await kept.clear()
    } catch (error) {
      log.warn('an earlier trouble with backups was not forgotten', { error })
    }
  }

  async function isDue(): Promise<boolean> {
    // Before the first one there is no folder.
    const latest = await latestBackup(folder).catch(() => undefined)
    // A clock that was wrong once must not put the next one off for years.
    return latest === undefined || Math.abs(source.clock.now() - latest.at) >= every
  }

  return {
    lookTime,
    async look(signal) {
      if (!(await isDue())) return forget()
      try {
        const { file, documents, missing, damaged, removed } = await backupTo(source, { folder, keep, lock, signal })
        await forget()
        const incomplete = missing > 0 || damaged > 0
        log[incomplete ? 'warn' : 'info']('backup made', { file, documents, missing, damaged, removed })
      } catch (error) {
        if (signal.aborted) throw error
        const known = toAppError(error)
        // Somebody else makes one.
        if (known.code === 'backup-running') return
        log.error('no backup was made', { folder, error })
        await note(reasonOf(known))
      }
    },
    async trouble() {
      if (!unkept || source.clock.now() >= unkept.until) return kept.get()
      return { at: unkept.at, reason: unkept.reason }
    },
  }
}
