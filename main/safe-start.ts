/** The questions of safe mode, until the library is to be opened again or the user leaves. Nothing in here deletes anything. */
import { reasonOf, toAppError } from '../shared/errors.ts'
import type { Translate } from '../shared/messages/index.ts'
import { explain } from '../shared/messages/index.ts'
import type { Log, Processes } from '../shared/ports.ts'
import { type FoundBackup, listBackups, usualBackupFolder } from './data/backups.ts'
import { type SafeReason, safeChoices } from './data/safe-mode.ts'
import { runServerTask, type TaskEnd } from './data/server-task.ts'
import type { LibraryUse } from './library-use.ts'
import { offerCancel } from './offer-cancel.ts'
import type { Library } from './open-library.ts'
import { adviseVersion } from './other-version.ts'
import type { PreferenceStore } from './preferences.ts'
import type { Shell } from './shell.ts'

/** Findings that fit into a dialog. */
const mostFindings = 8
/** Backups that one does: each is a button. */
const mostBackups = 4

export async function askInSafeMode({
  shell,
  words,
  processes,
  library,
  use,
  preferences,
  why,
  log,
}: {
  shell: Shell
  words: Translate
  processes: Processes
  library: Pick<Library, 'dataDirectory' | 'settings'>
  use: LibraryUse
  preferences: PreferenceStore
  why: SafeReason
  log: Log
}): Promise<'start' | 'quit'> {
  const { dataDirectory } = library
  const day = (at: number) =>
    new Intl.DateTimeFormat(words.language, { dateStyle: 'long', timeStyle: 'short' }).format(at)
  const tell = (message: string, detail?: string) =>
    shell.ask({ message, ...(detail !== undefined && { detail }), buttons: [words('desktop.dialog.ok')], cancel: 0 })

  /** Alone, with its progress shown and a way to break it off. */
  function run(
    doing: 'checking' | 'restoring',
    task: Parameters<typeof runServerTask>[1],
    shown: { message: string; detail: string },
  ): Promise<TaskEnd> {
    return use.takeAlone(doing, async ({ signal, progress }) => {
      const offered = offerCancel({ shell, words }, shown)
      return runServerTask(processes, task, {
        signal: AbortSignal.any([signal, offered.signal]),
        progress: ({ part }) => progress(part),
      }).finally(offered.over)
    })
  }

  async function check(): Promise<void> {
    const task = { type: 'check', dataDirectory, settings: library.settings() } as const
    const [message, detail] = [words('desktop.safe.checking'), words('desktop.safe.checkingDetail')]
    const end = await run('checking', task, { message, detail })
    if (end.type === 'cancelled') return
    if (end.type !== 'checked') {
      const detail = end.type === 'failed' ? explain(words, { code: end.code, values: end.values }) : undefined
      await tell(words('desktop.safe.refused'), detail)
      return
    }
    const wrong = end.findings.filter(({ state }) => state === 'bad').map(({ text }) => text)
    if (wrong.length === 0) await tell(words('desktop.safe.sound'))
    else {
      const rest = wrong.length - mostFindings
      const shown = wrong.slice(0, mostFindings)
      await tell(
        words('desktop.safe.unsound'),
        [...shown, ...(rest > 0 ? [words('desktop.safe.more', { count: rest })] : [])].join('\n'),
      )
    }
  }

  async function restore(backup: FoundBackup): Promise<boolean> {
    const date = day(backup.at)
    const answer = await shell.ask({
      message: words('desktop.safe.ask', { date }),
      detail: words('desktop.safe.askDetail'),
      buttons: [words('desktop.safe.restoreNow'), words('desktop.dialog.cancel')],
      cancel: 1,
      usual: 1,
      warning: true,
    })
    if (answer !== 0) return false
    try {
      const task = { type: 'restore', file: backup.file, dataDirectory, settings: library.settings() } as const
      const message = words('desktop.safe.restoring', { date })
      const end = await run('restoring', task, { message, detail: words('desktop.safe.restoringDetail') })
      if (end.type === 'cancelled') return false
      if (end.type === 'restored') {
        await tell(words('desktop.safe.restored', { date, folder: end.aside }))
        return true
      }
      const detail = end.type === 'failed' ? explain(words, { code: end.code, values: end.values }) : ''
      await tell(words('desktop.safe.failed', { detail }))
    } catch (error) {
      log.error('a backup could not be restored', { error })
      const known = toAppError(error)
      const detail = known.code !== 'internal' ? explain(words, reasonOf(known)) : String((error as Error).message)
      await tell(words('desktop.safe.failed', { detail }))
    }
    return false
  }

  /** The newest one may be damaged, or of after the mishap. */
  async function chooseBackup(backups: readonly FoundBackup[]): Promise<FoundBackup | undefined> {
    for (let from = 0; ; from += mostBackups) {
      const shown = backups.slice(from, from + mostBackups)
      const older = backups.length > from + mostBackups ? [words('desktop.safe.older')] : []
      const buttons = [...shown.map(({ at }) => day(at)), ...older, words('desktop.dialog.cancel')]
      const answer = await shell.ask({
        message: words('desktop.safe.which'),
        detail: words('desktop.safe.whichDetail'),
        buttons,
        cancel: buttons.length - 1,
        usual: buttons.length - 1,
      })
      if (answer !== shown.length || older.length === 0) return shown[answer]
    }
  }

  const { previous } = preferences.get().updates
  const otherVersion = adviseVersion({ words, shell, why, previous })
  for (;;) {
    const backups = await listBackups(preferences.get().backup.folder ?? usualBackupFolder(dataDirectory))
    const [newest, ...others] = backups
    const choices = safeChoices(why, backups.length)
    const label = (choice: (typeof choices)[number]) =>
      choice === 'restore'
        ? words('desktop.safe.restore', { date: newest ? day(newest.at) : '' })
        : words(`desktop.safe.${choice}`)
    const answer = await shell.ask({
      message:
        why.why === 'crashed' ? words('desktop.safe.crashed', { count: why.failed }) : words(`desktop.safe.${why.why}`),
      detail: [
        ...(why.why === 'refused' ? [explain(words, why.reason)] : []),
        words('desktop.safe.detail', { folder: dataDirectory }),
        ...(otherVersion === undefined ? [] : [otherVersion]),
      ].join('\n\n'),
      buttons: choices.map(label),
      cancel: choices.indexOf('quit'),
      warning: true,
    })
    const choice = choices[answer] ?? 'quit'
    if (choice === 'retry') return 'start'
    if (choice === 'quit') return 'quit'
    if (choice === 'show') await shell.showFolder(dataDirectory).catch(error => log.warn('not shown', { error }))
    // Somebody may be choosing a folder for backups at this moment.
    if (choice === 'check') await check().catch(error => tell(explain(words, reasonOf(toAppError(error)))))
    const backup = choice === 'restore' ? newest : choice === 'others' ? await chooseBackup(others) : undefined
    if (backup && (await restore(backup))) return 'start'
  }
}
