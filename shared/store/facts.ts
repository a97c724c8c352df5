import type { BackupTrouble, Time } from '../model/index.ts'
import type { Database } from '../ports.ts'
import { findBackupTrouble } from './backup-trouble.ts'
import { connect } from './connection.ts'
import { type DatabaseFacts, engineOf } from './engine/index.ts'

export type { DatabaseFacts }

/** For whoever examines a database without opening the store, which would migrate it. */
export async function readFacts(database: Database): Promise<DatabaseFacts> {
  const { read, write, close } = connect(database)
  try {
    return await engineOf(database).facts(read('internal'), write('internal'))
  } finally {
    close()
  }
}

/** The same, of one that may be of an earlier version. */
export async function readBackupTrouble(database: Database, now: Time): Promise<BackupTrouble | undefined> {
  const { read, close } = connect(database)
  try {
    const reader = read('internal')
    const known = await engineOf(database).hasTable(reader, 'backup_trouble')
    return known ? await findBackupTrouble(reader, now) : undefined
  } finally {
    close()
  }
}

export interface StoredFile {
  path: string
  size: number
  blob: string
}

/** What must lie in the blob store, also for documents in the trash. */
export async function readStoredFiles(database: Database): Promise<StoredFile[]> {
  const { read, close } = connect(database)
  try {
    const reader = read('internal')
    if (!(await engineOf(database).hasTable(reader, 'document'))) return []
    return await reader.selectFrom('document').select(['path', 'size', 'blob']).orderBy('path').execute()
  } finally {
    close()
  }
}
