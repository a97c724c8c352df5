/** Files that were added of late, for the menu, the jump list and the dock. */
import path from 'node:path'

const most = 10

/** The list with the file in front of all others. */
export function withRecent(
  list: readonly string[],
  file: string,
  platform: NodeJS.Platform = process.platform,
): string[] {
  const same = sameness(platform)
  return [file, ...list.filter(other => same(other) !== same(file))].slice(0, most)
}

/** The file's name; with its folder where two of the list have the same name. */
export function shownName(file: string, list: readonly string[], platform: NodeJS.Platform = process.platform): string {
  const paths = platform === 'win32' ? path.win32 : path.posix
  const name = paths.basename(file)
  const twins = list.filter(other => paths.basename(other) === name)
  return twins.length > 1 ? `${name} – ${paths.basename(paths.dirname(file)) || paths.dirname(file)}` : name
}

/** Windows and macOS take names that differ in capitals for the same. */
function sameness(platform: NodeJS.Platform): (file: string) => string {
  return platform === 'linux' ? file => file : file => file.toLowerCase()
}
