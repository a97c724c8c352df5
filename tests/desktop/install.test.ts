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
import { builtProgram } from '../program.ts'
import { until } from '../until.ts'
import { type Played, playShell } from './play-shell.ts'
import { playedProcesses } from './start-desktop.ts'

const processes = playedProcesses({ program: builtProgram })
let folder: string
let played: Played
let desktop: Desktop
let hear: (error: Error) => void
/** Called in place of an installation. */
let install: () => void
let updater: Updater & { quitAndInstallCalled: boolean }

/** The next process that is started stands still, until it is let go on. */
let stopNext: boolean
let stopped: number | undefined
/** The last one. */
let server: number | undefined

beforeEach(async () => {
  stopNext = false
  stopped = undefined
  folder = await mkdtemp(path.join(tmpdir(), 'cloister-install-'))
  played = playShell(folder)
  install = () => {}
  updater = {
    quitAndInstallCalled: false,
    autoDownload: true,
    autoInstallOnAppQuit: true,
    allowDowngrade: false,
    allowPrerelease: false,
    disableWebInstaller: false,
    channel: null,
    checkForUpdates: async () => ({ updateInfo: { version: '0.2.0' } }),
    downloadUpdate: async () => {},
    // A second time is passed over, as in electron-updater.
    quitAndInstall() {
      if (updater.quitAndInstallCalled) return
      updater.quitAndInstallCalled = true
      install()
    },
    on(event: string, hearer: unknown) {
      if (event === 'error') hear = hearer as typeof hear
    },
  }
  const { page } = played.shell.folders
  await mkdir(page, { recursive: true })
  await writeFile(path.join(page, 'index.html'), '<p nonce="__NONCE__"></p>')
  desktop = await startDesktop({
    shell: { ...played.shell, channel: { url: 'http://127.0.0.1:9/', key: 'a' }, connectUpdater: async () => updater },
    processes: {
      spawn(role) {
        const child = processes.spawn(role)
        if (role === 'server') server = child.pid
        if (!stopNext || child.pid === undefined) return child
        stopNext = false
        stopped = child.pid
        process.kill(child.pid, 'SIGSTOP')
        return child
      },
    },
    dataDirectory: null,
    keyGiven: false,
    usualDirectory: path.join(folder, 'data'),
    log: { debug() {}, info() {}, warn() {}, error() {} },
  })
})
afterEach(async () => {
  letGo(stopped)
  if (played.exited === undefined) await desktop.end()
  await rm(folder, { recursive: true, force: true })
})

function letGo(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(pid, 'SIGCONT')
  } catch {
    // It has ended.
  }
}

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
  // And can be tried again.
  let again = 0
  install = () => {
    again += 1
  }
  for (const choice of ['check', 'install']) await call('chooseUpdate', { choice }, 2)
  expect([again, played.shown.at(-1)]).toEqual([1, 'released'])
  hear(new Error('no room'))
  await until(() => played.windows.length === 3, 'it is there once more', 30_000)
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

it('waits for files on their way, for a backup and for a move, and is told to wait', async () => {
  let installed = 0
  install = () => {
    installed += 1
  }
  await call('start')
  await client().projects.list()
  for (const choice of ['check', 'download']) await call('chooseUpdate', { choice })
  const waiting = { value: { name: 'ready', waiting: true } }
  const tryIt = () => call('chooseUpdate', { choice: 'install' })
  await call('tellUploads', { count: 1 })
  expect(await tryIt()).toMatchObject(waiting)
  await call('tellUploads', { count: 0 })

  stopNext = true
  desktop.choose({ name: 'back-up' })
  await until(() => stopped !== undefined, 'a backup is written')
  expect(await tryIt()).toMatchObject(waiting)
  // Whoever quits now is asked, and may think better of it.
  await desktop.quit()
  expect(played.questions.at(-1)?.message).toBe('Gerade wird eine Sicherung geschrieben')
  expect(played.exited).toBeUndefined()
  letGo(stopped)
  await until(() => played.questions.at(-1)?.message === 'Die Sicherung ist fertig', 'it is written')

  played.folder = path.join(folder, 'elsewhere')
  stopped = undefined
  stopNext = true
  desktop.choose({ name: 'move-data' })
  await until(() => stopped !== undefined, 'it is moved')
  expect(await tryIt()).toMatchObject(waiting)
  expect(installed).toBe(0)
  letGo(stopped)
  await until(() => played.exited === 0, 'it was moved')
})

it('waits for a server that starts, and for one that does not answer, and says so soon', async () => {
  await call('start')
  await client().projects.list()
  for (const choice of ['check', 'download']) await call('chooseUpdate', { choice })
  async function tryIt(): Promise<void> {
    const answered = call('chooseUpdate', { choice: 'install' })
    const late = new Promise(resolve => setTimeout(resolve, 12_000, 'late').unref())
    expect(await Promise.race([answered, late])).toMatchObject({ value: { name: 'ready', waiting: true } })
  }
  // Ready, and not called silent yet.
  stopped = server
  if (server !== undefined) process.kill(server, 'SIGSTOP')
  await tryIt()
  stopNext = true
  if (server !== undefined) process.kill(server, 'SIGKILL')
  await until(() => !stopNext, 'another one stands still')
  await tryIt()
  expect([updater.quitAndInstallCalled, played.windows[0]?.destroyed]).toEqual([false, false])
})
