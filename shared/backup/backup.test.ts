import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { engines, sqlite } from '../../tests/postgres.ts'
import { addDocument, fill, openBench, sourceOf, type TestLibrary, targetOf } from './fixture.ts'
import { backupTo } from './folder.ts'
import { digestLibrary, openBackup } from './restore.ts'
import { writeBackup } from './write.ts'

let bench: Awaited<ReturnType<typeof openBench>>
beforeEach(async () => {
  bench = await openBench()
})
afterEach(() => bench.close())

async function restore(file: string, into: TestLibrary): Promise<void> {
  const backup = await openBackup(file)
  try {
    await backup.load(targetOf(into))
  } finally {
    await backup.close()
  }
}

async function found({ store, scope }: TestLibrary, term: string): Promise<string[]> {
  const candidates = await store.words.candidates(scope, { terms: [term], limit: 10 })
  const chunks = await store.chunks.get(
    scope,
    candidates.map(({ id }) => id),
  )
  return chunks.map(({ file, text }) => `${file}: ${text}`)
}

describe.each(engines)('from $name', from => {
  describe.each(engines)('to $name', to => {
    test('everything comes back, is found, and goes on', async () => {
      const [one, other] = [await bench.library(from), await bench.library(to)]
      await fill(one)
      // What was there goes.
      await other.store.users.begin('local')
      await other.store.transaction(other.scope, tx =>
        other.store.projects.insert(tx, other.scope, 'Vorher', 'documents'),
      )
      await addDocument(other, 'vorher.txt', 'Der Schornstein von vorher.')
      const made = await writeBackup(sourceOf(one), { file: bench.file('one.cloister') })
      expect(made).toMatchObject({ documents: 6, blobs: 6, missing: 0, damaged: 0 })
      expect((await stat(bench.file('one.cloister'))).mode & 0o777).toBe(0o600)

      await restore(bench.file('one.cloister'), other)
      const again = await writeBackup(sourceOf(other), { file: bench.file('other.cloister') })
      expect(again.digest).toBe(made.digest)
      expect(await other.store.projects.list('local')).toEqual(await one.store.projects.list('local'))

      const restored = { ...other, scope: one.scope }
      expect(await found(restored, 'schornstein')).toEqual(['anlage.txt: Der Schornstein wird jährlich gekehrt.'])
      expect(await found(other, 'schornstein')).toEqual([])
      expect(await restored.store.words.statistics(one.scope)).toEqual(await one.store.words.statistics(one.scope))
      expect(await restored.store.words.lookup(one.scope, { exact: ['titel'], prefixes: [], suffixes: [] })).toEqual(
        await one.store.words.lookup(one.scope, { exact: ['titel'], prefixes: [], suffixes: [] }),
      )
      expect(other.jobs.map(({ kind }) => kind).sort()).toEqual(['index', 'parse'])

      // Numbers of chunks go on, and the change log is that of a new installation behind the old one.
      await addDocument(restored, 'danach.txt', 'Danach kam der Schornstein.')
      expect((await found(restored, 'schornstein')).length).toBe(2)
      const changes = await rows(other, 'select replica, n, hlc_physical, hlc_logical from changes')
      const replicas = new Set(changes.map(({ replica }) => replica))
      expect(replicas.size).toBe(2)
      const [own] = await rows(other, 'select id, n from replica')
      const ours = changes.filter(({ replica }) => replica === own.id)
      expect(ours.map(({ n }) => Number(n)).sort((a, b) => a - b)).toEqual(ours.map((_, at) => at + 1))
      const latest = Math.max(...changes.filter(row => !ours.includes(row)).map(row => Number(row.hlc_physical)))
      expect(ours.every(row => Number(row.hlc_physical) >= latest)).toBe(true)
    }, 120_000)
  })

  test('a backup made while documents are added and purged is sound', async () => {
    const library = await bench.library(from)
    await fill(library)
    let stop = false
    let count = 0
    const busy = (async () => {
      for (; !stop; count++) {
        const id = await addDocument(library, `${count}.txt`, `Nummer ${count}`)
        if (count % 2 === 0) continue
        const { store, scope, blobs } = library
        const document = await store.documents.get(scope, id)
        await store.transaction(scope, async tx => {
          await store.chunks.remove(tx, scope.projectId, id)
          await store.documents.purge(tx, scope, id)
        })
        if (document) await blobs.remove(document.blob)
      }
    })()
    for (let round = 0; round < 3; round++) {
      const file = bench.file(`${round}.cloister`)
      const made = await writeBackup(sourceOf(library), { file })
      expect(made.missing).toBe(0)
      const backup = await openBackup(file)
      expect(backup.summary.digest).toBe(made.digest)
      await backup.close()
    }
    stop = true
    await busy
    expect(count).toBeGreaterThan(0)
    const target = await bench.library(sqlite)
    await restore(bench.file('2.cloister'), target)
  }, 120_000)

  test('U+0000 is alike from either engine', async () => {
    const library = await bench.library(from)
    await fill(library)
    await addDocument(library, 'null.txt', 'vor\0nach')
    await writeBackup(sourceOf(library), { file: bench.file('null.cloister') })
    const target = await bench.library(sqlite)
    await restore(bench.file('null.cloister'), target)
    expect(await found({ ...target, scope: library.scope }, 'nach')).toEqual(['null.txt: vor\ufffdnach'])
  }, 120_000)
})

test('a restore that fails leaves everything as it was', async () => {
  for (const engine of engines) {
    const [one, other] = [await bench.library(sqlite), await bench.library(engine)]
    await fill(one)
    await fill(other)
    const before = await digestLibrary(targetOf(other))
    const file = bench.file(`${engine.name}.cloister`)
    await writeBackup(sourceOf(one), { file })
    const backup = await openBackup(file)
    const target = targetOf(other)
    const enqueue = () => Promise.reject(new Error('at the very end'))
    await expect(backup.load({ ...target, queue: { enqueue } })).rejects.toThrow('at the very end')
    await backup.close()
    expect(await digestLibrary(target)).toBe(before)
    expect(await found(other, 'schornstein')).toHaveLength(1)
    // And its numbers still go on.
    await addDocument(other, 'danach.txt', 'Danach kam der Schornstein.')
  }
}, 120_000)

test('what the library itself has not, or not as it was, is told and does not keep the rest from being backed up', async () => {
  const library = await bench.library(sqlite)
  await fill(library)
  const [first, second] = (await library.store.documents.page(library.scope, { limit: 2 })).documents
  await library.blobs.remove(first.blob)
  const file = await library.blobs.file(second.blob)
  if (!file) throw new Error('no file')
  await rm(file)
  await writeFile(file, 'something else')
  const made = await writeBackup(sourceOf(library), { file: bench.file('one.cloister') })
  expect(made).toMatchObject({ missing: 1, damaged: 1 })
  const target = await bench.library(sqlite)
  await restore(bench.file('one.cloister'), target)
  expect(await target.blobs.file(second.blob)).toBeUndefined()
  expect(await library.store.projects.list('local')).toEqual(await target.store.projects.list('local'))
}, 120_000)

test('a document that is purged after its row was read is in no backup', async () => {
  const library = await bench.library(sqlite)
  await fill(library)
  const { scope, store, blobs } = library
  const [gone] = (await store.documents.page(scope, { called: 'halb.txt', limit: 1 })).documents
  let asked = 0
  const file = async (hash: string) => {
    if (hash !== gone.blob) return blobs.file(hash)
    asked += 1
    if (asked === 2) {
      await store.transaction(scope, async tx => {
        await store.chunks.remove(tx, scope.projectId, gone.id)
        await store.documents.purge(tx, scope, gone.id)
      })
    }
    return undefined
  }
  const source = { ...sourceOf(library), blobs: { ...blobs, file } }
  const made = await writeBackup(source, { file: bench.file('one.cloister') })
  expect(asked).toBe(2)
  expect(made).toMatchObject({ documents: 5, blobs: 5, missing: 0 })
  expect(made.digest).toBe(await digestLibrary(targetOf(library)))
})

test('no file is written over, and none is left by what failed', async () => {
  const library = await bench.library(sqlite)
  await fill(library)
  const file = bench.file('there.cloister')
  await writeFile(file, 'mine')
  await expect(writeBackup(sourceOf(library), { file })).rejects.toThrow('backup-exists')
  expect(await readFile(file, 'utf8')).toBe('mine')
  const nowhere = path.join(bench.folder, 'no', 'folder.cloister')
  await expect(writeBackup(sourceOf(library), { file: nowhere })).rejects.toThrow('backup-unwritable')
  const signal = AbortSignal.abort()
  await expect(writeBackup(sourceOf(library), { file: bench.file('new'), signal })).rejects.toThrow('cancelled')
  expect((await readdir(bench.folder)).filter(name => name.includes('partial') || name === 'new')).toEqual([])
})

test('a folder of backups stores each blob once, and keeps what the ones that stay refer to', async () => {
  const library = await bench.library(sqlite)
  await fill(library)
  const folder = bench.file('many')
  const source = sourceOf(library)
  const lock = async () => ({ release() {} })
  const first = await backupTo(source, { folder, keep: 2, lock })
  const blobs = path.join(folder, 'blobs')
  const times = async () => {
    const names = (await readdir(blobs, { recursive: true })).filter(name => path.basename(name).length === 62)
    return Promise.all(names.sort().map(async name => `${name} ${(await stat(path.join(blobs, name))).mtimeMs}`))
  }
  const stored = await times()
  expect(stored).toHaveLength(6)

  const { scope, store } = library
  const gone = (await store.documents.page(scope, { called: 'halb.txt', limit: 1 })).documents[0]
  await store.transaction(scope, async tx => {
    await store.chunks.remove(tx, scope.projectId, gone.id)
    await store.documents.purge(tx, scope, gone.id)
  })
  await mkdir(path.join(folder, 'other'))
  await writeFile(path.join(folder, 'cloister.txt'), 'mine')
  await new Promise(resolve => setTimeout(resolve, 5))
  const second = await backupTo(source, { folder, keep: 2, lock })
  expect(second.removed).toBe(0)
  // Nothing was written anew, and the first one still has what it needs.
  expect(await times()).toEqual(stored)
  const target = await bench.library(sqlite)
  await restore(first.file, target)
  expect(await digestLibrary(targetOf(target))).toBe(first.digest)

  const third = await backupTo(source, { folder, keep: 2, lock })
  expect(third.removed).toBe(1)
  expect((await readdir(folder)).sort()).toEqual(
    ['blobs', 'cloister.txt', 'other', path.basename(second.file), path.basename(third.file)].sort(),
  )
  expect(await times()).toEqual(
    stored.filter(name => !name.startsWith(path.join(gone.blob.slice(0, 2), gone.blob.slice(2)))),
  )
  await restore(third.file, target)
}, 120_000)

async function rows({ store }: TestLibrary, sql: string): Promise<Record<string, string | number>[]> {
  return store.transaction('internal', tx => store.executor(tx).execute(sql, []))
}
