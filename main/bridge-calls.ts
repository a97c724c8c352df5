/** What the page may ask of the window and the system around it. */
import type { DesktopPreferences, ShownServer } from '../shared/api/desktop.ts'
import type { Translate } from '../shared/messages/index.ts'
import type { HandedFiles } from './bridge/handed-files.ts'
import type { BridgeCalls } from './bridge/router.ts'
import type { KeyChanges } from './change-key.ts'
import type { LibraryUse } from './library-use.ts'
import type { Transfers } from './page/transfers.ts'
import type { PreferenceStore } from './preferences.ts'
import type { Shell } from './shell.ts'
import type { ModelTaking } from './take-models.ts'
import type { ShownUpdates } from './updates/shown.ts'
import type { Windows } from './windows.ts'

export interface BridgePorts {
  shell: Shell
  preferences: PreferenceStore
  words: () => Translate
  windows: Windows
  server(): ShownServer
  /** Throws `library-busy` while it may not be started. */
  startServer(): void
  use: LibraryUse
  updates: ShownUpdates
  keys: KeyChanges
  models: ModelTaking
  dataDirectory: string
  /** The keys in force that open the small window. */
  shortcut(): string | null
  openExternal(url: string): Promise<boolean>
  handed: Pick<HandedFiles, 'take' | 'again' | 'leave'>
  transfers: Pick<Transfers, 'openPage' | 'breakOff'>
  /** Files that are on their way from a window. */
  uploads(window: number, count: number): void
  setShortcut(): void
  /** Shows anew what is chosen. */
  look(): void
  told(preferences: DesktopPreferences): void
}

export function createBridgeCalls(ports: BridgePorts): BridgeCalls {
  const { shell, preferences, words, windows, server, use, updates, keys, models, handed, transfers, dataDirectory } =
    ports
  const shown = (): DesktopPreferences => {
    const { tray, notifications, keepRecent } = preferences.get()
    return { tray, notifications, recent: keepRecent, shortcut: ports.shortcut() }
  }
  return {
    start(_, window) {
      const quick = windows.isQuick(window)
      // Whatever was there before is gone, with all that it was doing.
      ports.uploads(window, 0)
      if (!quick) handed.again()
      return {
        page: transfers.openPage(window),
        quick,
        asksForKeys: shell.asksForKeys,
        server: server(),
        updates: updates.state(),
      }
    },
    startServer: () => use.beside(() => void ports.startServer()),
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
    takeHanded: (_, window) => ({ files: windows.isQuick(window) ? [] : handed.take() }),
    leaveHanded: ({ all }) => void handed.leave(all),
    breakOff: ({ transfer }, window) => void transfers.breakOff(window, transfer),
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
    openLibrary() {
      windows.hideQuick()
      windows.show('#/library')
    },
    chooseUpdate: ({ choice }) => updates.choose(choice),
    getKey: keys.state,
    protectKey: ({ passphrase }) => keys.protect(passphrase),
    unlockKey: ({ passphrase }) => keys.unlock(passphrase),
    giveUpKey: keys.giveUp,
    async takeModels() {
      await models.take()
      return undefined
    },
    stopTakingModels: () => void models.stop(),
  }
}
