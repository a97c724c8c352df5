import { stat } from 'node:fs/promises'
import { glanceAt, latestBackup } from '../shared/backup/folder.ts'
import { AppError, toAppError } from '../shared/errors.ts'
import type { Database } from '../shared/ports.ts'
import { readBackupTrouble } from '../shared/store/facts.ts'
import type { Finding } from './commands/doctor.ts'
import type { Context } from './context.ts'
import { errorText, textOf } from './present.ts'
import { safe } from './text.ts'

/** How much later than asked for a backup may be: it takes its time, and computers are asleep. */
const patience = 1.5

/** Of backups that are made from time to time: how old the latest is, and whether it is one. */
export async function* examineBackups(context: Context): AsyncGenerator<Finding> {
  const { translate } = context
  const { backup } = context.config()
  if (!backup) return
  const { folder, every } = backup
  const shown = { folder: safe(folder) }
  try {
    const there = await stat(folder).catch(() => undefined)
    const latest = there && (await latestBackup(folder))
    if (!latest) {
      yield { name: 'backup', state: 'warn', text: translate('cli.doctor.backupNone', shown) }
      return
    }
    await glanceAt(latest.file)
    const created = shownTime(context, latest.at)
    const old = Math.abs(Date.now() - latest.at) > patience * every
    const text = translate(old ? 'cli.doctor.backupOld' : 'cli.doctor.backup', { ...shown, created })
    yield { name: 'backup', state: old ? 'warn' : 'ok', text }
  } catch (error) {
    const known = toAppError(error)
    const told =
      known.code === 'internal' ? new AppError('backup-unreadable', { file: folder }, { cause: error }) : known
    const text = translate('cli.doctor.backupBad', { ...shown, detail: errorText(translate, told) })
    yield { name: 'backup', state: 'bad', text }
  }
}

/** What keeps whoever makes them from it, whichever process that is. */
export async function* examineBackupTrouble(context: Context, database: Database): AsyncGenerator<Finding> {
  const { translate } = context
  const trouble = await readBackupTrouble(database, Date.now())
  if (!trouble) return
  const values = { date: shownTime(context, trouble.at), detail: textOf(translate, trouble.reason) }
  yield { name: 'backup-failed', state: 'bad', text: translate('cli.doctor.backupFailed', values) }
}

const shownTime = ({ translate }: Context, at: number) =>
  new Intl.DateTimeFormat(translate.language, { dateStyle: 'long', timeStyle: 'short' }).format(at)
