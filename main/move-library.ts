/** Moves the library to a folder that the user chooses: what is asked before, what is told after. */
import { homedir } from 'node:os'
import path from 'node:path'
import type { Translate } from '../shared/messages/index.ts'
import { usualBackupFolder } from './data/backups.ts'
import { type MoveRefusal, moveData, planMove } from './data/move.ts'
import type { PreferenceStore } from './preferences.ts'
import type { ServerProcess } from './processes/server-process.ts'
import type { Shell } from './shell.ts'

/** After it the application is started anew, over the library where it is then. */
export async function moveLibrary({
  shell,
  preferences,
  words,
  server,
  from,
}: {
  shell: Shell
  preferences: PreferenceStore
  words: Translate
  server: ServerProcess
  from: string
}): Promise<void> {
  const chosen = await shell.chooseFolder(words('desktop.move.choose'))
  if (chosen === undefined) return
  const tell = (message: string, warning = false) =>
    shell.ask({ message, buttons: [words('desktop.dialog.ok')], cancel: 0, warning })
  // Commands at work are seen by it; the server's own marks would be, too.
  await server.stop()
  const taken = [shell.folders.userData, preferences.get().backup.folder ?? usualBackupFolder(from)]
  const plan = await planMove({ from, to: chosen, taken, home: homedir() })
  if ('refused' in plan) {
    await tell(refusalText(words, plan), true)
    return server.start()
  }
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
  })
  if (answer !== 0) return server.start()
  try {
    await moveData(plan, {
      preferences,
      progress: ({ bytes: copied }) => shell.setProgress(bytes === 0 ? undefined : copied / bytes),
    })
  } catch (error) {
    shell.setProgress(undefined)
    await tell(words('desktop.move.failed', { detail: error instanceof Error ? error.message : String(error) }), true)
    return server.start()
  }
  shell.setProgress(undefined)
  await tell(words('desktop.move.done', { folder: path.resolve(to) }))
  shell.relaunch()
  shell.exit(0)
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
