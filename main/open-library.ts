/** From the start of the application to a server over the library: where that is, and with which key. */
import path from 'node:path'
import type { Log, Processes } from '../shared/ports.ts'
import { createKeychain } from '../shared/secrets/keychain.ts'
import { backupSettings } from './data/backups.ts'
import { hasLibrary, isFolder } from './data/library-folder.ts'
import { type Recovered, recoverMove } from './data/move.ts'
import { giveUpLibraryKey, type LibraryKey, openLibraryKey } from './keychain/library-key.ts'
import { desktopLanguage, localeOf } from './native/language.ts'
import type { PreferenceStore } from './preferences.ts'
import { createServerProcess, type ServerProcess } from './processes/server-process.ts'
import type { Shell } from './shell.ts'

export interface Library {
  /** What became of a move that was ended in the middle, to be said. */
  recovered: Recovered
  dataDirectory: string
  server: ServerProcess
  /** Undefined until the system's keychain has answered, which may ask its user first. */
  key(): LibraryKey | undefined
  /** Of the server; in force when it is started the next time. */
  setKey(key: LibraryKey): void
  /** Puts aside what says where it is and takes another one: keys of providers are entered anew then. */
  renewKey(): Promise<LibraryKey>
  /** As the server is given them, which waits for the key. */
  settings(): Record<string, string>
}

/**
 * `away`: the drive that the library is on is not there; nothing is made in its place, unless its user says so, where it is `known` by having
 * been open there. `moved`: the folder that is named has none any more.
 */
export async function openLibrary({
  shell,
  preferences,
  processes,
  named,
  usual,
  anew,
  keyGiven,
  log,
}: {
  shell: Shell
  preferences: PreferenceStore
  processes: Processes
  /** By the command line or the environment, for this start. */
  named: string | null
  usual: string
  /** Where the user wants a new one in place of one that is not there. */
  anew?: string | undefined
  /** The environment names a key (`SECRETS_KEY`): that one holds, and ours is not handed on. */
  keyGiven: boolean
  log: Log
}): Promise<Library | { away: string; known: boolean } | { moved: { from: string; to: string } }> {
  const { recovered, dataDirectory: chosen } = await recoverMove(preferences)
  if (recovered.now !== 'nothing') log.info('a move of the data directory was ended before', { recovered })
  if (recovered.now === 'waiting' && (named === null || !(await hasLibrary(named))))
    return { away: recovered.folder, known: false }
  if (named === null && chosen !== null && !(await isFolder(chosen))) return { away: chosen, known: false }
  // Only a move sets what is chosen, and each folder that is named has preferences of its own.
  if (named !== null && chosen !== null && chosen !== named && !(await hasLibrary(named)))
    return { moved: { from: named, to: chosen } }
  const dataDirectory = named ?? chosen ?? usual
  // What a drive was mounted on stays as an empty folder.
  const place = path.resolve(dataDirectory)
  const known = place !== anew && preferences.get().opened.includes(place)
  if (known && !(await hasLibrary(place))) return { away: place, known }
  const ports = { dataDirectory, keychain: createKeychain(), safeStorage: shell.safeStorage, log }
  let key: LibraryKey | undefined
  const opened = openLibraryKey(ports).then(found => {
    key = found
  })

  const server = createServerProcess({
    processes,
    socketFolders: shell.folders.runtime,
    dataDirectory,
    async settings() {
      await opened
      return settings()
    },
    log,
  })
  server.follow(({ name }) => {
    const before = preferences.get().opened
    // Where that cannot be written, the next start asks nothing, and the log says why.
    if (name === 'ready' && !before.includes(place)) preferences.change({ opened: [...before, place] }).catch(() => {})
  })

  function settings(): Record<string, string> {
    const { language, backup } = preferences.get()
    const spoken = desktopLanguage(language, shell.languages)
    return {
      // One user, and a library in a folder: whatever stands in the environment of whoever started the window.
      MODE: 'local',
      DATABASE_URL: '',
      LC_ALL: localeOf(spoken),
      ...backupSettings(backup, dataDirectory),
      ...(shell.channel && { UPDATE_CHANNEL: shell.channel.url }),
      ...(key && 'key' in key && !keyGiven && { SECRETS_KEY: key.key }),
    }
  }

  return {
    recovered,
    dataDirectory,
    server,
    key: () => key,
    setKey(next) {
      key = next
    },
    async renewKey() {
      await giveUpLibraryKey(dataDirectory)
      key = await openLibraryKey(ports)
      return key
    },
    settings,
  }
}
