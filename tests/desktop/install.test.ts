/** An update is installed: what is left of the application when its updater begins, and what is there again where that came to nothing. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startDesktop } from '../../main/desktop.ts'
import { pageOrigin } from '../../main/page/origin.ts'
import type { Desktop } from '../../main/shell.ts'
import type { Updater } from '../../main/updates/updates.ts'
import { createClient } from '../../shared/api/client.ts'
import { contract } from '../../shared/api/index.ts'
import { until } from '../until.ts'
import { type Played, playShell } from './play-shell.ts'
import { playedProcesses } from './start-desktop.ts'

let folder: string
let played: Played
let desktop: Desktop
let hear: (error: Error) => void
/** Called in place of an installation. */
let install: () => void

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cloister-install-'))
  played = playShell(folder)
  install = () => {}
  const updater: Updater = {
    autoDownload: true,
    autoInstallOnAppQuit: true,
    allowDowngrade: false,
    allowPrerelease: false,
    disableWebInstaller: false,
    channel: null,
    checkForUpdates: async () => ({ updateInfo: { version: '0.2.0' } }),
    downloadUpdate: async () => {},
    quitAndInstall: () => install(),
    on(event: string, hearer: unknown) {
      if (event === 'error') hear = hearer as typeof hear
    },
  }
  const { page } = played.shell.folders
  await mkdir(page, { recursive: true })
  await writeFile(path.join(page, 'index.html'), '<p nonce="__NONCE__"></p>')
  desktop = await startDesktop({
    shell: { ...played.shell, channel: { url: 'http://127.0.0.1:9/', key: 'a' }, connectUpdater: async () => updater },
    processes: playedProcesses(),
    dataDirectory: null,
    keyGiven: false,
    usualDirectory: path.join(folder, 'data'),
    log: { debug() {}, info() {}, warn() {}, error() {} },
  })
})
afterEach(async () => {
  if (played.exited === undefined) await desktop.end()
  await rm(folder, { recursive: true, force: true })
})

const call = (name: string, input?: unknown, window = 1) =>
  desktop.handleCall({ window, url: `${pageOrigin}/`, isMainFrame: true }, { name, input })
const client = () =>
  createClient({ routes: contract, url: pageOrigin, fetch: request => desktop.handleRequest(request) })

async function beginInstalling(): Promise<void> {
  await call('start')
  await client().projects.list()
  for (const choice of ['check', 'download', 'install']) await call('chooseUpdate', { choice })
}
const shownFailure = { value: { updates: { name: 'failed', reason: { code: 'update-not-installed' } } } }

it('begins when the windows and the server are gone and another start may be the one', async () => {
  const seen: unknown[] = []
  install = () =>
    void seen.push(
      played.windows.map(({ destroyed }) => destroyed),
      played.shown.at(-1),
    )
  await beginInstalling()
  expect(seen).toEqual([[true], 'released'])
  // Nobody has it come back meanwhile, or end in another way.
  desktop.activate()
  await desktop.quit()
  expect([played.windows.length, played.exited]).toEqual([1, undefined])
  await expect(client().projects.list()).rejects.toThrow()
})

it('comes back, and says so, where it failed minutes later', async () => {
  await beginInstalling()
  hear(new Error('no room'))
  await until(() => played.windows.length === 2, 'its window is there again', 30_000)
  expect(played.shown.at(-1)).toBe('reclaimed')
  await until(async () => JSON.stringify(await call('start', undefined, 2)).includes('not-installed'), 'it is told')
  expect(await call('start', undefined, 2)).toMatchObject(shownFailure)
  expect((await client().projects.list()).projects).toHaveLength(1)
  await desktop.quit()
  expect(played.exited).toBe(0)
})

it('comes back also where it failed at once, and the end was asked for in the same turn', async () => {
  install = () => {
    setImmediate(() => void desktop.quit())
    hear(new Error('no program'))
  }
  await beginInstalling()
  expect(played.windows).toHaveLength(2)
  expect(played.exited).toBeUndefined()
  expect(await call('start', undefined, 2)).toMatchObject(shownFailure)
  expect((await client().projects.list()).projects).toHaveLength(1)
})
