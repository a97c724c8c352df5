import path from 'node:path'

/** Where the system wants a program's data of its user: the same for the server, its command line and the desktop. */
export function usualDataDirectory(
  environment: Readonly<Record<string, string | undefined>>,
  { platform, home }: { platform: NodeJS.Platform; home: string },
): string {
  if (platform === 'win32') return path.join(environment.APPDATA || path.join(home, 'AppData', 'Roaming'), 'Cloister')
  if (platform === 'darwin') return path.join(home, 'Library', 'Application Support', 'Cloister')
  return path.join(environment.XDG_DATA_HOME || path.join(home, '.local', 'share'), 'cloister')
}
