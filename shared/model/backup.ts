import type { Time } from './project.ts'
import type { Reason } from './reason.ts'

/** Why the backup that was due then was not made, at the latest try. */
export interface BackupTrouble {
  at: Time
  reason: Reason
}
