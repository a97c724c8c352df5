import path from 'node:path'
import { createInterface } from 'node:readline/promises'
import { openBackup } from '../../shared/backup/restore.ts'
import { AppError, toAppError } from '../../shared/errors.ts'
import type { Context } from '../context.ts'
import { usageError } from '../present.ts'

/** Puts a backup in the place of the library, which nobody else may use meanwhile. */
export async function restore(
  context: Context,
  named: string,
  { replace = false, yes = false }: { replace?: boolean; yes?: boolean },
): Promise<void> {
  const { terminal, translate, signal } = context
  const config = context.config()
  const file = path.resolve(config.workingDirectory, named)
  const [{ openTarget }, { dataDirectoryError }] = await Promise.all([
    import('../compose-backup.ts'),
    import('../compose.ts'),
  ])
  // All of it is read and held against what it says before anything is touched.
  const backup = await openBackup(file, signal)
  try {
    const { summary } = backup
    const target = await openTarget(config, context.log(), signal).catch(error => {
      throw dataDirectoryError(config.dataDirectory, error)
    })
    try {
      if (!target.empty && !replace) throw new AppError('restore-not-empty')
      const created = new Intl.DateTimeFormat(translate.language, { dateStyle: 'long', timeStyle: 'short' }).format(
        new Date(summary.created),
      )
      if (!target.empty && !yes) await demandConsent(context, created)
      const { digest } = await target.replace(into => backup.load(into, signal))
      if (context.json) terminal.json({ file, ...summary, digest })
      else {
        terminal.out(translate('cli.restore.done', { created }))
        terminal.note(translate('cli.restore.later'))
      }
    } finally {
      await target.close()
    }
  } catch (error) {
    throw signal.aborted ? new AppError('cancelled', {}, { cause: error }) : toAppError(error)
  } finally {
    await backup.close()
  }
}

/** Throws `usage` where nobody can be asked, `cancelled` after a no. */
async function demandConsent({ json, translate, signal }: Context, created: string): Promise<void> {
  if (json || !process.stdin.isTTY) throw usageError(translate('cli.usage.consentReplace'))
  const reader = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const said = await reader.question(translate('cli.restore.ask', { created }), { signal })
    if (!/^(?:j|ja|y|yes)$/i.test(said.trim())) throw new AppError('cancelled')
  } finally {
    reader.close()
  }
}
