import { existsSync } from 'node:fs'
import path from 'node:path'

/** Where the system wants a program's data of its user: the same for the server, its command line and the desktop. */
export function usualDataDirectory(
  environment: Readonly<Record<string, string | undefined>>,
  { platform, home }: { platform: NodeJS.Platform; home: string },
): string {
  if (platform === 'win32') {
    const local = path.join(environment.LOCALAPPDATA || path.join(home, 'AppData', 'Local'), 'Cloister')
    // Where libraries were made before. Profiles that roam copy it to a server at each logout, so no new one begins there.
    const roaming = path.join(environment.APPDATA || path.join(home, 'AppData', 'Roaming'), 'Cloister')
    return [local, roaming].find(isLibrary) ?? local
  }
  if (platform === 'darwin') return path.join(home, 'Library', 'Application Support', 'Cloister')
  return path.join(environment.XDG_DATA_HOME || path.join(home, '.local', 'share'), 'cloister')
}

const isLibrary = (folder: string) => existsSync(path.join(folder, 'cloister.db'))
