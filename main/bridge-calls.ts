/** What the page may ask of the window and the system around it. */
import type { DesktopPreferences, DesktopState } from '../shared/api/desktop.ts'
import type { Translate } from '../shared/messages/index.ts'
import type { BridgeCalls } from './bridge/router.ts'
import type { KeyChanges } from './change-key.ts'
import type { LibraryUse } from './library-use.ts'
import type { PreferenceStore } from './preferences.ts'
import type { ServerProcess } from './processes/server-process.ts'
import type { Shell } from './shell.ts'
import type { ModelTaking } from './take-models.ts'
import type { ShownUpdates } from './updates/shown.ts'
import type { Windows } from './windows.ts'

export interface BridgePorts {
  shell: Shell
  preferences: PreferenceStore
  words: () => Translate
  windows: Windows
  server: Pick<ServerProcess, 'state' | 'start'>
  use: LibraryUse
  updates: ShownUpdates
  keys: KeyChanges
  models: ModelTaking
  dataDirectory: string
  safeMode(): DesktopState['safeMode']
  /** The keys in force that open the small window. */
  shortcut(): string | null
  openExternal(url: string): Promise<boolean>
  /** Files that are on their way from a window. */
  uploads(window: number, count: number): void
  setShortcut(): void
  /** Shows anew what is chosen. */
  look(): void
  told(preferences: DesktopPreferences): void
}

export function createBridgeCalls(ports: BridgePorts): BridgeCalls {
  const { shell, preferences, words, windows, server, use, updates, keys, models, dataDirectory } = ports
  const shown = (): DesktopPreferences => {
    const { tray, notifications, keepRecent } = preferences.get()
    return { tray, notifications, recent: keepRecent, shortcut: ports.shortcut() }
  }
  return {
    start: (_, window) => ({
      quick: windows.isQuick(window),
      server: server.state(),
      safeMode: ports.safeMode(),
      updates: updates.state(),
    }),
    startServer: () => use.beside(() => void server.start()),
    chooseFolder: async () => (await shell.chooseFolder(words()('desktop.menu.followFolder'))) ?? null,
    openExternal: async ({ url }) => ({ opened: await ports.openExternal(url) }),
    async showDataFolder() {
      await shell.showFolder(dataDirectory)
      return undefined
    },
    async print(_, window) {
      await windows.find(window)?.print()
      return undefined
    },
    tellUploads: ({ count }, window) => void ports.uploads(window, count),
    getPreferences: shown,
    async setPreferences({ recent, shortcut, ...others }) {
      await preferences.change({
        ...others,
        ...(recent !== undefined && { keepRecent: recent, ...(!recent && { recent: [] }) }),
        ...(shortcut !== undefined && { shortcut }),
      })
      if (recent === false) shell.clearRecent()
      if (shortcut !== undefined) ports.setShortcut()
      ports.look()
      ports.told(shown())
      return shown()
    },
    hideQuick: () => void windows.hideQuick(),
    openChat({ chatId }) {
      windows.hideQuick()
      windows.show()
      windows.tell({ type: 'go', hash: `#/chat/${chatId}` })
    },
    chooseUpdate: ({ choice }) => updates.choose(choice),
    getKey: keys.state,
    protectKey: ({ passphrase }) => use.beside(() => keys.protect(passphrase)),
    unlockKey: ({ passphrase }) => use.beside(() => keys.unlock(passphrase)),
    giveUpKey: () => use.beside(keys.giveUp),
    async takeModels() {
      await use.beside(models.take)
      return undefined
    },
    stopTakingModels: () => void models.stop(),
  }
}
