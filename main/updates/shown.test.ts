import { expect, test } from 'vitest'
import type { UpdateState } from '../../shared/api/desktop.ts'
import type { Log } from '../../shared/ports.ts'
import type { PreferenceStore } from '../preferences.ts'
import { noSettings, type UpdateSettings } from './policy.ts'
import { createShownUpdates } from './shown.ts'
import type { Updater } from './updates.ts'

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }

/** `offers`: what each channel's file names. */
function open({
  offers = {},
  settings = {},
  channel = true,
}: {
  offers?: Record<string, string>
  settings?: Partial<UpdateSettings>
  channel?: boolean
} = {}) {
  let kept: UpdateSettings = { ...noSettings, ...settings }
  const played = { jobs: 0, broken: false, steps: [] as string[] }
  let hear: (error: Error) => void = () => {}
  const updater: Updater = {
    autoDownload: true,
    autoInstallOnAppQuit: true,
    allowDowngrade: false,
    allowPrerelease: true,
    disableWebInstaller: false,
    channel: null,
    checkForUpdates: async () => ({
      updateInfo: { version: offers[updater.channel ?? ''] ?? '1.1.0', releaseNotes: 'new' },
    }),
    async downloadUpdate() {
      if (played.broken) throw Object.assign(new Error('damaged'), { code: 'ERR_CHECKSUM_MISMATCH' })
    },
    quitAndInstall() {
      played.steps.push('install')
    },
    on(event: string, hearer: unknown) {
      if (event === 'error') hear = hearer as typeof hear
    },
  }
  const preferences = {
    get: () => ({ updates: kept }),
    change: async ({ updates }: { updates: UpdateSettings }) => {
      kept = updates
    },
  } as unknown as PreferenceStore
  const told: UpdateState[] = []
  const updates = createShownUpdates({
    updater: channel ? updater : undefined,
    current: '1.1.0',
    preferences,
    work: async () => ({ jobs: played.jobs, answers: 0, downloads: 0 }),
    end: async () => void played.steps.push('end'),
    resume: async () => void played.steps.push('resume'),
    now: () => 1_000_000,
    log: silent,
    shown: state => void told.push(state),
  })
  return { updates, played, kept: () => kept, told, fail: () => hear(new Error('no room')) }
}

test('a build without a place for updates has none, and asks nobody', async () => {
  const { updates } = open({ channel: false })
  expect(updates.state()).toEqual({ name: 'none' })
  for (const choice of ['check', 'on', 'back', 'install'] as const)
    expect(await updates.choose(choice)).toEqual({ name: 'none' })
})

test('what is in work is waited for, and is no failure', async () => {
  const { updates, played } = open({ offers: { latest: '1.2.0' } })
  expect(updates.state()).toEqual({ name: 'unasked' })
  await updates.choose('check')
  await updates.choose('download')
  played.jobs = 1
  expect(await updates.choose('install')).toMatchObject({ name: 'ready', version: '1.2.0', waiting: true })
  expect(played.steps).toEqual([])
  played.jobs = 0
  await updates.choose('install')
  expect(played.steps).toEqual(['end', 'install'])
})

test('a download that failed can be tried again', async () => {
  const { updates, played } = open({ offers: { latest: '1.2.0' } })
  await updates.choose('check')
  played.broken = true
  expect(await updates.choose('download')).toEqual({ name: 'failed', reason: { code: 'update-damaged' } })
  played.broken = false
  expect(await updates.choose('check')).toMatchObject({ name: 'available', version: '1.2.0' })
  expect(await updates.choose('download')).toMatchObject({ name: 'ready', waiting: false })
})

test('one may go back to the version before, or stay after all', async () => {
  const { updates, played, kept } = open({
    offers: { '1.0.0': '1.0.0' },
    settings: { choice: 'off', previous: '1.0.0' },
  })
  expect(updates.state()).toEqual({ name: 'off', previous: '1.0.0' })
  expect(await updates.choose('back')).toEqual({ name: 'available', version: '1.0.0', notes: 'new', back: true })
  expect(await updates.choose('skip')).toEqual({ name: 'off', previous: '1.0.0' })
  expect(kept().skipped).toBeNull()
  await updates.choose('back')
  expect(await updates.choose('download')).toMatchObject({ name: 'ready', version: '1.0.0', back: true })
  await updates.choose('install')
  expect(played.steps).toEqual(['end', 'install'])
})

test('what could not be installed is told, also minutes later, and can be tried again', async () => {
  const { updates, played, kept, told, fail } = open({
    offers: { latest: '1.2.0' },
    settings: { choice: 'on', previous: '1.0.0' },
  })
  await updates.choose('check')
  await updates.choose('download')
  // What failed before has nothing to do with it.
  fail()
  expect(await updates.choose('install')).toMatchObject({ name: 'ready' })
  expect(kept()).toMatchObject({ previous: '1.0.0', installing: { from: '1.1.0', to: '1.2.0' } })
  fail()
  const reason = { code: 'update-not-installed', values: { version: '1.2.0' } }
  await expect.poll(() => told.at(-1)).toEqual({ name: 'failed', reason })
  expect(played.steps).toEqual(['end', 'install', 'resume'])
  expect(kept()).toMatchObject({ previous: '1.0.0', installing: null })
  expect(await updates.choose('check')).toMatchObject({ name: 'ready', version: '1.2.0' })
  expect(await updates.choose('install')).toMatchObject({ name: 'ready' })
  expect(played.steps.slice(3)).toEqual(['end', 'install'])
})

test('the start after an installation says what came of it', async () => {
  const installing = { from: '1.0.0', to: '1.1.0' }
  const done = open({ settings: { choice: 'on', installing } })
  done.updates.start()
  await expect.poll(() => done.told.at(-1)).toEqual({ name: 'current', previous: '1.0.0' })
  done.updates.stop()
  const undone = open({ settings: { choice: 'on', previous: '1.0.9', installing: { from: '1.1.0', to: '1.2.0' } } })
  undone.updates.start()
  const reason = { code: 'update-not-installed', values: { version: '1.2.0' } }
  await expect.poll(() => undone.told.at(-1)).toEqual({ name: 'failed', reason })
  undone.updates.stop()
  expect(undone.kept()).toMatchObject({ previous: '1.0.9', installing: null })
})
