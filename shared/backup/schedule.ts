import { type AppError, toAppError } from '../errors.ts'
import type { Log } from '../ports.ts'
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
   * meanwhile. What goes wrong is told in the log and by `trouble`, and tried again at the next look. Throws `cancelled` alone.
   */
  look(signal: AbortSignal): Promise<void>
  /** Why the last one that was due did not come about. */
  trouble(): AppError | undefined
}

const mostLookTime = 10 * 60_000

export function createSchedule(
  source: BackupSource,
  { folder, every, keep, lock }: ScheduleSettings,
  log: Log,
): Schedule {
  let trouble: AppError | undefined

  async function isDue(): Promise<boolean> {
    // Before the first one there is no folder.
    const latest = await latestBackup(folder).catch(() => undefined)
    // A clock that was wrong once must not put the next one off for years.
    return latest === undefined || Math.abs(source.clock.now() - latest.at) >= every
  }

  return {
    lookTime: Math.min(mostLookTime, every),
    async look(signal) {
      if (!(await isDue())) return
      try {
        const { file, documents, missing, damaged, removed } = await backupTo(source, { folder, keep, lock, signal })
        trouble = undefined
        const incomplete = missing > 0 || damaged > 0
        log[incomplete ? 'warn' : 'info']('backup made', { file, documents, missing, damaged, removed })
      } catch (error) {
        if (signal.aborted) throw error
        const known = toAppError(error)
        // Somebody else makes one.
        if (known.code === 'backup-running') return
        trouble = known
        log.error('no backup was made', { folder, error })
      }
    },
    trouble: () => trouble,
  }
}
