import { fork } from 'node:child_process'
import { closeSync, openSync, statSync, writeSync } from 'node:fs'
import { link, lstat, mkdir, mkdtemp, readdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Log } from '../../shared/ports.ts'
import { currentOwner } from '../../shared/queue/owner.ts'
import { openPreferences, type PreferenceStore } from '../preferences.ts'
import { contentOf, fillLibrary } from './fixture-library.ts'
import { isFolder } from './library-folder.ts'
import { moveData, recoverMove, removePrevious } from './move.ts'
import { isRemote, isSynced, programFolder } from './places.ts'
import { planMove } from './plan-move.ts'

const log: Log = { debug() {}, info() {}, warn() {}, error() {} }
let root: string
let from: string
let backups: string
let to: string
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'cloister-move-'))
  from = path.join(root, 'library')
  backups = path.join(root, 'library-backups')
  to = path.join(root, 'elsewhere', 'Bücher & Co')
})
afterEach(() => rm(root, { recursive: true, force: true }))

const fill = (files?: number) => fillLibrary(from, files)
/** Nobody else is there. */
const hold = async () => ({ lost: new AbortController().signal, release: async () => {} })
const preferencesIn = () => openPreferences({ folder: path.join(root, 'own'), log })
/** All old folders, as each good start does. */
const clear = async (preferences: PreferenceStore, now?: number) =>
  (await Promise.all(preferences.get().previous.map(old => removePrevious(preferences, old, now)))).flat()
const plan = (chosen = to, more = {}) => planMove({ from, to: chosen, home: path.join(root, 'home'), ...more })

describe('a plan', () => {
  test('is to rename on one disk, and tells how much there is', async () => {
    await fill()
    expect(await plan()).toMatchObject({ from, to, way: 'rename', files: 28, warnings: [] })
    await mkdir(to, { recursive: true })
    await writeFile(path.join(to, '.DS_Store'), '')
    expect(await plan()).toMatchObject({ way: 'rename' })
  })

  test('refuses what would end badly', async () => {
    expect(await plan()).toEqual({ refused: 'missing' })
    await fill(1)
    expect(await plan(from)).toEqual({ refused: 'same' })
    expect(await plan(path.join(from, 'blobs', 'new'))).toEqual({ refused: 'inside' })
    expect(await plan(root)).toEqual({ refused: 'around' })
    await symlink(from, path.join(root, 'link'))
    expect(await plan(path.join(root, 'link'))).toEqual({ refused: 'same' })
    expect(await plan(path.join(root, 'link', 'deeper'))).toEqual({ refused: 'inside' })
    await writeFile(path.join(root, 'file'), 'x')
    expect(await plan(path.join(root, 'file'))).toEqual({ refused: 'no-folder' })
    expect(await plan(path.join(root, 'file', 'below'))).toEqual({ refused: 'not-writable' })
    await mkdir(to, { recursive: true })
    await writeFile(path.join(to, 'mine.txt'), 'x')
    expect(await plan()).toEqual({ refused: 'not-empty' })
    const own = path.join(root, 'own')
    expect(await plan(path.join(own, 'x'), { taken: [own] })).toEqual({ refused: 'application' })
    expect(await plan(path.join(root, 'new'), { taken: [path.join(from, 'profile')] })).toEqual({
      refused: 'application',
    })
  })

  test('waits for whoever is at work on the library, but for our own', async () => {
    await fill(1)
    await writeFile(path.join(from, 'running', 'x.json'), JSON.stringify(currentOwner()))
    expect(await plan()).toEqual({ refused: 'in-use', processes: String(process.pid) })
    expect(await plan(to, { own: process.pid })).toMatchObject({ way: 'rename' })
  })

  test('warns of clouds', async () => {
    await fill(1)
    expect(await plan(path.join(root, 'home', 'OneDrive - Firma', 'x'))).toMatchObject({ warnings: ['synced'] })
    await mkdir(path.join(root, 'synced'))
    await writeFile(path.join(root, 'synced', '.stfolder'), '')
    expect(await plan(path.join(root, 'synced', 'x'))).toMatchObject({ warnings: ['synced'] })
  })
})

test.each([
  ['win32', 'C:\\Users\\a\\OneDrive\\Cloister', true],
  ['win32', 'C:\\Users\\a\\OneDrive – Firma\\Cloister', true],
  ['win32', 'C:\\Users\\a\\Onedrivers\\Cloister', false],
  ['win32', 'D:\\Dropbox (Privat)\\x', true],
  ['darwin', '/Users/a/Library/Mobile Documents/com~apple~CloudDocs/x', true],
  ['darwin', '/Users/a/Library/CloudStorage/GoogleDrive-a@b.c/x', true],
  ['darwin', '/Users/a/Library/Application Support/Cloister', false],
  ['linux', '/home/a/Nextcloud/x', true],
  ['linux', '/home/a/cloister', false],
] as const)('%s: %s is copied elsewhere: %s', async (platform, folder, expected) => {
  const home = platform === 'win32' ? 'C:\\Users\\a' : platform === 'darwin' ? '/Users/a' : '/home/a'
  expect(await isSynced(folder, { home, platform })).toBe(expected)
})

test.each([
  [
    'win32',
    'C:\\Users\\a\\AppData\\Local\\Programs\\cloister\\Cloister.exe',
    'C:\\Users\\a\\AppData\\Local\\Programs\\cloister',
  ],
  ['darwin', '/Applications/Cloister.app/Contents/MacOS/Cloister', '/Applications/Cloister.app'],
  ['linux', '/opt/Cloister/cloister', '/opt/Cloister'],
  ['linux', '/tmp/.mount_CloistX/cloister', '/tmp/.mount_CloistX'],
] as const)('%s: with the program %s goes %s', (platform, program, folder) => {
  expect(programFolder(program, { platform, checkout: undefined })).toBe(folder)
  expect(programFolder(program, { platform, checkout: '/home/a/cloister' })).toBe('/home/a/cloister')
})

test.each([
  ['\\\\server\\share\\x', true],
  ['\\\\?\\UNC\\server\\share', true],
  ['\\\\?\\C:\\x', false],
  ['C:\\x', false],
])('%s is another machine’s: %s', async (folder, expected) => {
  expect(await isRemote(folder, 'win32')).toBe(expected)
  expect(await isRemote(tmpdir(), 'linux')).toBe(false)
})

describe.each(['rename', 'copy'] as const)('moving by %s', way => {
  test('brings all that is the library’s; the old one goes after the next good start', async () => {
    await fill()
    const before = await contentOf(from)
    const preferences = await preferencesIn()
    expect(await moveData({ from, to, way }, { log, backups, preferences, hold })).toBe(to)
    expect(await contentOf(to)).toEqual(before)
    expect(await readdir(path.join(to, 'logs', 'empty'))).toEqual([])
    expect((await preferencesIn()).get()).toMatchObject({
      dataDirectory: to,
      move: null,
      backup: { folder: path.join(root, 'library-backups') },
    })
    if (way === 'copy') {
      const old = await contentOf(from)
      expect(old.delete('moved')).toBe(true)
      expect(old).toEqual(before)
      expect(await readdir(to)).not.toContain('scratch')
    }
    expect((await recoverMove(preferences)).recovered).toEqual({ now: 'nothing' })
    expect(await clear(preferences)).toEqual([])
    expect(await lstat(from).catch(() => 'gone')).toBe('gone')
    expect(await contentOf(to)).toEqual(before)
  })

  test('whenever it is killed, there is one whole library, where the preferences say', async () => {
    await fill(12)
    const before = await contentOf(from)
    const copying = ['file 1', 'file 2', 'file 7', 'file 16', '2 ms', '5 ms', '9 ms']
    const changing = ['before change 1', 'after change 1', 'before change 2', 'after change 2']
    const found: string[] = []
    for (const moment of way === 'copy' ? [...changing, ...copying] : changing) {
      const child = fork(
        fileURLToPath(new URL('./fixture-mover.ts', import.meta.url)),
        [path.join(root, 'own'), from, to, way, moment],
        { execArgv: [], stdio: 'ignore' },
      )
      const signal = await new Promise(resolve => child.once('exit', (_, signal) => resolve(signal)))
      const preferences = await preferencesIn()
      const { recovered, dataDirectory } = await recoverMove(preferences)
      found.push(`${moment}: ${signal} ${recovered.now}`)
      const now = dataDirectory ?? from
      expect(preferences.get()).toMatchObject({ move: null, dataDirectory })
      expect(await contentOf(now)).toEqual(before)
      if (now === from) expect(await readdir(to).catch(() => [])).toEqual([])
      else {
        // Back to where it was, for the next time.
        await clear(preferences)
        await moveData({ from: to, to: from, way: 'rename' }, { log, backups, preferences, hold })
        await preferences.change({ dataDirectory: null })
      }
      await rm(to, { recursive: true, force: true })
    }
    expect(found.slice(0, 4)).toEqual([
      'before change 1: SIGKILL nothing',
      'after change 1: SIGKILL undone',
      `before change 2: SIGKILL ${way === 'copy' ? 'undone' : 'moved'}`,
      'after change 2: SIGKILL nothing',
    ])
    for (const line of found.slice(4, 8)) expect(line).toMatch(/SIGKILL undone$/)
  }, 120_000)
})

test('a copy tells how far it is within a file, too: written and read again, each counts a half', async () => {
  await fill()
  const size = 5 * 1024 * 1024
  await writeFile(path.join(from, 'models.gguf'), Buffer.alloc(size, 7))
  const plan = await planMove({ from, to, home: root })
  if ('refused' in plan) throw new Error(plan.refused)
  const told: { bytes: number; files: number }[] = []
  const progress = (now: { bytes: number; files: number }) => void told.push(now)
  await moveData({ from, to, way: 'copy' }, { log, backups, preferences: await preferencesIn(), hold, progress })
  expect(told.at(-1)).toEqual({ bytes: plan.bytes, files: plan.files })
  const steps = told.map(({ bytes }, index) => bytes - (told[index - 1]?.bytes ?? 0))
  expect(Math.max(...steps)).toBeLessThanOrEqual(size / 10)
})

test('what the disk gives back otherwise than it was written is no copy', async () => {
  await fill(1)
  const size = 16 * 1024 * 1024
  await writeFile(path.join(from, 'models.gguf'), Buffer.alloc(size, 7))
  const preferences = await preferencesIn()
  const copy = path.join(to, 'models.gguf')
  let damaged = false
  const progress = () => {
    const file = damaged ? undefined : statSync(copy, { throwIfNoEntry: false })
    if (file?.size !== size) return
    const handle = openSync(copy, 'r+')
    writeSync(handle, 'x', size - 1)
    closeSync(handle)
    damaged = true
  }
  const moving = moveData({ from, to, way: 'copy' }, { log, backups, preferences, hold, progress })
  await expect(moving).rejects.toThrow('is not what was written')
  expect(damaged).toBe(true)
  expect([await isFolder(to), preferences.get().dataDirectory]).toEqual([false, null])
})

test('a copy that is cancelled, or finds a file in its way, leaves everything as it was', async () => {
  await fill()
  const before = await contentOf(from)
  const preferences = await preferencesIn()
  const cancel = new AbortController()
  const progress = ({ files }: { files: number }) => files === 5 && cancel.abort()
  await mkdir(to, { recursive: true })
  const move = (signal?: AbortSignal) =>
    moveData({ from, to, way: 'copy' }, { log, backups, preferences, hold, progress, ...(signal && { signal }) })
  await expect(move(cancel.signal)).rejects.toThrow('abort')
  expect(await readdir(to)).toEqual([])
  await mkdir(path.join(to, 'secrets.json'))
  await expect(move()).rejects.toThrow()
  expect(await contentOf(from)).toEqual(before)
  expect((await preferencesIn()).get()).toMatchObject({ dataDirectory: null, move: null, previous: [] })
})

test('a copy stops where it does not have the folder for itself any more; a folder that somebody has is not touched', async () => {
  await fill()
  const preferences = await preferencesIn()
  const lost = new AbortController()
  let released = 0
  const release = async () => {
    released += 1
  }
  const held = async () => ({ lost: lost.signal, release })
  const progress = ({ files }: { files: number }) => files === 5 && lost.abort()
  await expect(
    moveData({ from, to, way: 'copy' }, { log, backups, preferences, hold: held, progress }),
  ).rejects.toThrow('abort')
  expect(await readdir(path.dirname(to))).toEqual([])
  expect(released).toBe(1)
  const refused = () => Promise.reject(new Error('somebody has it'))
  for (const way of ['rename', 'copy'] as const)
    await expect(moveData({ from, to, way }, { log, backups, preferences, hold: refused })).rejects.toThrow(
      'somebody has it',
    )
  expect(preferences.get()).toMatchObject({ move: null, dataDirectory: null })
})

test.each(['linux', 'win32'] as const)(
  'on %s a folder is held until nothing of it is open when it is renamed',
  async platform => {
    await fill(1)
    const order: string[] = []
    const preferences = await preferencesIn()
    const held = async () => ({
      lost: new AbortController().signal,
      release: async () => void order.push((await lstat(to).catch(() => undefined)) ? 'renamed, released' : 'released'),
    })
    await moveData({ from, to, way: 'rename' }, { log, backups, preferences, hold: held, platform })
    expect(order).toEqual([platform === 'win32' ? 'released' : 'renamed, released'])
  },
)

test('a library that its user put elsewhere, with a link in its place, is there', async () => {
  await fill(1)
  await symlink(from, path.join(root, 'link'))
  expect(await isFolder(path.join(root, 'link'))).toBe(true)
  await rm(from, { recursive: true })
  expect(await isFolder(path.join(root, 'link'))).toBe(false)
})

test.each([
  ['as ours', 0],
  ['behind ours', 3_600_000],
  ['before ours', -3_600_000],
])(
  'of the old folder nothing goes that came there or changed since, and all else; its clock is %s',
  async (_, ours) => {
    await fill(3)
    // As a restore sets documents aside: a second name, whose time changes with the first one that goes.
    await mkdir(path.join(from, 'set-aside'))
    await link(path.join(from, 'secrets.json'), path.join(from, 'set-aside', 'secrets.json'))
    const preferences = await preferencesIn()
    const { now } = Date
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() + ours)
    onTestFinished(() => clock.mockRestore())
    await moveData({ from, to, way: 'copy' }, { log, backups, preferences, hold })
    // Its own times say that it is older.
    await writeFile(path.join(root, 'old.txt'), 'mine')
    await utimes(path.join(root, 'old.txt'), 1e9, 1e9)
    await link(path.join(root, 'old.txt'), path.join(from, 'blobs', 'mine.txt'))
    expect(await clear(preferences)).toEqual([path.join(from, 'blobs', 'mine.txt')])
    expect(await readdir(from)).toEqual(['blobs'])
  },
)

test.each([
  ['used', 'cloister.db'],
  ['begun to use', 'cloister.db-wal'],
])('an old folder that somebody has %s as a library since stays as it is', async (_, written) => {
  await fill(3)
  const preferences = await preferencesIn()
  await moveData({ from, to, way: 'copy' }, { log, backups, preferences, hold })
  await writeFile(path.join(from, written), 'used')
  const before = await contentOf(from)
  expect(await clear(preferences)).toEqual([from])
  expect(await contentOf(from)).toEqual(before)
  expect(await clear(preferences)).toEqual([])
})

test.each(['copy', 'rename'] as const)(
  'a %s leaves the backups where they lie, not beside what its link leads to',
  async way => {
    await fill(1)
    const named = path.join(root, 'named-backups')
    const preferences = await preferencesIn()
    await moveData({ from, to, way }, { log, backups: named, preferences, hold })
    expect(preferences.get().backup.folder).toBe(named)
    // One that was ended after its folder was renamed.
    await preferences.change({
      backup: { on: true, folder: null, keep: 7 },
      dataDirectory: null,
      move: { from, to, way: 'rename', made: true, backups: named },
    })
    await rm(from, { recursive: true, force: true })
    expect((await recoverMove(preferences)).recovered).toEqual({ now: 'moved', folder: to })
    expect(preferences.get().backup.folder).toBe(named)
  },
)

test('the old folder is waited for while its drive is away, a month and no longer', async () => {
  await fill(2)
  const preferences = await preferencesIn()
  await moveData({ from, to, way: 'copy' }, { log, backups, preferences, hold })
  await rename(from, path.join(root, 'unplugged'))
  expect(await clear(preferences)).toEqual([])
  // What it was mounted on.
  await mkdir(from)
  expect(await clear(await preferencesIn())).toEqual([])
  // Another drive in its place, with an older library of the same name.
  await writeFile(path.join(from, 'cloister.db'), 'another')
  await utimes(path.join(from, 'cloister.db'), 1, 1)
  expect(await clear(await preferencesIn(), Date.now() + 3_600_000)).toEqual([])
  expect(await readdir(from)).toEqual(['cloister.db'])
  await rm(from, { recursive: true })
  // Meanwhile it is moved once more.
  const third = path.join(root, 'third')
  await moveData({ from: to, to: third, way: 'rename' }, { log, backups, preferences, hold })
  await rename(path.join(root, 'unplugged'), from)
  expect(await clear(preferences)).toEqual([])
  expect([await isFolder(from), await isFolder(third), preferences.get().previous]).toEqual([false, true, []])
  await preferences.change({ previous: [{ folder: from, since: 0, mark: 'away' }] })
  expect(await clear(preferences)).toEqual([])
  expect(preferences.get().previous).toEqual([])
  // What could not be marked is told, and left.
  await preferences.change({ previous: [{ folder: third, since: 0 }] })
  expect(await clear(preferences)).toEqual([third])
  expect([await isFolder(third), preferences.get().previous]).toEqual([true, []])
})

test('an old folder whose drive is away is not forgotten for the next one, and each goes when it is there', async () => {
  await fill(2)
  const preferences = await preferencesIn()
  await moveData({ from, to, way: 'copy' }, { log, backups, preferences, hold })
  const unplugged = path.join(root, 'unplugged')
  await rename(from, unplugged)
  const third = path.join(root, 'third')
  await moveData({ from: to, to: third, way: 'copy' }, { log, backups, preferences, hold })
  expect((await preferencesIn()).get().previous.map(({ folder }) => folder)).toEqual([from, to])
  expect(await clear(preferences)).toEqual([])
  expect((await preferencesIn()).get().previous.map(({ folder }) => folder)).toEqual([from])
  expect([await isFolder(unplugged), await isFolder(to)]).toEqual([true, false])
  await rename(unplugged, from)
  expect(await clear(await preferencesIn())).toEqual([])
  expect([await isFolder(from), await isFolder(third)]).toEqual([false, true])
  expect((await preferencesIn()).get().previous).toEqual([])
})

test.each(['copy', 'rename'] as const)('a %s is not told while the drive is away', async way => {
  const preferences = await preferencesIn()
  await preferences.change({ move: { from, to, way, made: true, backups } })
  expect((await recoverMove(preferences)).recovered).toEqual({ now: 'waiting', folder: from })
  expect(preferences.get().move).not.toBeNull()
})
