import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { backupSettings, listBackups, usualBackupFolder } from './backups.ts'
import { decideSafeMode, markStart, safeChoices } from './safe-mode.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cloister-safe-mode-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('starts that came to nothing', () => {
  test('are counted until one is ready', async () => {
    const start = () => markStart(folder, '/data')
    expect((await start()).failed).toBe(0)
    expect((await start()).failed).toBe(1)
    const third = await start()
    expect(third.failed).toBe(2)
    await third.ready()
    // It was ended in order later.
    third.left()
    expect(await readdir(folder)).toEqual([])
    expect((await start()).failed).toBe(0)
  })

  test('are not those that the user ended, and those do not make the others good', async () => {
    ;(await markStart(folder, '/data')).left()
    expect((await markStart(folder, '/data')).failed).toBe(0)
    const second = await markStart(folder, '/data')
    expect(second.failed).toBe(1)
    second.left()
    expect((await markStart(folder, '/data')).failed).toBe(1)
  })

  test('of another library say nothing; half a mark is one', async () => {
    await markStart(folder, '/data')
    expect((await markStart(folder, '/other')).failed).toBe(0)
    for (const text of ['', '{"fai', 'null', '[]', '{"failed":"x","dataDirectory":"/data"}']) {
      await writeFile(path.join(folder, 'starting.json'), text)
      expect((await markStart(folder, '/data')).failed).toBeLessThanOrEqual(1)
    }
  })

  test('where no mark can be left, it starts', async () => {
    await writeFile(path.join(folder, 'file'), '')
    const mark = await markStart(path.join(folder, 'file'), '/data')
    expect(mark.failed).toBe(0)
    await mark.ready()
  })
})

test('two in a row, or a library that the server refuses, are safe mode; what passes is not', () => {
  const refused = (
    code: 'data-damaged' | 'data-newer' | 'internal' | 'disk-full' | 'server-running' | 'commands-running',
  ) => decideSafeMode({ reason: { code, values: {} } })
  expect([0, 1, 2, 9].map(failed => decideSafeMode({ failed })?.why)).toEqual([
    undefined,
    undefined,
    'crashed',
    'crashed',
  ])
  for (const code of ['data-damaged', 'data-newer', 'internal'] as const) expect(refused(code)?.why).toBe('refused')
  for (const code of ['disk-full', 'server-running', 'commands-running'] as const) expect(refused(code)).toBeUndefined()
  expect(safeChoices({ why: 'crashed', failed: 2 }, 1)).toEqual(['retry', 'check', 'restore', 'show', 'quit'])
  expect(safeChoices({ why: 'slow' }, 2)).toEqual(['retry', 'check', 'restore', 'others', 'show', 'quit'])
  expect(safeChoices(refused('data-damaged')!, 0)).toEqual(['retry', 'check', 'show', 'quit'])
  expect(safeChoices(refused('data-newer')!, 3)).toEqual(['retry', 'show', 'quit'])
})

describe('daily backups', () => {
  test('lie beside the library, unless somebody said where, or wants none', () => {
    expect(usualBackupFolder('/home/a/.local/share/cloister')).toBe('/home/a/.local/share/cloister-backups')
    expect(usualBackupFolder('/')).toBe('/daily-backups')
    const of = (more: object) => backupSettings({ on: true, folder: null, keep: 7, ...more }, '/data/library')
    expect(of({})).toEqual({ BACKUP_FOLDER: '/data/library-backups', BACKUP_EVERY: '24h', BACKUP_KEEP: '7' })
    expect(of({ folder: '/mnt/stick' })).toMatchObject({ BACKUP_FOLDER: '/mnt/stick' })
    expect(of({ on: false })).toEqual({ BACKUP_FOLDER: '' })
  })

  test('are found by their names, the newest first', async () => {
    expect(await listBackups(path.join(folder, 'none'))).toEqual([])
    const names = ['cloister-by-hand-20260101T000000000Z.cloister', 'cloister-20260301T120000000Z.cloister']
    for (const name of [...names, 'mine.cloister', `${names[0]}.1-abc.partial`])
      await writeFile(path.join(folder, name), 'x')
    await writeFile(path.join(folder, 'cloister-20270101T000000000Z.cloister'), '')
    await mkdir(path.join(folder, 'cloister-20280101T000000000Z.cloister'))
    expect(await listBackups(folder)).toEqual([
      { file: path.join(folder, names[1]!), at: Date.UTC(2026, 2, 1, 12), size: 1 },
      { file: path.join(folder, names[0]!), at: Date.UTC(2026, 0, 1), size: 1 },
    ])
  })
})
