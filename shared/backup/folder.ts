/** Backups from time to time: each one file with all rows, and one folder of blobs that they share. */
import { mkdir, readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../errors.ts'
import { openArchive } from './archive.ts'
import { checkArchive } from './check.ts'
import type { BackupSummary } from './format.ts'
import { sharedFolderOf } from './restore.ts'
import { createSharedBlobs } from './shared-blobs.ts'
import { type BackupSource, writeBackup } from './write.ts'

/** What we name them; others in the folder are nobody's to remove. */
const ours = /^cloister-\d{8}T\d{9}Z\.cloister$/

export interface FolderBackup extends BackupSummary {
  file: string
  /** Earlier ones that went. */
  removed: number
}

/**
 * A new backup in the folder, which is made if need be. Only blobs that are not there yet are copied. With `keep`, so many of
 * the latest stay, and blobs that none of these refers to go. Nothing is removed before the new one is complete, nor where
 * one that stays cannot be read. One at a time in a folder. Throws what `writeBackup` does.
 */
export async function backupTo(
  source: BackupSource,
  { folder, keep, signal }: { folder: string; keep?: number; signal?: AbortSignal },
): Promise<FolderBackup> {
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch(error => {
    throw new AppError('backup-unwritable', { file: folder }, { cause: error })
  })
  const time = new Date(source.clock.now()).toISOString().replaceAll(/[-:.]/g, '')
  const file = path.join(folder, `cloister-${time}.cloister`)
  const shared = createSharedBlobs(sharedFolderOf(file))
  const summary = await writeBackup(source, { file, shared, ...(signal && { signal }) })
  const removed = keep === undefined ? 0 : await prune(folder, keep)
  return { ...summary, file, removed }
}

async function prune(folder: string, keep: number): Promise<number> {
  const all = (await readdir(folder)).filter(name => ours.test(name)).sort()
  const kept = new Set<string>()
  const old = all.slice(0, Math.max(0, all.length - Math.max(1, keep)))
  const shared = createSharedBlobs(sharedFolderOf(path.join(folder, 'any')))
  // Whatever lies there with our ending may refer to blobs, whoever named it.
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.cloister') || old.includes(name)) continue
    const archive = await openArchive(path.join(folder, name))
    try {
      if (archive.header.blobs === 'file') continue
      const { blobs } = await checkArchive(archive, { pathOf: shared.pathOf })
      for (const hash of blobs.keys()) kept.add(hash)
    } finally {
      await archive.close()
    }
  }
  for (const name of old) await rm(path.join(folder, name), { force: true })
  await shared.prune(kept)
  return old.length
}
