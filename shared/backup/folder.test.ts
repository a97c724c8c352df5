/** Folders of backups: from time to time, one at a time, and what a killed one leaves. */
import { copyFile, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { silent } from '../../tests/open-store.ts'
import { sqlite } from '../../tests/postgres.ts'
import { toAppError } from '../errors.ts'
import { type BackupTroubleStore, createBackupTroubleStore } from '../store/backup-trouble.ts'
import { connect } from '../store/connection.ts'
import { addDocument, fill, openBench, sourceOf, type TestLibrary, targetOf } from './fixture.ts'
import { backupTo, glanceAt, latestBackup } from './folder.ts'
import { openBackup } from './restore.ts'
import { createSchedule } from './schedule.ts'

let bench: Awaited<ReturnType<typeof openBench>>
let library: TestLibrary
let folder: string
let now: number
beforeEach(async () => {
  bench = await openBench()
  library = await bench.library(sqlite)
  await fill(library)
  folder = bench.file('many')
  now = Date.UTC(2026, 1, 3, 4, 5, 6, 7)
}, 120_000)
afterEach(() => bench.close())

const hour = 3_600_000
const source = () => ({ ...sourceOf(library), clock: { now: () => now } })
/** As the host's: one at a time in a folder. */
function createLock() {
  const held = new Set<string>()
  return async (name: string) => {
    if (held.has(name)) return undefined
    held.add(name)
    return { release: () => void held.delete(name) }
  }
}
/** As a process of its own has it. */
function troubleKept(): BackupTroubleStore {
  const { read, write } = connect(library.held.database)
  return createBackupTroubleStore({ read, write, clock: { now: () => now } })
}
const none = new AbortController().signal
const backups = async () => (await readdir(folder)).filter(name => name.endsWith('.cloister')).sort()
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'none',
    (error: unknown) => toAppError(error).code,
  )

test('a backup is made when it is due, and so many stay', async () => {
  const settings = { folder, every: 24 * hour, keep: 2, lock: createLock() }
  const look = () => createSchedule(source(), settings, troubleKept(), silent).look(none)
  await look()
  expect(await backups()).toEqual(['cloister-20260203T040506007Z.cloister'])
  expect(await latestBackup(folder)).toEqual({ file: path.join(folder, (await backups())[0]), at: now })
  now += 23 * hour
  await look()
  expect(await backups()).toHaveLength(1)
  now += hour
  await look()
  now += 24 * hour
  await look()
  expect(await backups()).toEqual(['cloister-20260204T040506007Z.cloister', 'cloister-20260205T040506007Z.cloister'])
  // Those of somebody's hand are neither counted nor removed, and put off none.
  now += 23 * hour
  for (let at = 0; at < 3; at += 1) {
    now += 1
    await backupTo(source(), { folder, byHand: true, lock: createLock() })
  }
  now += hour
  await look()
  expect((await backups()).map(name => name.slice(0, -'T040506007Z.cloister'.length))).toEqual([
    'cloister-20260205',
    'cloister-20260206',
    ...Array.from({ length: 3 }, () => expect.stringMatching(/^cloister-by-hand-20260206/)),
  ])
  for (const name of await backups()) await glanceAt(path.join(folder, name))
  for (const name of await backups()) if (name.includes('by-hand')) await rm(path.join(folder, name))
  // A clock that was wrong for a moment keeps nothing from being made.
  now -= 400 * 24 * hour
  await look()
  expect(await backups()).toHaveLength(2)
}, 120_000)

test('what goes wrong is told to every process, tried again, and forgotten when it went well', async () => {
  await writeFile(folder, 'no folder')
  const errors: unknown[] = []
  const log = { ...silent, error: (message: string) => void errors.push(message) }
  const schedule = createSchedule(source(), { folder, every: hour, keep: 2, lock: createLock() }, troubleKept(), log)
  await schedule.look(none)
  const told = { at: now, reason: { code: 'backup-unwritable', values: { file: folder } } }
  expect(await troubleKept().get()).toEqual(told)
  expect(await schedule.trouble()).toEqual(told)
  expect(errors).toHaveLength(1)
  // As long as somebody tries, it is told of the one that was due then; nobody takes it back where nobody does.
  now += hour
  await schedule.look(none)
  expect(await troubleKept().get()).toEqual(told)
  now += 2 * hour
  expect(await troubleKept().get()).toBeUndefined()
  await schedule.look(none)
  expect(await troubleKept().get()).toEqual({ ...told, at: now })
  await rm(folder)
  await schedule.look(none)
  expect(await schedule.trouble()).toBeUndefined()
  expect(await troubleKept().get()).toBeUndefined()
  expect(await backups()).toHaveLength(1)
  now += hour
  const stop = new AbortController()
  stop.abort()
  await expect(schedule.look(stop.signal)).rejects.toThrow()
  expect(await readdir(folder)).toEqual(['blobs', ...(await backups())])
}, 120_000)

test('what cannot be kept is told by the process that knows it', async () => {
  await writeFile(folder, 'no folder')
  const full = { ...troubleKept(), note: () => Promise.reject(new Error('no room')) }
  const schedule = createSchedule(source(), { folder, every: hour, keep: 2, lock: createLock() }, full, silent)
  await schedule.look(none)
  const told = { at: now, reason: { code: 'backup-unwritable', values: { file: folder } } }
  now += hour
  await schedule.look(none)
  expect(await schedule.trouble()).toEqual(told)
  // Another process may have made one since, which tells this one nothing.
  now += 2 * schedule.lookTime
  expect(await schedule.trouble()).toBeUndefined()
  await schedule.look(none)
  expect(await schedule.trouble()).toEqual(told)
  await rm(folder)
  await schedule.look(none)
  expect(await schedule.trouble()).toBeUndefined()
}, 120_000)

test('what went wrong is over for every process where somebody made one by hand', async () => {
  const settings = { folder, every: hour, keep: 2, lock: createLock() }
  const schedule = createSchedule(source(), settings, troubleKept(), silent)
  await troubleKept().note({ at: now, reason: { code: 'backup-unwritable', values: { file: folder } } }, now + hour)
  await backupTo(source(), settings)
  await schedule.look(none)
  expect(await troubleKept().get()).toBeUndefined()
  expect(await backups()).toHaveLength(1)
}, 120_000)

test('of two at once in a folder one is made; the older ones stay whole', async () => {
  const lock = createLock()
  const first = await backupTo(source(), { folder, lock, keep: 5 })
  now += hour
  await addDocument(library, 'spät.txt', 'Spät gekommen.')
  const codes = await Promise.all([1, 2].map(() => codeOf(backupTo(source(), { folder, lock, keep: 5 }))))
  expect(codes.sort()).toEqual(['backup-running', 'none'])
  for (const file of [first.file, (await latestBackup(folder))?.file ?? '']) await (await openBackup(file)).close()
}, 120_000)

test('what a killed one left is taken away by the next, and nothing that is needed', async () => {
  const lock = createLock()
  const first = await backupTo(source(), { folder, lock, keep: 1 })
  const left = path.join(folder, 'cloister-20260101T000000000Z.cloister.1-0123456789ab.partial')
  await copyFile(first.file, left)
  const blob = (await readdir(path.join(folder, 'blobs'), { recursive: true })).find(
    name => path.basename(name).length === 62,
  )
  const half = path.join(folder, 'blobs', `${blob}.partial`)
  await writeFile(half, 'half')
  now += hour
  const second = await backupTo(source(), { folder, lock, keep: 1 })
  expect(second.removed).toBe(1)
  expect((await readdir(folder)).sort()).toEqual(['blobs', path.basename(second.file)])
  expect(
    (await readdir(path.join(folder, 'blobs'), { recursive: true })).filter(name => name.includes('partial')),
  ).toEqual([])
  await (await openBackup(second.file)).close()
}, 120_000)

test('a blob that was cut short in the folder is copied again', async () => {
  const lock = createLock()
  const first = await backupTo(source(), { folder, lock })
  const [blob] = (await readdir(path.join(folder, 'blobs'), { recursive: true })).filter(
    name => path.basename(name).length === 62,
  )
  const file = path.join(folder, 'blobs', blob)
  const bytes = await readFile(file)
  await writeFile(file, '')
  if (bytes.length === 0) await writeFile(file, 'too long')
  expect(await codeOf(openBackup(first.file))).toBe('backup-damaged')
  now += hour
  const second = await backupTo(source(), { folder, lock })
  expect(await readFile(file)).toEqual(bytes)
  await (await openBackup(second.file)).close()
  await (await openBackup(first.file)).close()
}, 120_000)

test('where one that stays cannot be read, it is named, and nothing goes', async () => {
  const lock = createLock()
  const first = await backupTo(source(), { folder, lock, keep: 1 })
  await writeFile(path.join(folder, 'mine.cloister'), 'not a backup')
  now += hour
  await expect(backupTo(source(), { folder, lock, keep: 1 })).rejects.toMatchObject({
    code: 'backup-unreadable',
    values: { file: path.join(folder, 'mine.cloister') },
  })
  expect(await backups()).toHaveLength(3)
  await (await openBackup(first.file)).close()
  expect(await codeOf(glanceAt(path.join(folder, 'mine.cloister')))).toBe('backup-format')
}, 120_000)

test('a link to a backup in a folder finds its blobs', async () => {
  const { file } = await backupTo(source(), { folder, lock: createLock() })
  await mkdir(bench.file('elsewhere'))
  const link = path.join(bench.file('elsewhere'), 'link.cloister')
  await symlink(file, link)
  const target = await bench.library(sqlite)
  const backup = await openBackup(link)
  await backup.load(targetOf(target))
  await backup.close()
  expect(await target.store.projects.list('local')).toEqual(await library.store.projects.list('local'))
}, 120_000)
