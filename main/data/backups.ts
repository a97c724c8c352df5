/** The daily backup of the desktop: the server makes it, as it does elsewhere; here stands where, and what lies there. */
import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Preferences } from '../preferences.ts'

/**
 * Beside the data directory and not in it: what damages or removes the one must not take the other, and a library that is moved leaves its
 * backups where they are. Not among the user's documents either, which many systems copy to somebody else's machines.
 */
export function usualBackupFolder(dataDirectory: string): string {
  const parent = path.dirname(dataDirectory)
  // A library that is a whole drive has nothing beside it.
  if (parent === dataDirectory) return path.join(dataDirectory, 'daily-backups')
  return path.join(parent, `${path.basename(dataDirectory)}-backups`)
}

/** For the server: what `BACKUP_FOLDER` and its like say elsewhere. Nothing where backups are off. */
export function backupSettings(
  { on, folder, keep }: Preferences['backup'],
  dataDirectory: string,
): Record<string, string> {
  if (!on) return { BACKUP_FOLDER: '' }
  return {
    BACKUP_FOLDER: folder ?? usualBackupFolder(dataDirectory),
    BACKUP_EVERY: '24h',
    BACKUP_KEEP: String(keep),
  }
}

export interface FoundBackup {
  file: string
  /** Milliseconds since 1970. */
  at: number
  /** Of rows, without the documents they share. */
  size: number
}

/** As the server names them, and those that were made by hand; others are nobody's to offer. */
const named = /^cloister-(?:by-hand-)?(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z\.cloister$/

/** The newest first; none where the folder is not there. That one is sound is known when it was read, which a restore does before all else. */
export async function listBackups(folder: string): Promise<FoundBackup[]> {
  const names = await readdir(folder).catch(() => [])
  const found = await Promise.all(
    names.map(async name => {
      const [, year, month, day, ...time] = (named.exec(name) ?? []).map(Number)
      if (year === undefined) return []
      const file = path.join(folder, name)
      const about = await stat(file).catch(() => undefined)
      if (!about?.isFile() || about.size === 0) return []
      return [{ file, at: Date.UTC(year, month - 1, day, ...time), size: about.size }]
    }),
  )
  return found.flat().sort((a, b) => b.at - a.at)
}
