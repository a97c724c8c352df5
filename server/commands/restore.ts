import { rm } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline/promises'
import { openBackup } from '../../shared/backup/restore.ts'
import { AppError, toAppError } from '../../shared/errors.ts'
import type { Context } from '../context.ts'
import { usageError } from '../present.ts'
import { setAside } from '../set-aside.ts'

/** What a restore spends its time on, in this order, as parts of all. */
const steps = { read: [0, 0.35], keep: [0.35, 0.5], write: [0.5, 1] } as const

/**
 * Puts a backup in the place of the library, which nobody else may use meanwhile. `kept`: what was there is set aside before, and this is told in which folder;
 * between the two nobody else opens the library either.
 */
export async function restore(
  context: Context,
  named: string,
  {
    replace = false,
    yes = false,
    kept,
    progress = () => {},
  }: { replace?: boolean; yes?: boolean; kept?: (folder: string) => void; progress?: (part: number) => void },
): Promise<void> {
  const { terminal, translate, signal } = context
  const config = context.config()
  const file = path.resolve(config.workingDirectory, named)
  const [{ openTarget }, { dataDirectoryError }] = await Promise.all([
    import('../compose-backup.ts'),
    import('../compose.ts'),
  ])
  // All of it is read and held against what it says before anything is touched.
  const backup = await openBackup(file, signal, progressOf('read'))
  let aside: string | undefined
  let replaced = false
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
      if (kept) aside = await setAside(config.dataDirectory, { signal, progress: progressOf('keep') })
      const { digest } = await target.replace(async into => {
        const loaded = await backup.load(into, signal, progressOf('write'))
        replaced = true
        return loaded
      })
      if (aside !== undefined) kept?.(aside)
      if (context.json) terminal.json({ file, ...summary, digest })
      else {
        terminal.out(translate('cli.restore.done', { created }))
        terminal.note(translate('cli.restore.later'))
      }
    } finally {
      await target.close()
    }
  } catch (error) {
    // All of it is where it was: a second copy would only take room.
    if (aside !== undefined && !replaced) await rm(aside, { recursive: true, force: true }).catch(() => {})
    throw signal.aborted ? new AppError('cancelled', {}, { cause: error }) : toAppError(error)
  } finally {
    await backup.close()
  }

  function progressOf(step: keyof typeof steps): (part: number) => void {
    const [from, to] = steps[step]
    return part => progress(from + (to - from) * part)
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
