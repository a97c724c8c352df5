import type { Time } from './project.ts'
import type { Reason } from './reason.ts'

/** Why the backup that was due then was not made. */
export interface BackupTrouble {
  at: Time
  reason: Reason
}
