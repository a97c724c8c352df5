import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { whenFree, writeWhole } from './files.ts'

test('a file that cannot be replaced stays as it was, with nothing beside it', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'cloister-files-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = path.join(folder, 'deep', 'er', 'x.json')
  await writeWhole(file, 'one')
  await writeWhole(file, 'two')
  expect(await readFile(file, 'utf8')).toBe('two')
  // No file takes the place of a folder.
  await mkdir(path.join(folder, 'taken', 'x'), { recursive: true })
  await expect(writeWhole(path.join(folder, 'taken'), 'three')).rejects.toThrow()
  expect(await readdir(folder)).toEqual(['deep', 'taken'])
})

test('what somebody has on Windows is tried again for a while, and nothing else', async () => {
  const inUse = (times: number, code: string) => {
    let tries = 0
    return async () => {
      tries += 1
      if (tries <= times) throw Object.assign(new Error(code), { code })
      return tries
    }
  }
  for (const code of ['EPERM', 'EBUSY', 'EACCES']) {
    expect(await whenFree(inUse(2, code), 'win32')).toBe(3)
    await expect(whenFree(inUse(1, code), 'linux')).rejects.toThrow(code)
  }
  await expect(whenFree(inUse(1, 'ENOSPC'), 'win32')).rejects.toThrow('ENOSPC')
  const began = performance.now()
  await expect(whenFree(inUse(Number.POSITIVE_INFINITY, 'EBUSY'), 'win32')).rejects.toThrow('EBUSY')
  expect(performance.now() - began).toBeGreaterThan(1500)
})
