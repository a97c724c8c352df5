/** The application as a checkout starts it, under Electron's own program: where that is. */
import { spawn } from 'node:child_process'
import path from 'node:path'
import { _electron, type ElectronApplication, type Page } from 'playwright-core'
import { findElectron } from '../../scripts/desktop/electron.ts'
import { staged } from '../../scripts/desktop/root.ts'

export const electron = findElectron()

/** Chromium's own sandbox is refused to the superuser. */
const isRoot = process.getuid?.() === 0
const unsandboxed = isRoot && process.platform === 'linux' ? ['--no-sandbox'] : []

export interface OpenedApplication {
  app: ElectronApplication
  page: Page
}

/** Whose home the folder is: nothing of the user's is seen or touched. macOS says by itself where programs keep what they remember. */
function environmentOf(folder: string): Record<string, string> {
  const { ELECTRON_RUN_AS_NODE: _, NODE_OPTIONS: __, XDG_CONFIG_HOME: ___, ...env } = process.env
  const own = {
    HOME: folder,
    APPDATA: path.join(folder, 'AppData'),
    LOCALAPPDATA: path.join(folder, 'LocalAppData'),
    LANG: 'de_DE.UTF-8',
    LC_ALL: 'de_DE.UTF-8',
    ...(isRoot && { CLOISTER_UNSANDBOXED: '1' }),
  }
  return Object.fromEntries(
    Object.entries({ ...env, ...own }).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}

const libraryOf = (folder: string) => `--data=${path.join(folder, 'data')}`

/** In the folder, with a library of its own. Whatever the user is asked he declines, and the system opens nothing. */
export async function openApplication(folder: string): Promise<OpenedApplication> {
  const app = await _electron.launch({
    executablePath: electron.program,
    args: [staged, libraryOf(folder)],
    cwd: folder,
    env: environmentOf(folder),
    chromiumSandbox: !isRoot,
    colorScheme: null,
    timeout: 120_000,
  })
  await app.evaluate(({ dialog, shell }) => {
    Object.assign(dialog, {
      showMessageBox: async (...given: { cancelId?: number }[]) => ({
        response: given.at(-1)?.cancelId ?? 0,
        checkboxChecked: false,
      }),
    })
    Object.assign(shell, {
      openExternal: () => Promise.reject(new Error('nothing is opened here')),
      openPath: async () => 'nothing is opened here',
    })
  })
  const page = await app.firstWindow({ timeout: 60_000 })
  page.setDefaultTimeout(60_000)
  await page.locator('[data-main-field]').waitFor()
  return { app, page }
}

/** Starts it another time beside; resolves with its exit code. */
export function startSecond(folder: string, args: readonly string[]): Promise<number | null> {
  const child = spawn(electron.program, [...unsandboxed, staged, libraryOf(folder), ...args], {
    cwd: folder,
    env: environmentOf(folder),
    stdio: 'ignore',
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
}

/** A packed program, which nobody can look into. */
export function startPacked(program: string, folder: string): { ended: Promise<number | null>; kill(): void } {
  const child = spawn(program, [libraryOf(folder)], {
    cwd: folder,
    env: environmentOf(folder),
    stdio: 'ignore',
  })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  return { ended, kill: () => void child.kill('SIGKILL') }
}
