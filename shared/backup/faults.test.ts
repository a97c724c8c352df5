/** Disks that are full, names that are taken, two at once. */
import { execFileSync } from 'node:child_process'
import { mkdir, readdir, readFile, rm, statfs, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { bytes } from '../../tests/open-core.ts'
import { sqlite } from '../../tests/postgres.ts'
import { createFolderBlobs } from '../blobs/folder.ts'
import { toAppError } from '../errors.ts'
import { addDocument, clock, fill, openBench, sourceOf, type TestLibrary, targetOf } from './fixture.ts'
import { backupTo } from './folder.ts'
import { digestLibrary, openBackup } from './restore.ts'
import { writeBackup } from './write.ts'

let bench: Awaited<ReturnType<typeof openBench>>
let library: TestLibrary
let mounted: string | undefined
beforeEach(async () => {
  bench = await openBench()
  library = await bench.library(sqlite)
  await fill(library)
}, 120_000)
afterEach(async () => {
  if (mounted) execFileSync('umount', ['-l', mounted], { stdio: 'ignore' })
  mounted = undefined
  await bench.close()
}, 120_000)

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'none',
    (error: unknown) => toAppError(error).code,
  )
const lock = async () => ({ release() {} })

/** Only who may mount can have a disk of one's own. */
async function mount(megabytes: number): Promise<string | undefined> {
  const disk = bench.file('disk')
  await mkdir(disk)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', disk], { stdio: 'ignore' })
    mounted = disk
  } catch {}
  return mounted
}

test('a full disk is told, leaves nothing behind, and keeps no older backup from being whole', async ({ skip }) => {
  const disk = await mount(4)
  skip(!disk, 'a disk of its own can be mounted only by root')
  if (!disk) return
  const source = sourceOf(library)
  const older = await backupTo(source, { folder: path.join(disk, 'many'), lock })
  await writeBackup(source, { file: path.join(disk, 'older.cloister') })
  for (let at = 0; at < 20; at++) await addDocument(library, `${at}.txt`, `Nummer ${at}. `.repeat(30_000))
  // With less and less room it breaks off elsewhere: within bytes, rows, manifest, end.
  for (const free of [3_000_000, 1_000_000, 100_000, 4096, 0]) {
    const { bavail, bsize } = await statfs(disk)
    await writeFile(path.join(disk, 'filler'), Buffer.alloc(Math.max(0, bavail * bsize - free), 1)).catch(() => {})
    expect(await codeOf(writeBackup(source, { file: path.join(disk, 'new.cloister') }))).toBe('disk-full')
    expect(await codeOf(backupTo(source, { folder: path.join(disk, 'many'), lock }))).toBe('disk-full')
    await rm(path.join(disk, 'filler'))
    expect((await readdir(disk)).sort()).toEqual(['many', 'older.cloister'])
  }
  for (const file of [older.file, path.join(disk, 'older.cloister')]) await (await openBackup(file)).close()
}, 120_000)

test('a disk that fills up while bytes are restored is told, and the library is as it was', async ({ skip }) => {
  const disk = await mount(1)
  skip(!disk, 'a disk of its own can be mounted only by root')
  if (!disk) return
  await addDocument(library, 'gross.txt', 'Groß. '.repeat(500_000))
  const file = bench.file('one.cloister')
  await writeBackup(sourceOf(library), { file })
  const target = await bench.library(sqlite)
  await fill(target)
  const before = await digestLibrary(targetOf(target))
  const blobs = await createFolderBlobs({ folder: path.join(disk, 'blobs') })
  const backup = await openBackup(file)
  expect(await codeOf(backup.load({ ...targetOf(target), blobs }))).toBe('disk-full')
  await backup.close()
  expect(await digestLibrary(targetOf(target))).toBe(before)
}, 120_000)

test('where something has the name already, be it a link to nothing, it stays as it is', async () => {
  const link = bench.file('link.cloister')
  await symlink(bench.file('nowhere'), link)
  expect(await codeOf(writeBackup(sourceOf(library), { file: link }))).toBe('backup-exists')
  expect(await readdir(bench.folder)).not.toContain('nowhere')
  await mkdir(bench.file('folder.cloister'))
  expect(await codeOf(writeBackup(sourceOf(library), { file: bench.file('folder.cloister') }))).toBe('backup-exists')
  await writeFile(bench.file('file'), 'mine')
  expect(await codeOf(writeBackup(sourceOf(library), { file: path.join(bench.file('file'), 'x') }))).toBe(
    'backup-unwritable',
  )
  expect(await codeOf(backupTo(sourceOf(library), { folder: bench.file('file'), lock }))).toBe('backup-unwritable')
}, 120_000)

test('a name that somebody takes meanwhile stays theirs', async () => {
  const file = bench.file('one.cloister')
  const source = sourceOf(library)
  const blobs = {
    ...source.blobs,
    async file(hash: string) {
      await writeFile(file, 'theirs')
      return source.blobs.file(hash)
    },
  }
  expect(await codeOf(writeBackup({ ...source, blobs }, { file }))).toBe('backup-exists')
  expect(await readFile(file, 'utf8')).toBe('theirs')
  expect((await readdir(bench.folder)).filter(name => name.includes('partial'))).toEqual([])
}, 120_000)

test('a folder that goes away meanwhile is told', async () => {
  const folder = bench.file('gone')
  await mkdir(folder)
  const source = sourceOf(library)
  const blobs = {
    ...source.blobs,
    async file(hash: string) {
      await rm(folder, { recursive: true, force: true })
      return source.blobs.file(hash)
    },
  }
  expect(await codeOf(writeBackup({ ...source, blobs }, { file: path.join(folder, 'a.cloister') }))).toBe(
    'backup-unwritable',
  )
}, 120_000)

test('of two at once under one name one is whole, and the other is refused', async () => {
  const file = bench.file('one.cloister')
  for (let round = 0; round < 5; round++) {
    const codes = await Promise.all([1, 2, 3].map(() => codeOf(writeBackup(sourceOf(library), { file }))))
    expect(codes.sort()).toEqual(['backup-exists', 'backup-exists', 'none'])
    const backup = await openBackup(file)
    expect(backup.summary.documents).toBe(6)
    await backup.close()
    expect((await readdir(bench.folder)).filter(name => name.includes('partial'))).toEqual([])
    await rm(file)
  }
}, 120_000)

test('bytes that the backup lacks and the target has are used', async () => {
  const [document] = (await library.store.documents.page(library.scope, { called: 'brief.eml', limit: 1 })).documents
  await library.blobs.remove(document.blob)
  const file = bench.file('one.cloister')
  const made = await writeBackup(sourceOf(library), { file })
  expect(made.missing).toBe(1)
  const target = await bench.library(sqlite)
  const text = 'Ein Brief mit "Zeichen" \\ 😀 und\u2028einer Anlage.'
  expect((await target.blobs.put(bytes(text))).hash).toBe(document.blob)
  const backup = await openBackup(file)
  expect(await backup.load(targetOf(target))).toMatchObject({ digest: made.digest })
  await backup.close()
  expect(await target.blobs.file(document.blob)).toBeDefined()
}, 120_000)

test('one that is stopped leaves nothing, at whichever moment', async () => {
  for (let after = 0; after < 8; after++) {
    const stop = new AbortController()
    const source = sourceOf(library)
    let asked = 0
    const blobs = {
      ...source.blobs,
      async file(hash: string) {
        if (asked++ === after) stop.abort()
        return source.blobs.file(hash)
      },
    }
    // The last ones are stopped while rows are written, or later.
    if (after >= 6) setTimeout(() => stop.abort(), (after - 5) * 15)
    const code = await codeOf(writeBackup({ ...source, blobs, clock }, { file: bench.file('x'), signal: stop.signal }))
    expect(['cancelled', ...(after >= 6 ? ['none'] : [])]).toContain(code)
    expect((await readdir(bench.folder)).filter(name => name.startsWith('x.'))).toEqual([])
    await rm(bench.file('x'), { force: true })
  }
}, 120_000)
