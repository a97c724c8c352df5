/** Why the last backup that was due did not come about: kept, so that whoever looks finds it, and not the process alone that makes them. */
import type { BackupTrouble, Reason, Time } from '../model/index.ts'
import type { Clock } from '../ports.ts'
import type { Read, ReadAs } from './schema.ts'

export interface BackupTroubleStore {
  /** It holds `until` then at the latest: where nobody tries any more, nobody takes it back. */
  note(trouble: BackupTrouble, until: Time): Promise<void>
  clear(): Promise<void>
  get(): Promise<BackupTrouble | undefined>
}

export function createBackupTroubleStore({
  read,
  write,
  clock,
}: {
  read: ReadAs
  write: ReadAs
  clock: Clock
}): BackupTroubleStore {
  return {
    async note({ at, reason }, until) {
      const row = { at, until, reason: JSON.stringify(reason) }
      await write('internal')
        .insertInto('backup_trouble')
        .values({ one: 1, ...row })
        .onConflict(conflict => conflict.column('one').doUpdateSet(row))
        .execute()
    },
    clear: async () => void (await write('internal').deleteFrom('backup_trouble').execute()),
    get: () => findBackupTrouble(read('internal'), clock.now()),
  }
}

export async function findBackupTrouble(db: Read, now: Time): Promise<BackupTrouble | undefined> {
  const row = await db.selectFrom('backup_trouble').selectAll().where('until', '>', now).executeTakeFirst()
  return row && { at: row.at, reason: JSON.parse(row.reason) as Reason }
}
