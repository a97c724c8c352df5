import path from 'node:path'
import { backupTo } from '../../shared/backup/folder.ts'
import type { BackupSummary } from '../../shared/backup/format.ts'
import { writeBackup } from '../../shared/backup/write.ts'
import { AppError, toAppError } from '../../shared/errors.ts'
import type { Context } from '../context.ts'
import { claimBackups } from '../directory-lock.ts'
import { usageError } from '../present.ts'
import { safe } from '../text.ts'

/** Writes the library into one file, or a folder of backups; beside whoever works with it. */
export async function backup(
  context: Context,
  named: string | undefined,
  { to, keep }: { to?: string; keep?: string },
): Promise<void> {
  const { terminal, translate } = context
  const usable = keep === undefined || (to !== undefined && /^[1-9]\d{0,5}$/.test(keep))
  if ((named === undefined) === (to === undefined) || !usable || (named ?? to)?.trim() === '')
    throw usageError(translate('cli.usage.backupPlace'))
  const made = await makeBackup(context, {
    ...(to === undefined ? { file: named ?? '' } : { folder: to }),
    ...(keep !== undefined && { keep: Number(keep) }),
  })
  if (context.json) terminal.json(made)
  else tell(context, made)
}

export type MadeBackup = BackupSummary & { file: string; removed: number }

/** A file of its own, or one in a folder of backups, of which `keep` stay; one that is made `byHand` stays until somebody removes it. */
export async function makeBackup(
  context: Context,
  place: { file: string } | { folder: string; keep?: number; byHand?: boolean },
): Promise<MadeBackup> {
  const { signal } = context
  const config = context.config()
  const at = path.resolve(config.workingDirectory, 'file' in place ? place.file : place.folder)
  const [{ openSource }, { dataDirectoryError }] = await Promise.all([
    import('../compose-backup.ts'),
    import('../compose.ts'),
  ])
  const source = await openSource(config).catch(error => {
    throw dataDirectoryError(config.dataDirectory, error, config.backup?.folder)
  })
  try {
    if ('file' in place) return { file: at, removed: 0, ...(await writeBackup(source, { file: at, signal })) }
    return await backupTo(source, { ...place, folder: at, lock: claimBackups, signal })
  } catch (error) {
    throw signal.aborted ? new AppError('cancelled', {}, { cause: error }) : toAppError(error)
  } finally {
    await source.close()
  }
}

function tell({ terminal, translate }: Context, made: MadeBackup): void {
  const { file, documents, size, missing, damaged, removed } = made
  const megabytes = new Intl.NumberFormat(translate.language, { maximumFractionDigits: 1 }).format(size / 1024 / 1024)
  terminal.out(translate('cli.backup.done', { file: safe(file) }))
  terminal.out(translate('cli.backup.contents', { count: documents, megabytes }))
  if (removed > 0) terminal.out(translate('cli.backup.removed', { count: removed }))
  if (missing > 0) terminal.note(translate('cli.backup.missing', { count: missing }))
  if (damaged > 0) terminal.note(translate('cli.backup.damaged', { count: damaged }))
  terminal.note(translate('cli.backup.secret'))
}
