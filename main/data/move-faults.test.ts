/** Moves on disks that refuse something. */
import { execFile, execFileSync } from 'node:child_process'
import {
  chmod,
  type FileHandle,
  mkdir,
  mkdtemp,
  open,
  readFile,
  readlink,
  rename,
  rm,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Log } from '../../shared/ports.ts'
import { until } from '../../tests/until.ts'
import { openPreferences, type PreferenceStore } from '../preferences.ts'
import { contentOf, fillLibrary } from './fixture-library.ts'
import { hasLibrary, isFolder, markOfMove } from './library-folder.ts'
import { moveData, recoverMove } from './move.ts'

const log: Log = { debug() {}, info() {}, warn() {}, error() {} }
let root: string
let own: string
let from: string
let backups: string
let to: string
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'cloister-faults-'))
  own = path.join(root, 'own')
  from = path.join(root, 'library')
  backups = path.join(root, 'library-backups')
  to = path.join(root, 'elsewhere', 'library')
})
afterEach(async () => {
  vi.restoreAllMocks()
  await rm(root, { recursive: true, force: true })
})

/** Nobody else is there. */
const hold = async () => ({ lost: new AbortController().signal, release: async () => {} })
const preferencesIn = () => openPreferences({ folder: own, log })

/** The same store, some of whose writes fail, counted from 1: no file takes the place of a folder. */
function failing(store: PreferenceStore, fails: (write: number) => boolean): PreferenceStore {
  const file = path.join(own, 'desktop.json')
  let writes = 0
  return {
    ...store,
    async change(values) {
      writes += 1
      if (!fails(writes)) return store.change(values)
      await rename(file, `${file}.kept`).catch(() => {})
      await mkdir(path.join(file, 'full'), { recursive: true })
      try {
        await store.change(values)
      } finally {
        await rm(file, { recursive: true })
        await rename(`${file}.kept`, file).catch(() => {})
      }
    },
  }
}

describe.each(['rename', 'copy'] as const)('moving by %s', way => {
  test.each([
    ['write 1', (write: number) => write === 1],
    ['write 2', (write: number) => write === 2],
    ['write 3', (write: number) => write === 3],
    ['all from write 1 on', () => true],
    ['all from write 2 on', (write: number) => write >= 2],
  ])(
    'where the preferences cannot be written (%s), the library is where it was, and the next start knows',
    async (_, fails) => {
      await fillLibrary(from, 6)
      const before = await contentOf(from)
      const store = await preferencesIn()
      const preferences = failing(store, fails)
      const ended = await moveData({ from, to, way }, { log, backups, preferences, hold }).catch(() => 'failed')
      const here = ended === 'failed' ? from : to
      expect(ended === 'failed').toBe(fails(1) || fails(2))
      expect(store.get().dataDirectory).toBe(here === from ? null : to)
      expect(await contentOf(here)).toEqual(before)
      if (here === from) expect(await isFolder(to)).toBe(false)
      // Something else is written, which says nothing of the move.
      await store.change({ tray: false })
      const next = await preferencesIn()
      const { dataDirectory } = await recoverMove(next)
      expect(dataDirectory ?? from).toBe(here)
      expect(next.get()).toMatchObject({ move: null, dataDirectory, tray: false })
      expect(await contentOf(here)).toEqual(before)
      expect(await readFile(path.join(here, markOfMove), 'utf8').catch(() => 'gone')).toBe('gone')
    },
  )
})

describe('a library that was renamed and cannot go back', () => {
  async function moveAndBlock(): Promise<{ before: Map<string, string>; ended: string }> {
    await fillLibrary(from, 6)
    const before = await contentOf(from)
    const store = failing(await preferencesIn(), write => write === 2)
    let writes = 0
    const preferences: PreferenceStore = {
      ...store,
      async change(values) {
        writes += 1
        if (writes === 2) {
          // A command that knows of nothing begins a library there.
          await mkdir(from)
          await writeFile(path.join(from, 'cloister.db'), 'new')
        }
        await store.change(values)
      },
    }
    return { before, ended: await moveData({ from, to, way: 'rename' }, { log, backups, preferences, hold }) }
  }

  test('is found where it is, also beside one that was begun in its old place', async () => {
    const { before, ended } = await moveAndBlock()
    expect(ended).toBe(to)
    const next = await preferencesIn()
    expect(next.get()).toMatchObject({ dataDirectory: null, move: { from, to } })
    expect(await recoverMove(next)).toEqual({ recovered: { now: 'moved', folder: to }, dataDirectory: to })
    expect(await contentOf(to)).toEqual(before)
    expect(await isFolder(path.join(to, markOfMove))).toBe(false)
    expect((await preferencesIn()).get()).toMatchObject({ dataDirectory: to, move: null })
  })

  test('is opened there where that still cannot be written, and can be moved on', async () => {
    const { before } = await moveAndBlock()
    const store = await preferencesIn()
    const full = failing(store, () => true)
    expect(await recoverMove(full)).toEqual({ recovered: { now: 'moved', folder: to }, dataDirectory: to })
    const third = path.join(root, 'third')
    for (const way of ['rename', 'copy'] as const) {
      await expect(moveData({ from: to, to: third, way }, { log, backups, preferences: full, hold })).rejects.toThrow()
      expect(await contentOf(to)).toEqual(before)
      expect((await recoverMove(failing(await preferencesIn(), () => true))).dataDirectory).toBe(to)
    }
    const once = failing(await preferencesIn(), write => write === 1)
    await expect(
      moveData({ from: to, to: third, way: 'copy' }, { log, backups, preferences: once, hold }),
    ).rejects.toThrow()
    expect((await recoverMove(failing(await preferencesIn(), () => true))).dataDirectory).toBe(to)
    await expect(
      moveData(
        { from: to, to: third, way: 'copy' },
        { log, backups, preferences: failing(store, write => write === 2), hold },
      ),
    ).rejects.toThrow()
    expect((await preferencesIn()).get()).toMatchObject({ dataDirectory: to, move: null })
    await moveData({ from: to, to: third, way: 'rename' }, { log, backups, preferences: store, hold })
    expect((await preferencesIn()).get()).toMatchObject({ dataDirectory: third, move: null })
    expect(await contentOf(third)).toEqual(before)
  })
})

test('of two folders the one with the library in it is the library, also where no mark says so', async () => {
  await fillLibrary(from, 1)
  await rename(from, path.join(root, 'moved'))
  await mkdir(from)
  const preferences = await preferencesIn()
  const move = { from, to: path.join(root, 'moved'), way: 'rename' as const, made: true, backups }
  await preferences.change({ move })
  expect((await recoverMove(preferences)).recovered).toEqual({ now: 'moved', folder: move.to })
  await preferences.change({ move: { ...move, from: move.to, to: from } })
  expect((await recoverMove(preferences)).recovered).toEqual({ now: 'undone', folder: move.to })
})

/** Some file systems sync no folders, and Windows opens none. */
test.skipIf(process.platform !== 'linux')(
  'a rename is on the disk before it is written down, and so is that',
  async () => {
    await fillLibrary(from, 1)
    const synced: string[] = []
    const handle = await open(root, 'r')
    const prototype: FileHandle = Object.getPrototypeOf(handle)
    await handle.close()
    const { sync } = prototype
    vi.spyOn(prototype, 'sync').mockImplementation(async function (this: FileHandle) {
      const file = await readlink(`/proc/self/fd/${this.fd}`)
      synced.push(path.relative(root, file).replace(/\.[\da-f]+\.draft$/, ''))
      return sync.call(this)
    })
    await moveData({ from, to, way: 'rename' }, { log, backups, preferences: await preferencesIn(), hold })
    expect(synced).toEqual([
      ...['library/moving', 'library'],
      ...['', 'own/desktop.json', 'own'],
      // The new folder's parent, which was made; then both names.
      ...['', '', 'elsewhere'],
      ...['own/desktop.json', 'own'],
    ])
  },
)

describe.skipIf(process.platform === 'win32')('where something may not be done', () => {
  const isSuperuser = process.getuid?.() === 0
  const nobody = 65_534
  const run = async (what: string): Promise<unknown> => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [fileURLToPath(new URL('./fixture-restricted.ts', import.meta.url)), what, own, from, to],
      isSuperuser ? { uid: nobody, gid: nobody } : {},
    )
    return JSON.parse(stdout)
  }
  beforeEach(async () => {
    await fillLibrary(from, 2)
    await mkdir(own)
    await mkdir(to, { recursive: true })
  })
  afterEach(() => void execFileSync('chmod', ['-R', 'u+rwX', root]))
  const handOver = () => void (isSuperuser && execFileSync('chown', ['-R', `${nobody}:${nobody}`, root]))

  test('a folder that may not be read is refused', async () => {
    handOver()
    expect(await run('plan')).toMatchObject({ way: 'rename' })
    await chmod(to, 0o300)
    expect(await run('plan')).toEqual({ refused: 'not-writable' })
    await chmod(to, 0)
    expect(await run('plan')).toEqual({ refused: 'not-writable' })
  })

  test('a copy that cannot be taken away keeps no library from being opened, and is told once', async () => {
    await (await preferencesIn()).change({ move: { from, to, way: 'copy', made: true, backups } })
    await writeFile(path.join(to, 'cloister.db'), 'half')
    await writeFile(path.join(to, 'mine.txt'), 'mine')
    handOver()
    await chmod(to, 0o500)
    expect(await run('recover')).toEqual({ recovered: { now: 'left', folder: to }, dataDirectory: null })
    expect(await hasLibrary(to)).toBe(true)
    expect(await run('recover')).toEqual({ recovered: { now: 'nothing' }, dataDirectory: null })
  })

  test('an old folder of which something stays is gone on with by the next start', async () => {
    handOver()
    await moveData({ from, to, way: 'copy' }, { log, backups, preferences: await preferencesIn(), hold })
    // Nothing else: it would count as used since.
    if (isSuperuser) execFileSync('chown', ['-R', `${nobody}:${nobody}`, own, path.join(from, 'moved')])
    await chmod(path.join(from, 'models'), 0o500)
    await expect(run('clear')).rejects.toThrow('EACCES')
    await chmod(path.join(from, 'models'), 0o700)
    expect(await run('clear')).toEqual([[]])
    expect([await isFolder(from), (await preferencesIn()).get().previous]).toEqual([false, []])
  })

  test('what somebody has on Windows for a moment is waited for', async () => {
    await rm(to, { recursive: true })
    const before = await contentOf(from)
    handOver()
    await chmod(root, 0o500)
    const moving = run('move')
    const begun = () =>
      readFile(path.join(own, 'desktop.json'), 'utf8').then(
        text => JSON.parse(text).move !== null,
        () => false,
      )
    await until(begun, 'it has begun')
    await pause(300)
    await chmod(root, 0o700)
    expect(await moving).toBe(to)
    expect(await contentOf(to)).toEqual(before)
  })
})
