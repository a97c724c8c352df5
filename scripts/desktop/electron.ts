/** Where Electron's program is. Nobody here imports its package: the first to do so would have it downloaded. */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { root } from './root.ts'

const installed = path.join(root, 'node_modules/electron')

/** In a folder as Electron is published. */
const program = { darwin: 'Electron.app/Contents/MacOS/Electron', win32: 'electron.exe' } as Partial<
  Record<NodeJS.Platform, string>
>

export interface ElectronPlace {
  /** The program, whether it is there or not. */
  program: string
  isThere: boolean
  /** What names the folder: nobody may put anything into that one. */
  override: string | undefined
}

/** As Electron's own package looks for it. */
export function findElectron(
  override = process.env.ELECTRON_OVERRIDE_DIST_PATH,
  folder = installed,
  platform: NodeJS.Platform = process.platform,
): ElectronPlace {
  const name = program[platform] ?? 'electron'
  if (override) {
    const place = path.join(path.resolve(override), name)
    return { program: place, isThere: existsSync(place), override }
  }
  const place = path.join(folder, 'dist', name)
  return { program: place, isThere: existsSync(place) && isWhole(folder, name), override: undefined }
}

/** Written when all of it was unpacked; an older one is there after the package was renewed. */
function isWhole(folder: string, name: string): boolean {
  const read = (file: string) => {
    const place = path.join(folder, file)
    return existsSync(place) ? readFileSync(place, 'utf8').trim() : ''
  }
  return read('path.txt') === name && read('dist/version').replace(/^v/, '') === electronVersion(folder)
}

/** Of the package; undefined where it is not installed. */
export function electronVersion(folder = installed): string | undefined {
  const manifest = path.join(folder, 'package.json')
  if (!existsSync(manifest)) return undefined
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version
}

/** The package's own means of fetching it, which holds it against its checksums. */
export const fetchesElectron = path.join(installed, 'install.js')
