/**
 * Updates from end to end, but for Electron: electron-updater itself, its requests led to a real server over its socket, through the gate,
 * to a channel on this machine.
 */
import { existsSync } from 'node:fs'
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { AppImageUpdater } from 'electron-updater'
import { ElectronHttpExecutor } from 'electron-updater/out/electronHttpExecutor.js'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type ConnectedUpdater, connectUpdater, filesOver } from '../../main/updates/channel.ts'
import { noSettings, type UpdateSettings, type Work } from '../../main/updates/policy.ts'
import { createUpdates, type Updater } from '../../main/updates/updates.ts'
import { createSocketFetch } from '../../shared/processes/socket-fetch.ts'
import { makePlace, type Place, type Running } from '../run-cli.ts'
import { until } from '../until.ts'
import { type Channel, openChannel } from './channel.ts'

const token = 'a-token-of-this-test-alone'
const idle: Work = { jobs: 0, answers: 0, downloads: 0 }
let place: Place
let channel: Channel
let server: Running
let socket: string

async function startServer(environment: Record<string, string> = {}): Promise<void> {
  socket = path.join(place.folder, 's')
  server = place.start(['serve', '--port', 'none', '--socket', socket, '--data', path.join(place.folder, 'data')], {
    environment: { UPDATE_CHANNEL: channel.url, CLOISTER_TOKEN: token, ...environment },
  })
  await until(() => existsSync(socket), 'the server listens', 60_000)
}

async function stopServer(): Promise<void> {
  server.child.kill('SIGTERM')
  await server.finished
}

beforeAll(async () => {
  place = await makePlace()
  channel = await openChannel(path.join(place.folder, 'channel'))
  await startServer()
})
afterAll(async () => {
  await stopServer()
  await channel.close()
  await place.remove()
})

let folder: string
let settings: UpdateSettings
let installed: string[]
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cloister-updates-'))
  settings = { ...noSettings, choice: 'on' }
  installed = []
  await writeFile(path.join(folder, 'app-update.yml'), 'updaterCacheDirName: cloister-updater\n')
  // What is running, as its runtime says it.
  process.env.APPIMAGE = path.join(folder, 'Cloister.AppImage')
  await writeFile(process.env.APPIMAGE, 'the program of today')
})
afterEach(async () => {
  delete process.env.APPIMAGE
  await rm(folder, { recursive: true, force: true })
})

const bearer = { Authorization: `Bearer ${token}` }
const get = (name: string, headers: Record<string, string> = bearer) =>
  createSocketFetch(socket)(new Request(`http://localhost/desktop/updates/${encodeURIComponent(name)}`, { headers }))

function open(version: string, { work = idle, key = channel.publicKey }: { work?: Work; key?: string } = {}) {
  const updater = new AppImageUpdater(null, {
    version,
    name: 'Cloister',
    isPackaged: true,
    appUpdateConfigPath: path.join(folder, 'app-update.yml'),
    userDataPath: folder,
    baseCachePath: folder,
    whenReady: async () => {},
    relaunch() {},
    quit() {},
    onQuit() {},
  })
  updater.logger = null
  const connected = Object.assign(updater, {
    httpExecutor: new ElectronHttpExecutor(),
    quitAndInstall: () => void installed.push('installed'),
  }) satisfies ConnectedUpdater
  const files = filesOver(request => {
    request.headers.set('Authorization', bearer.Authorization)
    return createSocketFetch(socket)(request)
  })
  connectUpdater(connected, { url: channel.url, key }, files)
  return { updates: openUpdates(connected, version, work), file: () => downloadedFile(updater) }
}

function openUpdates(updater: Updater | undefined, current: string, work: Work = idle) {
  return createUpdates({
    updater,
    current,
    settings: {
      read: async () => settings,
      write: async next => {
        settings = next
      },
    },
    work: async () => work,
    end: async () => void installed.push('ended'),
    resume: async () => void installed.push('resumed'),
    now: () => Date.now(),
    log: { debug() {}, info() {}, warn() {}, error() {} },
  })
}

function downloadedFile(updater: AppImageUpdater): string | null {
  return (updater as unknown as { downloadedUpdateHelper: { file: string | null } }).downloadedUpdateHelper.file
}

const ledger = () =>
  place.json<{ entries: { host: string; purpose: string; outcome: string }[] }>([
    'ledger',
    '--data',
    path.join(place.folder, 'data'),
  ])

describe('updates', () => {
  test('are found with their notes, fetched, checked and installed, and each request stands in the ledger', async () => {
    const name = await channel.release('1.1.0', 'Faster search.\n<script>no</script>')
    const { updates, file } = open('1.0.0')
    expect(await updates.check('clock')).toBe('offered')
    expect(updates.state()).toMatchObject({ phase: 'offered', version: '1.1.0', notes: 'Faster search.\nno' })
    expect(await updates.download()).toBe('ready')
    expect(await readFile(file() ?? '')).toEqual(await readFile(path.join(channel.folder, name)))
    expect(updates.state()).toMatchObject({ phase: 'ready', part: 1, reason: null })
    expect(await updates.install()).toBe('installing')
    expect(installed).toEqual(['ended', 'installed'])
    expect(settings).toMatchObject({ previous: null, installing: { from: '1.0.0', to: '1.1.0' } })
    await open('1.1.0').updates.begin()
    expect(settings).toMatchObject({ previous: '1.0.0', installing: null })
    const { entries } = await ledger()
    const ours = entries.filter(({ purpose }) => purpose === 'update')
    expect(ours.length).toBeGreaterThanOrEqual(3)
    expect(ours.every(({ host, outcome }) => host === '127.0.0.1' && outcome === 'done')).toBe(true)
  })

  test('wait while something is being done', async () => {
    await channel.release('1.1.0')
    const { updates } = open('1.0.0', { work: { ...idle, jobs: 1 } })
    await updates.check('user')
    await updates.download()
    expect(await updates.install()).toBe('busy')
    expect(installed).toEqual([])
    expect(updates.state().reason).toEqual({ code: 'update-busy' })
  })

  test('that were changed on their way are thrown away', async () => {
    const name = await channel.release('1.1.0')
    await appendFile(path.join(channel.folder, name), 'and more')
    const { updates } = open('1.0.0')
    expect(await updates.check('user')).toBe('offered')
    expect(await updates.download()).toBe('failed')
    expect(updates.state()).toMatchObject({ phase: 'offered', reason: { code: 'update-damaged' } })
  })

  test('that nobody signed, or somebody else did, are none', async () => {
    await channel.release('9.0.0')
    await appendFile(path.join(channel.folder, 'latest-linux.yml'), '\n')
    const { updates } = open('1.0.0')
    expect(await updates.check('user')).toBe('failed')
    expect(updates.state().reason).toMatchObject({ code: 'update-unsigned' })
    await channel.release('9.0.0')
    await rm(path.join(channel.folder, 'latest-linux.yml.sig'))
    expect(await updates.check('user')).toBe('failed')
    expect(updates.state().reason).toMatchObject({ code: 'update-unsigned' })
    const other = await openChannel(path.join(folder, 'other'))
    await other.close()
    await channel.release('9.0.0')
    const stranger = open('1.0.0', { key: other.publicKey }).updates
    expect(await stranger.check('user')).toBe('failed')
    expect(stranger.state().reason).toMatchObject({ code: 'update-unsigned' })
  })

  test('can be skipped, and the next one is offered again', async () => {
    await channel.release('1.1.0')
    const { updates } = open('1.0.0')
    await updates.check('clock')
    await updates.skip()
    settings = { ...settings, checkedAt: null }
    expect(await updates.check('clock')).toBe('skipped')
    expect(await updates.check('user')).toBe('offered')
    await updates.skip()
    await channel.release('1.2.0')
    settings = { ...settings, checkedAt: null }
    expect(await updates.check('clock')).toBe('offered')
  })

  test('can be stopped on their way, and are not skipped there', async () => {
    const name = await channel.release('1.1.0')
    const { updates, file } = open('1.0.0')
    await updates.check('user')
    const letGo = channel.hold()
    try {
      const downloading = updates.download()
      await until(() => channel.asked.at(-1) === name, 'it is on its way')
      await updates.skip()
      expect(updates.state()).toMatchObject({ phase: 'downloading', version: '1.1.0' })
      expect(settings.skipped).toBeNull()
      updates.stop()
      expect(await downloading).toBe('stopped')
      expect(updates.state()).toMatchObject({ phase: 'offered', version: '1.1.0', part: 0, reason: null })
    } finally {
      letGo()
    }
    expect(await updates.download()).toBe('ready')
    expect(await readFile(file() ?? '')).toEqual(await readFile(path.join(channel.folder, name)))
    updates.stop()
    expect(updates.state()).toMatchObject({ phase: 'ready', version: '1.1.0' })
  })

  test('lead back to the version before, and to no other', async () => {
    await channel.release('1.0.0')
    await channel.release('1.1.0')
    const { updates } = open('1.1.0')
    expect(await updates.lookBack()).toBe('failed')
    expect(updates.state().reason).toEqual({ code: 'update-missing' })
    settings = { ...settings, previous: '1.0.0' }
    expect(await updates.lookBack()).toBe('offered')
    expect(updates.state()).toMatchObject({ version: '1.0.0', back: true })
    expect(await updates.download()).toBe('ready')
    expect(await updates.install()).toBe('installing')
    await open('1.0.0').updates.begin()
    expect(settings).toMatchObject({ previous: null, skipped: '1.1.0' })
    // An old channel, replayed with its signature: no way back by itself.
    await channel.release('0.9.0')
    expect(await open('1.1.0').updates.check('user')).toBe('current')
  })

  test('say so where there is no network, no channel, and nothing to be had', async () => {
    expect(await openUpdates(undefined, '1.0.0').check('user')).toBe('failed')
    await rm(path.join(channel.folder, 'latest-linux.yml'))
    const { updates } = open('1.0.0')
    expect(await updates.check('user')).toBe('failed')
    expect(updates.state().reason).toEqual({ code: 'update-missing' })
    await channel.release('1.1.0')
    await stopServer()
    await startServer({ OFFLINE: 'on', UPDATE_CHANNEL: 'https://updates.example.org/' })
    expect(await updates.check('user')).toBe('failed')
    expect(updates.state().reason).toMatchObject({ code: 'egress-refused', values: { host: 'updates.example.org' } })
    await stopServer()
    // Nobody listens at the discard port.
    await startServer({ UPDATE_CHANNEL: 'http://127.0.0.1:9/' })
    expect(await updates.check('user')).toBe('failed')
    expect(updates.state().reason).toMatchObject({ code: 'update-unreachable', values: { host: '127.0.0.1:9' } })
    await stopServer()
    await startServer()
  })

  test('give their files to who has the token, and nothing but files of the channel', async () => {
    await channel.release('1.1.0')
    const before = channel.asked.length
    expect((await get('latest-linux.yml', {})).status).toBe(401)
    for (const name of ['../secret.yml', '.hidden.yml', 'latest.txt', 'a/b.yml', '%2e%2e.yml', ''])
      expect((await get(name)).status, name).toBe(404)
    expect(channel.asked).toHaveLength(before)
    expect((await get('latest-linux.yml')).status).toBe(200)
  })
})
