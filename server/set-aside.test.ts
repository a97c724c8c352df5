import { type FileHandle, mkdir, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { setAside } from './set-aside.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cloister-aside-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function fill(): Promise<string> {
  const blobs = path.join(folder, 'blobs', 'ab')
  await mkdir(blobs, { recursive: true })
  await writeFile(path.join(blobs, 'cdef'), 'a document')
  for (const name of ['cloister.db', 'cloister.db-wal', 'secrets.json']) await writeFile(path.join(folder, name), name)
  return blobs
}

test('what is set aside is the same bytes, and stays when the library goes on', async () => {
  const blobs = await fill()
  const parts: number[] = []
  const aside = await setAside(folder, { now: Date.UTC(2026, 10, 22), progress: part => parts.push(part) })
  expect(path.relative(folder, aside)).toBe(path.join('set-aside', '20261122T000000000Z'))
  expect((await readdir(aside)).sort()).toEqual(['blobs', 'cloister.db', 'cloister.db-wal'])
  expect((await stat(path.join(aside, 'blobs', 'ab', 'cdef'))).nlink).toBe(2)
  expect(parts.at(-1)).toBe(1)
  await rm(path.join(blobs, 'cdef'))
  await writeFile(path.join(folder, 'cloister.db'), 'another')
  expect(await readFile(path.join(aside, 'blobs', 'ab', 'cdef'), 'utf8')).toBe('a document')
  expect(await readFile(path.join(aside, 'cloister.db'), 'utf8')).toBe('cloister.db')
  // A library without any, too.
  expect(await readdir(await setAside(path.join(folder, 'new'), { now: 0 }))).toEqual([])
})

test('half of it never bears its name: what was broken off or killed goes', async () => {
  await fill()
  const stop = new AbortController()
  await expect(setAside(folder, { signal: stop.signal, progress: () => stop.abort() })).rejects.toThrow()
  expect(await readdir(path.join(folder, 'set-aside'))).toEqual([])
  await mkdir(path.join(folder, 'set-aside', '20261121T000000000Z.draft', 'blobs'), { recursive: true })
  await mkdir(path.join(folder, 'set-aside', 'mine.draft'))
  await setAside(folder, { now: 0 })
  expect((await readdir(path.join(folder, 'set-aside'))).sort()).toEqual(['19700101T000000000Z', 'mine.draft'])
})

test.skipIf(process.platform === 'win32')('what has its name and may not be on the disk goes, too', async () => {
  await fill()
  const handle = await open(folder, 'r')
  const prototype: FileHandle = Object.getPrototypeOf(handle)
  await handle.close()
  const failing = vi.spyOn(prototype, 'sync').mockRejectedValue(Object.assign(new Error('EIO'), { code: 'EIO' }))
  await expect(setAside(folder)).rejects.toThrow('EIO')
  failing.mockRestore()
  expect(await readdir(path.join(folder, 'set-aside'))).toEqual([])
})
