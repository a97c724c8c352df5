import { fork } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Log } from '../shared/ports.ts'
import { openPreferences } from './preferences.ts'

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }
let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cloister-preferences-'))
  file = path.join(folder, 'own', 'desktop.json')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const open = () => openPreferences({ folder: path.dirname(file), log: silent, now: () => Date.UTC(2026, 1, 3) })

test('what was changed is there the next time; the last word counts', async () => {
  const store = await open()
  expect(store.get()).toMatchObject({ dataDirectory: null, notifications: true, updates: { choice: 'unasked' } })
  expect('shortcut' in store.get()).toBe(false)
  await Promise.all(
    Array.from({ length: 20 }, (_, at) => store.change({ backup: { on: false, folder: null, keep: at + 1 } })),
  )
  await store.change({ shortcut: null, window: { x: -5, y: 7, width: 800, height: 600, maximized: true } })
  const next = await open()
  expect(next.get()).toEqual(store.get())
  expect(next.get()).toMatchObject({ backup: { keep: 20 }, shortcut: null })
  expect(await readdir(path.dirname(file))).toEqual(['desktop.json'])
})

test('what could not be written holds no more, and goes onto the disk with nothing else', async () => {
  const store = await open()
  await store.change({ dataDirectory: '/old' })
  await rename(file, `${file}.kept`)
  // No file takes the place of a folder.
  await mkdir(path.join(file, 'full'), { recursive: true })
  const [first, second] = [store.change({ dataDirectory: '/new' }), store.change({ tray: false })]
  expect(store.get()).toMatchObject({ dataDirectory: '/new', tray: false })
  await expect(first).rejects.toThrow()
  await expect(second).rejects.toThrow()
  expect(store.get()).toMatchObject({ dataDirectory: '/old', tray: true })
  await rm(file, { recursive: true })
  await rename(`${file}.kept`, file)
  await store.change({ theme: 'dark' })
  expect((await open()).get()).toMatchObject({ dataDirectory: '/old', tray: true, theme: 'dark' })
})

test.each(['', '{', 'null', '[]', '\0\0\0\0', '"x"'])(
  'a file that says %j is put aside, and all is as at the beginning',
  async text => {
    const beginning = (await open()).get()
    await (await open()).change({})
    await writeFile(file, text)
    const store = await open()
    expect(store.get()).toEqual(beginning)
    expect(store.damaged?.file).toMatch(/desktop\.20260203T000000000Z\.damaged\.json$/)
    expect(await readFile(store.damaged!.file, 'utf8')).toBe(text)
    expect((await open()).damaged).toBeUndefined()
  },
)

test('what one field says wrong takes no other with it, above all not where the library is', async () => {
  await (await open()).change({})
  await writeFile(
    file,
    JSON.stringify({
      dataDirectory: '/somewhere/library',
      notifications: 'yes',
      window: { x: 0, y: 0, width: -1, height: 5 },
      recent: ['/a', 'relative'],
      move: { from: 'relative', to: '/x', way: 'copy', made: true },
      theme: 'dark',
      unknown: 5,
    }),
  )
  const store = await open()
  expect(store.damaged).toBeDefined()
  expect(store.get()).toMatchObject({
    dataDirectory: '/somewhere/library',
    notifications: true,
    window: null,
    recent: [],
    move: null,
    theme: 'dark',
  })
  expect((await open()).get().dataDirectory).toBe('/somewhere/library')
})

test('the one old folder that was remembered before is the first of those there are', async () => {
  await (await open()).change({})
  const old = { folder: '/away/library', since: 5, mark: 'x' }
  for (const [before, now] of [
    [old, [old]],
    [null, []],
    [
      [old, old],
      [old, old],
    ],
  ]) {
    await writeFile(file, JSON.stringify({ previous: before, tray: false }))
    const store = await open()
    expect([store.damaged, store.get().previous, store.get().tray]).toEqual([undefined, now, false])
  }
})

test('a file that cannot be read is told, and never taken for none', async () => {
  await mkdir(path.join(file, 'full'), { recursive: true })
  await expect(open()).rejects.toMatchObject({ code: 'file-unreadable', values: { file } })
  expect(await readdir(path.dirname(file))).toEqual(['desktop.json'])
})

test('whoever is killed while writing leaves what was, or what is', async () => {
  await (await open()).change({ recent: ['/beginning'] })
  for (let round = 0; round < 5; round++) {
    const child = fork(fileURLToPath(new URL('./fixture-writer.ts', import.meta.url)), [path.dirname(file)], {
      execArgv: [],
      stdio: 'ignore',
    })
    await new Promise(resolve => child.once('message', resolve))
    const ended = new Promise(resolve => child.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
    const store = await open()
    expect(store.damaged).toBeUndefined()
    expect(await readdir(path.dirname(file))).toEqual(['desktop.json'])
    expect(store.get().recent.length).toBeGreaterThan(0)
  }
}, 60_000)
