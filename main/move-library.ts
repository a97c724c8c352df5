/** Moves the library to a folder that the user chooses: what is asked before, what is told after. */
import { homedir } from 'node:os'
import { AppError, reasonOf, toAppError } from '../shared/errors.ts'
import { explain, type Translate } from '../shared/messages/index.ts'
import type { Log } from '../shared/ports.ts'
import { usualBackupFolder } from './data/backups.ts'
import type { DirectoryHold } from './data/hold-directory.ts'
import { moveData } from './data/move.ts'
import { type MovePlan, type MoveRefusal, planMove } from './data/plan-move.ts'
import type { LibraryUse } from './library-use.ts'
import { type OfferedCancel, offerCancel } from './offer-cancel.ts'
import type { PreferenceStore } from './preferences.ts'
import type { ServerProcess } from './processes/server-process.ts'
import { askToBreakOff } from './questions.ts'
import type { Question, Shell } from './shell.ts'

/** After it the application is started anew, over the library where it is then. Throws `library-busy`. */
export async function moveLibrary({
  shell,
  preferences,
  words,
  server,
  goOn,
  use,
  hold,
  uploading,
  from,
  clearing,
  named,
  log,
}: {
  shell: Shell
  preferences: PreferenceStore
  words: Translate
  server: ServerProcess
  /** It runs again, unless safe mode has begun meanwhile. */
  goOn(): void
  use: LibraryUse
  /** Keeps other programs from the folder. */
  hold(signal: AbortSignal): Promise<DirectoryHold>
  /** How many files are on their way to the server. */
  uploading(): number
  from: string
  /** An older folder that is still being taken away. */
  clearing(): string | undefined
  /** Whether the command line or the environment names the folder. */
  named: boolean
  log: Log
}): Promise<void> {
  const tell = (message: string, more: Pick<Question, 'warning' | 'signal'> = {}) =>
    shell.ask({ message, buttons: [words('desktop.dialog.ok')], cancel: 0, ...more })
  if (named) {
    await tell(words('desktop.move.refused.named', { folder: from }), { warning: true })
    return
  }
  if (use.busy()) throw new AppError('library-busy')
  const chosen = await shell.chooseFolder(words('desktop.move.choose'))
  if (chosen === undefined) return
  // The server runs on meanwhile: whoever thinks better of it, or chose a folder that will not do, has lost nothing.
  const planned = await plan(chosen)
  if ('wrong' in planned) return void (await tell(planned.wrong, { warning: true }))
  if (!(await askToMove(planned))) return
  const count = uploading()
  if (count > 0 && !(await askToBreakOff({ shell, words }, count))) return
  const wrong = await use.takeAlone('moving', async ports => {
    let moved = false
    try {
      const end = await move(chosen, ports)
      moved = 'moved' in end
      if ('moved' in end) await leave(end.moved, ports.signal)
      return 'wrong' in end ? end.wrong : undefined
    } finally {
      if (!moved) goOn()
    }
  })
  if (wrong !== undefined) await tell(wrong, { warning: true })

  /** As the folders are now. */
  async function plan(to: string): Promise<MovePlan | { wrong: string }> {
    const older = clearing()
    if (older !== undefined) return { wrong: words('desktop.move.refused.clearing', { folder: older }) }
    const { userData, program } = shell.folders
    const taken = [userData, program, preferences.get().backup.folder ?? usualBackupFolder(from)]
    try {
      const found = await planMove({ from, to, taken, own: server.pid, home: homedir() })
      return 'refused' in found ? { wrong: refusalText(words, found) } : found
    } catch (error) {
      return { wrong: failureText(words, error) }
    }
  }

  async function askToMove({ from, to, way, bytes, warnings }: MovePlan): Promise<boolean> {
    const detail = [
      words('desktop.move.askDetail', { from, to, size: sizeText(words, bytes) }),
      ...(way === 'copy' ? [words('desktop.move.copyDetail')] : []),
      ...warnings.map(warning => words(`desktop.move.${warning}`)),
    ].join('\n\n')
    const answer = await shell.ask({
      message: words('desktop.move.ask'),
      detail,
      buttons: [words('desktop.move.move'), words('desktop.dialog.cancel')],
      cancel: 1,
      usual: warnings.length > 0 ? 1 : 0,
      warning: warnings.length > 0,
    })
    return answer === 0
  }

  /** Where neither is given, somebody ended it. */
  async function move(
    chosen: string,
    { signal, progress }: Parameters<Parameters<LibraryUse['takeAlone']>[1]>[0],
  ): Promise<{ moved: string } | { wrong: string } | Record<never, never>> {
    // Answering took its time.
    const planned = await plan(chosen)
    if ('wrong' in planned) return planned
    const { to, way, bytes } = planned
    const cancel = new AbortController()
    const ends = AbortSignal.any([signal, cancel.signal])
    let offered: OfferedCancel | undefined
    /** A disk may turn out to be two while it is moved. */
    function offer(): void {
      if (offered) return
      const [message, detail] = [words('desktop.move.copying'), words('desktop.move.copyingDetail', { to })]
      offered = offerCancel({ shell, words }, { message, detail })
      offered.signal.addEventListener('abort', () => cancel.abort())
    }
    try {
      if (way === 'copy') offer()
      const moved = await moveData(planned, {
        preferences,
        backups: usualBackupFolder(from),
        hold: () => hold(ends),
        signal: ends,
        progress({ bytes: copied }) {
          offer()
          progress(bytes === 0 ? 1 : Math.min(1, copied / bytes))
        },
        log,
      })
      return { moved }
    } catch (error) {
      return signal.aborted || cancel.signal.aborted ? {} : { wrong: failureText(words, error) }
    } finally {
      offered?.over()
    }
  }

  async function leave(to: string, signal: AbortSignal): Promise<void> {
    // Nobody makes a new library in the old place before the application is gone.
    server.hold()
    await tell(words('desktop.move.done', { folder: to }), { signal })
    // With nothing to be seen nobody would know that it is gone.
    if (!signal.aborted && !(await shell.relaunch()))
      await tell(words('desktop.move.notStarted'), { warning: true, signal })
    shell.exit(0)
  }
}

function failureText(words: Translate, error: unknown): string {
  const known = toAppError(error)
  const why = known.code !== 'internal' ? explain(words, reasonOf(known)) : String((error as Error).message)
  return words('desktop.move.failed', { detail: why })
}

function refusalText(words: Translate, refusal: MoveRefusal): string {
  if (refusal.refused === 'in-use') return words('desktop.move.refused.in-use', { processes: refusal.processes })
  if (refusal.refused !== 'no-room') return words(`desktop.move.refused.${refusal.refused}`)
  const [needed, free] = [refusal.needed, refusal.free].map(bytes => sizeText(words, bytes))
  return words('desktop.move.refused.no-room', { needed: needed!, free: free! })
}

const sizeText = (words: Translate, bytes: number) =>
  new Intl.NumberFormat(words.language, { style: 'unit', unit: 'megabyte', maximumFractionDigits: 0 }).format(
    bytes / 1_000_000,
  )
