/** Backups from time to time: each one file with all rows, and one folder of blobs that they share. */
import { mkdir, readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { AppError, toAppError } from '../errors.ts'
import { stampOf } from '../files/stamp.ts'
import type { Time } from '../ports.ts'
import { newestSchema } from '../store/read-rows.ts'
import { type Checker, startChecker } from './checker.ts'
import type { BackupSummary } from './format.ts'
import { remove } from './partial.ts'
import { sharedFolderOf } from './restore.ts'
import { createSharedBlobs } from './shared-blobs.ts'
import { type BackupSource, writeBackup } from './write.ts'

/** What we name those that come and go; others in the folder are nobody's to remove. */
const ours = /^cloister-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z\.cloister$/
const oursPartial = /^cloister-(?:by-hand-)?\d{8}T\d{9}Z\.cloister\.\d+-[0-9a-f]{12}\.partial$/

export interface FolderBackup extends BackupSummary {
  file: string
  /** Earlier ones that went. */
  removed: number
}

/** Keeps others from working in a folder of backups, on this machine at least; undefined where somebody does. */
export type LockFolder = (folder: string) => Promise<{ release(): void } | undefined>

/**
 * A new backup in the folder, which is made if need be. Only blobs that are not there yet are copied. With `keep`, so many of
 * the latest stay, and blobs that none of these refers to go. One that is made `byHand` counts among none of these, and no later one removes
 * it: whoever made seven in an afternoon has those of the days before all the same. Nothing is removed before the new one is complete, nor where
 * one that stays cannot be read. Throws `backup-running`, `backup-unreadable` (one that stays: the new one is there all the
 * same), and what `writeBackup` does.
 */
export async function backupTo(
  source: BackupSource,
  {
    folder,
    keep,
    byHand = false,
    lock,
    signal,
  }: { folder: string; keep?: number; byHand?: boolean; lock: LockFolder; signal?: AbortSignal },
): Promise<FolderBackup> {
  const unwritable = (error: unknown) => {
    const known = toAppError(error)
    return known.code === 'disk-full' ? known : new AppError('backup-unwritable', { file: folder }, { cause: error })
  }
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch(error => {
    throw unwritable(error)
  })
  const lease = await lock(folder).catch(error => {
    throw unwritable(error)
  })
  if (!lease) throw new AppError('backup-running', { folder })
  try {
    for (const name of await readdir(folder)) if (oursPartial.test(name)) await remove(path.join(folder, name))
    const time = stampOf(source.clock.now())
    const file = path.join(folder, `cloister-${byHand ? 'by-hand-' : ''}${time}.cloister`)
    const shared = createSharedBlobs(sharedFolderOf(file))
    const summary = await writeBackup(source, { file, shared, ...(signal && { signal }) })
    const removed = keep === undefined ? 0 : await prune(folder, keep, signal)
    return { ...summary, file, removed }
  } finally {
    lease.release()
  }
}

/** The latest one by its name, without a look into it. Throws the system's errors. */
export async function latestBackup(folder: string): Promise<{ file: string; at: Time } | undefined> {
  const name = (await backupsIn(folder)).at(-1)
  if (name === undefined) return undefined
  const [year, month, day, ...time] = (ours.exec(name) ?? []).slice(1).map(Number)
  return { file: path.join(folder, name), at: Date.UTC(year, month - 1, day, ...time) }
}

/** Whether it is a backup that this version can read; its blobs are not looked at. Throws as `openBackup` does. */
export async function glanceAt(file: string): Promise<void> {
  const checker = startChecker()
  try {
    await glance(checker, file)
  } finally {
    await checker.close()
  }
}

const backupsIn = async (folder: string) => (await readdir(folder)).filter(name => ours.test(name)).sort()

async function glance(checker: Checker, file: string) {
  const schema = newestSchema({ engine: 'sqlite' })
  await checker.open({ file, schema, light: true, folder: sharedFolderOf(file) })
  return checker.finish()
}

async function prune(folder: string, keep: number, signal: AbortSignal | undefined): Promise<number> {
  const all = await backupsIn(folder)
  const kept = new Set<string>()
  const old = all.slice(0, Math.max(0, all.length - Math.max(1, keep)))
  if (old.length === 0) return 0
  const checker = startChecker(signal)
  try {
    // Whatever lies there with our ending may refer to blobs, whoever named it.
    for (const name of await readdir(folder)) {
      if (!name.endsWith('.cloister') || old.includes(name)) continue
      const file = path.join(folder, name)
      const { header, blobs } = await glance(checker, file).catch(error => {
        throw signal?.aborted ? error : new AppError('backup-unreadable', { file }, { cause: error })
      })
      if (header.blobs === 'folder') for (const hash of blobs.keys()) kept.add(hash)
    }
  } finally {
    await checker.close()
  }
  for (const name of old) await rm(path.join(folder, name), { force: true })
  await createSharedBlobs(sharedFolderOf(path.join(folder, 'any'))).prune(kept)
  return old.length
}
