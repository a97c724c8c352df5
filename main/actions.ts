/** What the menus do. */
import path from 'node:path'
import type { Client } from '../shared/api/client.ts'
import { AppError, reasonOf } from '../shared/errors.ts'
import { explain, type Translate } from '../shared/messages/index.ts'
import type { Log } from '../shared/ports.ts'
import type { LibraryUse } from './library-use.ts'
import { holdAllWork } from './native/follow-work.ts'
import type { MenuAction } from './native/menu.ts'
import type { PreferenceStore } from './preferences.ts'
import type { Shell } from './shell.ts'
import type { Windows } from './windows.ts'

export interface ActionPorts {
  shell: Shell
  preferences: PreferenceStore
  client: Client
  use: LibraryUse
  windows: Windows
  words: () => Translate
  log: Log
  dataDirectory: string
  /** Files and folders, to be added. */
  offer(paths: readonly string[]): Promise<void>
  /** Shows anew what is chosen. */
  look(): void
  move(): Promise<void>
  backUp(): Promise<void>
  takeModels(): Promise<void>
  restartServer(): Promise<void>
  checkUpdates(): Promise<unknown>
  quit(): void
}

type Actions = { [Name in MenuAction['name']]: (action: Extract<MenuAction, { name: Name }>) => unknown }

/** What fails is written down, and the user reads that it did. */
export function createActions(ports: ActionPorts): (action: MenuAction) => void {
  const { shell, preferences, client, use, windows, words, log, dataDirectory, offer, look } = ports

  const go = (hash: string) => () => windows.show(hash).focus()
  /** Of ours, and of what the page shows too. */
  async function choose(changes: Parameters<PreferenceStore['change']>[0]): Promise<void> {
    await preferences.change(changes)
    look()
  }

  async function chooseBackupFolder(): Promise<void> {
    use.refuse()
    const folder = await shell.chooseFolder(words()('desktop.menu.backupFolder'))
    if (folder === undefined) return
    await use.beside(async () => {
      await choose({ backup: { ...preferences.get().backup, on: true, folder } })
      await ports.restartServer()
    })
  }

  const actions: Actions = {
    'new-question': go('#/'),
    ask: go('#/'),
    find: go('#/search'),
    settings: go('#/settings'),
    shortcut: go('#/settings?part=shortcut'),
    'protect-keys': go('#/settings?part=key'),
    'follow-folder': go('#/folders'),
    'show-window': () => windows.show().focus(),
    quick: () => windows.toggleQuick(),
    print: () => windows.show().print(),
    'add-files': async () => offer(await shell.chooseFiles(words()('desktop.menu.addFiles'))),
    async 'add-folder'() {
      const folder = await shell.chooseFolder(words()('desktop.menu.addFolder'))
      if (folder !== undefined) await offer([folder])
    },
    'open-recent': ({ file }) => offer([file]),
    async 'clear-recent'() {
      shell.clearRecent()
      await choose({ recent: [] })
    },
    async theme({ value }) {
      shell.setTheme(value)
      await choose({ theme: value })
      await client.settings.update({ theme: value })
    },
    async language({ value }) {
      await choose({ language: value })
      await client.settings.update({ language: value })
    },
    notifications: ({ value }) => choose({ notifications: value }),
    tray: ({ value }) => choose({ tray: value }),
    async 'keep-recent'({ value }) {
      if (!value) shell.clearRecent()
      await choose({ keepRecent: value, ...(!value && { recent: [] }) })
    },
    'show-data': () => shell.showFolder(dataDirectory),
    'show-log': () => shell.showFolder(path.join(dataDirectory, 'logs')),
    'move-data': () => ports.move(),
    'back-up': () => ports.backUp(),
    'take-models': () => ports.takeModels(),
    'backup-folder': chooseBackupFolder,
    async 'check-updates'() {
      windows.show('#/settings?part=updates').focus()
      await ports.checkUpdates()
    },
    about: () =>
      shell.ask({
        message: `Cloister ${shell.version}`,
        detail: words()('desktop.about.detail', { folder: dataDirectory }),
        buttons: [words()('desktop.dialog.ok')],
        cancel: 0,
      }),
    'pause-all': () => holdAllWork(client, true),
    'resume-all': () => holdAllWork(client, false),
    quit: () => ports.quit(),
  }

  return action => {
    const run = async () => {
      await (actions[action.name] as (action: MenuAction) => unknown)(action)
    }
    run().catch(error => {
      log.error('what was chosen in a menu failed', { action: action.name, error })
      void shell.ask({
        message: error instanceof AppError ? explain(words(), reasonOf(error)) : words()('desktop.dialog.failed'),
        buttons: [words()('desktop.dialog.ok')],
        cancel: 0,
        warning: true,
      })
    })
  }
}
