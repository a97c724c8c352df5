import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { electronVersion, findElectron } from './electron.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cloister-electron-'))
  await writeFile(path.join(folder, 'package.json'), '{ "version": "45.4.1" }')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function put(name: string, content = ''): Promise<void> {
  await mkdir(path.dirname(path.join(folder, name)), { recursive: true })
  await writeFile(path.join(folder, name), content)
}

test('is there once all of it was unpacked, in the version of its package', async () => {
  const find = () => findElectron('', folder, 'linux')
  expect(find()).toEqual({ program: path.join(folder, 'dist/electron'), isThere: false, override: undefined })
  await put('dist/electron')
  expect(find().isThere).toBe(false)
  await put('dist/version', 'v45.4.1')
  await put('path.txt', 'electron')
  expect(find().isThere).toBe(true)
  await put('dist/version', '44.0.0')
  expect(find().isThere).toBe(false)
})

test('is in the folder that is named, under the name that it has on each system', async () => {
  expect(findElectron(folder, '', 'linux').isThere).toBe(false)
  await put('electron')
  expect(findElectron(folder, '', 'linux')).toEqual({
    program: path.join(folder, 'electron'),
    isThere: true,
    override: folder,
  })
  expect(findElectron(folder, '', 'win32').isThere).toBe(false)
  await put('electron.exe')
  expect(findElectron(folder, '', 'win32').isThere).toBe(true)
  await put('Electron.app/Contents/MacOS/Electron')
  expect(findElectron(folder, '', 'darwin').isThere).toBe(true)
})

test('has no version where its package is not installed', () => {
  expect(electronVersion(folder)).toBe('45.4.1')
  expect(electronVersion(path.join(folder, 'none'))).toBeUndefined()
})
