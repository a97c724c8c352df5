/** Moves the library to a folder that the user chooses: what is asked before, what is told after. */
import { homedir } from 'node:os'
import path from 'node:path'
import { reasonOf, toAppError } from '../shared/errors.ts'
import { explain, type Translate } from '../shared/messages/index.ts'
import { usualBackupFolder } from './data/backups.ts'
import type { DirectoryHold } from './data/hold-directory.ts'
import { type MoveRefusal, moveData, planMove } from './data/move.ts'
import type { LibraryUse } from './library-use.ts'
import { type OfferedCancel, offerCancel } from './offer-cancel.ts'
import type { PreferenceStore } from './preferences.ts'
import type { ServerProcess } from './processes/server-process.ts'
import type { Question, Shell } from './shell.ts'

/** After it the application is started anew, over the library where it is then. Throws `library-busy`. */
export async function moveLibrary({
  shell,
  preferences,
  words,
  server,
  use,
  hold,
  from,
  named,
}: {
  shell: Shell
  preferences: PreferenceStore
  words: Translate
  server: ServerProcess
  use: LibraryUse
  /** Keeps other programs from the folder. */
  hold(): Promise<DirectoryHold>
  from: string
  /** Whether the command line names the folder. */
  named: boolean
}): Promise<void> {
  const tell = (message: string, more: Pick<Question, 'warning' | 'signal'> = {}) =>
    shell.ask({ message, buttons: [words('desktop.dialog.ok')], cancel: 0, ...more })
  if (named) {
    await tell(words('desktop.move.refused.named', { folder: from }), { warning: true })
    return
  }
  const chosen = await shell.chooseFolder(words('desktop.move.choose'))
  if (chosen === undefined) return
  const wrong = await use.takeAlone('moving', async ports => {
    const end = await move(chosen, ports)
    if (end.moved) {
      // Nobody makes a new library in the old place before the application is gone.
      server.hold()
      await tell(words('desktop.move.done', { folder: path.resolve(end.to) }), { signal: ports.signal })
      // With nothing to be seen nobody would know that it is gone.
      if (!ports.signal.aborted && !(await shell.relaunch()))
        await tell(words('desktop.move.notStarted'), { warning: true, signal: ports.signal })
      shell.exit(0)
      return undefined
    }
    server.start()
    return end.wrong
  })
  if (wrong !== undefined) await tell(wrong, { warning: true })

  type End = { moved: true; to: string } | { moved: false; wrong?: string }
  type Ports = Parameters<Parameters<LibraryUse['takeAlone']>[1]>[0]
  async function move(chosen: string, { signal, progress }: Ports): Promise<End> {
    const taken = [shell.folders.userData, preferences.get().backup.folder ?? usualBackupFolder(from)]
    const plan = await planMove({ from, to: chosen, taken, home: homedir() })
    if ('refused' in plan) return { moved: false, wrong: refusalText(words, plan) }
    const { to, way, bytes, warnings } = plan
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
      signal,
    })
    if (answer !== 0 || signal.aborted) return { moved: false }
    const cancel = new AbortController()
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
      await moveData(plan, {
        preferences,
        hold,
        signal: AbortSignal.any([signal, cancel.signal]),
        progress({ bytes: copied }) {
          offer()
          progress(bytes === 0 ? 1 : Math.min(1, copied / bytes))
        },
      })
      return { moved: true, to }
    } catch (error) {
      if (signal.aborted || cancel.signal.aborted) return { moved: false }
      const known = toAppError(error)
      const why = known.code !== 'internal' ? explain(words, reasonOf(known)) : String((error as Error).message)
      return { moved: false, wrong: words('desktop.move.failed', { detail: why }) }
    } finally {
      offered?.over()
    }
  }
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
